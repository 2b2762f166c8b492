"""What is kept for a while, see `runtime.ports.memos.Memos`."""

from __future__ import annotations

import asyncio

import pytest

from pushbutton.errors import Refused
from pushbutton.runtime.ports import memos
from pushbutton.runtime.ports.memos import Look, Memo

KIND = "code"


def put(*kept: Memo) -> Look:
    return lambda _: kept


async def test_what_is_kept_is_read_until_its_end(store):
    memo = Memo("a", '{"x": "ä"}', 10)
    assert await store.memos.change(KIND, ["a"], put(memo), at=5) == {}
    assert await store.memos.read(KIND, ["a", "b"], at=9) == {"a": memo}
    assert await store.memos.read(KIND, at=9) == {"a": memo}
    assert await store.memos.read(KIND, [], at=9) == {}
    assert await store.memos.read("another kind", at=9) == {}
    assert await store.memos.read(KIND, at=10) == {}


async def test_a_look_sees_what_it_asked_for_and_what_it_says_takes_its_place(store):
    await store.memos.change(KIND, None, put(Memo("a", "1", 10), Memo("b", "1", 10), Memo("old", "1", 6)), at=5)
    seen = []

    def look(found):
        seen.append(dict(found))
        return [Memo("a", "2", 20)]

    before = await store.memos.change(KIND, ["a", "old", "nothing"], look, at=7)
    assert seen[-1] == before == {"a": Memo("a", "1", 10)}
    assert await store.memos.read(KIND, at=7) == {"a": Memo("a", "2", 20), "b": Memo("b", "1", 10)}


async def test_what_is_said_to_have_ended_goes(store):
    await store.memos.change(KIND, None, put(Memo("a", "1", 10)), at=5)
    await store.memos.change(KIND, ["a"], put(Memo("a", "1", 5)), at=5)
    assert await store.memos.read(KIND, at=5) == {}


async def test_a_refusal_keeps_nothing_and_hurts_no_other_change(store):
    def refuse(_):
        raise Refused("No.")

    changes = [store.memos.change(KIND, ["a"], look, at=5) for look in (put(Memo("a", "1", 10)), refuse)]
    first, second = await asyncio.gather(*changes, return_exceptions=True)
    assert first == {}
    assert isinstance(second, Refused)
    with pytest.raises(Refused):
        await store.memos.change(KIND, ["b"], refuse, at=5)
    assert await store.memos.read(KIND, at=5) == {"a": Memo("a", "1", 10)}


async def test_one_of_many_at_once_takes_it_away(store):
    await store.memos.change(KIND, ["a"], put(Memo("a", "1", 10)), at=5)

    def take(found):
        return [Memo("a", "", 0)] if found else []

    taken = await asyncio.gather(*(store.memos.change(KIND, ["a"], take, at=5) for _ in range(20)))
    assert sum("a" in found for found in taken) == 1


async def test_there_are_never_more_than_so_many_of_a_kind_and_those_go_that_end_first(store, monkeypatch):
    monkeypatch.setattr(memos, "MOST", 3)
    await store.memos.change("another kind", None, put(Memo("x", "", 6)), at=5)
    for end in (10, 40, 20, 30, 50):
        await store.memos.change(KIND, [f"until {end}"], put(Memo(f"until {end}", "", end)), at=5)
    assert sorted(await store.memos.read(KIND, at=5)) == ["until 30", "until 40", "until 50"]
    assert len(await store.memos.read("another kind", at=5)) == 1
