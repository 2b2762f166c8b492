"""What every store must guarantee, see `runtime.ports.Store`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from pushbutton.adapters.memory import MemoryStore
from pushbutton.domain.approval import Hold
from pushbutton.domain.audit import Act
from pushbutton.domain.cause import Cause, CauseKind
from pushbutton.domain.event import Draft, Kind
from pushbutton.domain.offer import Offer
from pushbutton.domain.person import Link, Snapshot, User
from pushbutton.domain.rate import Rate
from pushbutton.domain.reach import Reach
from pushbutton.domain.run import ACTIVE, TRANSITIONS, Busy, NewRun, Run, RunState, before
from pushbutton.domain.schedule import ALL_OF_THEM, COPIED, MOST, Firing, Pause, Verdict
from pushbutton.errors import Fenced, KeyReused, NoSuchRun, Refused, StoreBusy, StoreError, TaskPaused, TooOften
from pushbutton.runtime.audit import check
from pushbutton.runtime.ports import Append, Backlog, RunQuery, Store, Topics
from pushbutton.runtime.ports.people import AuditQuery, Change
from pushbutton.sentence import BESIDE, Sentence, say

EVERYTHING = Topics(everything=True)


def new(task: str = "deploy", **more: Any) -> NewRun:
    given: dict[str, Any] = {"title": task.title(), "actor": "local", "inputs": {"env": "test"}, "at": 1000}
    return NewRun(task, **given | more)


async def pressed(store: Store, task: str = "deploy", **more: Any) -> Run:
    return (await store.press(new(task, **more))).run


async def running(store: Store, task: str = "deploy") -> Run:
    run = await pressed(store, task)
    claimed = await claim(store, run, at_once=100)
    assert claimed == await store.run(run.id)
    return claimed


async def claim(store: Store, run: Run, *, at_once: int = 1, slots: int = 100) -> Run | None:
    """What the gate gives of the run's task."""
    await store.allow({run.task: at_once})
    return await store.claim(Offer("w", slots, task=run.task), at=2000, token=f"hash{run.id}")


async def over(store: Store, state: RunState = RunState.SUCCEEDED) -> Run:
    run = await running(store)
    await store.append(Append(run.id, [Draft(Kind.STATE, {"state": state.value}, 3)], epoch=run.epoch, to=state))
    return await store.run(run.id)


# -- press


async def test_a_press_makes_a_waiting_run_with_its_first_event(store):
    run = await pressed(store, why="because")
    assert (run.state, run.epoch, run.why, run.inputs) == (RunState.WAITING, 0, "because", {"env": "test"})
    [event] = await store.events(EVERYTHING, after=0)
    assert (event.run, event.task, event.kind, event.data["state"]) == (run.id, "deploy", Kind.STATE, "waiting")


@pytest.mark.parametrize("kind", CauseKind)
async def test_what_caused_a_run_and_the_task_as_which_it_was_pressed_come_back_as_they_were(store, kind):
    cause = Cause(kind, parent=7, attempt=3)
    run = await pressed(store, cause=cause, digest="abc")
    assert ((await store.run(run.id)).cause, (await store.run(run.id)).digest) == (cause, "abc")
    claimed = await claim(store, run)
    assert claimed
    assert (claimed.cause, claimed.digest) == (run.cause, run.digest) == (cause, "abc")


async def test_a_run_is_kept_as_the_answer_said_and_is_a_persons_where_nothing_else_is_said(store):
    run = await pressed(store)
    assert await store.run(run.id) == run
    assert run.cause == Cause(CauseKind.PERSON, parent=0, attempt=1)


async def test_run_numbers_rise_and_are_never_given_twice(store):
    numbers = [(await pressed(store)).id for _ in range(5)]
    assert numbers == sorted(set(numbers))


async def test_the_same_key_is_the_same_press(store):
    first = await store.press(new(key="k", fingerprint="f"))
    again = await store.press(new(key="k", fingerprint="f"))
    assert (first.made, again.made, again.run.id) == (True, False, first.run.id)
    assert len(await store.events(EVERYTHING, after=0)) == 1


async def test_a_key_with_other_inputs_is_refused_and_nothing_is_written(store):
    await store.press(new(key="k", fingerprint="f"))
    with pytest.raises(KeyReused, match="already used for a press with other inputs"):
        await store.press(new(key="k", fingerprint="other"))
    assert len(await store.runs(RunQuery())) == 1


async def test_a_change_of_the_directory_and_the_run_that_it_comes_with_are_one(store):
    def work(seen: Snapshot) -> Change:
        if "ada" in seen.users:
            raise Refused("there is one already")
        return Change(put=[User("ada")])

    first = await store.press(new(key="k", fingerprint="f"), work)
    assert first.made
    assert list((await store.people.load()).users) == ["ada"]
    again = await store.press(new(key="k", fingerprint="f"), work)  # no run is made, so nothing is changed
    assert (again.run.id, again.made) == (first.run.id, False)
    with pytest.raises(Refused):
        await store.press(new(key="other", fingerprint="f"), work)
    assert len(await store.runs(RunQuery())) == 1
    assert len(await store.audit.chain(0, 10)) == 1


