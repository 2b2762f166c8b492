"""What every audit trail must guarantee, see `runtime.ports.people.Audit`."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from pushbutton.domain.actor import LOCAL
from pushbutton.domain.audit import Act, Head, Record
from pushbutton.domain.audit_chain import Chain, Fault
from pushbutton.domain.event import Draft, Kind
from pushbutton.domain.run import Busy, NewRun, RunState
from pushbutton.errors import BadInput, Fenced, KeyReused, Refused
from pushbutton.runtime import audit
from pushbutton.runtime.audit import check
from pushbutton.runtime.ports import Append, Store
from pushbutton.runtime.ports.people import AuditQuery


def an_act(number: int = 1, **more: Any) -> Act:
    given: dict[str, Any] = {"actor": "ada", "verb": "user.add", "about": f"user u{number}", "at": number}
    return Act(**given | more)


def a_press(task: str = "deploy", **more: Any) -> NewRun:
    given: dict[str, Any] = {"title": "Deploy", "actor": "ada", "inputs": {"env": "test"}, "at": 7, "address": "::1"}
    return NewRun(task, **given | more)


async def whole(store: Store) -> list[Record]:
    return list(await store.audit.chain(None, 10_000))


async def said(store: Store, query: AuditQuery) -> list[int]:
    return [record.id for record in await store.audit.records(query)]


async def test_an_empty_trail_has_an_empty_head(store):
    assert await store.audit.head() == Head()
    assert await whole(store) == []


async def with_a_secret(store: Store, *secrets: str) -> None:
    for number, secret in enumerate(secrets, 1):
        held = {
            "settings": {"webhook": f"https://a:{secret}@h/"},
            "text": f"hook: {json.dumps(secret)}",
            "n": [1, None],
        }
        await store.audit.record(an_act(number, about=f"user {secret}", data=held))


async def take_out(store: Store, secret: str, why: str = "") -> list[int]:
    found = await audit.holding(store.audit, secret)
    return list(await audit.redact(store.audit, LOCAL, secret, found, why=why))


@pytest.mark.parametrize("secret", ['pa"ss\\wörd', "hunter2-hunter2", "\u202e{}[]"])
async def test_a_secret_that_is_taken_out_is_gone_and_the_chain_and_noted_heads_are_as_before(store, secret):
    await with_a_secret(store, secret, "innocent", secret)
    noted = [Head(record.id, record.hash) for record in await whole(store)]
    before = await whole(store)
    assert await take_out(store, secret, "it was a mistake") == [1, 3]
    after = await whole(store)
    assert secret not in repr([record.act for record in after]).replace("\\\\", "\\")
    assert [record.hash for record in after[:3]] == [record.hash for record in before]
    assert after[1] == before[1]
    assert after[0].act.about == "user (removed)"
    assert after[0].act.data["settings"] == {"webhook": "https://a:(removed)@h/"}
    assert (after[3].act.verb, after[3].act.data["why"]) == ("audit.redact", "it was a mistake")
    for head in [None, *noted]:
        assert (await check(store.audit, noted=head)).fault is None
    await store.audit.record(an_act(9))
    assert (await check(store.audit)).head.id == 5


async def test_two_secrets_are_taken_out_of_one_record_one_after_the_other(store):
    await with_a_secret(store, "the-first the-second")
    assert (await take_out(store, "the-first"), await take_out(store, "the-second")) == ([1], [1])
    assert (await whole(store))[0].act.about == "user (removed) (removed)"
    assert (await check(store.audit)).fault is None


async def test_what_vouches_for_others_stays_whole(store):
    await with_a_secret(store, "the-first")
    await take_out(store, "the-first", "because the-second")
    with pytest.raises(Refused, match="Record 2 vouches for others"):
        await take_out(store, "the-second")
    assert (await check(store.audit)).fault is None


async def test_what_is_too_short_would_be_found_everywhere(store):
    with pytest.raises(BadInput, match="at least 4 characters"):
        await audit.holding(store.audit, "abc")


async def test_what_was_recorded_comes_back_as_it_was(store):
    odd = an_act(at=5, address="10.0.0.1", data={"b": [1, 2.5, None, True, "ü\n\x00\u2028"], "a": {"z": 1, "y": {}}})
    await store.audit.record(odd)
    [record] = await whole(store)
    assert (record.id, record.act) == (1, odd)


async def test_ids_have_no_gaps_and_the_chain_is_right_however_many_write_at_once(store):
    await asyncio.gather(*(store.audit.record(an_act(n)) for n in range(1, 40)), *(
        store.press(a_press(key=f"k{n}")) for n in range(20)
    ))  # fmt: skip
    assert [record.id for record in await whole(store)] == list(range(1, 60))
    checked = await check(store.audit)
    assert (checked.fault, checked.head.id) == (None, 59)
    head = await store.audit.head()
    assert (head.id, head.hash) == (checked.head.id, checked.head.hash)


async def test_the_chain_is_right_with_its_own_key_only(store):
    await store.audit.record(an_act())
    chain = Chain(b"another")
    chain.feed(await whole(store))
    assert chain.end(await store.audit.head()).fault is Fault.FOREIGN


async def test_the_chain_comes_in_pages(store):
    for number in range(1, 8):
        await store.audit.record(an_act(number))
    assert [record.id for record in await store.audit.chain(None, 3)] == [1, 2, 3]
    assert [record.id for record in await store.audit.chain(3, 3)] == [4, 5, 6]
    assert await store.audit.chain(7, 3) == []


async def test_a_press_and_a_join_have_their_record(store):
    made = (await store.press(a_press(why="because"))).run
    await store.press(a_press(busy=Busy.JOIN, actor="bob"))
    press, join = await whole(store)
    assert (press.act.actor, press.act.verb, press.act.about, press.act.address) == (
        "ada", "run.press", f"run {made.id}", "::1",
    )  # fmt: skip
    assert press.act.data == {"task": "deploy", "title": "Deploy", "inputs": {"env": "test"}, "why": "because"}
    assert (join.act.actor, join.act.verb, join.act.about) == ("bob", "run.join", f"run {made.id}")


async def test_a_press_that_is_refused_or_was_there_leaves_no_record(store):
    await store.press(a_press(key="k", fingerprint="a"))
    await store.press(a_press(key="k", fingerprint="a"))
    with pytest.raises(KeyReused):
        await store.press(a_press(key="k", fingerprint="b"))
    assert [record.act.verb for record in await whole(store)] == ["run.press"]


async def test_a_write_that_is_fenced_leaves_no_record(store):
    run = (await store.press(a_press())).run
    with pytest.raises(Fenced):
        await store.append(Append(run.id, epoch=9, act=an_act(verb="run.stop")))
    asked = Draft(Kind.STATE, {"state": "cancelled"}, 9)
    await store.append(Append(run.id, [asked], epoch=0, to=RunState.CANCELLED, act=an_act(verb="run.stop")))
    assert [record.act.verb for record in await whole(store)] == ["run.press", "run.stop"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (AuditQuery(), [6, 5, 4, 3, 2, 1]),
        (AuditQuery(actor="ada"), [5, 3, 1]),
        (AuditQuery(verb="user"), [6, 5, 4, 3, 2]),
        (AuditQuery(verb="user.add"), [5, 4, 3, 2]),
        (AuditQuery(verb="use"), []),
        (AuditQuery(about="user u4"), [4]),
        (AuditQuery(since=3), [6, 5, 4, 3]),
        (AuditQuery(until=3), [2, 1]),
        (AuditQuery(since=2, until=5, actor="bob"), [4, 2]),
        (AuditQuery(before=4), [3, 2, 1]),
        (AuditQuery(before=4, limit=2), [3, 2]),
        (AuditQuery(actor="ada' OR 1=1 --"), []),
    ],
)
async def test_filters_and_pages(store, query, found):
    verbs = ["userland.add", *["user.add"] * 4, "user.change"]
    for number, verb in enumerate(verbs, 1):
        await store.audit.record(an_act(number, verb=verb, actor="ada" if number % 2 else "bob"))
    assert await said(store, query) == found


async def test_the_newest_of_a_kind_for_each_thing(store):
    for number, (verb, about) in enumerate(
        [
            ("task.added", "task a"),
            ("task.added", "task b"),
            ("task.changed", "task a"),
            ("grant.give", "task a"),
            ("task.added", "tasks"),
            ("tasks.added", "task c"),
        ],
        1,
    ):
        await store.audit.record(an_act(number, verb=verb, about=about))
    assert [record.id for record in await store.audit.newest("task", "task")] == [2, 3]


async def test_a_check_while_the_trail_grows_finds_nothing_wrong(store, monkeypatch):
    monkeypatch.setattr(audit, "PAGE", 3)
    for number in range(1, 10):
        await store.audit.record(an_act(number))

    async def grow() -> None:
        for number in range(10, 100):
            await store.audit.record(an_act(number))

    growing = asyncio.create_task(grow())
    heads = []
    while not growing.done():
        checked = await check(store.audit)
        assert checked.fault is None
        heads.append(checked.head.id)
        await asyncio.sleep(0)
    assert heads == sorted(heads)
    assert (await check(store.audit)).head.id == 99
