"""The schedules of the tasks: what is due of them, and the verbs with which people pause them."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pushbutton.domain.actor import ALL, Actor, Verb
from pushbutton.domain.audit import Act, Deed, act
from pushbutton.domain.event import Draft, Kind, iso
from pushbutton.domain.messages import LATE
from pushbutton.domain.policy import Resource, decide, require
from pushbutton.domain.run import WRONG, Micros, RunState
from pushbutton.domain.schedule import ALL_OF_THEM, FAILED, MOST, Firing, Pause, Schedule, Verdict, come, following
from pushbutton.domain.task import Reason, Task
from pushbutton.errors import (
    InvalidInputs,
    KeyReused,
    NoSuchRun,
    NoSuchSchedule,
    PushbuttonError,
    StillReading,
    StoreError,
)
from pushbutton.sentence import say

from . import journal, pauses, visibility
from .clock import now
from .core import Core
from .ports.memos import Memo
from .press import press

DUE = "It was due."
"""What is said where a press has to say why."""

TOLD: Final = 366 * 86_400 * 1_000_000
"""Microseconds for which it is kept that somebody was told of a moment."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Planned:
    """A schedule as it stands."""

    task: Task
    schedule: Schedule
    pause: Pause | None  # None: it is not paused
    last: Firing | None  # what became of its last due moment; None: none has come
    next: Micros | None  # None: no moment comes, or it is paused without an end
    own: bool = True  # the pause is this schedule's, or there is none

    @property
    def id(self) -> str:
        return id_of(self.task, self.schedule)


def id_of(task: Task, schedule: Schedule) -> str:
    """By which the store and people name it: "deploy/nightly"."""
    return f"{task.slug}/{schedule.name}"


async def listed(core: Core, actor: Actor) -> Sequence[Planned]:
    """Of the tasks that the actor may see; those that press next first, paused ones last."""
    found, known, at = [], await core.store.pauses(), now()
    for task, schedule in _all(visibility.tasks(core.catalog, actor)):
        found.append(await _planned(core, task, schedule, known, at))
    return _in_order(found)


def _in_order(found: Iterable[Planned]) -> Sequence[Planned]:
    return sorted(found, key=lambda one: (one.next is None, one.next or 0, one.id))


def any_seen(core: Core, actor: Actor) -> bool:
    """Whether the actor may see a schedule: asked for each page, of the tasks alone."""
    found = core.catalog.tasks().values()
    return any(task.schedules and decide(actor, Verb.SEE, Resource(task.slug, task.group)) for task in found)


async def of_task(core: Core, task: Task) -> Sequence[Planned]:
    """The schedules of a task that the caller may see, the next one first."""
    if not task.schedules:
        return ()
    known, at = await core.store.pauses(), now()
    return _in_order([await _planned(core, task, schedule, known, at) for schedule in task.schedules])


async def named(core: Core, actor: Actor, id: str) -> Planned:  # noqa: A002
    """Raises `NoSuchSchedule`."""
    slug, _, name = id.partition("/")
    task = visibility.tasks(core.catalog, actor).get(slug)
    schedule = next((one for one in task.schedules if one.name == name), None) if task else None
    if task is None or schedule is None:
        raise NoSuchSchedule(id)
    return await _planned(core, task, schedule, await core.store.pauses(), now())


async def firings(core: Core, actor: Actor, id: str) -> Sequence[Firing]:  # noqa: A002
    """What became of its last due moments, newest first. Raises `NoSuchSchedule`."""
    return await past(core, await named(core, actor, id))


async def past(core: Core, planned: Planned, most: int = MOST) -> Sequence[Firing]:
    """So many of them, of a schedule that the caller may see."""
    kept = await core.store.firings(planned.id, limit=most + 1)
    return [one for one in kept if one.verdict is not Verdict.BEGUN][:most]


async def all_paused(core: Core) -> Pause | None:
    """The pause of all schedules, while it holds."""
    found = (await core.store.pauses()).get(ALL_OF_THEM)
    return found if found and found.holds(now()) else None


async def pause(core: Core, actor: Actor, id: str, *, until: Micros = 0, reason: str = "") -> Planned:  # noqa: A002
    """It presses nothing until then; 0: until it is resumed. Raises `NoSuchSchedule`, `Refused`, `BadInput`."""
    found = await _administered(core, actor, id)
    await _pause(core, actor, id, until, reason, task=found.task.slug, title=found.task.title)
    return await named(core, actor, id)


async def pause_all(core: Core, actor: Actor, *, until: Micros = 0, reason: str = "") -> Pause:
    """No schedule presses anything until then, whatever else is said of it. Raises `Refused`, `BadInput`."""
    require(actor, Verb.ADMIN)
    return await _pause(core, actor, ALL_OF_THEM, until, reason)


