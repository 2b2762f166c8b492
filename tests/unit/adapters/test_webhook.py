"""Where messages may go, what they say, how they are signed."""

from __future__ import annotations

import ipaddress
import json

import pytest

from pushbutton.adapters import bookmarks
from pushbutton.adapters.memory import MemoryStore
from pushbutton.domain.event import Event, Kind
from pushbutton.domain.networks import networks
from pushbutton.domain.run import Run, RunState
from pushbutton.domain.webhook import ended, endpoints, refusal, signature
from pushbutton.errors import ConfigError

OPEN = ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:93.184.216.34"]
SHUT = [
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "203.0.113.7",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "fe80::1",
    "fec0::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:5db8:d822::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "3fff::1",
    "2001:20::1",
]


@pytest.mark.parametrize("text", OPEN)
def test_the_open_internet_may_be_asked_by_https_alone(text):
    assert refusal(ipaddress.ip_address(text), "https", ()) == ""
    assert "not https" in refusal(ipaddress.ip_address(text), "http", ())


@pytest.mark.parametrize("text", SHUT)
def test_what_is_no_address_of_the_open_internet_may_not(text):
    assert "webhook_allow" in refusal(ipaddress.ip_address(text), "https", ())


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_network_that_is_named_may_be_asked_and_no_other(scheme):
    allowed = networks("10.1.0.0/16, ::1", where="webhook_allow")
    for text in ("10.1.2.3", "::1", "::ffff:10.1.2.3"):
        assert refusal(ipaddress.ip_address(text), scheme, allowed) == ""
    for text in ("10.2.0.1", "127.0.0.1", "64:ff9b::a01:203"):
        assert refusal(ipaddress.ip_address(text), scheme, allowed)


@pytest.mark.parametrize(
    "text",
    ["example.com/hook", "ftp://example.com", "file:///etc/passwd", "https://", "https:///x", "https://a:99999/",
     "https://exa mple.com/", "https://example.com/\nX: y", "https://example.com/#part", "https://example.com/ä",
     "gopher://example.com", "https://[::1", "javascript:alert(1)"],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_being_repeated(text):
    with pytest.raises(ConfigError) as refused:
        endpoints(f"https://fine.example/TOKEN, {text}", where="webhook")
    assert "address 2" in str(refused.value)
    assert "TOKEN" not in str(refused.value)
    assert "hook." in str(refused.value) or "letters" in str(refused.value)


def test_an_address_is_taken_apart_and_shown_without_what_may_be_a_token():
    (one, two) = endpoints("https://Me:p%40ss@Exämple.com:8443/hook/TOKEN?key=TOKEN , http://[::1]", where="webhook")
    assert (one.host, one.port, one.path, one.user, one.password) == (
        "xn--exmple-cua.com",
        8443,
        "/hook/TOKEN?key=TOKEN",
        "Me",
        "p@ss",
    )
    assert str(one) == "https://xn--exmple-cua.com:8443/…"
    assert (two.host, two.port, two.path, two.netloc) == ("::1", 80, "/", "[::1]")
    assert one.key != two.key
    assert "TOKEN" not in one.key


def test_the_same_address_twice_is_told_once():
    assert len(endpoints("https://example.com/a,https://example.com/a,https://example.com/b", where="webhook")) == 2


def test_a_message_says_what_ended_and_how():
    run = Run(7, "deploy", "Deploy “it”", RunState.FAILED, 1, "local", {}, 0, reason="It ended with code 3.")
    event = Event(42, 7, "deploy", 1_000_000, Kind.STATE, {"state": "failed"})
    assert json.loads(ended(event, run, "https://buttons.example/runs/7")) == {
        "id": 42,
        "event": "run.ended",
        "at": "1970-01-01T00:00:01.000000Z",
        "run": 7,
        "task": "deploy",
        "title": "Deploy “it”",
        "state": "failed",
        "actor": "local",
        "reason": "It ended with code 3.",
        "attempt": 1,
        "next": None,
        "url": "https://buttons.example/runs/7",
    }


def test_the_signature_is_the_hmac_of_the_bytes():
    """RFC 4231, test case 2."""
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert signature("Jefe", b"what do ya want for nothing?") == f"sha256={expected}"


async def test_bookmarks_of_an_earlier_release_come_into_the_store_once_and_damaged_ones_do_not(tmp_path):
    told, store = tmp_path / "told", MemoryStore()
    told.mkdir()
    for name, text in {"one": "5", "two": "7", "bad": "x", "half": "", "one.new": "6"}.items():
        (told / name).write_text(text)
    await store.keep("webhook:two", 9)  # moved, and gone on since, by one that was killed in between
    await bookmarks.moved(told, store, "webhook:")
    names = ("one", "two", "bad", "half", "one.new")
    assert [await store.bookmark(f"webhook:{name}") for name in names] == [5, 9, None, None, None]
    assert not told.exists()
    await bookmarks.moved(told, store, "webhook:")
    assert await store.bookmark("webhook:one") == 5
