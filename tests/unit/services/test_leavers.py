"""Who left the directory: what becomes of what they have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from pushbutton.adapters.ldap.lookup import locked
from pushbutton.adapters.memory import MemoryStore
from pushbutton.domain.actor import NOBODY
from pushbutton.domain.person import Entry, Session, Token, User
from pushbutton.domain.token import hashed
from pushbutton.errors import SignInFailed
from pushbutton.runtime import clock
from pushbutton.runtime.directory import Directory
from pushbutton.runtime.ports.people import AuditQuery, Change
from pushbutton.services import leavers

DAY = 86_400 * 1_000_000


class Authority:
    """Knows all but these."""

    def __init__(self, *gone: str, down: bool = False) -> None:
        self._gone, self._down = gone, down
        self.asked: Sequence[str] = ()

    async def check(self, name: str, password: str) -> None:
        raise AssertionError("nobody signs in")

    async def gone(self, names: Sequence[str]) -> Mapping[str, str]:
        self.asked = names
        if self._down:
            raise SignInFailed("It does not answer.")
        return {name: "nobody of that name" for name in self._gone if name in names}


async def opened(*entries: Entry) -> tuple[MemoryStore, Directory]:
    store = MemoryStore()
    await store.people.change(lambda _: Change(put=entries))
    directory = Directory(store.people, outside=True)
    await directory.open()
    await directory.close()
    return store, directory


def person(name: str, source: str = "ldap", seen: float = 1.0) -> list[Entry]:
    """With a session and a token; `seen`: days ago."""
    at = clock.now() - int(seen * DAY)
    return [
        User(name, source=source, added_at=at - DAY, seen_at=at),
        Session(hashed(f"s-{name}"), name, at, at + 365 * DAY, clock.now()),
        Token(hashed(f"t-{name}"), "all", name, (), at),
    ]


def counts(directory: Directory, name: str) -> tuple[bool, bool]:
    """Whether their session and their token do."""
    at = clock.now()
    session, token = directory.session(f"s-{name}", at), directory.token(f"t-{name}", at)
    as_session = directory.of_session(session) if session else NOBODY
    return as_session.known, bool(token and directory.of_token(token).known)


async def test_who_is_gone_loses_what_they_have_with_a_record_and_the_others_nothing():
    store, directory = await opened(*person("ada"), *person("ben"), *person("eve", "local"), *person("max", "oidc"))
    assert counts(directory, "ben") == (True, True)
    authority = Authority("ben", "eve", "max")
    assert await leavers.look(directory, authority) == ["ben"]
    assert authority.asked == ["ada", "ben"], "only those whom the directory named"
    assert counts(directory, "ben") == (False, False)
    assert all(counts(directory, name) == (True, True) for name in ("ada", "eve", "max"))
    assert not any(session.user == "ben" for session in directory.all.sessions.values())
    (record,) = await store.audit.records(AuditQuery(verb="user"))
    assert (record.act.actor, record.act.verb, record.act.about) == ("server", "user.gone", "user ben")
    assert record.act.data == {"source": "ldap", "found": "nobody of that name"}


async def test_it_is_recorded_once_and_counts_again_after_a_sign_in():
    store, directory = await opened(*person("ada"), *person("ben"))
    for _ in range(2):
        await leavers.look(directory, Authority("ben"))
    assert len(await store.audit.records(AuditQuery(verb="user"))) == 1
    ben = directory.all.users["ben"]
    await directory.change(lambda _: Change(put=[replace(ben, seen_at=clock.now())]))
    assert counts(directory, "ben") == (False, True)
    assert await leavers.look(directory, Authority("ben")) == ["ben"], "once more"


async def test_who_signs_in_while_the_directory_is_asked_keeps_everything():
    store, directory = await opened(*person("ada"))
    ada = directory.all.users["ada"]

    class Slow(Authority):
        async def gone(self, names: Sequence[str]) -> Mapping[str, str]:
            await directory.change(lambda _: Change(put=[replace(ada, seen_at=clock.now())]))
            return await super().gone(names)

    assert await leavers.look(directory, Slow("ada")) == []
    assert counts(directory, "ada")[1]
    assert not await store.audit.records(AuditQuery(verb="user"))


async def test_a_directory_that_does_not_answer_takes_nothing_away():
    _, directory = await opened(*person("ada"))
    with pytest.raises(SignInFailed):
        await leavers.look(directory, Authority("ada", down=True))
    assert counts(directory, "ada")[1]


async def test_a_directory_that_misses_most_at_once_takes_nothing_away(caplog):
    names = [f"p{number}" for number in range(20)]
    _, directory = await opened(*[entry for name in names for entry in person(name)])
    assert await leavers.look(directory, Authority(*names[:11])) == ()
    assert all(counts(directory, name)[1] for name in names)
    assert "misses 11 of 20 people at once" in caplog.text
    assert await leavers.look(directory, Authority(*names[:10])) == sorted(names[:10])


@pytest.mark.parametrize(
    ("marks", "why"),
    [
        ({}, ""),
        ({"pwdAccountLockedTime": ["000001010000Z"]}, "locked by pwdAccountLockedTime"),
        ({"pwdAccountLockedTime": ["20261130080000Z"]}, ""),  # somebody guessed passwords
        ({"userAccountControl": ["514"]}, "locked by userAccountControl"),
        ({"userAccountControl": ["66050"]}, "locked by userAccountControl"),
        ({"userAccountControl": ["512"]}, ""),
        ({"userAccountControl": ["two"]}, ""),
        ({"accountExpires": ["0"]}, ""),
        ({"accountExpires": ["9223372036854775807"]}, ""),
        ({"accountExpires": ["133000000000000000"]}, "over by accountExpires"),  # in 2022
        ({"accountExpires": ["153000000000000000"]}, ""),  # in 2085
        ({"nsAccountLock": ["TRUE"]}, "locked by nsAccountLock"),
        ({"nsAccountLock": ["true"]}, "locked by nsAccountLock"),
        ({"nsAccountLock": ["FALSE"]}, ""),
        ({"loginDisabled": ["TRUE"]}, "locked by loginDisabled"),
        ({"nsAccountLock": [], "userAccountControl": ["514"]}, "locked by userAccountControl"),
    ],
)
def test_what_says_that_an_account_is_locked(marks, why):
    assert locked(marks, 1_796_000_000.0) == why
