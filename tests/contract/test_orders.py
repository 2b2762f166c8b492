"""Orders to a run's supervisor: what every store must guarantee of them, see `runtime.ports.Store`."""

from __future__ import annotations

import asyncio

import pytest

from pushbutton.domain.event import Draft, Kind
from pushbutton.domain.order import MOST, MOST_SIZE, Order, OrderKind
from pushbutton.domain.run import Run, RunState
from pushbutton.errors import Fenced, NoSuchRun, NotHeard
from pushbutton.runtime.ports import Append, Store

from .test_store import EVERYTHING, over, pressed, running

STOP = Order(OrderKind.STOP, {"by": "ada", "grace": 2.5}, 7)


def report(text: str = "status one") -> Order:
    return Order(OrderKind.REPORT, {"lines": text}, 8)


async def numbers(store: Store, run: Run) -> list[int]:
    return [order.n for order in await store.orders(run.id)]


async def test_orders_wait_in_their_order_with_numbers_that_rise_without_gaps(store):
    run, other = await running(store), await running(store, "report")
    assert await store.orders(run.id) == []
    assert await store.ordered() == []
    assert await store.order(run.id, [report("a"), report("ü\n\udc80")], epoch=run.epoch) == 2
    await store.append(Append(run.id, [Draft(Kind.NOTE, {"text": "Asked to stop."}, 1)], epoch=run.epoch, order=STOP))
    assert await store.order(run.id, [report("d")], epoch=run.epoch) == 4
    assert await store.order(other.id, [report("e")], epoch=other.epoch) == 1
    found = await store.orders(run.id)
    assert [(order.n, order.kind, order.data, order.at) for order in found] == [
        (1, OrderKind.REPORT, {"lines": "a"}, 8),
        (2, OrderKind.REPORT, {"lines": "ü\n\udc80"}, 8),
        (3, OrderKind.STOP, {"by": "ada", "grace": 2.5}, 7),
        (4, OrderKind.REPORT, {"lines": "d"}, 8),
    ]
    assert sorted(await store.ordered()) == [run.id, other.id]


async def test_an_order_to_stop_is_there_exactly_when_the_event_is_that_tells_of_it(store):
    run = await running(store)
    last = await store.last_event()
    note = Draft(Kind.NOTE, {"text": "Asked to stop."}, 1)
    with pytest.raises(Fenced):
        await store.append(Append(run.id, [note], epoch=run.epoch + 1, row={"stop_by": "ada"}, order=STOP))
    assert (await store.orders(run.id), await store.last_event()) == ([], last)
    await store.append(Append(run.id, [note], epoch=run.epoch, row={"stop_by": "ada"}, order=STOP))
    assert (await numbers(store, run), len(await store.events(EVERYTHING, after=last))) == ([1], 1)


async def test_what_was_heard_goes_with_the_write_that_says_so_and_its_numbers_are_not_given_again(store):
    run = await running(store)
    await store.order(run.id, [report(), report(), report()], epoch=run.epoch)
    with pytest.raises(Fenced):
        await store.append(Append(run.id, epoch=run.epoch + 1, heard=3))
    assert await numbers(store, run) == [1, 2, 3]
    await store.append(Append(run.id, epoch=run.epoch, row={"collected": 9}, heard=2))
    assert await numbers(store, run) == [3]
    await store.append(Append(run.id, epoch=run.epoch, heard=3))
    assert (await numbers(store, run), await store.ordered()) == ([], [])
    assert await store.order(run.id, [report()], epoch=run.epoch) == 4


async def test_a_run_that_is_over_has_no_orders_and_takes_none(store):
    run = await running(store)
    await store.order(run.id, [report(), report()], epoch=run.epoch)
    end = Draft(Kind.STATE, {"state": "succeeded"}, 3)
    await store.append(Append(run.id, [end], epoch=run.epoch, to=RunState.SUCCEEDED))
    assert (await store.orders(run.id), await store.ordered()) == ([], [])
    with pytest.raises(Fenced):
        await store.order(run.id, [report()], epoch=run.epoch)
    done = await over(store)
    with pytest.raises(Fenced):
        await store.order(done.id, [report()], epoch=done.epoch)


async def test_orders_of_an_attempt_that_never_began_wait_for_the_next_one(store):
    run = await running(store)
    await store.order(run.id, [report()], epoch=run.epoch)
    back = Draft(Kind.STATE, {"state": "waiting"}, 3)
    await store.append(Append(run.id, [back], epoch=run.epoch, to=RunState.WAITING))
    assert await numbers(store, run) == [1]


async def test_a_stale_attempt_gives_no_orders_and_neither_does_who_names_no_run(store):
    run = await running(store)
    with pytest.raises(Fenced):
        await store.order(run.id, [report()], epoch=run.epoch + 1)
    with pytest.raises(NoSuchRun):
        await store.order(99, [report()], epoch=1)
    assert await store.orders(99) == []
    waiting = await pressed(store, "report")
    assert await store.orders(waiting.id) == []


async def test_too_many_reports_are_refused_whole_and_an_order_to_stop_never(store):
    run = await running(store)
    await store.order(run.id, [report("x") for _ in range(MOST - 1)], epoch=run.epoch)
    with pytest.raises(NotHeard, match=f"Run {run.id} does not take reports at the moment."):
        await store.order(run.id, [report("y"), report("z")], epoch=run.epoch)
    await store.order(run.id, [report("y")], epoch=run.epoch)
    with pytest.raises(NotHeard):
        await store.order(run.id, [report("z")], epoch=run.epoch)
    await store.append(Append(run.id, epoch=run.epoch, order=STOP))
    assert await numbers(store, run) == list(range(1, MOST + 2))
    await store.append(Append(run.id, epoch=run.epoch, heard=MOST // 2))
    assert await store.order(run.id, [report("z")], epoch=run.epoch) == MOST + 2


async def test_one_that_is_larger_than_all_may_be_is_taken_where_nothing_waits(store):
    run = await running(store)
    half = "x" * (MOST_SIZE // 2 + 1)
    await store.order(run.id, [report(half), report(half)], epoch=run.epoch)
    with pytest.raises(NotHeard):
        await store.order(run.id, [report("one more")], epoch=run.epoch)
    await store.append(Append(run.id, epoch=run.epoch, heard=1))
    assert await store.order(run.id, [report("one more")], epoch=run.epoch) == 3


async def test_orders_that_are_given_at_once_have_numbers_of_their_own(store):
    run = await running(store)
    given = await asyncio.gather(*(store.order(run.id, [report(), report()], epoch=run.epoch) for _ in range(50)))
    assert sorted(given) == list(range(2, 101, 2))
    assert await numbers(store, run) == list(range(1, 101))


async def test_orders_go_with_a_run_that_is_forgotten(store):
    run = await over(store)
    await store.forget([run.id])
    assert await store.orders(run.id) == []