async def test_of_many_presses_that_take_from_the_same_no_more_are_made_than_there_is(store):
    link = Link("a", "deploy", "ada", {}, 1, 3, 0)
    await store.people.change(lambda _: Change(put=[link]))

    def take(seen: Snapshot) -> Change:
        if not seen.links["a"].uses:
            raise Refused("used up")
        return Change(put=[replace(seen.links["a"], uses=seen.links["a"].uses - 1)])

    presses = (store.press(new(key=f"{number}", fingerprint="f", limit=99), take) for number in range(50))
    answers = await asyncio.gather(*presses, return_exceptions=True)
    assert sum(isinstance(answer, Refused) for answer in answers) == 47
    assert len(await store.runs(RunQuery())) == 3
    assert (await store.people.load()).links["a"].uses == 0


async def test_the_same_key_for_another_task_is_another_press(store):
    await store.press(new("a", key="k", fingerprint="f"))
    assert (await store.press(new("b", key="k", fingerprint="f"))).made


async def test_two_hundred_presses_at_once_with_one_key_make_one_run(store):
    answers = await asyncio.gather(*(store.press(new(key="k", fingerprint="f")) for _ in range(200)))
    assert sum(answer.made for answer in answers) == 1
    assert len({answer.run.id for answer in answers}) == 1


async def test_a_busy_task_that_skips_records_the_press_as_skipped(store):
    await running(store)
    run = await pressed(store, busy=Busy.SKIP)
    assert run.state is RunState.SKIPPED
    assert run.ended_at == 1000
    assert (await store.events(EVERYTHING, after=0))[-1].data["state"] == "skipped"


async def test_a_busy_task_that_joins_answers_with_the_run_that_is_there(store):
    first = await running(store)
    answer = await store.press(new(busy=Busy.JOIN))
    assert (answer.made, answer.run.id) == (False, first.id)


async def test_a_joined_press_keeps_its_key_also_when_the_run_is_over(store):
    first = await running(store)
    joined = await store.press(new(busy=Busy.JOIN, key="k", fingerprint="f"))
    await store.append(Append(first.id, epoch=1, to=RunState.SUCCEEDED))
    again = await store.press(new(busy=Busy.JOIN, key="k", fingerprint="f"))
    assert (joined.run.id, again.run.id, again.made) == (first.id, first.id, False)
    with pytest.raises(KeyReused):
        await store.press(new(busy=Busy.JOIN, key="k", fingerprint="other"))


async def test_a_task_with_a_free_slot_neither_skips_nor_joins(store):
    await running(store)
    answer = await store.press(new(busy=Busy.JOIN, limit=2))
    assert (answer.made, answer.run.state) == (True, RunState.WAITING)


async def test_a_finished_run_keeps_no_slot(store):
    await over(store)
    assert (await store.press(new(busy=Busy.SKIP))).run.state is RunState.WAITING


@pytest.mark.parametrize("busy", [Busy.SKIP, Busy.JOIN])
async def test_what_waits_for_a_later_moment_keeps_no_press_away_and_waits_for_its_turn_itself(store, busy):
    later = await pressed(store, not_before=1001)
    answer = await store.press(new(busy=busy))
    assert (answer.made, answer.run.state) == (True, RunState.WAITING)
    also_later = await store.press(new(busy=busy, not_before=5000))
    assert (also_later.made, also_later.run.state) == (True, RunState.WAITING)
    assert (await store.events(EVERYTHING, after=0))[0].data["not_before"] == "1970-01-01T00:00:00.001001Z"
    come = await store.press(new(busy=busy, at=1001))
    assert (come.made, come.run.state) in ((True, RunState.SKIPPED), (False, RunState.WAITING)), "its moment is come"
    assert (await store.run(later.id)).not_before == 1001


# -- the gate


async def test_the_gate_gives_a_waiting_run_once(store):
    run = await pressed(store)
    given = await asyncio.gather(claim(store, run, at_once=9), claim(store, run, at_once=9))
    assert [claimed.id for claimed in given if claimed] == [run.id]
    assert (await store.run(run.id)).epoch == 1


async def test_a_claim_writes_the_state_event_in_the_same_step(store):
    run = await running(store)
    event = (await store.events(Topics(runs=frozenset({run.id})), after=0))[-1]
    assert (event.kind, event.data["state"], event.at) == (Kind.STATE, "running", 2000)


async def test_a_run_that_was_given_is_in_the_workers_name(store):
    run = await running(store)
    assert (run.state, run.worker, run.epoch, run.started_at) == (RunState.RUNNING, "w", 1, 2000)


async def test_a_task_at_its_limit_is_busy(store):
    await running(store)
    assert await claim(store, await pressed(store), at_once=1) is None


async def test_another_task_has_its_own_limit(store):
    await running(store, "a")
    run = await pressed(store, "b")
    claimed = await claim(store, run, at_once=1)
    assert claimed
    assert claimed.id == run.id


async def test_the_total_limit_holds_over_all_tasks(store):
    await running(store, "a")
    run = await pressed(store, "b")
    assert await claim(store, run, slots=1) is None
    assert await claim(store, run, slots=2)


async def test_a_hundred_claims_at_once_never_pass_the_limit(store):
    runs = [await pressed(store) for _ in range(100)]
    given = await asyncio.gather(*(claim(store, run, at_once=3) for run in runs))
    assert [claimed.id for claimed in given if claimed] == [run.id for run in runs[:3]]


@pytest.mark.parametrize("state", [RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED, RunState.LOST])
async def test_a_stale_message_for_a_run_that_is_over_starts_nothing(store, state):
    run = await over(store, state)
    assert await claim(store, run) is None