async def resume_all(core: Core, actor: Actor) -> None:
    """Those that were paused by themselves stay so. Raises `Refused`."""
    require(actor, Verb.ADMIN)
    done = act(actor, Deed.SCHEDULE_RESUME_ALL, "all schedules", now())
    await core.store.pause(ALL_OF_THEM, None, done)
    core.notifier.hint("schedules")


async def _pause(core: Core, actor: Actor, id: str, until: Micros, reason: str, **data: str) -> Pause:  # noqa: A002
    at = now()
    pause = pauses.checked(actor, until, reason, at)
    about, deed = f"schedule {id}", Deed.SCHEDULE_PAUSE
    if id == ALL_OF_THEM:
        about, deed = "all schedules", Deed.SCHEDULE_PAUSE_ALL
    await core.store.pause(id, pause, act(actor, deed, about, at, **data, **pauses.told(pause)))
    core.notifier.hint("schedules")
    return pause


async def resume(core: Core, actor: Actor, id: str) -> Planned:  # noqa: A002
    """What was due in the pause stays undone. Raises `NoSuchSchedule`, `Refused`."""
    found = await _administered(core, actor, id)
    at = now()
    done = act(actor, Deed.SCHEDULE_RESUME, f"schedule {id}", at, task=found.task.slug, title=found.task.title)
    await core.store.pause(id, None, done)
    if found.schedule.pause_after:
        await core.store.fire([Firing(id, at, Verdict.BEGUN)])  # what failed before counts no more
    core.notifier.hint("schedules")
    return await named(core, actor, id)


class Lookout:
    """Looks at all schedules. Which moment each waits for is kept in memory: one whose moment is not come, and that is
    not another one since, costs no look at the store.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._coming: dict[str, tuple[Schedule, Micros | None]] = {}  # by schedule; None: no moment comes
        self._late: dict[str, Micros] = {}  # by schedule that has to succeed in time: when that is looked at

    async def look(self) -> Micros | None:
        """Deal with all moments that have come: each is pressed once at most, or kept with the reason why it was not.
        The next moment; None: there is none.

        Raises `StoreError`; what was not dealt with is when this is called again.
        """
        known, at = await self._core.store.pauses(), now()
        before, self._coming = self._coming, {}
        waiting: dict[str, tuple[Schedule, Micros | None]] = {}
        try:
            for task, schedule in _all(self._core.catalog.tasks()):
                name = id_of(task, schedule)
                rule, coming = before.get(name, (None, None))
                if rule != schedule or (coming is not None and coming <= at):
                    coming = await _deal(self._core, task, schedule, _paused(known, name))
                    self._late.setdefault(name, at)
                if schedule.late and self._late.get(name, at + 1) <= at:
                    self._late[name] = await _alarm(self._core, task, schedule, at)
                waiting[name] = (schedule, coming)
        finally:
            self._coming = waiting
        self._late = {name: moment for name, moment in self._late.items() if name in waiting}
        late = [moment for name, moment in self._late.items() if waiting[name][0].late]
        return min([*late, *(coming for _, coming in waiting.values() if coming is not None)], default=None)


async def _deal(core: Core, task: Task, schedule: Schedule, paused: Sequence[Pause]) -> Micros | None:
    """The schedule's next moment."""
    name, at = id_of(task, schedule), now()
    newest = await core.store.firings(name, limit=1)
    if not newest:
        await core.store.fire([Firing(name, at, Verdict.BEGUN)])
        return following(schedule, at)
    seen = newest[0].due
    for due, verdict in come(schedule, seen, at):
        firing, seen = Firing(name, due, verdict), due
        if verdict not in (Verdict.PRESSED, Verdict.CAUGHT_UP):
            await core.store.fire([firing])
        elif pause := next((one for one in paused if one.holds(due)), None) or await _given_up(core, task, schedule):
            paused = [*paused, pause]
            await core.store.fire([replace(firing, verdict=Verdict.PAUSED, why=pause.reason)])
        else:
            await _press(core, task, schedule, firing, told=newest[0].verdict is Verdict.BROKEN)
    return following(schedule, max(seen, at) if schedule.cron else seen)


async def _alarm(core: Core, task: Task, schedule: Schedule, at: Micros) -> Micros:
    """Tell, once for a due moment, that no run has succeeded in time since it came. When to look again."""
    name, patience = id_of(task, schedule), int(schedule.late * 1_000_000)
    kept = [one for one in await core.store.firings(name) if one.verdict not in (Verdict.BEGUN, Verdict.PAUSED)]
    due = [one for one in kept if one.due + patience <= at]
    if due and not await _succeeded(core, [one for one in kept if one.due >= due[0].due]):
        await _tell_once(core, task, schedule, due[0].due, at)
    coming = [one.due + patience for one in kept if one.due + patience > at]
    return min(coming, default=at + patience)


