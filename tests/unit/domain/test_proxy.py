"""Headers of a proxy in front: believed from named addresses, and only when they are clear."""

from __future__ import annotations

import pytest

from pushbutton.domain.identity import Identity
from pushbutton.domain.proxy import TrustedProxy
from pushbutton.errors import ConfigError, SignInFailed

PROXY = TrustedProxy.of(
    "10.1.2.3, 192.168.7.0/24, fd00::/8", "Remote-User", "Remote-Groups", "Remote-Name", "Remote-Email"
)
ADA = [
    (b"host", b"jobs.example.org"),
    (b"Remote-User", b"Ada"),
    (b"remote-groups", b"ops, dev,,"),
    (b"remote-name", "Ada Löwe".encode()),
    (b"remote-email", b"ada@example.org"),
]


@pytest.mark.parametrize("peer", ["10.1.2.3", "192.168.7.200", "fd12::1", "::ffff:10.1.2.3"])
def test_the_headers_of_a_named_address_say_who_it_is(peer: str) -> None:
    ada = Identity("ada", "Ada Löwe", "ada@example.org", frozenset({"ops", "dev"}), "proxy")
    assert PROXY.identity(peer, ADA) == ada


@pytest.mark.parametrize(
    "peer", ["10.1.2.4", "127.0.0.1", "::1", "::ffff:10.1.2.4", "192.168.8.1", "", "unix:", "10.1.2.3, 10.1.2.4"]
)
def test_the_same_headers_of_another_address_say_nothing(peer: str) -> None:
    assert PROXY.identity(peer, ADA) is None


def test_a_whole_name_may_be_written_as_http_once_was_and_a_user_or_a_group_may_not() -> None:
    ada = PROXY.identity("10.1.2.3", [(b"remote-user", b"ada"), (b"remote-name", "Jörg É".encode("latin-1"))])
    assert ada is not None
    assert ada.title == "Jörg É"
    unclear = "jörg".encode("latin-1")
    for headers in ([(b"remote-user", unclear)], [(b"remote-user", b"ada"), (b"remote-groups", unclear)]):
        with pytest.raises(SignInFailed) as failed:
            PROXY.identity("10.1.2.3", headers)
        assert "is not UTF-8" in failed.value.reason


@pytest.mark.parametrize("separator", ["|", ";", " | "])
def test_groups_are_taken_apart_where_the_settings_say(separator: str) -> None:
    proxy = TrustedProxy.of("10.1.2.3", "Remote-User", "Remote-Groups", separator=separator)
    said = proxy.identity(
        "10.1.2.3", [(b"remote-user", b"ada"), (b"remote-groups", f"ops{separator}on call, night".encode())]
    )
    assert said is not None
    assert said.groups == frozenset({"ops", "on call, night"})


def test_an_unclear_header_of_another_address_is_no_error() -> None:
    assert PROXY.identity("10.9.9.9", [(b"remote-user", b"a"), (b"remote-user", b"b")]) is None


@pytest.mark.parametrize(
    "headers", [[], [(b"remote-user", b"")], [(b"remote-user", b"  ")], [(b"remote-groups", b"ops")]]
)
def test_without_a_user_nobody_is_said(headers: list[tuple[bytes, bytes]]) -> None:
    assert PROXY.identity("10.1.2.3", headers) is None


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ((b"REMOTE-USER", b"root"), "sent the header “remote-user” 2 times"),
        ((b"remote-user", b"Ada"), "sent the header “remote-user” 2 times"),
        ((b"Remote-Groups", b"admins"), "sent the header “remote-groups” 2 times"),
        ((b"remote-email", b"b@example.org"), "sent the header “remote-email” 2 times"),
    ],
)
def test_a_second_copy_of_a_header_is_refused(more: tuple[bytes, bytes], reason: str) -> None:
    with pytest.raises(SignInFailed) as failed:
        PROXY.identity("10.1.2.3", [*ADA, more])
    assert reason in failed.value.reason
    assert "10.1.2.3" not in str(failed.value)


@pytest.mark.parametrize("value", [b"ada,root", b"ada, ada", b"a b", "àda".encode(), b"ada\x00", b"\xff", b"x" * 101])
def test_a_user_that_is_not_one_plain_name_is_refused(value: bytes) -> None:
    with pytest.raises(SignInFailed) as failed:
        PROXY.identity("10.1.2.3", [(b"remote-user", value)])
    assert "remote-user" in failed.value.reason
    assert failed.value.reason.isprintable()


def test_a_header_that_is_not_named_is_not_read() -> None:
    plain = TrustedProxy.of("10.1.2.3", "x-user")
    assert plain.identity("10.1.2.3", [(b"x-user", b"ada"), (b"remote-groups", b"ops"), (b"", b"x")]) == Identity(
        "ada", source="proxy"
    )


@pytest.mark.parametrize(
    ("networks", "user", "sentence"),
    [
        ("10.0.0.1", "", "name the header"),
        ("", "remote-user", "name the addresses of the proxy"),
        (" , ", "remote-user", "name the addresses of the proxy"),
        ("proxy.local", "remote-user", "“proxy.local” is no address"),
        ("10.0.0.1/24", "remote-user", "“10.0.0.1/24” is no address"),
        ("0.0.0.0/0", "remote-user", "0.0.0.0/0 is everybody"),
        ("10.0.0.1, ::/0", "remote-user", "::/0 is everybody"),
    ],
)
def test_settings_that_would_believe_too_many_are_refused(networks: str, user: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        TrustedProxy.of(networks, user)


def test_one_header_cannot_say_two_things() -> None:
    with pytest.raises(ConfigError, match="same name"):
        TrustedProxy.of("10.0.0.1", "Remote-User", "remote-user")
