"""Schedules that people make: they press in their maker's name, with what fits the task, and no more than they may."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pushbutton.app import Pushbutton
from pushbutton.domain import moment
from pushbutton.domain.actor import LOCAL, Actor, Right, Verb
from pushbutton.domain.cause import CauseKind
from pushbutton.domain.event import Kind
from pushbutton.domain.person import Token, User
from pushbutton.domain.policy import Grant
from pushbutton.domain.run import Run, RunState
from pushbutton.domain.schedule import CatchUp, Schedule, Verdict
from pushbutton.errors import InvalidInputs, NoSuchSchedule, NoSuchTask, Refused
from pushbutton.runtime import lookout as looking
from pushbutton.runtime import made_schedules, pauses, press, schedules, worker
from pushbutton.runtime.clock import now
from pushbutton.runtime.core import Core
from pushbutton.runtime.lookout import Lookout
from pushbutton.runtime.made_schedules import Wanted
from pushbutton.runtime.ports import RunQuery, Topics
from pushbutton.runtime.ports.people import AuditQuery, Change
from pushbutton.testing import opened

TASK = """
from pathlib import Path
from pushbutton import SecretStr, task

@task
def report(where: str, count: int = 3): print(where, count)

@task
def unlock(password: SecretStr, file: Path): ...
"""
HOUR = 3600 * 1_000_000
HOURLY = Wanted(Schedule("", every=3600), "Every hour", {"where": "live"})
ID = "report/every-hour"


@dataclass
class Clock:
    ahead: int = 0

    def __call__(self) -> int:
        return now() + self.ahead


@dataclass
class World:
    app: Pushbutton
    core: Core
    clock: Clock
    file: Path
    lookout: Lookout

    def who(self, name: str) -> Actor:
        return self.core.directory.actor(self.core.directory.all.users[name])

    async def passes(self, hours: float) -> list[Verdict]:
        self.clock.ahead += int(hours * HOUR)
        await self.lookout.look()
        return [one.verdict for one in await self.core.store.firings(ID)][::-1]

    async def runs(self) -> list[Run]:
        return list(await self.core.store.runs(RunQuery(task="report")))

    async def write(self, text: str) -> None:
        before, changed = self.core.catalog.tasks(), asyncio.Event()
        unlisten = self.core.notifier.listen("catalog", changed.set)
        self.file.write_text(text)
        async with asyncio.timeout(60):
            while self.core.catalog.tasks().get("report") is before.get("report"):
                await changed.wait()
                changed.clear()
        unlisten()

    async def told(self) -> list[str]:
        events = await self.core.store.events(Topics(tasks=frozenset({"report"})), after=0, kind=Kind.NOTE)
        return [str(event.data["text"]) for event in events if event.data.get("code") == "late"]


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    clock = Clock()
    for module in (schedules, looking, made_schedules, pauses, press, worker):
        monkeypatch.setattr(module, "now", clock)
    file = tmp_path / "tasks.py"
    file.write_text(TASK)
    async with opened(file) as app:
        core = await app.open()
        people = [User("ada", "Ada"), User("eve", "Eve"), User("bob", "Bob"), User("vic", "Vic")]
        rights = [Grant("user:ada", "admin"), Grant("user:eve", "presser"), Grant("user:vic", "viewer")]
        await core.directory.change(lambda _: Change(put=[*people, *rights]))
        yield World(app, core, clock, file, Lookout(core))
        while runs := [run for run in await core.store.runs(RunQuery()) if not run.state.over]:
            await over(core, runs[0].id)


def micros(text: str) -> int:
    found = moment.absolute(text)
    assert found is not None
    return found


async def over(core: Core, number: int) -> None:
    async with asyncio.timeout(60):
        async for event in core.hub.events(Topics(runs=frozenset({number})), 0):
            if event.kind is Kind.STATE and RunState(str(event.data["state"])).over:
                return


async def make(world: World, who: str = "eve", wanted: Wanted = HOURLY, **more: Any) -> schedules.Planned:
    found = await made_schedules.make(world.core, world.who(who), "report", wanted, **more)
    await world.lookout.look()
    return found


async def test_it_presses_in_the_name_of_its_maker(world):
    found = await make(world)
    assert (found.id, found.rule.made and found.rule.made.maker) == (ID, "eve")
    assert await world.passes(0.99) == []
    assert await world.passes(0.0101) == [Verdict.PRESSED]
    [run] = await world.runs()
    assert (run.actor, run.cause.kind, run.inputs) == (
        f"schedule:{ID}/eve", CauseKind.SCHEDULE, {"where": "live", "count": 3},
    )  # fmt: skip
    await world.lookout.look()
    assert len(await world.runs()) == 1


async def test_who_lost_the_right_presses_nothing_and_it_says_so(world):
    await make(world)
    await world.core.directory.change(lambda _: Change(drop=[Grant("user:eve", "presser")]))
    assert await world.passes(1.0001) == [Verdict.BROKEN]
    assert await world.runs() == []
    found = await schedules.named(world.core, world.who("ada"), ID)
    assert found.broken == "It presses in the name of Eve, who may not press this task any more."
    assert await world.told() == [found.broken]
    await world.core.directory.change(lambda _: Change(put=[Grant("user:eve", "press", "task:report")]))
    assert await world.passes(1) == [Verdict.BROKEN, Verdict.PRESSED]


async def test_a_maker_who_is_locked_or_gone_presses_nothing(world):
    await make(world)
    await world.core.directory.change(lambda seen: Change(put=[replace(seen.users["eve"], disabled=True)]))
    assert await world.passes(1.0001) == [Verdict.BROKEN]
    await world.core.people.remove(world.who("ada"), "eve", now())
    assert await schedules.listed(world.core, world.who("ada")) == []


async def test_what_does_not_fit_the_task_any_more_is_told_at_once_and_presses_nothing(world):
    await make(world)
    await world.write(TASK.replace("where: str", "where: int"))
    await world.lookout.look()
    [told] = await world.told()
    assert told.startswith("where: ")
    assert (await schedules.named(world.core, world.who("eve"), ID)).broken == told
    assert await world.passes(1.0001) == [Verdict.BROKEN]
    assert (await world.runs(), await world.told()) == ([], [told])
    await Lookout(world.core).look()
    assert await world.told() == [told], "also after a restart"
    await world.write(TASK)
    assert await world.passes(1) == [Verdict.BROKEN, Verdict.PRESSED]


async def test_one_whose_task_is_gone_is_there_for_its_maker_and_presses_nothing(world):
    await make(world)
    await world.write(TASK.replace("def report", "def other"))
    assert await world.passes(1.0001) == [Verdict.BROKEN]
    [found] = await schedules.listed(world.core, world.who("eve"))
    assert (found.broken, found.rule.title) == ("Its task is gone.", "report")
    assert await schedules.listed(world.core, world.who("vic")) == []
    await made_schedules.remove(world.core, world.who("eve"), ID)
    assert await schedules.listed(world.core, world.who("eve")) == []


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"password": "hunter2"}, "A schedule keeps no secrets: give the task a named secret."),
        ({"file": "x"}, "A schedule keeps no files: let the task read it from where it lies."),
        ({}, "A schedule keeps no secrets: give the task a named secret."),
    ],
)
async def test_secrets_and_files_are_refused_in_words(world, inputs, said):
    with pytest.raises(InvalidInputs) as refused:
        await made_schedules.make(world.core, world.who("eve"), "unlock", replace(HOURLY, inputs=inputs))
    assert said in refused.value.fields.values()
    assert world.core.directory.all.schedules == {}


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (Schedule("", "61 * * * *"), "schedule-cron"),
        (Schedule(""), "schedule-cron"),
        (Schedule("", "0 6 * * *", every=60), "schedule-cron"),
        (Schedule("", every=0.5), "schedule-every"),
        (Schedule("", "0 6 * * *", zone="Mars/Base"), "schedule-zone"),
        (Schedule("", "0 6 * * *", window=0), "schedule-window"),
        (Schedule("", "0 6 * * *", late=-1), "schedule-late"),
        (Schedule("", "0 6 * * *", pause_after=101), "schedule-pause_after"),
    ],
)
async def test_a_rule_that_cannot_be_is_refused_by_its_field(world, rule, field):
    with pytest.raises(InvalidInputs) as refused:
        await make(world, wanted=replace(HOURLY, rule=rule))
    assert list(refused.value.fields) == [field]


async def test_who_may_not_press_the_task_makes_none(world):
    with pytest.raises(Refused, match="not press it"):
        await make(world, "vic")
    with pytest.raises(NoSuchTask):
        await make(world, "bob")
    with pytest.raises(Refused, match="A link makes no schedule"):
        await made_schedules.make(world.core, replace(world.who("eve"), own=True), "report", HOURLY)


async def test_only_its_maker_changes_it_and_who_administers_the_task_removes_it(world):
    await make(world)
    wanted = Wanted(Schedule("", every=7200), "Rarely", {"where": "test"})
    for other, error in (("ada", Refused), ("vic", Refused), ("bob", NoSuchSchedule)):
        with pytest.raises(error):
            await made_schedules.change(world.core, world.who(other), ID, wanted)
    for other, error in (("vic", Refused), ("bob", NoSuchSchedule)):
        with pytest.raises(error):
            await made_schedules.remove(world.core, world.who(other), ID)
        with pytest.raises(error):
            await schedules.pause(world.core, world.who(other), ID)
    changed = await made_schedules.change(world.core, world.who("eve"), ID, wanted)
    assert (changed.schedule.every, changed.rule.made and changed.rule.made.title) == (7200, "Rarely")
    assert await world.passes(1.0001) == [], "it counts from the change on"
    assert await world.passes(1) == [Verdict.PRESSED]
    await schedules.pause(world.core, world.who("eve"), ID)
    await made_schedules.remove(world.core, world.who("ada"), ID)
    assert (await make(world)).pause is None, "another one of that name is not paused"
    acts = {record.act.verb for record in await world.core.store.audit.records(AuditQuery(limit=20))}
    assert {"schedule.make", "schedule.change", "schedule.remove"} <= acts


async def test_what_became_of_one_is_not_told_of_the_next_one_with_its_name(world):
    await make(world)
    await world.passes(1.0001)
    await made_schedules.remove(world.core, world.who("eve"), ID)
    assert await world.passes(5) == [Verdict.PRESSED]
    again = await make(world)
    assert again.last is None
    assert await schedules.firings(world.core, world.who("eve"), ID) == []
    assert await world.passes(0) == [Verdict.PRESSED], "and it catches nothing up"


async def test_one_that_a_token_made_ends_with_the_token_and_does_no_more(world):
    scope = (Right(Verb.SEE, "task:report"), Right(Verb.PRESS, "task:report"))
    token = Token("hash", "nightly", "eve", scope, now())
    await world.core.directory.change(lambda _: Change(put=[token]))
    program = world.core.directory.of_token(token)
    with pytest.raises(NoSuchTask):
        await made_schedules.make(world.core, program, "unlock", HOURLY)
    await made_schedules.make(world.core, program, "report", HOURLY)
    await world.lookout.look()
    assert await world.passes(1.0001) == [Verdict.PRESSED]
    await world.core.directory.change(lambda _: Change(put=[replace(token, scope=scope[:1])]))
    assert await world.passes(1) == [Verdict.PRESSED, Verdict.BROKEN]
    await world.core.directory.change(lambda _: Change(drop=[token]))
    assert (await world.passes(1))[-1] is Verdict.BROKEN


async def test_one_of_a_file_is_not_changed_here_and_takes_the_place_of_one_with_its_name(world):
    await make(world)
    declared = TASK.replace(
        "@task\ndef report",
        "@task(schedules={'every': 60, 'name': 'every-hour', 'inputs': {'where': 'a'}})\ndef report",
    )
    await world.write(declared)
    [found] = await schedules.listed(world.core, world.who("ada"))
    assert (found.rule.made, found.schedule.every) == (None, 60)
    with pytest.raises(Refused, match="stands in a file"):
        await made_schedules.remove(world.core, world.who("ada"), ID)
    assert (await make(world)).id == "report/every-hour-2"


async def test_while_nobody_signs_in_everybody_makes_them_and_they_end_with_that(tmp_path, monkeypatch):
    clock = Clock()
    for module in (schedules, looking, made_schedules, press, worker):
        monkeypatch.setattr(module, "now", clock)
    file = tmp_path / "tasks.py"
    file.write_text(TASK)
    async with opened(file) as app:
        core = await app.open()
        made = await made_schedules.make(core, LOCAL, "report", replace(HOURLY, title=""))
        assert (made.id, made.rule.made and made.rule.made.maker) == ("report/by-local", "local")
        lookout = Lookout(core)
        clock.ahead += HOUR + 1000
        await lookout.look()
        [run] = await core.store.runs(RunQuery(task="report"))
        await over(core, run.id)
        await core.directory.change(lambda _: Change(put=[User("ada"), Grant("user:ada", "admin")]))
        clock.ahead += HOUR
        await lookout.look()
        [newest, *_] = await core.store.firings(made.id)
        assert newest.verdict is Verdict.BROKEN
        assert newest.why.startswith("It was made while nobody signed in")


async def test_it_is_there_after_a_restart(world):
    await make(world)
    await world.core.directory.renew()
    [made] = world.core.directory.all.schedules.values()
    assert (made.id, made.rule.every, made.rule.inputs, made.maker) == (ID, 3600, {"where": "live"}, "eve")


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        ("30 2 * * *", "Europe/Berlin", "2027-03-27T12:00+01:00", ["2027-03-28T03:00+02:00", "2027-03-29T02:30+02:00"]),
        ("30 2 * * *", "Europe/Berlin", "2027-10-30T12:00+02:00", ["2027-10-31T02:30+02:00", "2027-11-01T02:30+01:00"]),
        (
            *("0 * * * *", "Europe/Berlin", "2027-10-31T01:30+02:00"),
            ["2027-10-31T02:00+02:00", "2027-10-31T02:00+01:00", "2027-10-31T03:00+01:00"],
        ),
        (
            *("*/30 * * * *", "Europe/Berlin", "2027-03-28T01:15+01:00"),
            ["2027-03-28T01:30+01:00", "2027-03-28T03:00+02:00", "2027-03-28T03:30+02:00"],
        ),
        ("30 2 * * *", "America/New_York", "2027-03-13T12:00-05:00", ["2027-03-14T03:00-04:00"]),
        ("15 2 * * *", "Australia/Lord_Howe", "2027-04-03T12:00+11:00", ["2027-04-04T02:15+10:30"]),
        ("30 2 * * *", "UTC", "2027-03-27T12:00+00:00", ["2027-03-28T02:30+00:00", "2027-03-29T02:30+00:00"]),
    ],
)
async def test_one_that_somebody_made_has_its_moments_on_the_days_on_which_clocks_change(
    world, cron, zone, after, expected
):
    world.clock.ahead = micros(after) - now()
    rule = Schedule("", cron, zone=zone, catch_up=CatchUp.NONE)
    await make(world, wanted=replace(HOURLY, rule=rule))
    world.clock.ahead += micros(expected[-1]) + 90 * 1_000_000 - world.clock()
    await world.lookout.look()
    kept = await world.core.store.firings(ID)
    assert [one.due for one in kept][::-1] == [micros(one) for one in expected]


OPEN_ENDED = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20270101T000000Z
DTSTART;VALUE=DATE:20200101
DTEND;VALUE=DATE:21000101
SUMMARY:Closed
END:VEVENT
END:VCALENDAR
"""


