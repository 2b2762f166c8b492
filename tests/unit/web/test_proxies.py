"""What proxies say: believed from those that are named, for the last hop, and from nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from pushbutton.domain.networks import address, networks
from pushbutton.domain.prefix import prefix
from pushbutton.errors import ConfigError
from pushbutton.web.http.forwarded import Proxies
from pushbutton.web.http.hosts import Hosts
from pushbutton.web.http.limits import Crowd

Pairs = list[tuple[str, str]]


async def seen(
    headers: Pairs, *, client: str = "10.0.0.1", trust: str = "10.0.0.0/24", root_path: str = "", **scope: Any
) -> dict[str, Any]:
    """The scope that the application is called with."""
    found: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found.update(scope)

    proxies = Proxies(
        app,
        trusted=networks(trust, where="trust_proxy"),
        hosts=Hosts({"buttons.example", "inner"}),
        root_path=root_path,
        crowd=Crowd(5),
    )
    given = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": "/tasks/a b",
        "raw_path": b"/tasks/a%20b",
        "root_path": "",
        "client": (client, 1234),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        **scope,
    }
    await proxies(given, None, None)  # type: ignore[arg-type]
    return found


def host(scope: dict[str, Any]) -> list[bytes]:
    return [value for name, value in scope["headers"] if name == b"host"]


TOLD: Pairs = [
    ("host", "inner:8080"),
    ("x-forwarded-for", "203.0.113.7"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "buttons.example"),
    ("x-forwarded-prefix", "/buttons"),
]


async def test_a_trusted_proxy_says_how_by_which_name_from_where_and_below_which_path():
    scope = await seen(TOLD)
    assert scope["scheme"] == "https"
    assert scope["client"] == ("203.0.113.7", 0)
    assert host(scope) == [b"buttons.example"]
    assert scope["root_path"] == "/buttons"
    assert scope["path"] == "/buttons/tasks/a b"
    assert scope["raw_path"] == b"/buttons/tasks/a%20b"


@pytest.mark.parametrize("client", ["10.0.1.1", "127.0.0.1", "::1", "203.0.113.7", "not-an-address"])
async def test_nobody_else_is_believed(client):
    scope = await seen(TOLD, client=client)
    assert (scope["scheme"], scope["client"], scope["root_path"]) == ("http", (client, 1234), "")
    assert host(scope) == [b"inner:8080"]


async def test_without_the_setting_nobody_is_believed():
    scope = await seen(TOLD, client="127.0.0.1", trust="")
    assert (scope["scheme"], scope["client"], scope["root_path"]) == ("http", ("127.0.0.1", 1234), "")


@pytest.mark.parametrize(
    ("said", "client"),
    [
        (["203.0.113.7"], "203.0.113.7"),
        (["6.6.6.6, 203.0.113.7"], "203.0.113.7"),  # what stands before was written by the client
        (["6.6.6.6", "203.0.113.7"], "203.0.113.7"),
        (["6.6.6.6, 203.0.113.7, 10.0.0.9"], "203.0.113.7"),  # two proxies of ours
        (["10.0.0.8, 10.0.0.9"], "10.0.0.8"),
        (["203.0.113.7:4711"], "203.0.113.7"),
        (["[2001:db8::7]:4711"], "2001:db8::7"),
        (["2001:db8::7"], "2001:db8::7"),
        (["::ffff:203.0.113.7"], "203.0.113.7"),
        (["6.6.6.6, unknown"], "10.0.0.1"),
        (["6.6.6.6, unknown, 10.0.0.9"], "10.0.0.9"),
        (["'; drop table"], "10.0.0.1"),
        ([" , ,"], "10.0.0.1"),
    ],
)
async def test_the_client_is_the_last_hop_that_is_no_proxy_of_ours(said, client):
    scope = await seen([("host", "inner"), *(("x-forwarded-for", value) for value in said)])
    assert scope["client"][0] == client


@pytest.mark.parametrize(
    ("said", "scheme"), [("https", "https"), ("HTTPS", "https"), ("http, https", "https"), ("https, http", "http"),
                         ("wss", "http"), ("javascript", "http"), ("", "http")]
)  # fmt: skip
async def test_the_scheme_is_http_or_https_and_the_last_one_said(said, scheme):
    assert (await seen([("host", "inner"), ("x-forwarded-proto", said)]))["scheme"] == scheme


async def test_a_forwarded_name_does_not_stand_in_for_one_that_is_not_ours():
    """A rebound name that a proxy passes on beside a header that the page itself wrote."""
    pairs = [("host", "evil.example"), ("x-forwarded-host", "buttons.example")]
    assert host(await seen(pairs)) == [b"evil.example"]
    assert host(await seen([("host", "evil.example"), *pairs[1:], ("host", "inner")])) == [b"evil.example", b"inner"]


@pytest.mark.parametrize(
    "said",
    ["//evil.example", "/../x", "/a/..", "/.", "https://evil.example", "/a//b", "/a?b", "/a b", "/%2e%2e", "buttons",
     "/\\evil", "/a\x85", "/" + "a" * 100, "/a" * 20, "/<b>"],
)  # fmt: skip
async def test_a_prefix_that_is_no_plain_path_is_none(said):
    scope = await seen([("host", "inner"), ("x-forwarded-prefix", said)])
    assert scope["root_path"] == ""
    assert scope["path"] == "/tasks/a b"


@pytest.mark.parametrize("path", ["/tasks/x", "/buttons/tasks/x"])
@pytest.mark.parametrize("trust", ["", "10.0.0.0/24"])
async def test_the_setting_is_the_prefix_whether_the_proxy_takes_it_away_or_not(path, trust):
    scope = await seen([("host", "inner")], trust=trust, root_path="/buttons", path=path, raw_path=path.encode())
    assert (scope["root_path"], scope["path"], scope["raw_path"]) == (
        "/buttons",
        "/buttons/tasks/x",
        b"/buttons/tasks/x",
    )


async def test_a_path_that_only_begins_like_the_prefix_lies_below_it():
    scope = await seen([("host", "inner")], root_path="/run", path="/runs/1", raw_path=b"/runs/1")
    assert (scope["root_path"], scope["path"]) == ("/run", "/run/runs/1")


async def test_another_applications_mount_stays_further_in():
    scope = await seen(TOLD, root_path="", path="/inner/tasks", raw_path=b"/inner/tasks")
    assert scope["path"] == "/buttons/inner/tasks"


@pytest.mark.parametrize("text", ["nonsense", "10.0.0.0/33", "10.0.0.1/8", "localhost", "10.0.0.1;10.0.0.2"])
def test_what_is_no_network_is_refused_with_its_name(text):
    with pytest.raises(ConfigError, match="is neither an address nor a network"):
        networks(text, where="trust_proxy")


@pytest.mark.parametrize("text", ["buttons", "//x", "/a b", "/../x", "https://x"])
def test_a_prefix_in_the_settings_that_is_no_path_is_refused(text):
    with pytest.raises(ConfigError, match="is no path"):
        prefix(text, where="root_path")


def test_a_slash_at_the_end_of_the_prefix_counts_nothing():
    assert prefix("/buttons/", where="root_path") == "/buttons"
    assert prefix("/", where="root_path") == ""


# -- names


@pytest.mark.parametrize(
    "name",
    ["localhost", "LOCALHOST:80", "localhost.", "Buttons.Example.:8443", "127.0.0.1:1", "[::1]", "[::1]:8080",
     "192.168.7.1", "127.0.0.1."],
)  # fmt: skip
def test_names_of_ours_are_known_in_every_dress(name):
    assert Hosts({"localhost", "buttons.example."}).known(name)


@pytest.mark.parametrize(
    "name",
    ["", "evil.example", "localhost.evil.example", "evil-localhost", "localhost..", "localhost:99999", "localhost:x",
     "localhost:80:80", "localhost/..", "localhost@evil.example", "evil.example#localhost", "localhost\x00", "::1",
     "[::1", "[::1%25eth0]", "[localhost]", "0x7f.1", "2130706433", "127.1", " localhost", "locälhost",
     "[127.0.0.1]", "localhost\n", "localhost, evil.example"],
)  # fmt: skip
def test_all_others_are_not(name):
    assert not Hosts({"localhost"}).known(name)


# -- places


def test_a_client_holds_so_many_places_and_gets_one_back_with_each_that_it_leaves():
    crowd = Crowd(2)
    place = crowd.place("203.0.113.7")
    assert [crowd.enter(place) for _ in range(3)] == [True, True, False]
    assert crowd.enter(crowd.place("203.0.113.8"))
    crowd.leave(place)
    assert crowd.enter(place)
    for _ in range(2):
        crowd.leave(place)
    crowd.leave(crowd.place("203.0.113.8"))
    assert len(crowd) == 0


def test_a_network_of_one_household_is_one_client():
    crowd = Crowd(1)
    assert crowd.enter(crowd.place("2001:db8::1"))
    assert not crowd.enter(crowd.place("2001:db8::ffff:2"))
    assert crowd.enter(crowd.place("2001:db8:0:1::1"))
    assert crowd.place("::ffff:203.0.113.7") == crowd.place("203.0.113.7")


def test_this_machine_and_the_proxies_are_not_counted():
    crowd = Crowd(1, networks("10.0.0.0/24", where="trust_proxy"))
    for client in ("127.0.0.1", "127.9.9.9", "::1", "10.0.0.5", "", "no address"):
        assert all(crowd.enter(crowd.place(client)) for _ in range(5))
    assert len(crowd) == 0


def test_zero_counts_nobody():
    crowd = Crowd(0)
    assert all(crowd.enter(crowd.place("203.0.113.7")) for _ in range(1000))
    assert len(crowd) == 0


@pytest.mark.parametrize("text", ["10.0.0.1", "10.0.0.1:80", " 10.0.0.1 ", "::ffff:10.0.0.1", "[::ffff:10.0.0.1]:80"])
def test_an_address_is_one_in_every_dress(text):
    assert str(address(text)) == "10.0.0.1"