async def test_a_message_for_a_run_that_never_was_starts_nothing(store):
    assert await store.claim(Offer("w", 1, child=99), at=1, token="") is None
    assert await store.claim(Offer("w", 1, task="none"), at=1, token="") is None


async def test_the_token_of_the_attempt_is_kept(store):
    run = await running(store)
    assert await store.token(run.id) == f"hash{run.id}"


# -- the journal


async def test_events_and_row_change_together(store):
    run = await running(store)
    said = Draft(Kind.STATUS, {"text": "doing"}, 7)
    [event] = await store.append(Append(run.id, [said], epoch=1, row={"status": "doing", "collected": 12}))
    assert (event.kind, event.data, event.at) == (Kind.STATUS, {"text": "doing"}, 7)
    assert ((await store.run(run.id)).status, (await store.run(run.id)).collected) == ("doing", 12)


async def test_a_sentence_of_the_journal_comes_back_as_one_and_what_only_looks_like_it_as_text(store):
    run = await running(store)
    late = say("It took longer than {n} s.", n=3)
    forged: dict[str, Any] = {"text": "It was stopped.", BESIDE: {"text": {"id": "It was stopped.", "values": {}}}}
    drafts = [Draft(Kind.NOTE, {"text": late, "code": "late"}), Draft(Kind.NOTE, forged)]
    await store.append(Append(run.id, drafts, epoch=run.epoch, row={"reason": late}))
    *_, first, second = await store.events(Topics(runs=frozenset({run.id})), after=0)
    assert (first.data["text"].id, first.data["text"].values) == (late.id, {"n": 3})
    assert (first.data, second.data) == ({"text": late, "code": "late"}, {"text": "It was stopped."})
    assert not isinstance(second.data["text"], Sentence)
    assert (await store.run(run.id)).reason == "It took longer than 3 s."


@pytest.mark.parametrize("start", list(RunState))
@pytest.mark.parametrize("to", list(RunState))
async def test_a_state_may_only_follow_where_the_table_says(store, start, to):
    run = await _in_state(store, start)
    entry = Append(run.id, [Draft(Kind.STATE, {"state": to.value})], to=to)
    if to in TRANSITIONS[start]:
        await store.append(entry)
        assert (await store.run(run.id)).state is to
    else:
        written = await store.last_event()
        with pytest.raises(Fenced):
            await store.append(entry)
        assert await store.last_event() == written


async def _in_state(store: Store, state: RunState) -> Run:
    """A run brought to `state` along the table."""
    run = await pressed(store, hold=Hold(1, 24.0, 9000, "ada", "d") if state is RunState.HELD else None)
    for step in {
        RunState.HELD: [],
        RunState.WAITING: [],
        RunState.RUNNING: [RunState.RUNNING],
        RunState.ASKING: [RunState.RUNNING, RunState.ASKING],
    }.get(state, [RunState.RUNNING, state] if state in TRANSITIONS[RunState.RUNNING] else [state]):
        await store.append(Append(run.id, to=step))
    return await store.run(run.id)


async def test_a_write_of_an_old_epoch_is_fenced_and_leaves_nothing(store):
    run = await running(store)
    with pytest.raises(Fenced):
        await store.append(Append(run.id, [Draft(Kind.STATUS, {"text": "late"})], epoch=0, row={"status": "late"}))
    assert (await store.run(run.id)).status == ""
    assert all(event.kind is Kind.STATE for event in await store.events(EVERYTHING, after=0))


async def test_nothing_is_written_to_a_run_that_is_over(store):
    run = await over(store)
    with pytest.raises(Fenced):
        await store.append(Append(run.id, [Draft(Kind.STATUS, {"text": "late"})], epoch=run.epoch))


async def test_of_many_ends_at_once_exactly_one_is_written(store):
    run = await running(store)
    ends = [RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED, RunState.LOST] * 5
    entries = [Append(run.id, [Draft(Kind.STATE, {"state": to.value})], epoch=1, to=to) for to in ends]
    results = await asyncio.gather(*(store.append(entry) for entry in entries), return_exceptions=True)
    assert sum(isinstance(result, Fenced) for result in results) == len(ends) - 1
    terminal = [event for event in await store.events(EVERYTHING, after=0) if event.data.get("state") in ends]
    assert len(terminal) == 1


async def test_a_column_that_is_not_to_be_set_is_refused(store):
    run = await running(store)
    with pytest.raises(ValueError, match="epoch"):
        await store.append(Append(run.id, row={"epoch": 9}))


async def test_a_fault_of_ours_in_the_middle_of_a_write_leaves_nothing_of_it_and_holds_up_none_that_follows(store):
    def put_and_fail(_: Snapshot) -> Change:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.press(new(key="k"), put_and_fail)
    run = await pressed(store, "other")
    assert [one.id for one in await store.runs(RunQuery())] == [run.id] == [1]
    assert [event.id for event in await store.events(EVERYTHING, after=0)] == [1]


async def test_appending_to_no_run_says_so(store):
    with pytest.raises(NoSuchRun, match="There is no run 99"):
        await store.append(Append(99, [Draft(Kind.STATUS, {"text": "x"})]))


async def test_survivors_come_back_as_they_were(store):
    run = await running(store)
    await store.append(Append(run.id, epoch=1, to=RunState.CANCELLED, row={"survivors": ["17 sleep"]}))
    assert (await store.run(run.id)).survivors == ("17 sleep",)


