"""What every store must guarantee of runs that wait for an approval, see `runtime.ports.Store`."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from pushbutton.domain.approval import Given, Hold
from pushbutton.domain.event import Draft, Kind
from pushbutton.domain.run import Busy, Run, RunState
from pushbutton.errors import Fenced
from pushbutton.runtime.ports import Append, RunQuery, Store, Topics
from pushbutton.runtime.ports.people import AuditQuery

from .test_store import EVERYTHING, claim, new, pressed, running

HOLD = Hold(2, 24.0, 5_000_000, "ada", "digest")


async def held(store: Store, hold: Hold = HOLD) -> Run:
    return await pressed(store, hold=hold)


def given(user: str) -> Given:
    return Given(user, user, 7, "looks right", "hash")


async def test_a_press_with_a_hold_makes_a_held_run_that_says_what_it_waits_for(store):
    run = await held(store)
    assert (run.state, run.hold, (await store.run(run.id)).hold) == (RunState.HELD, HOLD, HOLD)
    [event] = await store.events(EVERYTHING, after=0)
    assert event.data == {"state": "held", "actor": "local", "needs": 2, "until": "1970-01-01T00:00:05.000000Z"}


async def test_its_dry_run_is_made_in_the_same_step_and_waits_for_its_turn(store):
    answer = await store.press(new(hold=HOLD, dry={"env": "test", "dry_run": True}, why="because", busy=Busy.SKIP))
    plan = answer.plan
    assert plan
    assert answer.run.hold
    assert (answer.run.state, answer.run.hold.plan) == (RunState.HELD, plan.id)
    assert (plan.state, plan.actor, plan.hold, plan.why) == (RunState.WAITING, f"run:{answer.run.id}", None, "")
    assert plan.inputs == {"env": "test", "dry_run": True}
    held_event = [event for event in await store.events(EVERYTHING, after=0) if event.run == answer.run.id]
    assert held_event[0].data["plan"] == plan.id
    acts = [record.act for record in await store.audit.records(AuditQuery())]
    assert {(act.actor, act.about) for act in acts} == {("local", "run 1"), ("run:1", "run 2")}


async def test_the_gate_lets_no_held_run_through(store):
    run = await held(store)
    assert await claim(store, run) is None
    assert (await store.run(run.id)).state is RunState.HELD


@pytest.mark.parametrize("busy", [Busy.SKIP, Busy.JOIN])
async def test_a_held_run_makes_its_task_not_busy(store, busy):
    await held(store)
    answer = await store.press(new(busy=busy))
    assert (answer.made, answer.run.state) == (True, RunState.WAITING)


async def test_a_press_that_would_be_held_is_skipped_or_joined_while_another_runs(store):
    first = await running(store)
    skipped = await store.press(new(hold=HOLD, dry={}, busy=Busy.SKIP))
    joined = await store.press(new(hold=HOLD, dry={}, busy=Busy.JOIN))
    assert (skipped.run.state, skipped.run.hold, skipped.plan) == (RunState.SKIPPED, None, None)
    assert (joined.made, joined.run.id, len(await store.runs(RunQuery()))) == (False, first.id, 2)


async def test_an_approval_is_kept_with_its_event_and_its_record(store):
    run = await held(store)
    after = replace(HOLD, given=(given("bob"),))
    said = Draft(Kind.APPROVAL, {"verdict": "approved"}, 7)
    await store.append(Append(run.id, [said], epoch=0, seen=HOLD, hold=after, act=new().act(run.id)))
    now = await store.run(run.id)
    assert (now.state, now.hold) == (RunState.HELD, after)
    assert (await store.events(Topics(runs=frozenset({run.id})), after=0))[-1].kind is Kind.APPROVAL
    assert len(await store.audit.records(AuditQuery())) == 2


async def test_of_many_approvals_on_the_same_ground_exactly_one_counts(store):
    run = await held(store)
    entries = [
        Append(run.id, [Draft(Kind.APPROVAL, {"verdict": "approved"})], epoch=0, seen=HOLD,
               hold=replace(HOLD, given=(given(f"user{number}"),)))
        for number in range(20)
    ]  # fmt: skip
    results = await asyncio.gather(*(store.append(entry) for entry in entries), return_exceptions=True)
    assert sum(isinstance(result, Fenced) for result in results) == 19
    hold = (await store.run(run.id)).hold
    assert hold
    assert len(hold.given) == 1
    assert len(await store.events(EVERYTHING, after=0)) == 2


async def test_an_end_that_did_not_see_the_last_approval_is_fenced_and_leaves_nothing(store):
    run = await held(store)
    after = replace(HOLD, given=(given("bob"), given("cleo")))
    await store.append(Append(run.id, epoch=0, to=RunState.WAITING, seen=HOLD, hold=after))
    before = (await store.last_event(), len(await store.audit.records(AuditQuery())))
    with pytest.raises(Fenced):
        await store.append(
            Append(run.id, [Draft(Kind.STATE, {})], epoch=0, to=RunState.CANCELLED, seen=HOLD, act=new().act(run.id))
        )
    assert (await store.run(run.id)).state is RunState.WAITING
    assert (await store.last_event(), len(await store.audit.records(AuditQuery()))) == before


async def test_an_approved_run_goes_through_the_gate_with_what_was_approved(store):
    run = await held(store)
    after = replace(HOLD, given=(given("bob"), given("cleo")))
    await store.append(Append(run.id, epoch=0, to=RunState.WAITING, seen=HOLD, hold=after))
    claimed = await claim(store, run)
    assert claimed
    assert (claimed.id, claimed.hold) == (run.id, after)
