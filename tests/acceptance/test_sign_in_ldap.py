"""Sign-in with a real LDAP directory, the system's slapd."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from pushbutton.adapters import ldap as ldap_room
from pushbutton.adapters.ldap import Ldap
from pushbutton.adapters.ldap import directory as directory_module
from pushbutton.adapters.ldap.directory import AT_ONCE, REFUSAL_SECONDS, WAITING
from pushbutton.domain.identity import Identity
from pushbutton.errors import ConfigError, SignInFailed, TooManySignIns

from .directory import GROUPS, PASSWORD, PEOPLE, SERVICE, SERVICE_PASSWORD, Directory, certificate
from .serving import until

ADA = Identity("ada", "Ada Löwe", "ada@example.org", frozenset({"Ops, all", "dev"}), "ldap")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    folder: Path = tmp_path_factory.mktemp("directory")
    with Directory(folder) as started:
        yield started


def sign_in(url: str, **more: Any) -> Ldap:
    """It needs no `close` here: its threads end with the interpreter."""
    return Ldap(url, **{"base": PEOPLE, "bind_dn": SERVICE, "bind_password": SERVICE_PASSWORD, **more})


async def test_somebody_signs_in_with_their_password(directory: Directory) -> None:
    ldap = sign_in(directory.url)
    assert await ldap.check("ada", PASSWORD) == ADA


@pytest.mark.parametrize("typed", ["Ada", "ADA", "lovelace"])
async def test_whatever_they_typed_it_is_one_person(directory: Directory, typed: str) -> None:
    ldap = sign_in(directory.url)
    assert await ldap.check(typed, PASSWORD) == ADA


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ada", PASSWORD + " "),
        ("ada", PASSWORD.upper()),
        ("nobody", PASSWORD),
        ("ghost", PASSWORD),  # has no password
        ("reader", SERVICE_PASSWORD),  # is not among the people
        ("ada", ""),
        ("ghost", ""),
        ("", ""),
        ("ada", "\0"),
        ("ada", "\0" + PASSWORD),
        ("ada", PASSWORD + "\0"),
        ("ada", "\ud800"),
        ("ada", "x" * 1_001),
        ("*", PASSWORD),
        ("ada)(uid=*", PASSWORD),
        ("ada\0", PASSWORD),
        ("a*", PASSWORD),
        ("àda", PASSWORD),
    ],
)
async def test_anybody_else_does_not_and_learns_nothing_from_the_time(
    directory: Directory, name: str, password: str
) -> None:
    ldap = sign_in(directory.url)
    begun = time.monotonic()
    assert await ldap.check(name, password) is None
    assert time.monotonic() - begun >= REFUSAL_SECONDS


async def test_the_directory_itself_says_yes_to_an_empty_password(directory: Directory) -> None:
    """The refusals of it mean something only if it does."""
    import bonsai

    client = bonsai.LDAPClient(directory.url)
    client.set_credentials("SIMPLE", user=f"uid=Ada,{PEOPLE}", password="")
    with client.connect(timeout=10) as connection:
        assert connection.whoami() == "anonymous"


async def test_groups_are_looked_up_where_they_are_said_to_be(directory: Directory) -> None:
    ldap = sign_in(directory.url, groups_base=GROUPS)
    ada = await ldap.check("ada", PASSWORD)
    assert ada
    assert ada.groups == {"Ops, all", "dev", "posix"}
    eve = await ldap.check("eve", PASSWORD)  # whose DN is full of what means something in a filter
    assert eve == Identity("eve", "Eve (ops) *, x\\", "", frozenset({"dev"}), "ldap")


async def test_memberof_says_the_groups_of_a_difficult_dn_too(directory: Directory) -> None:
    ldap = sign_in(directory.url)
    eve = await ldap.check("eve", PASSWORD)
    assert eve
    assert eve.groups == {"dev"}


async def test_another_attribute_may_hold_the_name(directory: Directory) -> None:
    ldap = sign_in(directory.url, user_filter="(|(uid={name})(mail={name}))", name_attribute="mail")
    ada = await ldap.check("Ada@Example.org", PASSWORD)
    assert ada
    assert ada.name == "ada@example.org"


@pytest.mark.parametrize("user_filter", ["(uid={name})", "(&(objectClass=person)(|(uid={name})(cn={name})))"])
async def test_a_name_of_several_people_is_nobodys(directory: Directory, user_filter: str) -> None:
    ldap = sign_in(directory.url, user_filter=user_filter)
    with pytest.raises(SignInFailed, match="said unclearly who you are") as failed:
        await ldap.check("twin", PASSWORD)
    assert "several entries named twin" in failed.value.reason


async def test_somebody_whose_name_cannot_be_one_here_is_refused(directory: Directory) -> None:
    ldap = sign_in(directory.url, user_filter="(mail={name})")
    with pytest.raises(SignInFailed, match="said unclearly who you are") as failed:
        await ldap.check("bad@example.org", PASSWORD)
    assert "bad name" in failed.value.reason


@pytest.mark.parametrize(
    "more",
    [
        {"bind_password": "not that one"},
        {"bind_dn": "no dn"},
        {"user_filter": "(uid={name}"},
        {"groups_base": GROUPS, "groups_filter": "(member={dn}"},
    ],
)
async def test_settings_that_the_directory_does_not_take_are_said_to_the_log_alone(
    directory: Directory, more: dict[str, str]
) -> None:
    ldap = sign_in(directory.url, **more)
    with pytest.raises(SignInFailed, match="does not answer at this moment") as failed:
        await ldap.check("ada", PASSWORD)
    assert directory.url in failed.value.reason
    assert PASSWORD not in failed.value.reason
    assert "not that one" not in failed.value.reason
    assert failed.value.reason.isprintable()


@pytest.mark.parametrize("more", [{"bind_dn": "", "bind_password": ""}, {"base": "ou=nowhere,dc=example,dc=org"}])
async def test_where_nothing_can_be_read_nobody_is_found(directory: Directory, more: dict[str, str]) -> None:
    ldap = sign_in(directory.url, **more)
    assert await ldap.check("ada", PASSWORD) is None


# -- encryption


@pytest.mark.parametrize("kind", ["url", "tls_url"])
async def test_a_directory_whose_certificate_is_known_is_asked(directory: Directory, kind: str) -> None:
    ldap = sign_in(getattr(directory, kind), ca=str(directory.ca))
    assert await ldap.check("ada", PASSWORD) == ADA


@pytest.mark.parametrize("kind", ["url", "tls_url"])
async def test_a_directory_whose_certificate_is_not_known_is_not_asked(
    directory: Directory, kind: str, tmp_path: Path
) -> None:
    other = certificate(tmp_path / "other")
    ldap = sign_in(getattr(directory, kind), ca=str(other))
    with pytest.raises(SignInFailed, match="not answer"):
        await ldap.check("ada", PASSWORD)


async def test_a_certificate_that_only_vouches_for_itself_is_not_taken(directory: Directory) -> None:
    ldap = sign_in(directory.tls_url)
    with pytest.raises(SignInFailed, match="does not answer at this moment"):
        await ldap.check("ada", PASSWORD)


@pytest.mark.parametrize("kind", ["localhost", "127.0.0.2"])
async def test_a_certificate_of_another_address_is_not_taken(directory: Directory, kind: str) -> None:
    url = directory.tls_url.replace("127.0.0.1", kind)
    ldap = sign_in(url, ca=str(directory.ca))
    with pytest.raises(SignInFailed, match="does not answer"):
        await ldap.check("ada", PASSWORD)


class Silent:
    """Takes connections and whatever is said, and says nothing."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ldap://127.0.0.1:{self._listener.getsockname()[1]}"
        self.heard = bytearray()
        self.connected = 0
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connected += 1
            self._open.append(connection)
            threading.Thread(target=self._hear, args=(connection,), daemon=True).start()

    def _hear(self, connection: socket.socket) -> None:
        try:
            while piece := connection.recv(65_536):
                self.heard += piece
        except OSError:
            pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for connection in self._open:
            connection.close()