async def test_hostile_text_comes_back_as_it_was(store):
    run = await running(store)
    text = "a\x00b\r\n\u2028\ud800 \U0001f600 '; DROP TABLE runs; --"
    await store.append(Append(run.id, [Draft(Kind.STATUS, {"text": text})], epoch=1))
    assert (await store.events(EVERYTHING, after=0))[-1].data["text"] == text


# -- reading


async def test_the_character_0_in_a_text_is_kept_or_shown_and_takes_nothing_with_it(store):
    run = await pressed(store, title="a\0b", why="because\0of", key="k\0", inputs={"x": "1\x002"})
    assert (run.title.replace("\0", "␀"), run.why.replace("\0", "␀")) == ("a␀b", "because␀of")
    assert run.inputs == {"x": "1\x002"}
    assert (await store.press(new(title="a\0b", key="k\0", inputs={"x": "1\x002"}))).run.id == run.id
    await store.append(Append(run.id, [Draft(Kind.STATUS, {"text": "x\0y"}, 5)], row={"status": "x\0y"}))
    assert (await store.run(run.id)).status.replace("\0", "␀") == "x␀y"
    assert [event.data for event in await store.events(EVERYTHING, after=1)] == [{"text": "x\0y"}]
    await store.audit.record(Act("a\0da", "user.add", "user \0", 1, {"why": "\0"}, "\0"))
    assert (await check(store.audit)).fault is None


async def test_a_name_that_is_too_long_for_an_index_is_kept_or_refused_alone(store):
    long = "".join(chr(33 + n * n % 8000) for n in range(9000))
    answers = await asyncio.gather(
        pressed(store, key="one"), pressed(store, key=long), pressed(store, key="two"), return_exceptions=True
    )
    assert [isinstance(answer, Run) for answer in answers][::2] == [True, True]
    assert isinstance(answers[1], Run | StoreError)
    assert not isinstance(answers[1], StoreBusy), "nobody should try it again"
    assert await store.last_event() == sum(isinstance(answer, Run) for answer in answers)


async def test_ids_rise_over_all_runs_in_the_order_of_commits(store):
    runs = [await running(store, f"t{number}") for number in range(4)]
    start = await store.last_event()
    await asyncio.gather(
        *(store.append(Append(run.id, [Draft(Kind.STATUS, {"text": "x"})] * 3, epoch=1)) for run in runs * 10)
    )
    ids = [event.id for event in await store.events(EVERYTHING, after=start)]
    assert ids == list(range(start + 1, start + 121))


async def test_a_reader_never_sees_an_event_behind_its_back(store):
    """Who has read up to N never finds a new event at or below N, whoever writes at the same time."""
    runs = [await running(store, f"t{number}") for number in range(4)]
    seen: list[int] = []

    async def write(run: Run) -> None:
        for _ in range(50):
            await store.append(Append(run.id, [Draft(Kind.STATUS, {"text": "x"})], epoch=1))

    async def read() -> None:
        while len(seen) < 200 + 8:
            seen.extend(event.id for event in await store.events(EVERYTHING, after=seen[-1] if seen else 0, limit=7))
            await asyncio.sleep(0)

    await asyncio.gather(read(), *(write(run) for run in runs))
    assert seen == list(range(1, 209))


async def test_topics_choose_runs_tasks_and_notes_to_everybody(store):
    one, two = await pressed(store, "a"), await pressed(store, "b")
    note = await store.say(Draft(Kind.NOTE, {"text": "hello"}))
    only_b = await store.say(Draft(Kind.NOTE, {"text": "psst"}), task="b")
    assert [e.run for e in await store.events(Topics(runs=frozenset({one.id})), after=0)] == [one.id]
    ids = [e.id for e in await store.events(Topics(tasks=frozenset({"b"})), after=0)]
    assert ids == [2, note.id, only_b.id]
    both = Topics(runs=frozenset({one.id, two.id}), tasks=frozenset({"a", "b"}))
    assert [e.id for e in await store.events(both, after=0)] == [1, 2, note.id, only_b.id]


async def test_events_of_one_kind_are_those_of_the_run_and_the_kind_alone(store):
    one, other = await running(store, "a"), await running(store, "b")
    drafts = [
        Draft(Kind.STATUS, {"text": "a"}),
        Draft(Kind.ARTIFACT, {"name": "f"}),
        Draft(Kind.ARTIFACT, {"name": "g"}),
    ]
    for run in (one, other):
        await store.append(Append(run.id, drafts))
    topics = Topics(runs=frozenset({one.id}))
    found = await store.events(topics, after=0, kind=Kind.ARTIFACT)
    assert [(event.run, event.data["name"]) for event in found] == [(one.id, "f"), (one.id, "g")]
    assert await store.events(topics, after=found[0].id, kind=Kind.ARTIFACT) == found[1:]
    assert await store.events(topics, after=0, kind=Kind.ARTIFACT, limit=1) == found[:1]


async def test_a_page_of_events_respects_after_upto_and_limit(store):
    run = await running(store)
    await store.append(Append(run.id, [Draft(Kind.STATUS, {"text": str(n)}) for n in range(10)], epoch=1))
    page = await store.events(Topics(runs=frozenset({run.id})), after=4, upto=9, limit=3)
    assert [event.id for event in page] == [5, 6, 7]