async def _succeeded(core: Core, firings: Sequence[Firing]) -> bool:
    return any([await _end(core, one.run) is RunState.SUCCEEDED for one in firings if one.run])


async def _tell_once(core: Core, task: Task, schedule: Schedule, due: Micros, at: Micros) -> None:
    name = f"{id_of(task, schedule)} {due}"
    memo = Memo(name, "", at + TOLD)
    seen = await core.store.memos.change(LATE, [name], lambda found: [] if name in found else [memo], at=at)
    if name in seen:
        return
    text = say("No run of its schedule “{name}” has succeeded in time.", name=schedule.name)
    data = {"code": LATE, "level": "warn", "text": text, "schedule": id_of(task, schedule), "due": iso(due)}
    await core.store.say(Draft(Kind.NOTE, data, at), task=task.slug)
    core.notifier.hint("events")


async def _given_up(core: Core, task: Task, schedule: Schedule) -> Pause | None:
    """The pause that it takes by itself where its last runs failed, one after the other, as often as it says. It is
    looked for when it is due again; the end of a pause begins the count anew.
    """
    name, most = id_of(task, schedule), schedule.pause_after
    if not most:
        return None
    kept = await core.store.firings(name)
    since = itertools.takewhile(lambda one: one.verdict is not Verdict.BEGUN, kept)
    numbers = [one.run for one in since if one.run and one.verdict in (Verdict.PRESSED, Verdict.CAUGHT_UP)][:most]
    if len(numbers) < most or not all([await _end(core, number) in WRONG for number in numbers]):
        return None
    at = now()
    pause = Pause(0, FAILED, f"schedule:{name}")
    done = Act(pause.actor, Deed.SCHEDULE_PAUSE, f"schedule {name}", at, {
        "task": task.slug, "title": task.title, **pauses.told(pause),
    })  # fmt: skip
    await core.store.pause(name, pause, done)
    log.warning("the schedule %s is paused: its last %d runs failed", name, most)
    return pause


async def _end(core: Core, number: int) -> RunState | None:
    """How the run that was pressed stands, or the last try of it; None: it was removed."""
    try:
        run = await core.store.run(number)
        while run.next:
            run = await core.store.run(run.next)
    except NoSuchRun:
        return None
    return run.state


async def _press(core: Core, task: Task, schedule: Schedule, firing: Firing, *, told: bool) -> None:
    """`told`: nothing could be pressed the last time, either, so who wants to know of it knows."""
    actor = Actor(f"schedule:{firing.schedule}", ALL, credential=f"schedule:{firing.schedule}")
    try:
        await press(
            core, actor, task.slug, schedule.inputs, key=str(firing.due), not_before=firing.due, firing=firing,
            why=DUE if task.reason is Reason.REQUIRED else "",
        )  # fmt: skip
    except KeyReused:
        log.warning("the schedule %s was changed while it pressed; what was pressed stays", firing.schedule)
    except (StoreError, StillReading):
        raise
    except PushbuttonError as error:
        fields = error.fields.items() if isinstance(error, InvalidInputs) else ()
        why = "; ".join(f"{name}: {text}" if name else text for name, text in fields) or str(error)
        log.warning("the schedule %s pressed nothing: %s", firing.schedule, why)
        await core.store.fire([replace(firing, verdict=Verdict.BROKEN, why=why)])
        if not told:
            await core.store.say(journal.note(why, code=LATE), task=task.slug)
            core.notifier.hint("events")


async def _planned(core: Core, task: Task, schedule: Schedule, known: Mapping[str, Pause], at: Micros) -> Planned:
    kept = await core.store.firings(id_of(task, schedule), limit=1)
    holding = [one for one in _paused(known, id_of(task, schedule)) if one.holds(at)]
    paused = next((one for one in holding if not one.until), max(holding, key=lambda one: one.until, default=None))
    after = at if schedule.cron or not kept else max(kept[0].due, at - int(schedule.every * 1_000_000))
    coming = following(schedule, max(after, paused.until if paused else 0))
    if paused and not paused.until:
        coming = None
    last = kept[0] if kept and kept[0].verdict is not Verdict.BEGUN else None
    return Planned(task, schedule, paused, last, coming, own=paused in (None, known.get(id_of(task, schedule))))


def _paused(known: Mapping[str, Pause], id: str) -> Sequence[Pause]:  # noqa: A002
    task, _, _ = id.partition("/")
    return [known[name] for name in (id, task, ALL_OF_THEM) if name in known]


async def _administered(core: Core, actor: Actor, id: str) -> Planned:  # noqa: A002
    found = await named(core, actor, id)
    require(actor, Verb.ADMIN, Resource(found.task.slug, found.task.group))
    return found


def _all(tasks: Mapping[str, Task]) -> Iterator[tuple[Task, Schedule]]:
    return ((task, schedule) for task in tasks.values() for schedule in task.schedules)
