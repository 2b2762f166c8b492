"""What a server presses by itself: each due moment once, or kept with the reason why not."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from pushbutton.app import Pushbutton
from pushbutton.domain.actor import LOCAL, Actor
from pushbutton.domain.cause import CauseKind
from pushbutton.domain.event import Kind, iso
from pushbutton.domain.person import User
from pushbutton.domain.policy import Grant
from pushbutton.domain.run import RunState
from pushbutton.domain.schedule import FAILED, Pause, Verdict
from pushbutton.domain.task import Task
from pushbutton.errors import BadInput, NoSuchSchedule, Refused, StorageFull
from pushbutton.runtime import lookout as looking
from pushbutton.runtime import pauses, press, schedules, worker
from pushbutton.runtime.clock import now
from pushbutton.runtime.core import Core
from pushbutton.runtime.lookout import Lookout
from pushbutton.runtime.ports import RunQuery, Store, Topics
from pushbutton.runtime.ports.people import AuditQuery, Change
from pushbutton.testing import opened

TASKS = """
from typing import Literal
from pushbutton import task

@task(schedules={{"every": 3600, "inputs": {{"where": "{where}"}}, "name": "hourly"}})
def report(where: Literal["test", "live"] = "test"):
    print("made for", where)
"""
SECOND = 1_000_000
HOUR = 3600 * SECOND
ID = "report/hourly"


@dataclass
class Clock:
    """The wall clock, as what looks after schedules sees it."""

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

    def who(self, name: str = "ada") -> Actor:
        return self.core.directory.actor(self.core.directory.all.users[name])

    async def verdicts(self) -> list[Verdict]:
        return [one.verdict for one in await self.core.store.firings(ID)][::-1]

    async def passes(self, hours: float) -> list[Verdict]:
        """So much later somebody looks; all that became of its moments, the oldest first."""
        self.clock.ahead += int(hours * HOUR)
        await self.lookout.look()
        return await self.verdicts()

    async def runs(self) -> int:
        return len(await self.core.store.runs(RunQuery(task="report")))


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    clock = Clock()
    for module in (schedules, looking, pauses, press, worker):
        monkeypatch.setattr(module, "now", clock)
    file = tmp_path / "tasks.py"
    file.write_text(TASKS.format(where="live"))
    async with opened(file) as app:
        core = await app.open()
        rights = [Grant("user:ada", "admin"), Grant("user:eve", "presser")]
        people = [User("ada", "Ada"), User("eve", "Eve"), User("bob", "Bob")]
        await core.directory.change(lambda _: Change(put=[*people, *rights]))
        lookout = Lookout(core)
        await lookout.look()  # the first look at it, whoever is first
        yield World(app, core, clock, file, lookout)
        if await core.store.counts():  # what still runs would write into a folder that goes
            async for _ in app.events(since=0):
                if not await core.store.counts():
                    break


async def read(core: Core, as_it_is_to_be: Callable[[Task], bool]) -> None:
    """The file was changed, and that is known now."""
    changed = asyncio.Event()
    unlisten = core.notifier.listen("catalog", changed.set)
    async with asyncio.timeout(60):
        while not as_it_is_to_be(core.catalog.task("report")):
            await changed.wait()
            changed.clear()
    unlisten()


async def over(world: World, number: int) -> None:
    async with asyncio.timeout(60):
        async for event in world.core.hub.events(Topics(runs=frozenset({number})), 0):
            if event.kind is Kind.STATE and RunState(str(event.data["state"])).over:
                return


async def test_what_is_due_is_pressed_once_with_its_inputs_and_its_cause(world):
    assert await world.passes(0.99) == [Verdict.BEGUN]
    assert await world.passes(0.0101) == [Verdict.BEGUN, Verdict.PRESSED]
    await world.lookout.look()
    [run] = await world.core.store.runs(RunQuery(task="report"))
    [firing, _] = await world.core.store.firings(ID)
    assert (run.actor, run.cause.kind, run.inputs) == ("schedule:report/hourly", CauseKind.SCHEDULE, {"where": "live"})
    assert (firing.run, run.not_before) == (run.id, firing.due)
    await over(world, run.id)


async def test_a_schedule_that_is_new_catches_nothing_up(world):
    assert await world.passes(0) == [Verdict.BEGUN]
    assert await world.runs() == 0


async def test_of_what_was_missed_the_last_is_caught_up(world):
    assert await world.passes(3.5) == [Verdict.BEGUN, Verdict.MISSED, Verdict.MISSED, Verdict.CAUGHT_UP]
    assert await world.runs() == 1


async def test_a_clock_that_is_put_back_presses_nothing_twice(world):
    await world.passes(1.0001)
    assert await world.passes(-2) == [Verdict.BEGUN, Verdict.PRESSED]
    assert await world.passes(2) == [Verdict.BEGUN, Verdict.PRESSED]
    assert await world.passes(1) == [Verdict.BEGUN, Verdict.PRESSED, Verdict.PRESSED]


async def test_a_paused_schedule_presses_nothing_and_catches_nothing_up_afterwards(world):
    paused = await schedules.pause(world.core, world.who(), ID, reason="stock-taking")
    assert (paused.next, paused.pause and paused.pause.reason) == (None, "stock-taking")
    assert await world.passes(1.0001) == [Verdict.BEGUN, Verdict.PAUSED]
    resumed = await schedules.resume(world.core, world.who(), ID)
    assert (resumed.pause, resumed.next is not None) == (None, True)
    assert await world.passes(0.5) == [Verdict.BEGUN, Verdict.PAUSED]
    assert await world.passes(0.5) == [Verdict.BEGUN, Verdict.PAUSED, Verdict.PRESSED]
    acts = [record.act.verb for record in await world.core.store.audit.records(AuditQuery(limit=5))]
    assert {"schedule.pause", "schedule.resume"} <= set(acts)


async def test_a_pause_ends_by_itself(world):
    await schedules.pause(world.core, world.who(), ID, until=world.clock() + HOUR + HOUR // 2)
    assert await world.passes(1.0001) == [Verdict.BEGUN, Verdict.PAUSED]
    assert await world.passes(1) == [Verdict.BEGUN, Verdict.PAUSED, Verdict.PRESSED]


async def test_all_are_paused_whatever_each_says_and_one_stays_paused_by_itself(world):
    await schedules.pause_all(world.core, world.who(), reason="maintenance")
    assert await world.passes(1.0001) == [Verdict.BEGUN, Verdict.PAUSED]
    await schedules.pause(world.core, world.who(), ID)
    await schedules.resume_all(world.core, world.who())
    acts = [record.act.verb for record in await world.core.store.audit.records(AuditQuery(limit=9))]
    assert {"schedule.pause-all", "schedule.resume-all"} <= set(acts)
    assert await world.passes(1) == [Verdict.BEGUN, Verdict.PAUSED, Verdict.PAUSED]


async def test_what_does_not_fit_the_task_any_more_presses_nothing_and_says_the_field(world, monkeypatch):
    offered = world.core.catalog.offered

    async def without_live(slug: str):
        found = await offered(slug)
        return type(found)(found.task, {"where": "Nobody can say which there are."})

    monkeypatch.setattr(world.core.catalog, "offered", without_live)
    assert await world.passes(1.0001) == [Verdict.BEGUN, Verdict.BROKEN]
    [broken, _] = await world.core.store.firings(ID)
    assert broken.why == "where: Nobody can say which there are."
    assert await world.runs() == 0


async def test_who_does_not_administer_the_task_pauses_nothing_and_a_stranger_sees_none(world):
    assert [one.id for one in await schedules.listed(world.core, world.who("eve"))] == [ID]
    with pytest.raises(Refused):
        await schedules.pause(world.core, world.who("eve"), ID)
    with pytest.raises(Refused):
        await schedules.pause_all(world.core, world.who("eve"))
    assert await schedules.listed(world.core, world.who("bob")) == []
    with pytest.raises(NoSuchSchedule):
        await schedules.named(world.core, world.who("bob"), ID)
    with pytest.raises(NoSuchSchedule):
        await schedules.pause(world.core, world.who(), "report/other")
    with pytest.raises(BadInput, match="gone by"):
        await schedules.pause(world.core, world.who(), ID, until=1)
    for reason, said in (
        ("\ud800", "Half of a character is missing"),
        ("x" * 2001, "The reason is too long: write at"),
    ):
        with pytest.raises(BadInput, match=said):
            await schedules.pause(world.core, world.who(), ID, reason=reason)
    assert await world.core.store.pauses() == {}


class Counting:
    """A store that notes of which schedules somebody asks what became of them."""

    def __init__(self, store: Store) -> None:
        self._store, self.asked = store, list[str]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def firings(self, schedule: str, **more: Any) -> Any:
        self.asked.append(schedule)
        return await self._store.firings(schedule, **more)


async def test_at_rest_a_look_asks_the_store_for_no_schedule_that_is_not_due(tmp_path, monkeypatch):
    clock = Clock()
    for module in (schedules, looking):
        monkeypatch.setattr(module, "now", clock)
    every = ", ".join(f'{{"every": {3600 + n}, "name": "n{n}"}}' for n in range(200))
    file = tmp_path / "tasks.py"
    file.write_text(f"from pushbutton import task\n@task(schedules=[{every}], busy='skip')\ndef report(): ...\n")
    async with opened(file) as app:
        core = await app.open()
        store = Counting(core.store)
        asked = store.asked
        lookout = Lookout(replace(core, store=cast("Store", store)))  # the app looks by itself, too
        first = await lookout.look()
        asked.clear()
        assert await lookout.look() == first
        assert asked == []
        clock.ahead += 3601 * SECOND
        await lookout.look()
        assert "report/n0" in asked
        assert set(asked) < {f"report/n{n}" for n in range(100)}, "those that are due"
        file.write_text(file.read_text().replace('"every": 3700', '"every": 7200'))
        await read(core, lambda task: any(one.every == 7200 for one in task.schedules))
        asked.clear()
        await lookout.look()
        assert set(asked) == {"report/n100"}, "one that is another now"


async def test_a_schedule_whose_runs_fail_as_often_as_it_says_pauses_itself(world):
    world.file.write_text(
        "from pushbutton import task\n"
        '@task(schedules={"every": 3600, "name": "hourly", "pause_after": 2})\n'
        "def report(): raise SystemExit(1)\n"
    )
    await read(world.core, lambda task: bool(task.schedules[0].pause_after))
    for count in (1, 2):
        await world.passes(1.0001)
        [newest, *_] = await world.core.store.runs(RunQuery(task="report"))
        await over(world, newest.id)
        assert await world.runs() == count
    assert (await world.passes(1))[-1] is Verdict.PAUSED
    assert (await world.passes(1))[-1] is Verdict.PAUSED
    assert await world.runs() == 2
    found = await schedules.named(world.core, LOCAL, ID)
    assert found.pause
    assert (found.pause.reason, found.pause.actor) == (FAILED, "schedule:report/hourly")
    await schedules.resume(world.core, LOCAL, ID)
    assert (await world.passes(1.0001))[-1] is Verdict.PRESSED, "what failed before counts no more"
    [newest, *_] = await world.core.store.runs(RunQuery(task="report"))
    await over(world, newest.id)


async def test_the_schedules_of_a_paused_task_press_nothing(world):
    await pauses.pause(world.core, LOCAL, "report", reason="no")
    assert await world.passes(1.0001) == [Verdict.BEGUN, Verdict.PAUSED]
    found = await schedules.named(world.core, LOCAL, ID)
    assert (found.pause, found.own, found.next) == (Pause(0, "no", "local"), False, None)
    await pauses.resume(world.core, LOCAL, "report")
    assert await world.passes(1) == [Verdict.BEGUN, Verdict.PAUSED, Verdict.PRESSED]
    [run] = await world.core.store.runs(RunQuery(task="report"))
    await over(world, run.id)


async def test_who_did_not_succeed_in_time_is_told_of_once_for_each_moment(world):
    world.file.write_text(
        "from pushbutton import task\n"
        '@task(schedules={"every": 3600, "name": "hourly", "late": "15 min"})\n'
        "def report(): raise SystemExit(1)\n"
    )
    await read(world.core, lambda task: bool(task.schedules[0].late))

    async def told() -> list[str]:
        events = await world.core.store.events(Topics(tasks=frozenset({"report"})), after=0, kind=Kind.NOTE)
        return [str(event.data["due"]) for event in events if event.data.get("code") == "late"]

    await world.passes(1.0001)
    [failed] = await world.core.store.runs(RunQuery(task="report"))
    await over(world, failed.id)
    await world.passes(0.24)
    assert await told() == []
    await world.passes(0.02)
    [firing, *_] = await world.core.store.firings(ID)
    assert await told() == [iso(firing.due)]
    await world.lookout.look()
    await Lookout(world.core).look()
    assert await told() == [iso(firing.due)], "also after a restart"
    world.file.write_text(world.file.read_text().replace("raise SystemExit(1)", "..."))
    digest = world.core.catalog.task("report").digest
    await read(world.core, lambda task: task.digest != digest)
    await world.passes(0.75)
    [good, *_] = await world.core.store.runs(RunQuery(task="report"))
    await over(world, good.id)
    await world.passes(0.3)
    assert len(await told()) == 1


async def test_of_a_schedule_that_is_not_late_no_run_is_looked_at(world):
    world.file.write_text(TASKS.format(where="live").replace('"every": 3600', '"late": 900, "every": 3600'))
    await read(world.core, lambda task: bool(task.schedules[0].late))
    await world.passes(1.0001)
    [run] = await world.core.store.runs(RunQuery(task="report"))
    await over(world, run.id)
    rule = (await schedules.named(world.core, LOCAL, ID)).rule
    found = await schedules.awaited(world.core, rule)
    assert [one.run for one in found] == [run.id]
    nothing_to_ask = replace(world.core, store=cast("Store", object()))
    assert await schedules.late_since(nothing_to_ask, rule, found, world.clock()) == 0


class FailsOnce:
    """A store that stops before the first call of one of its methods, as a server that is killed there does."""

    def __init__(self, store: Any, name: str) -> None:
        self._store, self._name = store, name

    def __getattr__(self, name: str) -> Any:
        if name != self._name:
            return FailsOnce(self._store.memos, self._name) if name == "memos" else getattr(self._store, name)
        self._name = ""
        raise StorageFull


LATE = (
    "from pushbutton import task\n"
    '@task(schedules={"every": 3600, "name": "hourly", "late": "15 min"})\n'
    "def report(): raise SystemExit(1)\n"
)
BLIND = LATE.replace('"late": "15 min"', '"blackout": "nowhere.ics"')


@pytest.mark.parametrize("where", ["say", "change", "fire"])
@pytest.mark.parametrize("source", [LATE, BLIND])
async def test_a_message_is_not_lost_wherever_a_look_is_cut_off(world, where, source):
    world.file.write_text(source)
    digest = world.core.catalog.task("report").digest
    await read(world.core, lambda task: task.digest != digest)

    async def told() -> int:
        events = await world.core.store.events(Topics(tasks=frozenset({"report"})), after=0, kind=Kind.NOTE)
        return len([event for event in events if event.data.get("code") == "late"])

    await world.passes(1.0001 if source is LATE else 0.5)
    for run in await world.core.store.runs(RunQuery(task="report")):
        await over(world, run.id)
    world.clock.ahead += HOUR * 26 // 100 if source is LATE else HOUR
    cut = Lookout(replace(world.core, store=cast("Store", FailsOnce(world.core.store, where))))
    with contextlib.suppress(StorageFull):
        await cut.look()
    await world.lookout.look()
    assert await told() >= 1
    again = await told()
    await Lookout(world.core).look()
    assert await told() == again, "and then it is known"


CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20270101T000000Z
DTSTART:{begin}
DTEND:{end}
SUMMARY:Stock-taking
END:VEVENT
END:VCALENDAR
"""