async def test_the_last_event_of_one_run_is_its_own(store):
    run = await pressed(store)
    await pressed(store)
    assert (await store.last_event(run.id), await store.last_event()) == (1, 2)


async def test_runs_come_newest_first_and_page_by_number(store):
    numbers = [(await pressed(store)).id for _ in range(5)]
    page = await store.runs(RunQuery(limit=2))
    assert [run.id for run in page] == numbers[:-3:-1]
    assert [run.id for run in await store.runs(RunQuery(limit=2, before=page[-1].id))] == numbers[2:0:-1]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (RunQuery(task="a"), [1]),
        (RunQuery(states=frozenset({RunState.WAITING})), [2, 1]),
        (RunQuery(states=frozenset({RunState.LOST})), []),
        (RunQuery(actor="token:ci"), [2]),
        (RunQuery(text="50% off_"), [2]),
        (RunQuery(text="50x"), []),
        (RunQuery(text="because"), [1]),
        (RunQuery(since=1500), [2]),
        (RunQuery(until=1500), [1]),
    ],
)
async def test_runs_are_found_by(store, query, found):
    await pressed(store, "a", why="Because I can")
    await pressed(store, "b", actor="token:ci", inputs={"what": "50% off_"}, at=2000)
    assert [run.id for run in await store.runs(query)] == found


async def test_runs_that_start_later_are_found_by_their_moment(store):
    for moment in (None, 500, 900):
        await pressed(store, not_before=moment)
    assert [run.id for run in await store.runs(RunQuery(later=500))] == [3, 2]
    assert [run.id for run in await store.runs(RunQuery(later=501))] == [3]


REACH = Reach(frozenset({"whole"}), frozenset({(frozenset({"New", "Both"}), frozenset({"moved", "other"}))}))


async def of_groups(store: Store) -> None:
    for task, group in [("moved", "Old"), ("moved", "New"), ("whole", "Old"), ("never", "New"), ("other", "Both")]:
        await pressed(store, task, group=group)
    await store.say(Draft(Kind.NOTE, {"text": "of the task"}), task="moved")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (RunQuery(reach=REACH), [5, 3, 2]),
        (RunQuery(reach=REACH, task="moved"), [2]),
        (RunQuery(reach=REACH, task="whole"), [3]),
        (RunQuery(reach=REACH, task="never"), []),
        (RunQuery(reach=REACH, text="local", before=5), [3, 2]),
        (RunQuery(reach=Reach(frozenset({"whole", "never"}))), [4, 3]),
        (RunQuery(reach=Reach()), []),
    ],
)
async def test_of_a_task_that_moved_only_the_runs_of_some_groups_are_found(store, query, found):
    await of_groups(store)
    assert [run.id for run in await store.runs(query)] == found
    assert (await store.run(5)).group == "Both"


async def test_counts_are_of_runs_within_reach(store):
    await of_groups(store)
    assert await store.counts(REACH) == {RunState.WAITING: 3}
    assert await store.counts(Reach()) == {}


async def test_events_of_tasks_are_of_runs_within_reach_and_of_the_task_itself(store):
    await of_groups(store)
    topics = Topics(tasks=frozenset({"moved", "whole", "other"}), reach=REACH)
    read = await store.events(topics, after=0)
    assert [event.run for event in read] == [2, 3, 5, None]
    everything = await store.events(EVERYTHING, after=0)
    assert [event for event in everything if topics.match(event)] == read, "and who reads along sees the same"


async def test_a_run_that_is_asked_for_by_its_number_is_not_measured_again(store):
    await of_groups(store)
    topics = Topics(runs=frozenset({1}), tasks=frozenset({"moved"}), reach=REACH)
    assert [event.run for event in await store.events(topics, after=0)] == [1, 2, None]


async def test_what_is_written_to_a_run_comes_with_its_group(store):
    run = await pressed(store, "moved", group="Old")
    claimed = await claim(store, run)
    assert claimed
    said = await store.append(Append(run.id, [Draft(Kind.STATUS, {"text": "x"}, 3)], epoch=claimed.epoch))
    assert {event.group for event in (*said, *await store.events(EVERYTHING, after=0))} == {"Old"}


async def test_counts_are_of_unfinished_runs(store):
    await over(store)
    await running(store, "b")
    await pressed(store, "c")
    assert await store.counts() == {RunState.RUNNING: 1, RunState.WAITING: 1}
    assert await store.counts(states=ACTIVE) == {RunState.RUNNING: 1}


async def test_a_database_on_a_disk_says_what_it_takes_up(store):
    assert (await store.size() > 100_000) is not isinstance(store, MemoryStore)


async def test_the_backlog_is_of_unfinished_runs_by_task_and_says_what_is_due(store):
    await over(store)
    await running(store, "b")
    first = await pressed(store, "c")
    await pressed(store, "c")
    await pressed(store, "c", not_before=first.pressed_at + 1000)
    at = first.pressed_at + 500
    assert await store.backlog(at=at) == [
        Backlog("b", RunState.RUNNING, 1),
        Backlog("c", RunState.WAITING, 3, due=2, since=first.pressed_at),
    ]
    assert [one.due for one in await store.backlog(at=first.pressed_at + 1000)] == [0, 3]


async def test_a_run_that_never_was_is_named(store):
    with pytest.raises(NoSuchRun, match="There is no run 7"):
        await store.run(7)