async def test_no_password_is_said_before_the_connection_is_encrypted(directory: Directory) -> None:
    with Silent() as silent:
        ldap = sign_in(silent.url, ca=str(directory.ca), seconds=1.0)
        with pytest.raises(SignInFailed, match="does not answer"):
            await ldap.check("ada", PASSWORD)
        assert b"1.3.6.1.4.1.1466.20037" in silent.heard  # StartTLS, and nothing after it
        assert SERVICE_PASSWORD.encode() not in silent.heard
        assert PASSWORD.encode() not in silent.heard


# -- trouble


async def test_a_directory_that_is_silent_holds_nobody_up_for_long(directory: Directory) -> None:
    with Silent() as silent:
        ldap = sign_in(silent.url, seconds=1.0)
        asked = asyncio.create_task(ldap.check("ada", PASSWORD))
        turns = 0
        while not asked.done():
            await asyncio.wait([asked], timeout=0.01)
            turns += 1
        assert turns > 20  # the event loop went round meanwhile
        with pytest.raises(SignInFailed, match="does not answer at this moment"):
            await asked


async def test_a_flood_is_refused_and_few_connections_are_made_at_once(directory: Directory) -> None:
    with Silent() as silent:
        ldap = sign_in(silent.url, seconds=1.5)
        asked = [asyncio.create_task(ldap.check("ada", PASSWORD)) for _ in range(AT_ONCE + WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(TooManySignIns, match="Too many people sign in at this moment"):
            await ldap.check("ada", PASSWORD)
        await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        assert silent.connected <= AT_ONCE + 1  # the first is over, and another took its turn
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)


async def test_many_at_once_are_each_answered_right(directory: Directory) -> None:
    ldap = sign_in(directory.url)
    asked = [
        ldap.check("ada" if turn % 2 else "eve", PASSWORD if turn % 3 else "wrong") for turn in range(AT_ONCE + WAITING)
    ]
    found = [identity.name if identity else None for identity in await asyncio.gather(*asked)]
    assert found == [("ada" if turn % 2 else "eve") if turn % 3 else None for turn in range(len(asked))]


async def test_what_is_asked_is_in_no_programs_arguments(directory: Directory) -> None:
    with Silent() as silent:
        asked = asyncio.create_task(sign_in(silent.url, seconds=3.0).check("ada", PASSWORD))
        shown = await asyncio.to_thread(until, _asking, what="the process that asks")
        assert shown == [sys.executable, "-I", str(Path(ldap_room.__file__).with_name("lookup.py"))]
        with pytest.raises(SignInFailed):
            await asked


async def test_who_is_gone_or_locked_by_an_administrator_is_told_and_nobody_else(directory: Directory) -> None:
    ldap = sign_in(directory.url)
    for name in ("left", "locked", "guessed"):
        directory.add(name)
    names = ["ada", "lovelace", "eve", "ghost", "twin", "left", "locked", "guessed", "never.was", "a*", "x)(uid=*"]
    assert await ldap.gone(names) == dict.fromkeys(["never.was", "a*", "x)(uid=*"], "nobody of that name")
    directory.remove("left")
    directory.lock("locked")
    directory.lock("guessed", until="20261130080000Z")
    assert await ldap.check("locked", PASSWORD) is None, "the directory itself lets them in no more"
    assert await ldap.gone(["ada", "left", "locked", "guessed"]) == {
        "left": "nobody of that name",
        "locked": "locked by pwdAccountLockedTime",
    }


async def test_who_types_something_else_than_they_are_called_is_found_as_well(directory: Directory) -> None:
    ldap = sign_in(directory.url, user_filter="(&(objectClass=person)(mail={name}))")
    assert await ldap.gone(["ada", "eve"]) == {"eve": "nobody of that name"}, "eve has no address to type"


async def test_who_falls_out_of_the_filter_is_gone(directory: Directory) -> None:
    ldap = sign_in(directory.url, user_filter=f"(&(uid={{name}})(memberOf=cn=Ops\\5c, all,{GROUPS}))")
    assert await ldap.gone(["ada", "eve"]) == {"eve": "nobody of that name"}


@pytest.mark.parametrize(
    "more",
    [
        {"bind_dn": "", "bind_password": ""},  # may read nothing
        {"bind_password": "not that one"},
        {"base": GROUPS},
        {"base": "ou=elsewhere,dc=example,dc=org"},
        {"user_filter": "(uid={name}"},
        {"name_attribute": "nothing"},
    ],
)
async def test_where_nothing_can_be_read_nobody_is_gone(directory: Directory, more: dict[str, str]) -> None:
    ldap = sign_in(directory.url, **more)
    with pytest.raises(SignInFailed):
        await ldap.gone(["ada", "never.was"])


async def test_a_look_at_a_directory_that_is_silent_ends_and_keeps_nobody_from_closing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(directory_module, "LOOK_SECONDS", 0.5)
    with Silent() as silent:
        ldap = sign_in(silent.url)
        with pytest.raises(SignInFailed) as failed:
            await ldap.gone(["ada"])
        assert "more than 0.5 s" in failed.value.reason
        monkeypatch.setattr(directory_module, "LOOK_SECONDS", 600.0)
        looking = asyncio.ensure_future(ldap.gone(["ada"]))
        await asyncio.to_thread(until, _asking, what="the process that asks")
        ldap.close()
        with pytest.raises(SignInFailed):
            await looking


def _asking() -> list[str]:
    """The arguments of our child that asks."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            arguments = (process / "cmdline").read_text().rstrip("\0").split("\0")
        except OSError:
            continue
        if parent == os.getpid() and arguments[-1].endswith("ldap/lookup.py"):
            return arguments
    return []


async def test_a_directory_that_is_down_is_one_sentence_and_is_found_again(directory: Directory) -> None:
    ldap = sign_in(directory.url)
    directory.stop()
    try:
        with pytest.raises(SignInFailed, match="does not answer at this moment; try again in a minute"):
            await ldap.check("ada", PASSWORD)
    finally:
        directory.start()
    assert await ldap.check("ada", PASSWORD) == ADA


# -- settings


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"url": "directory.example.org"}, "is no address such as ldaps://"),
        ({"url": "https://directory.example.org"}, "is no address such as ldaps://"),
        ({"url": "ldap:///"}, "is no address such as ldaps://"),
        ({"url": "ldap://x/dc=example"}, "is no address such as ldaps://"),
        ({"base": ""}, "name where people are looked up"),
        ({"bind_password": ""}, "give the password of cn=reader"),
        ({"user_filter": "(uid=ada)"}, "has to hold {name}"),
        ({"groups_base": GROUPS, "groups_filter": "(cn=*)"}, "has to hold {dn} or {name}"),
    ],
)
def test_settings_that_cannot_work_are_said_at_the_start(
    directory: Directory, more: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        sign_in(**{"url": directory.url, **more})


def test_without_the_package_that_speaks_ldap_the_setting_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bonsai", None)
    with pytest.raises(ConfigError, match=r"pip install 'pushbutton\[ldap\]'"):
        sign_in("ldaps://directory.example.org")


@pytest.mark.parametrize(
    ("hostile", "plain"),
    [
        ("*", r"(uid=\2a)"),
        ("ada)(uid=*", r"(uid=ada\29\28uid=\2a)"),
        ("a\\b\0", r"(uid=a\5cb\00)"),
        ("{dn}{name}", "(uid={dn}{name})"),
    ],
)
def test_whatever_a_value_holds_the_filter_stays_the_same_filter(hostile: str, plain: str) -> None:
    from pushbutton.adapters.ldap.lookup import filled

    assert filled("(uid={name})", {"name": hostile, "dn": "cn=x"}) == plain


@pytest.mark.parametrize(
    ("dn", "group"),
    [
        ("cn=ops,ou=groups,dc=example,dc=org", "ops"),
        (r"CN=Ops\, all,DC=example", "Ops, all"),
        (r"cn=Ops\2C all,dc=example", "Ops, all"),
        (r"cn=M\C3\BCller\5C\+,dc=example", "Müller\\+"),
        ("cn=ops+sn=x,dc=example", "ops"),
        ("cn=,dc=example", ""),
        ("nonsense", ""),
    ],
)
def test_a_groups_name_is_the_first_value_of_its_dn(dn: str, group: str) -> None:
    from pushbutton.adapters.ldap.directory import _first_of

    assert _first_of(dn) == group