async def test_within_the_entries_of_a_calendar_that_came_with_it_it_presses_nothing(world):
    found = await make(world, wanted=replace(HOURLY, rule=replace(HOURLY.rule, blackout=OPEN_ENDED)))
    assert await world.passes(1.0001) == [Verdict.BLACKOUT]
    [kept, *_] = await world.core.store.firings(found.id)
    assert (kept.why, await world.runs()) == ("Closed", [])


async def test_on_a_public_holiday_it_presses_nothing_and_says_which(world):
    world.clock.ahead = micros("2027-01-06T05:30:00+01:00") - now()
    rule = replace(HOURLY.rule, every=0.0, cron="0 6 * * *", zone="Europe/Berlin", blackout="holidays:DE-BY")
    found = await make(world, wanted=replace(HOURLY, rule=rule))
    assert await world.passes(1) == [Verdict.BLACKOUT]
    [kept, *_] = await world.core.store.firings(found.id)
    assert kept.why == "Heilige Drei Könige"
    assert (await world.passes(24))[-1] is Verdict.CAUGHT_UP


@pytest.mark.parametrize(
    "blackout", ["/etc/passwd", "holidays:QQ", "holidays:DE-XX", "BEGIN:VCALENDAR x", "BEGIN:VCALENDAR" + "x" * 65536]
)
async def test_a_calendar_that_is_none_is_refused_and_no_file_of_the_server_is_read(world, blackout):
    with pytest.raises(InvalidInputs) as refused:
        await make(world, wanted=replace(HOURLY, rule=replace(HOURLY.rule, blackout=blackout)))
    assert list(refused.value.fields) == ["schedule-blackout"]


async def test_whatever_the_clock_does_each_moment_has_one_run_at_most(world):
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    await make(world)
    for _ in range(40):
        await world.passes(chance.uniform(-2, 2) + 0.3)
        for run in await world.runs():
            if not run.state.over:
                await over(world.core, run.id)
    kept, runs = await world.core.store.firings(ID), await world.runs()
    moments = [one.due for one in kept]
    assert moments == sorted(set(moments), reverse=True), seed
    assert {later - earlier for later, earlier in itertools.pairwise(moments)} <= {HOUR}, seed
    numbers = [one.run for one in kept if one.run]
    assert len(numbers) == len(set(numbers)) == len(runs), seed
    assert len({run.not_before for run in runs}) == len(runs), seed
