"""What a provider, or somebody between it and us, may try: nobody is signed in, and the log says why."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from joserfc.jws import JWSRegistry

from pushbutton.adapters.oidc import Oidc
from pushbutton.domain.identity import Identity
from pushbutton.errors import ConfigError, SignInFailed

from .liar import CLIENT, Liar, send
from .provider import BACK

NOT_TRUSTED = "answered something that cannot be trusted, so nobody was signed in"


class _Anything(JWSRegistry):
    max_header_length = 1 << 20

    def __init__(self) -> None:
        super().__init__(strict_check_header=False)


@pytest.fixture
def liar() -> Iterator[Liar]:
    with Liar() as started:
        yield started


@asynccontextmanager
async def party(liar: Liar, secret: str = "", **more: Any) -> AsyncIterator[Oidc]:
    oidc = Oidc(liar.issuer, CLIENT, secret, **more)
    try:
        yield oidc
    finally:
        await oidc.close()


async def signed_in(liar: Liar, **more: Any) -> Identity:
    async with party(liar, **more) as oidc:
        begun = await oidc.begin(BACK)
        return await oidc.finish(begun, liar.params(begun), BACK)


async def refused(liar: Liar, sentence: str = NOT_TRUSTED, **more: Any) -> str:
    """The reason for the log, when signing in fails with that sentence."""
    with pytest.raises(SignInFailed, match=sentence) as failed:
        await signed_in(liar, **more)
    assert failed.value.__cause__ is None
    assert failed.value.reason.isprintable()
    assert liar.issuer not in str(failed.value)
    return failed.value.reason


async def test_the_truth_signs_in(liar: Liar) -> None:
    """What every test below changes one thing of."""
    assert await signed_in(liar) == Identity("ada", groups=frozenset({"ops"}), source="oidc", subject="7")


# -- the ID token


@pytest.mark.parametrize(
    ("claim", "value", "reason"),
    [
        ("nonce", "another", "Invalid claim: 'nonce'"),
        ("nonce", None, "Invalid claim: 'nonce'"),
        ("iss", "https://evil.example", "Invalid claim: 'iss'"),
        ("iss", ["http://127.0.0.1"], "'iss'"),
        ("aud", "another", "Invalid claim: 'aud'"),
        ("aud", ["another"], "Invalid claim: 'aud'"),
        ("aud", [], "'aud'"),
        ("aud", [CLIENT, "another"], "Missing claim: 'azp'"),
        ("azp", "another", "Invalid claim: 'azp'"),
        ("exp", float("nan"), "exp"),
        ("exp", "tomorrow", "exp"),
        ("sub", "", "sub"),
        ("sub", 7, "sub"),
        ("at_hash", "AAAAAAAAAAAAAAAAAAAAAA", "at_hash"),
    ],
)
async def test_a_claim_that_is_not_right_is_refused(liar: Liar, claim: str, value: object, reason: str) -> None:
    liar.claims[claim] = value
    assert reason in await refused(liar)


@pytest.mark.parametrize(
    ("claim", "late", "reason"),
    [
        ("exp", -120, "The token is expired"),
        ("iat", 3_600, "The token was issued in the future"),
        ("nbf", 3_600, "The token is not yet valid"),
    ],
)
async def test_a_token_of_another_time_is_refused(liar: Liar, claim: str, late: int, reason: str) -> None:
    liar.claims[claim] = int(time.time()) + late
    assert reason in await refused(liar)


@pytest.mark.parametrize("claim", ["iss", "sub", "aud", "exp", "iat"])
async def test_a_claim_that_is_missing_is_refused(liar: Liar, claim: str) -> None:
    del liar.claims[claim]
    assert claim in await refused(liar)


async def test_a_token_without_the_nonce_is_refused(liar: Liar) -> None:
    sign = liar.sign
    liar.sign = lambda header, claims: sign(header, {name: claims[name] for name in claims if name != "nonce"})
    assert "nonce" in await refused(liar)


async def test_more_audiences_are_right_when_it_was_made_for_us(liar: Liar) -> None:
    liar.claims |= {"aud": [CLIENT, "another"], "azp": CLIENT}
    assert (await signed_in(liar)).name == "ada"


async def test_a_clock_that_is_a_little_off_is_no_lie(liar: Liar) -> None:
    now = int(time.time())
    liar.claims |= {"iat": now + 30, "exp": now - 30}
    assert (await signed_in(liar)).name == "ada"


# -- its signature


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE"])
async def test_an_unsigned_token_is_refused(liar: Liar, name: str) -> None:
    liar.header["alg"] = name
    liar.sign = liar.unsigned
    assert "lgorithm" in await refused(liar)


async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(liar: Liar) -> None:
    liar.header["alg"] = "HS256"
    liar.sign = liar.with_shared_secret(liar.key.as_pem(private=False))
    assert "lgorithm" in await refused(liar)


async def test_a_token_signed_with_the_clients_secret_is_refused(liar: Liar) -> None:
    liar.header["alg"] = "HS256"
    liar.sign = liar.with_shared_secret(b"hush")
    assert "lgorithm" in await refused(liar, secret="hush")


async def test_a_secret_among_the_public_keys_signs_nothing(liar: Liar) -> None:
    secret = OctKey.generate_key(256, {"kid": "one"})
    liar.keys = [secret.as_dict(private=True)]
    liar.header["alg"] = "HS256"
    liar.sign = lambda header, claims: jwt.encode(header, claims, secret, algorithms=["HS256"])
    assert "'HS256' is not allowed" in await refused(liar)


async def test_a_token_signed_with_another_key_is_refused(liar: Liar) -> None:
    liar.key = RSAKey.generate_key(2_048, {"kid": "one"})
    assert "bad_signature" in await refused(liar)


async def test_a_token_that_brings_its_own_key_is_refused(liar: Liar) -> None:
    liar.key = RSAKey.generate_key(2_048)
    liar.header = {"alg": "RS256", "kid": "two", "jwk": liar.key.as_dict(private=False)}
    assert "No key for kid" in await refused(liar)


async def test_what_else_stands_in_a_header_is_not_read(liar: Liar) -> None:
    liar.header |= {"x5c": ["A" * 4_000], "jku": f"{liar.issuer}/elsewhere", "odd": 1}
    liar.sign = lambda header, claims: jwt.encode(header, claims, liar.key, registry=_Anything())
    assert (await signed_in(liar)).name == "ada"
    assert "/elsewhere" not in liar.asked


async def test_a_header_that_says_it_has_to_be_understood_is_refused(liar: Liar) -> None:
    liar.header |= {"crit": ["odd"], "odd": 1}
    liar.sign = liar.unsigned
    assert "odd" in await refused(liar)


async def test_a_key_is_good_for_its_own_algorithm_only(liar: Liar) -> None:
    elliptic = ECKey.generate_key("P-256", {"kid": "one"})
    liar.sign = lambda header, claims: jwt.encode({**header, "alg": "ES256"}, claims, elliptic, algorithms=["ES256"])
    assert "'ES256' requires 'EC' key" in await refused(liar)


async def test_a_token_that_was_changed_is_refused(liar: Liar) -> None:
    sign = liar.sign

    def changed(header: dict[str, Any], claims: dict[str, Any]) -> str:
        head, _, signature = sign(header, claims).split(".")
        return ".".join(
            [head, liar.unsigned(header, {**claims, "preferred_username": "root"}).split(".")[1], signature]
        )

    liar.sign = changed
    assert "bad_signature" in await refused(liar)


async def test_an_elliptic_key_is_as_good(liar: Liar) -> None:
    liar.key = ECKey.generate_key("P-256", {"kid": "two"})
    liar.keys = [{"kty": "AKP", "kid": "zero"}, None, {"kty": "RSA"}, liar.key.as_dict(private=False)]
    liar.header = {"alg": "ES256", "kid": "two"}
    assert (await signed_in(liar)).name == "ada"


async def test_a_key_that_is_new_is_asked_for_once_and_an_old_one_not_again(liar: Liar) -> None:
    async with party(liar) as oidc:
        for kid in ("one", "one", "two", "two"):
            if kid != liar.header["kid"]:
                liar.key = RSAKey.generate_key(2_048, {"kid": kid})
                liar.keys, liar.header["kid"] = [liar.key.as_dict(private=False)], kid
            liar.claims.pop("nonce", None)
            begun = await oidc.begin(BACK)
            assert (await oidc.finish(begun, liar.params(begun), BACK)).name == "ada"
        assert liar.asked.count("/keys") == 2
        assert liar.asked.count("/.well-known/openid-configuration") == 1


async def test_a_new_key_under_an_old_name_is_found_too(liar: Liar) -> None:
    async with party(liar) as oidc:
        for _ in range(2):
            liar.claims.pop("nonce", None)
            begun = await oidc.begin(BACK)
            assert (await oidc.finish(begun, liar.params(begun), BACK)).name == "ada"
            liar.key = RSAKey.generate_key(2_048, {"kid": "one"})
            liar.keys = [liar.key.as_dict(private=False)]


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "....", "é.ü.ö", 7, None, {"alg": "none"}, "[" * 100_000])
async def test_what_is_no_token_is_refused(liar: Liar, text: object) -> None:
    liar.token["id_token"] = text
    await refused(liar)


# -- what the browser brings


@pytest.mark.parametrize("state", ["another", "", "\ud800", "ü"])
async def test_a_wrong_state_is_refused_before_the_code_is_shown_to_anybody(liar: Liar, state: str) -> None:
    async with party(liar) as oidc:
        begun = await oidc.begin(BACK)
        with pytest.raises(SignInFailed, match="begun somewhere else or is over; begin again"):
            await oidc.finish(begun, {**liar.params(begun), "state": state}, BACK)
        with pytest.raises(SignInFailed, match="begun somewhere else or is over; begin again"):
            await oidc.finish(begun, {"code": "a-code"}, BACK)
    assert "/token" not in liar.asked


async def test_a_return_from_another_issuer_is_refused(liar: Liar) -> None:
    """RFC 9207: the mix-up of two providers."""
    async with party(liar) as oidc:
        begun = await oidc.begin(BACK)
        with pytest.raises(SignInFailed, match=NOT_TRUSTED):
            await oidc.finish(begun, {**liar.params(begun), "iss": "https://evil.example"}, BACK)
    assert "/token" not in liar.asked


async def test_a_return_without_the_issuer_that_was_promised_is_refused(liar: Liar) -> None:
    liar.discovery["authorization_response_iss_parameter_supported"] = True
    assert "from the issuer 'None'" in await refused(liar)
    assert "/token" not in liar.asked


@pytest.mark.parametrize("code", [None, "", "x" * 8_001])
async def test_a_return_without_a_code_is_refused(liar: Liar, code: str | None) -> None:
    async with party(liar) as oidc:
        begun = await oidc.begin(BACK)
        params = {"state": begun.state} | ({} if code is None else {"code": code})
        with pytest.raises(SignInFailed, match=NOT_TRUSTED):
            await oidc.finish(begun, params, BACK)
    assert "/token" not in liar.asked


async def test_what_the_provider_says_of_a_refusal_is_one_line_of_the_log(liar: Liar) -> None:
    async with party(liar) as oidc:
        begun = await oidc.begin(BACK)
        params = {"state": begun.state, "error": "no\r\nroot signed in", "error_description": "x" * 10_000}
        with pytest.raises(SignInFailed, match="did not sign you in") as failed:
            await oidc.finish(begun, params, BACK)
    assert failed.value.reason.isprintable()
    assert len(failed.value.reason) < 300


# -- what the provider says of itself


@pytest.mark.parametrize("issuer", ["https://evil.example", None, 7])
async def test_a_document_of_another_issuer_is_nobodys(liar: Liar, issuer: object) -> None:
    liar.discovery["issuer"] = issuer
    assert "issuer" in await refused(liar)


async def test_an_issuer_has_to_be_written_to_the_letter(liar: Liar) -> None:
    liar.discovery["issuer"] += "/"
    assert f"not '{liar.issuer}'" in await refused(liar)


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"])
@pytest.mark.parametrize(
    "url", ["http://192.0.2.1/x", "javascript:alert(1)", "", "//x", "https://a@b/", "http://[", 7, None]
)
async def test_an_endpoint_that_is_not_safe_is_refused(liar: Liar, name: str, url: object) -> None:
    liar.discovery[name] = url
    assert name in await refused(liar)
    assert liar.asked == ["/.well-known/openid-configuration"]


@pytest.mark.parametrize(
    "issuer",
    ["http://192.0.2.1", "https://", "ftp://127.0.0.1", "", "https://a:b@c/", "https://x/?a=b", "https://x/#f"],
)
def test_an_issuer_that_is_not_safe_is_a_wrong_setting(issuer: str) -> None:
    with pytest.raises(ConfigError, match="is no https:// address of a provider"):
        Oidc(issuer, CLIENT)


def test_other_settings_that_cannot_work_are_said_at_the_start() -> None:
    with pytest.raises(ConfigError, match="name the client id"):
        Oidc("https://example.org", "")
    with pytest.raises(ConfigError, match="the scopes have to hold “openid”"):
        Oidc("https://example.org", CLIENT, scopes="profile email")


# -- how it answers


def _redirect(handler: BaseHTTPRequestHandler) -> None:
    send(handler, 302, b"", location="/elsewhere")


def _html(handler: BaseHTTPRequestHandler) -> None:
    send(handler, 200, b"<html>Maintenance</html>")


def _nested(handler: BaseHTTPRequestHandler) -> None:
    send(handler, 200, b'{"a":' * 60_000)


def _endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.close_connection = True
    for _ in range(10_000):
        handler.wfile.write(b" " * 65_536)


def _bomb(handler: BaseHTTPRequestHandler) -> None:
    send(handler, 200, gzip.compress(b" " * 20_000_000, 1), content_encoding="gzip")


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys", "/userinfo"])
@pytest.mark.parametrize("answer", [_redirect, _html, _nested, _endless, _bomb])
async def test_an_answer_of_another_kind_signs_nobody_in(
    liar: Liar, path: str, answer: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    del liar.claims["groups"]
    liar.raw[path] = answer
    await refused(liar, "cannot be trusted|does not answer|did not sign you in")
    assert "/elsewhere" not in liar.asked


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys", "/userinfo"])
async def test_a_provider_that_is_broken_is_down(liar: Liar, path: str) -> None:
    del liar.claims["groups"]
    liar.raw[path] = lambda handler: send(handler, 503, b"")
    assert "503" in await refused(liar, "does not answer at this moment; try again in a minute")


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys", "/userinfo"])
async def test_a_provider_that_answers_byte_by_byte_is_not_waited_for(liar: Liar, path: str) -> None:
    over = asyncio.Event()

    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.close_connection = True
        try:
            while not over.is_set():
                handler.wfile.write(b" ")
                time.sleep(0.02)
        except OSError:
            pass

    del liar.claims["groups"]
    liar.raw[path] = trickle
    try:
        assert "more than 0.5 s" in await refused(liar, "does not answer at this moment", seconds=0.5)
    finally:
        over.set()


async def test_many_who_wait_for_a_silent_provider_wait_together(liar: Liar) -> None:
    over = asyncio.Event()
    asked: list[str] = []

    def silent(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        while not over.is_set():
            time.sleep(0.02)

    liar.raw["/.well-known/openid-configuration"] = silent
    async with party(liar, seconds=0.5) as oidc:
        ends = await asyncio.gather(*(oidc.begin(BACK) for _ in range(20)), return_exceptions=True)
    over.set()
    assert {type(end) for end in ends} == {SignInFailed}
    assert len(asked) < len(ends) / 2  # who waited for another's question has waited enough


# -- what it says of a person


async def test_userinfo_of_somebody_else_is_refused(liar: Liar) -> None:
    del liar.claims["groups"]
    liar.userinfo = {"sub": "8", "groups": ["admins"]}
    assert "somebody else" in await refused(liar)


async def test_what_is_signed_counts_before_userinfo(liar: Liar) -> None:
    del liar.claims["groups"]
    liar.userinfo = {"sub": "7", "preferred_username": "root", "groups": ["dev"]}
    assert await signed_in(liar) == Identity("ada", groups=frozenset({"dev"}), source="oidc", subject="7")


async def test_a_provider_without_userinfo_may_say_no_groups(liar: Liar) -> None:
    del liar.claims["groups"]
    del liar.discovery["userinfo_endpoint"]
    assert (await signed_in(liar)).groups == frozenset()


@pytest.mark.parametrize(
    ("claim", "said", "groups"),
    [
        ("groups", {"groups": "ops"}, {"ops"}),
        ("groups", {"groups": []}, set()),
        ("groups", {"groups": {"ops": True}}, set()),
        ("groups", {"groups": ["ops", 7, None, ["x"], "a\nb"]}, {"ops"}),
        ("realm_access.roles", {"realm_access": {"roles": ["ops", "dev"]}}, {"ops", "dev"}),
        ("https://example.org/roles", {"https://example.org/roles": ["ops"]}, {"ops"}),
        ("a.b", {"a.b": ["whole"], "a": {"b": ["inside"]}}, {"whole"}),
        ("a.b", {"a": "b"}, set()),
    ],
)
async def test_groups_are_taken_from_the_claim_that_is_named(
    liar: Liar, claim: str, said: dict[str, Any], groups: set[str]
) -> None:
    del liar.claims["groups"]
    liar.claims |= said
    assert (await signed_in(liar, groups_claim=claim)).groups == groups


@pytest.mark.parametrize("name", ["", "a b", "ada\n", "àda", 7, ["ada"], "x" * 101])
async def test_a_name_that_cannot_be_one_here_is_refused(liar: Liar, name: object) -> None:
    liar.claims["preferred_username"] = name
    assert "preferred_username" in await refused(liar, "did not say a user name that can be used here")


async def test_an_address_is_a_name_only_when_it_is_verified(liar: Liar) -> None:
    del liar.claims["preferred_username"]
    liar.claims |= {"email": "Ada@example.org", "email_verified": True}
    assert (await signed_in(liar)).name == "ada@example.org"
    for unverified in (False, "true", None, 1):
        liar.claims |= {"email_verified": unverified}
        liar.claims.pop("nonce")
        assert "not verified" in await refused(liar, "did not say a user name")
    liar.claims |= {"preferred_username": "ada"}
    liar.claims.pop("nonce")
    assert "not verified" in await refused(liar, "did not say a user name", name_claim="email")


async def test_a_claim_that_was_chosen_has_no_stand_in(liar: Liar) -> None:
    liar.claims |= {"email": "ada@example.org", "email_verified": True}
    assert "upn" in await refused(liar, "did not say a user name", name_claim="upn")


async def test_an_address_that_is_not_verified_is_not_kept(liar: Liar) -> None:
    liar.claims |= {"email": "ada@example.org", "email_verified": False}
    assert (await signed_in(liar)).email == ""


# -- who we are


@pytest.mark.parametrize(
    ("listed", "ways"),
    [(None, ["basic"]), (["client_secret_post"], ["post"]), (["client_secret_basic", "client_secret_post"], ["basic"])],
)
async def test_the_secret_is_given_in_the_way_that_the_provider_lists(
    liar: Liar, listed: list[str] | None, ways: list[str]
) -> None:
    if listed:
        liar.discovery["token_endpoint_auth_methods_supported"] = listed
    await signed_in(liar, secret="hush")
    given = ["basic" if authorization else "post" for authorization in liar.authorizations]
    assert given == ways
    assert ("client_secret=hush" in liar.forms[0]) == (ways == ["post"])


async def test_a_client_that_is_known_in_the_other_way_only_is_let_in(liar: Liar) -> None:
    def picky(handler: BaseHTTPRequestHandler) -> None:
        if liar.authorizations[-1]:
            send(handler, 401, b'{"error": "invalid_client"}')
        else:
            del liar.raw["/token"]
            liar.answer(handler, "/token")

    liar.discovery["token_endpoint_auth_methods_supported"] = ["client_secret_basic", "client_secret_post"]
    liar.raw["/token"] = picky
    assert (await signed_in(liar, secret="hush")).name == "ada"


async def test_a_public_client_sends_no_secret_but_the_verifier(liar: Liar) -> None:
    async with party(liar) as oidc:
        begun = await oidc.begin(BACK)
        await oidc.finish(begun, liar.params(begun), BACK)
    assert liar.authorizations == [None]
    assert f"code_verifier={begun.verifier}" in liar.forms[0]
    assert "client_secret" not in liar.forms[0]