def test_every_state_can_be_entered_or_is_where_runs_begin():
    begins = {RunState.WAITING, RunState.HELD, RunState.SKIPPED}
    assert {state for state in RunState if before(state)} | begins == set(RunState)


# -- a newer press in the place of those that wait


async def test_a_newer_press_takes_the_place_of_those_that_wait_and_what_runs_runs_on(store):
    runs = await running(store)
    waits = await pressed(store, busy=Busy.REPLACE, sealed="s")
    later = await pressed(store, not_before=5000)
    other = await pressed(store, "other")
    held = await pressed(store, hold=Hold(1, 24.0, 5, "ada", "x"))
    newer = await pressed(store, busy=Busy.REPLACE, at=1500)
    gone = await store.run(waits.id)
    assert (gone.state, gone.ended_at, gone.reason) == (RunState.SKIPPED, 1500, "A newer press took its place.")
    assert await store.sealed(waits.id) == ""
    states = [(await store.run(run.id)).state for run in (runs, later, other, held, newer)]
    assert states == [RunState.RUNNING, *[RunState.WAITING] * 2, RunState.HELD, RunState.WAITING]
    [*_, event] = await store.events(Topics(runs=frozenset({waits.id})), after=0)
    assert (event.kind, event.data["state"], event.data["reason"]) == (Kind.STATE, "skipped", gone.reason)


async def test_a_press_that_needs_approval_takes_nobodys_place_and_a_plan_keeps_its_own(store):
    await running(store)
    waits = await pressed(store)
    plan = await pressed(store, cause=Cause(CauseKind.RUN, 7))
    await pressed(store, busy=Busy.REPLACE, hold=Hold(1, 24.0, 5, "ada", "x"))
    assert (await store.run(waits.id)).state is RunState.WAITING
    await pressed(store, busy=Busy.REPLACE)
    assert (await store.run(waits.id)).state is RunState.SKIPPED
    assert (await store.run(plan.id)).state is RunState.WAITING


# -- paused


async def test_a_paused_task_takes_no_press_until_the_pause_ends_and_others_do(store):
    await store.pause("deploy", Pause(2000, "the move", "ada"), Act("ada", "task.pause", "task deploy", 1))
    with pytest.raises(TaskPaused, match=r"“Deploy” is paused until .* The reason: the move"):
        await pressed(store, at=1999, key="k", fingerprint="f")
    assert (await pressed(store, "other", at=1999)).state is RunState.WAITING
    assert (await pressed(store, at=2000, key="k", fingerprint="f")).task == "deploy"
    assert len(await store.runs(RunQuery(task="deploy"))) == 1, "what is refused leaves nothing"


async def test_a_press_is_answered_again_while_its_task_is_paused(store):
    run = await pressed(store, key="k", fingerprint="f")
    await store.pause("deploy", Pause(), Act("ada", "task.pause", "task deploy", 1))
    assert (await store.press(new(key="k", fingerprint="f"))).run == run


# -- how often

MINUTE = 60_000_000