async def test_within_an_entry_of_its_calendar_it_presses_nothing_and_says_which(world, tmp_path):
    def clock(hours: float) -> str:
        return f"{datetime.fromtimestamp(world.clock() / 1e6 + 3600 * hours, UTC):%Y%m%dT%H%M%SZ}"

    calendar = tmp_path / "closed.ics"
    calendar.write_text(CALENDAR.format(begin=clock(0.5), end=clock(1.5)))
    world.file.write_text(
        "from pushbutton import task\n"
        '@task(schedules={"every": 3600, "name": "hourly", "blackout": "closed.ics"})\n'
        "def report(): ...\n"
    )
    await read(world.core, lambda task: bool(task.schedules[0].blackout))
    assert await world.passes(1.0001) == [Verdict.BEGUN, Verdict.BLACKOUT]
    [kept, *_] = await world.core.store.firings(ID)
    assert (kept.why, kept.run) == ("Stock-taking", 0)
    assert (await world.passes(1))[-1] is Verdict.PRESSED
    calendar.write_text("nonsense")
    assert (await world.passes(1))[-1] is Verdict.BROKEN
    [kept, *_] = await world.core.store.firings(ID)
    assert kept.why == "Its calendar cannot be read: it is no iCal file."
    for run in await world.core.store.runs(RunQuery(task="report")):
        await over(world, run.id)
