"""What is asked for at the same moment shares one transaction: each still gets what it would have got alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from pushbutton.domain.audit import Act, Deed
from pushbutton.domain.event import Draft, Event, Kind
from pushbutton.domain.offer import Offer
from pushbutton.domain.order import Order, OrderKind
from pushbutton.domain.run import NewRun, RunState
from pushbutton.errors import Fenced
from pushbutton.runtime.audit import check
from pushbutton.runtime.ports import Append, Store, Topics

EVERYTHING = Topics(everything=True)
EVENTS = 2
"""That a run has when it is running."""


async def running(store: Store, count: int) -> list[int]:
    """Their numbers."""
    for number in range(count):
        await store.press(NewRun(f"task-{number}", "Copy", "ada", {}, 1))
        await store.claim(Offer("w", count), at=2, token="")
    return list(range(1, count + 1))


def said(run: int, text: str, *, epoch: int = 1, **more: int | str) -> Append:
    return Append(run, [Draft(Kind.STATUS, {"text": text}, 3)], epoch=epoch, row={"status": text, **more})


def ended(run: int) -> Append:
    to = RunState.SUCCEEDED
    return Append(run, [Draft(Kind.STATE, {"state": to.value}, 4)], epoch=1, to=to, row={"ended_at": 4})


async def told(store: Store, after: int = 0) -> Sequence[Event]:
    return await store.events(EVERYTHING, after=after)


async def test_a_refusal_in_the_middle_of_a_group_takes_nothing_from_the_others(store):
    runs = await running(store, 9)
    entries = [said(run, f"of {run}", epoch=1 if run not in (4, 5) else 7) for run in runs]
    answers = await asyncio.gather(*(store.append(entry) for entry in entries), return_exceptions=True)
    refused = [run for run, answer in zip(runs, answers, strict=True) if isinstance(answer, BaseException)]
    assert refused == [4, 5]
    assert all(isinstance(answers[run - 1], Fenced) for run in refused)
    events = await told(store, after=9 * EVENTS)
    assert [(event.id, event.run) for event in events] == list(
        zip(range(9 * EVENTS + 1, 9 * EVENTS + 8), [1, 2, 3, 6, 7, 8, 9], strict=True)
    )
    assert [answer for answer in answers if not isinstance(answer, BaseException)] == [[event] for event in events]
    assert [(await store.run(run)).status for run in runs] == [f"of {run}" * (run not in refused) for run in runs]
    assert await store.last_event() == events[-1].id


async def test_appends_of_a_group_to_one_run_are_told_in_the_order_in_which_they_were_asked_for(store):
    [run, other] = await running(store, 2)
    entries = [said(run, "a"), said(other, "b"), said(run, "c"), ended(run), said(other, "d")]
    written = await asyncio.gather(*(store.append(entry) for entry in entries))
    assert await told(store, after=2 * EVENTS) == [event for events in written for event in events]
    assert [event.run for events in written for event in events] == [run, other, run, run, other]
    assert (await store.run(run)).status == "c"


async def test_what_comes_behind_the_end_of_a_run_in_the_same_group_is_refused_alone(store):
    [run, other] = await running(store, 2)
    entries = [ended(run), said(run, "too late"), said(other, "in time")]
    answers = await asyncio.gather(*(store.append(entry) for entry in entries), return_exceptions=True)
    assert [isinstance(answer, Fenced) for answer in answers] == [False, True, False]
    assert [(event.kind, event.run) for event in await told(store, 2 * EVENTS)] == [
        (Kind.STATE, run),
        (Kind.STATUS, other),
    ]


@pytest.mark.parametrize("late", [False, True])
async def test_an_order_and_its_end_in_one_group_leave_none_behind(store, late):
    [run, other] = await running(store, 2)
    stop = Order(OrderKind.STOP, {}, 3)
    told = [Append(run, epoch=1, order=stop), said(other, "beside"), ended(run)]
    await asyncio.gather(*(store.append(entry) for entry in (reversed(told) if late else told)), return_exceptions=True)
    assert await store.orders(run) == []


async def test_a_run_that_is_forgotten_in_the_group_that_ends_it_leaves_no_event(store):
    [run, other] = await running(store, 2)
    await asyncio.gather(store.append(said(other, "a")), store.append(ended(run)), store.forget([run]))
    assert {event.run for event in await told(store)} == {other}
    assert (await store.forgotten(), await store.last_event()) == (6, 6)


async def test_presses_and_appends_of_one_group_share_one_row_of_numbers(store):
    runs = await running(store, 3)
    presses = (store.press(NewRun("more", f"{number}", "ada", {}, 1)) for number in range(3))
    appends = (store.append(said(run, "a")) for run in runs)
    await asyncio.gather(*(one for two in zip(presses, appends, strict=True) for one in two))
    events = await told(store, after=3 * EVENTS)
    assert [event.id for event in events] == list(range(3 * EVENTS + 1, 3 * EVENTS + 7))
    assert [event.run for event in events] == [4, 1, 5, 2, 6, 3]


async def test_more_than_one_transaction_takes_are_all_written_in_order(store):
    runs = await running(store, 3)
    entries = [said(runs[number % 3], f"{number}") for number in range(1200)]
    closing = asyncio.gather(*(store.append(entry) for entry in entries))
    await asyncio.sleep(0)
    written = [event for events in await closing for event in events]
    assert [event.id for event in written] == list(range(3 * EVENTS + 1, 3 * EVENTS + 1201))
    assert [event.data["text"] for event in written] == [str(number) for number in range(1200)]


async def test_records_of_a_group_are_one_chain_also_around_one_that_is_refused(store):
    [run] = await running(store, 1)
    before = len(await store.audit.chain(None, 100))
    acts = [Act("ada", "user.add", f"user {n}", n) for n in range(6)]
    entries = [replace(said(run, "x", epoch=1 if n != 3 else 7), act=act) for n, act in enumerate(acts)]
    answers = await asyncio.gather(*(store.append(entry) for entry in entries), return_exceptions=True)
    assert [isinstance(answer, Fenced) for answer in answers] == [n == 3 for n in range(6)]
    records = (await store.audit.chain(None, 100))[before:]
    assert [record.act for record in records] == [act for act in acts if act.at != 3]
    assert (await check(store.audit)).fault is None


async def test_a_record_is_taken_out_of_in_the_group_that_writes_it(store):
    taken = Act("eve", Deed.AUDIT_REDACT, "the audit trail", 2)
    one, two = Act("ada", "user.add", "user ada, hunter2", 1), Act("ada", "user.add", "user hunter2", 1)
    _, _, changed = await asyncio.gather(
        store.audit.record(one), store.audit.record(two), store.audit.redact([1, 2], ["hunter2"], taken)
    )
    assert list(changed) == [1, 2]
    assert not any("hunter2" in record.act.about for record in await store.audit.chain(None, 10))
    assert (await check(store.audit)).fault is None