async def test_a_task_is_pressed_so_often_within_any_minute_and_no_more(store):
    rates = (Rate(2, 60),)
    for at in (0, 10):
        await pressed(store, at=at, rates=rates)
    await pressed(store, "other", at=11)
    for at in (10, MINUTE - 1):
        with pytest.raises(TooOften) as refused:
            await pressed(store, at=at, rates=rates)
        assert (refused.value.until, refused.value.seconds) == (MINUTE, -(-(MINUTE - at) // 1_000_000))
    assert (await pressed(store, at=MINUTE, rates=rates)).state is RunState.WAITING
    with pytest.raises(TooOften, match=r"It goes again from 1970-01-01 00:01:01 UTC\."):
        await pressed(store, at=MINUTE + 1, rates=rates)
    assert len(await store.runs(RunQuery(task="deploy"))) == 3, "what is refused leaves nothing"


async def test_each_person_has_their_own_number_also_by_their_tokens_and_links(store):
    rates = (Rate(3, 60, person=True), Rate(5, 60))
    for actor in ("ada", "token:ada/nightly", "link:k3/ada"):
        await pressed(store, actor=actor, person="ada", rates=rates)
    with pytest.raises(TooOften):
        await pressed(store, actor="token:ada/other", person="ada", rates=rates)
    for actor in ("adam", "a_a"):
        await pressed(store, actor=actor, person=actor, rates=rates)
    with pytest.raises(TooOften):
        await pressed(store, actor="eve", person="eve", rates=rates)


async def test_what_makes_no_run_and_what_nobody_pressed_counts_for_no_rate(store):
    rates = (Rate(2, 60),)
    run = await pressed(store, key="k", fingerprint="f", rates=rates)
    await pressed(store, cause=Cause(CauseKind.RETRY, run.id))
    await pressed(store, cause=Cause(CauseKind.RUN, run.id))
    await pressed(store, busy=Busy.SKIP, rates=rates)
    await pressed(store, rates=rates)
    assert (await pressed(store, key="k", fingerprint="f", rates=rates)).id == run.id
    assert not (await store.press(new(busy=Busy.JOIN, rates=rates))).made
    with pytest.raises(TooOften):
        await pressed(store, rates=rates)


async def test_a_clock_that_is_put_back_keeps_nobody_out_for_longer(store):
    rates = (Rate(1, 60),)
    await pressed(store, at=100 * MINUTE, rates=rates)
    with pytest.raises(TooOften) as refused:
        await pressed(store, at=MINUTE, rates=rates)
    assert refused.value.until == 2 * MINUTE


async def test_of_many_presses_at_once_so_many_go_as_are_allowed(store):
    made = await asyncio.gather(*(pressed(store, rates=(Rate(7, 60),)) for _ in range(40)), return_exceptions=True)
    assert sum(isinstance(one, Run) for one in made) == 7
    assert {type(one) for one in made} == {Run, TooOften}


# -- forgetting


async def test_what_is_expired_is_asked_of_one_task_without_some_or_without_what_failed(store):
    runs = [await over(store, state) for state in (RunState.FAILED, RunState.SUCCEEDED, RunState.LOST)]
    runs += [await over(store) for _ in range(2)]
    old = [run.id for run in runs]
    assert await store.expired(10_000, keep=1, limit=9, task="deploy") == old[:4]
    assert await store.expired(10_000, keep=1, limit=9, task="other") == []
    assert await store.expired(10_000, keep=1, limit=9, but=["deploy", "x"]) == []
    assert await store.expired(10_000, keep=1, limit=9, but=["x"]) == old[:4]
    assert await store.expired(10_000, keep=1, limit=9, failed=False) == [old[1], old[3]]


async def test_old_finished_runs_are_found_oldest_first_but_the_newest_of_a_task_stay(store):
    runs = [await over(store) for _ in range(5)]
    await pressed(store)
    found = await store.expired(10_000, keep=3, limit=10)
    assert found == [run.id for run in runs[:3]]
    assert await store.expired(10_000, keep=3, limit=2) == found[:2]
    assert await store.expired(500, keep=1, limit=10) == []


async def test_a_task_that_ran_once_keeps_its_run(store):
    await over(store)
    assert await store.expired(10_000, keep=1, limit=10) == []


async def test_an_unfinished_run_is_never_forgotten(store):
    run = await running(store)
    await pressed(store)
    assert await store.expired(10_000, keep=1, limit=10) == []
    await store.forget([run.id, 99])
    assert (await store.run(run.id)).id == run.id


async def test_the_keys_of_a_forgotten_run_are_free_again(store):
    pressed_once = (await store.press(new(key="made", fingerprint="f"))).run
    claimed = await claim(store, pressed_once)
    assert claimed
    joined = await store.press(new(busy=Busy.JOIN, key="joined", fingerprint="f"))
    assert joined.run.id == pressed_once.id
    await store.append(Append(claimed.id, epoch=claimed.epoch, to=RunState.SUCCEEDED))
    await store.forget([claimed.id])
    for key in ("made", "joined"):
        again = await store.press(new(key=key, fingerprint="other"))
        assert again.made
        assert again.run.id > claimed.id


async def test_which_numbers_are_runs_is_known(store):
    first, second = await over(store), await over(store)
    await store.forget([first.id])
    assert await store.known([first.id, second.id, 99]) == {second.id}
    assert await store.known([]) == frozenset()


async def test_forgetting_takes_runs_and_events_and_gives_no_number_again(store):
    first, second = await over(store), await over(store)
    last = await store.last_event(second.id)
    await store.forget([second.id])
    with pytest.raises(NoSuchRun):
        await store.run(second.id)
    assert {event.run for event in await store.events(EVERYTHING, after=0)} == {first.id}
    assert await store.forgotten() == last
    assert await store.last_event() == last
    third = await pressed(store)
    assert third.id == second.id + 1
    assert (await store.events(EVERYTHING, after=last))[0].id == last + 1
    assert await store.last_event() == last + 1


async def test_what_was_never_forgotten_is_nothing(store):
    await over(store)
    assert await store.forgotten() == 0


# -- copies


async def test_what_is_set_aside_passes_no_gate_and_makes_nothing_busy_until_it_is_released(store):
    done, held = await over(store), await pressed(store, hold=Hold(1, 24, 1 << 50, "ada", "x"))
    waiting, active = await pressed(store), await running(store, "other")
    assert await store.settle("here", Act("server", "server.copied", "server", 5, {"why": "x"})) == 3
    assert (await store.home(), await store.aside()) == ("here", 3)
    assert {run.id for run in await store.runs(RunQuery(aside=True))} == {held.id, waiting.id, active.id}
    assert await claim(store, waiting) is None
    fresh = await store.press(new(busy=Busy.JOIN))
    assert (fresh.made, fresh.run.aside) == (True, False)
    assert (await store.press(new(busy=Busy.SKIP))).run.state is RunState.SKIPPED
    await store.append(Append(waiting.id, row={"aside": False}, epoch=0))
    claimed = await claim(store, waiting)
    assert claimed
    assert claimed.id == waiting.id
    assert not (await store.run(done.id)).aside


async def test_a_home_that_is_kept_sets_nothing_aside(store):
    waiting = await pressed(store)
    assert await store.home() == ""
    assert await store.settle("here") == 0
    assert not (await store.run(waiting.id)).aside


# -- followers and leases


async def test_a_bookmark_is_what_was_kept_last(store):
    assert await store.bookmark("one") is None
    for event in (5, 7, 6):
        await store.keep("one", event)
    assert (await store.bookmark("one"), await store.bookmark("two")) == (6, None)


async def test_a_lease_is_one_holders_until_it_runs_out_by_the_clock_of_the_store(store):
    assert await store.lease("loop", "a", seconds=0.01)
    async with asyncio.timeout(60):
        while not await store.lease("loop", "b", seconds=900):
            pass  # it waits for the database
    assert not await store.lease("loop", "a", seconds=900)
    assert await store.lease("loop", "b", seconds=900)  # prolonged
    assert not await store.lease("loop", "a", seconds=900)


async def test_a_lease_that_is_given_back_is_free_at_once_and_others_are_not(store):
    assert await store.lease("loop", "a", seconds=900)
    assert await store.lease("other", "a", seconds=900)
    assert await store.lease("loop", "a", seconds=0)
    assert await store.lease("loop", "b", seconds=900)
    assert not await store.lease("other", "b", seconds=900)


async def test_of_many_who_want_a_lease_at_once_one_gets_it(store):
    asked = (store.lease("loop", f"h{number}", seconds=900) for number in range(50))
    assert sum(await asyncio.gather(*asked)) == 1


async def test_a_copy_of_a_folder_has_no_bookmark_and_no_lease(store):
    await store.keep("one", 5)
    await store.lease("loop", "a", seconds=900)
    await store.settle("here")
    assert await store.bookmark("one") == 5
    await store.settle("there", Act("server", "server.copied", "server", 1))
    assert await store.bookmark("one") is None
    assert await store.lease("loop", "b", seconds=900)


# -- schedules


NIGHTLY = "deploy/nightly"


def due(at: int, verdict: Verdict = Verdict.PRESSED, **more: Any) -> Firing:
    return Firing(NIGHTLY, at, verdict, **more)


async def test_a_due_moment_has_one_press_whoever_presses_and_how_often(store):
    pressed_by_two = await asyncio.gather(
        *(store.press(new(key="schedule:deploy/nightly\n5000", not_before=5000, firing=due(5000))) for _ in range(8))
    )
    assert len({answer.run.id for answer in pressed_by_two}) == 1
    assert sum(answer.made for answer in pressed_by_two) == 1
    assert await store.firings(NIGHTLY) == [due(5000, run=pressed_by_two[0].run.id)]


async def test_what_became_of_a_moment_is_kept_once_and_read_newest_first(store):
    run = (await store.press(new(key="k", firing=due(3000, Verdict.CAUGHT_UP)))).run
    await store.fire([due(1000, Verdict.OLD), due(2000, Verdict.PAUSED, why="stock-taking")])
    await store.fire([due(3000, Verdict.MISSED), due(2000, Verdict.BROKEN)])
    expected = [due(3000, Verdict.CAUGHT_UP, run=run.id), due(2000, Verdict.PAUSED, why="stock-taking")]
    assert await store.firings(NIGHTLY) == [*expected, due(1000, Verdict.OLD)]
    assert await store.firings(NIGHTLY, limit=2) == expected
    assert await store.firings("deploy/other") == []


async def test_of_a_schedule_the_newest_hundred_are_kept(store):
    await store.fire([due(at, Verdict.MISSED) for at in range(1, MOST + 31)])
    assert [one.due for one in await store.firings(NIGHTLY, limit=1000)] == list(range(MOST + 30, 30, -1))
    await store.fire([due(MOST + 31)])
    assert len(await store.firings(NIGHTLY, limit=1000)) == MOST


@pytest.mark.parametrize("busy", [Busy.SKIP, Busy.JOIN])
async def test_a_moment_that_finds_its_task_busy_says_so_with_the_run(store, busy):
    going = await running(store)
    answer = await store.press(new(key="k", busy=busy, at=5000, not_before=5000, firing=due(5000)))
    number = going.id if busy is Busy.JOIN else answer.run.id
    assert await store.firings(NIGHTLY) == [due(5000, Verdict.BUSY, run=number)]


async def test_a_press_that_is_refused_leaves_no_moment_behind(store):
    await store.press(new(key="k", fingerprint="f"))
    with pytest.raises(KeyReused):
        await store.press(new(key="k", fingerprint="other", firing=due(5000)))
    assert await store.firings(NIGHTLY) == []


async def test_a_pause_is_kept_with_its_record_and_ended_with_another(store):
    pause = Pause(7000, "stock-taking", "ada")
    await store.pause(NIGHTLY, Pause(1, "before", "bob"), Act("bob", "schedule.pause", NIGHTLY, 1))
    await store.pause(NIGHTLY, pause, Act("ada", "schedule.pause", NIGHTLY, 2))
    assert await store.pauses() == {NIGHTLY: pause}
    await store.pause(NIGHTLY, None, Act("ada", "schedule.resume", NIGHTLY, 3))
    assert await store.pauses() == {}
    assert [record.act.at for record in await store.audit.records(AuditQuery())] == [3, 2, 1]


async def test_on_a_copy_all_schedules_are_paused(store):
    assert await store.pauses() == {}
    await store.settle("here", Act("service:copy", "server.copied", "server", 1))
    assert await store.pauses() == {ALL_OF_THEM: Pause(0, COPIED, "service:copy")}


async def test_the_run_that_a_key_made_is_known_and_none_for_a_key_that_joined_one(store):
    first = await store.press(new(key="k", fingerprint="f", busy=Busy.JOIN))
    joined = await store.press(new(key="later", fingerprint="f", busy=Busy.JOIN))
    assert not joined.made
    known = [await store.keyed(*pair) for pair in (("deploy", "k"), ("deploy", "later"), ("b", "k"), ("deploy", ""))]
    assert known == [first.run.id, 0, 0, 0]
