"""What of a setting may be recorded, shown or logged: one function takes out what lets somebody in, no more."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pushbutton.domain import credentials
from pushbutton.domain.credentials import concealed, concealed_setting, concealed_words, hashed_with

SECRET = "Zq8-pL0_mmW4x"
LEFT = [
    f"https://ada:{SECRET}@hooks.example.com:8443/in/room",
    f"https://{SECRET}@git.example.com/group/project.git",
    f"https://hooks.example.com/services/T01/{SECRET}{SECRET}",
    f"https://hooks.example.com/in?room=4&key={SECRET}",
    f"http://[::1]:8080/in?{SECRET}{SECRET}",
    f"postgresql://app:{SECRET}@db.example.com/app",
    f"redis://:{SECRET}@cache.example.com",
    f"ldaps://reader:{SECRET}@directory.example.com",
    f"pg_dump --password={SECRET} app",
    f"deploy --api-token {SECRET} --to live",
    f"curl -u ada:{SECRET} https://example.com/x",
    f"curl -H 'Authorization: Bearer {SECRET}' https://example.com",
    f'curl -H "X-Api-Key: {SECRET}" https://example.com',
    f"PGPASSWORD={SECRET} psql",
    f"export AWS_SECRET_ACCESS_KEY={SECRET}; aws s3 ls",
    f'{{"user": "ada", "clientSecret": "{SECRET}"}}',
    f"Cookie: session={SECRET}",
    f"Server=db;Uid=app;Pwd={SECRET};",
]


@pytest.mark.parametrize("text", LEFT)
def test_what_lets_somebody_in_is_not_in_what_is_shown(text):
    shown = concealed(text)
    assert SECRET not in shown
    assert concealed(shown) == shown, "and what is shown may be shown again"
    marked = concealed(text, hashed_with(b"k"))
    assert SECRET not in marked
    assert concealed(marked, hashed_with(b"k")) == marked


PLAIN = [
    "https://login.example.com/realms/main/account",
    "https://hooks.example.com/in?room={room}&key={key}",
    "ssh://git@example.com/project.git",
    "ldaps://directory.example.com:636",
    "deploy --token-file /run/secrets/token --password-stdin --to live",
    "PASSWORD=$PASSWORD TOKEN=${TOKEN} ./run.sh --secret {secret} --pass {pass}",
    "author=ada compass=north passing=4 path=/srv/pass/x keyboard=de",
    "Set the password in the settings, then press: the token counts for an hour.",
    "(uid={name})",
    "uid=ada,ou=people,dc=example,dc=org",
    "/srv/tasks/a-folder-with-a-long-name",
]


@pytest.mark.parametrize("text", PLAIN)
def test_everything_else_stays_as_it_is(text):
    assert concealed(text) == text


def test_of_arguments_what_stands_behind_a_name_is_hidden():
    words = [
        "curl",
        "--user",
        f"ada:{SECRET}",
        "--token",
        SECRET,
        "-H",
        f"Authorization: Basic {SECRET}",
        "--pass",
        "{p}",
    ]
    assert concealed_words(words) == [
        "curl",
        "--user",
        "ada:…",
        "--token",
        "…",
        "-H",
        "Authorization: …",
        "--pass",
        "{p}",
    ]


def test_of_a_hook_scheme_and_host_alone_are_shown():
    told = (
        f"https://a:{SECRET}@one.example.com/in/room?x, https://two.example.com:8443/short, https://three.example.com/"
    )
    shown = "https://one.example.com/…, https://two.example.com:8443/…, https://three.example.com/"
    assert concealed_setting("webhook", told) == shown
    assert concealed_setting("webhook", shown) == shown


def test_a_mark_tells_that_a_secret_changed_and_nobody_can_try_guesses():
    one, other = hashed_with(b"k"), hashed_with(b"another key")
    address = "https://hooks.example.com/in?key={}"
    assert concealed(address.format("first"), one) == concealed(address.format("first"), one)
    assert concealed(address.format("first"), one) != concealed(address.format("second"), one)
    assert concealed(address.format("first"), one) != concealed(address.format("first"), other)


PIECES = (
    "Bearer ", "Basic ", "abcdef1234567", "--token", "-u", "user", ":", " ", "=", "'", '"', "x-api-key", "Cookie",
    "password", "PASSWORD", "https://", "ada:b@h", "xoxb-1234567890", "ghp_0123456789abcdef", "$X", "/", "?k=", "\n",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=7).map("".join))
@example("xoxb-1234567890")
@example("Basic dXNlcjpw")
def test_a_text_without_the_signs_of_a_rule_is_none_that_the_rule_fits(text):
    for sign, rule in credentials._RULES:
        assert not rule.search(text) or (sign.search(text) and credentials._SIGN.search(text))
    assert not credentials._ADDRESS.search(text) or "://" in text
    assert all(len(known[0]) >= credentials._SHORTEST_KNOWN for known in credentials._KNOWN.finditer(text))
