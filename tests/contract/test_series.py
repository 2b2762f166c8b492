"""What every store must guarantee of the tries at one press, see `Append.again`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pushbutton.domain.approval import Given, Hold
from pushbutton.domain.cause import Cause, CauseKind
from pushbutton.domain.event import Draft, Kind
from pushbutton.domain.offer import Offer
from pushbutton.domain.order import Order, OrderKind
from pushbutton.domain.retry import Retry
from pushbutton.domain.run import Busy, NewRun, Run, RunState
from pushbutton.errors import Fenced
from pushbutton.runtime.ports import Append, RunQuery, Store, Topics
from pushbutton.runtime.ports.people import AuditQuery

RETRY = Retry(times=3, on=("failed", "exit 3"))
EVERYTHING = Topics(everything=True)
LATER = 60_000_000


def new(**more: Any) -> NewRun:
    given: dict[str, Any] = {"title": "Ask", "actor": "user:ada", "inputs": {"n": 1}, "at": 1000, "retry": RETRY}
    return NewRun("ask", **given | more)


async def running(store: Store, **more: Any) -> Run:
    await store.press(new(**more))
    return await claimed(store, at=2000)


async def claimed(store: Store, at: int) -> Run:
    await store.allow({"ask": 9})
    run = await store.claim(Offer("w", 9), at=at, token="hash")
    assert run
    return run


def failing(run: Run, again: int | None = LATER, **more: Any) -> Append:
    drafts = [Draft(Kind.STATE, {"state": "failed"}, 3000)]
    return Append(run.id, drafts, epoch=run.epoch, to=RunState.FAILED, again=again, **more)


async def tried_again(store: Store, run: Run) -> Run:
    await store.append(failing(run))
    return await store.run((await store.run(run.id)).next)


async def test_what_its_task_says_of_retries_comes_back_as_it_was(store):
    run = await running(store)
    assert run.retry == (await store.run(run.id)).retry == RETRY
    assert (run.series, run.next) == (0, 0)
    assert (await store.press(new(retry=None))).run.retry is None


async def test_with_an_end_comes_the_next_try(store):
    run = await running(store, why="because", digest="abc")
    [ended] = await store.append(failing(run))
    before = await store.run(run.id)
    assert (before.state, before.series, before.next) == (RunState.FAILED, run.id, run.id + 1)
    assert ended.data == {"state": "failed", "next": run.id + 1, "not_before": "1970-01-01T00:01:00.000000Z"}
    made = await store.run(before.next)
    assert (made.state, made.not_before, made.pressed_at) == (RunState.WAITING, LATER, 3000)
    assert (made.series, made.next, made.retry) == (run.id, 0, RETRY)
    assert made.cause == Cause(CauseKind.RETRY, run.id, 2)
    assert (made.actor, made.inputs, made.why, made.digest) == (run.actor, run.inputs, "because", "abc")
    [*_, event] = await store.events(EVERYTHING, after=0)
    assert (event.run, event.data["state"], event.data["attempt"]) == (made.id, "waiting", 2)


async def test_the_next_try_starts_when_its_moment_is_come_and_not_before(store):
    made = await tried_again(store, await running(store))
    assert await store.claim(Offer("w", 9), at=LATER - 1, token="t") is None
    assert await store.next_moment(after=3000) == LATER
    assert (await claimed(store, LATER)).id == made.id


async def test_all_tries_are_of_one_series(store):
    first = await running(store)
    second = await tried_again(store, first)
    third = await tried_again(store, await claimed(store, LATER))
    assert (third.series, third.cause) == (first.id, Cause(CauseKind.RETRY, second.id, 3))
    assert [run.id for run in await store.runs(RunQuery(series=first.id))] == [third.id, second.id, first.id]
    assert [run.id for run in await store.runs(RunQuery(newest=True))] == [third.id]


async def test_a_run_that_is_tried_once_is_no_series(store):
    run = await running(store)
    await store.append(failing(run, again=None))
    assert await store.runs(RunQuery(series=run.id)) == []
    assert [one.id for one in await store.runs(RunQuery(newest=True))] == [run.id]


async def test_an_end_that_comes_twice_has_one_next_try(store):
    run = await running(store)
    await store.append(failing(run))
    with pytest.raises(Fenced):
        await store.append(failing(run))
    assert len(await store.runs(RunQuery())) == 2


async def test_nothing_follows_what_somebody_asked_to_stop(store):
    run = await running(store)
    await store.append(Append(run.id, epoch=run.epoch, row={"stop_by": "user:ada"}))
    [ended] = await store.append(failing(run))
    assert "next" not in ended.data
    assert (await store.run(run.id)).next == 0
    assert len(await store.runs(RunQuery())) == 1


async def test_an_order_is_for_a_run_that_is_active(store):
    run = await running(store)
    stop = Append(run.id, epoch=run.epoch, row={"stop_by": "user:ada"}, order=Order(OrderKind.STOP, {}, 5))
    await store.append(Append(run.id, epoch=run.epoch, to=RunState.HELD))
    with pytest.raises(Fenced):
        await store.append(stop)
    assert ((await store.run(run.id)).stop_by, await store.ordered()) == ("", [])


async def test_secret_inputs_go_with_the_series(store):
    run = await running(store, sealed="s")
    made = await tried_again(store, run)
    assert (await store.sealed(run.id), await store.sealed(made.id)) == ("", "s")
    last = await claimed(store, LATER)
    await store.append(failing(last, again=None))
    assert await store.sealed(made.id) == ""


async def test_an_approval_goes_with_the_series(store):
    hold = Hold(1, 24, 9000, "user:ada", "abc", plan=7, again=8)
    run = (await store.press(new(hold=hold))).run
    given = replace(hold, given=(Given("user:bob", "user:bob", 1500),))
    await store.append(Append(run.id, epoch=0, to=RunState.WAITING, seen=hold, hold=given))
    made = await tried_again(store, await claimed(store, 2000))
    assert (made.state, made.hold) == (RunState.WAITING, replace(given, again=0))


async def test_in_a_copy_the_next_try_is_set_aside_too(store):
    run = await running(store)
    await store.append(Append(run.id, epoch=run.epoch, row={"aside": True}))
    assert (await tried_again(store, run)).aside


async def test_a_key_stands_for_the_newest_try(store):
    run = await running(store, key="k", fingerprint="f")
    made = await tried_again(store, run)
    again = await store.press(new(key="k", fingerprint="f"))
    assert (again.made, again.run.id) == (False, made.id)


async def test_a_try_that_waits_for_its_moment_makes_its_task_no_busier(store):
    await tried_again(store, await running(store))
    assert (await store.press(new(busy=Busy.SKIP))).run.state is RunState.WAITING


async def test_nothing_of_a_series_goes_before_it_is_over(store):
    first = await running(store)
    await tried_again(store, first)
    for _ in range(3):
        await store.press(new(at=9_000_000))
    assert await store.expired(8_000_000, keep=1, limit=50) == []
    last = await claimed(store, LATER)
    await store.append(failing(last, again=None))
    assert await store.expired(8_000_000, keep=1, limit=50) == [first.id, last.id]


async def test_each_try_has_its_record(store):
    run = await running(store)
    made = await tried_again(store, run)
    [*_, record] = sorted(await store.audit.records(AuditQuery()), key=lambda one: one.id)
    assert (record.act.actor, record.act.verb, record.act.about) == (f"run:{run.id}", "run.retry", f"run {made.id}")
    assert record.act.data == {"task": "ask", "title": "Ask", "attempt": 2}
