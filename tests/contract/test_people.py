"""What every directory of people must guarantee, see `runtime.ports.people.People`."""

from __future__ import annotations

import asyncio

import pytest

from pushbutton.domain.actor import Right, Verb
from pushbutton.domain.audit import Act
from pushbutton.domain.made_channel import MadeChannel
from pushbutton.domain.messages import Wishes
from pushbutton.domain.person import Entry, Invite, Link, Session, Snapshot, Token, User
from pushbutton.domain.policy import Grant
from pushbutton.errors import Refused
from pushbutton.runtime.ports.people import Change, Work

ADA = User("ada", title="Ada Lovelace", groups=("ops", "dev"), password="hash", recovery=("r1",), added_at=5)
EVERY: list[Entry] = [
    ADA,
    Grant("user:ada", "admin"),
    Session("s1", "ada", 1, 9, 2, "::1", "a browser", pending=True),
    Token("t1", "nightly", "ada", (Right(Verb.PRESS, "task:deploy"),), 1, None, None, "wxyz"),
    Invite("i1", "bob", 9, "ada"),
    Link("l1", "deploy", "ada", {"env": "test", "n": [1, None]}, 9, 3, 1, 2, "for the weekend"),
    Wishes(
        "ada",
        ("fail",),
        ("deploy",),
        (4, 5),
        "ada@example.org",
        1140,
        420,
        urgent=False,
        zone="Europe/Berlin",
        chat=("over",),
        browser=("needs",),
        channel="ops",
    ),
    MadeChannel("ops", "sealed", "ada", 3, "de", ("failed", "late"), "group:Reports", people=True),
]


def act(verb: str = "user.add") -> Act:
    return Act("ada", verb, "user x", 1)


def put(*entries, verb: str = "user.add") -> Work:
    return lambda _: Change(act(verb), put=entries)


async def test_there_is_nobody_at_first(store):
    assert await store.people.load() == Snapshot()


async def test_every_kind_of_entry_comes_back_as_it_was(store):
    after = await store.people.change(put(*EVERY))
    assert after == await store.people.load()
    assert (after.users["ada"], tuple(after.grants)) == (ADA, (EVERY[1],))
    kept = [
        after.sessions["s1"],
        after.tokens["t1"],
        after.invites["i1"],
        after.links["l1"],
        after.wishes["ada"],
        after.channels["ops"],
    ]
    assert kept == EVERY[2:]


async def test_an_entry_takes_the_place_of_the_one_with_its_key_and_others_go(store):
    await store.people.change(put(*EVERY))
    changed = User("ada", title="Ada")
    after = await store.people.change(lambda _: Change(act(), put=[changed], drop=EVERY[1:]))
    assert after.users == {"ada": changed}
    assert (len(after.grants), after.sessions, after.tokens, after.links) == (0, {}, {}, {})


async def test_the_version_rises_with_each_change_and_with_nothing_else(store):
    assert await store.people.version() == 0
    first = (await store.people.change(put(ADA))).version
    assert await store.people.version() == first > 0
    await store.people.change(lambda _: Change(act("session.refuse")))
    assert await store.people.version() == first
    assert (await store.people.change(lambda _: Change(drop=[ADA]))).version > first


async def test_a_change_and_its_record_are_one(store):
    await store.people.change(put(ADA))
    await store.people.change(lambda _: Change(put=[ADA]))
    assert [record.act for record in await store.audit.chain(None, 10)] == [act()]


async def test_a_refusal_leaves_nothing(store):
    def refuse(_: Snapshot) -> Change:
        raise Refused("No.")

    await store.people.change(put(ADA))
    before = await store.people.load()
    with pytest.raises(Refused, match="No"):
        await store.people.change(refuse)
    assert await store.people.load() == before
    assert len(await store.audit.chain(None, 10)) == 1


async def test_each_change_sees_the_one_before(store):
    def one_more(now: Snapshot) -> Change:
        return Change(act(), put=[User(f"u{len(now.users)}")])

    await asyncio.gather(*(store.people.change(one_more) for _ in range(30)))
    assert len((await store.people.load()).users) == 30
    assert [record.id for record in await store.audit.chain(None, 99)] == list(range(1, 31))
