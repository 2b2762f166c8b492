"""The schedules of the tasks: what is due of them, and the verbs with which people pause them."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pushbutton.domain.actor import ALL, LOCAL, Actor, Verb
from pushbutton.domain.audit import Act, Deed, act
from pushbutton.domain.event import Draft, Kind, iso
from pushbutton.domain.identity import one_line
from pushbutton.domain.inputs import check
from pushbutton.domain.made_schedule import MadeSchedule
from pushbutton.domain.messages import LATE
from pushbutton.domain.policy import Resource, decide, require
from pushbutton.domain.run import WRONG, Micros, RunState
from pushbutton.domain.schedule import (
    ALL_OF_THEM,
    FAILED,
    MOST,
    Firing,
    Pause,
    Schedule,
    Verdict,
    come,
    following,
    local,
)
from pushbutton.domain.task import Reason, Task
from pushbutton.errors import (
    BadInput,
    InvalidInputs,
    KeyReused,
    NoSuchRun,
    NoSuchSchedule,
    PushbuttonError,
    Refused,
    StillReading,
    StoreError,
    by_field,
)
from pushbutton.sentence import say

from . import journal, pauses, visibility
from .clock import now
from .core import Core
from .input_check import fitted
from .ports.memos import Memo
from .press import press

DUE = "It was due."
"""The reason of a press where a task requires one."""

TOLD: Final = 366 * 86_400 * 1_000_000
"""Microseconds for which it is kept that somebody was told of a moment."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rule:
    """A schedule and where it comes from."""

    id: str  # by which the store and people name it: "deploy/nightly"
    schedule: Schedule
    task: Task | None  # None: it is gone
    made: MadeSchedule | None = None  # None: a file declares it

    @property
    def slug(self) -> str:
        return self.id.partition("/")[0]

    @property
    def title(self) -> str:
        """The task's."""
        return self.task.title if self.task else self.slug

    @property
    def begun(self) -> Micros:
        """From when its moments count; 0: from when it was seen first."""
        return self.made.begun_at if self.made else 0

    @property
    def place(self) -> Resource:
        return Resource(self.slug, self.task.group if self.task else "")


@dataclass(frozen=True, slots=True)
class Planned:
    """A schedule as it stands."""

    rule: Rule
    pause: Pause | None  # None: it is not paused
    last: Firing | None  # what became of its last due moment; None: none has come
    next: Micros | None  # None: no moment comes, or it is paused without an end
    own: bool = True  # the pause is this schedule's, or there is none
    broken: str = ""  # why it presses nothing now; "": it does

    @property
    def id(self) -> str:
        return self.rule.id

    @property
    def schedule(self) -> Schedule:
        return self.rule.schedule


async def listed(core: Core, actor: Actor) -> Sequence[Planned]:
    """Of the tasks that the actor may see, and those that they made; the next one first, those that have no next
    moment last.
    """
    known, at = await core.store.pauses(), now()
    return _in_order([await _planned(core, rule, known, at) for rule in _seen(core, actor)])


def _in_order(found: Iterable[Planned]) -> Sequence[Planned]:
    return sorted(found, key=lambda one: (one.next is None, one.next or 0, one.id))


def any_seen(core: Core, actor: Actor) -> bool:
    """Whether the actor may see a schedule: asked for each page, of the tasks alone."""
    return any(_sees(core, actor, rule) for rule in _all(core))


async def of_task(core: Core, task: Task) -> Sequence[Planned]:
    """The schedules of a task that the caller may see, the next one first."""
    rules = [rule for rule in _all(core) if rule.slug == task.slug]
    known, at = (await core.store.pauses(), now()) if rules else ({}, 0)
    return _in_order([await _planned(core, rule, known, at) for rule in rules])


async def named(core: Core, actor: Actor, id: str) -> Planned:  # noqa: A002
    """Raises `NoSuchSchedule`."""
    found = next((rule for rule in _seen(core, actor) if rule.id == id), None)
    if found is None:
        raise NoSuchSchedule(id)
    return await _planned(core, found, await core.store.pauses(), now())


async def firings(core: Core, actor: Actor, id: str) -> Sequence[Firing]:  # noqa: A002
    """Its last firings, newest first. Raises `NoSuchSchedule`."""
    return await past(core, await named(core, actor, id))


async def past(core: Core, planned: Planned, most: int = MOST) -> Sequence[Firing]:
    """So many of them, of a schedule that the caller may see."""
    kept, since = await core.store.firings(planned.id, limit=most + 1), planned.rule.made
    return [one for one in kept if one.verdict is not Verdict.BEGUN and not (since and one.due < since.made_at)][:most]


async def all_paused(core: Core) -> Pause | None:
    """The pause of all schedules, while it holds."""
    found = (await core.store.pauses()).get(ALL_OF_THEM)
    return found if found and found.holds(now()) else None


async def pause(core: Core, actor: Actor, id: str, *, until: Micros = 0, reason: str = "") -> Planned:  # noqa: A002
    """It presses nothing until then; 0: until it is resumed. Raises `NoSuchSchedule`, `Refused`, `BadInput`."""
    found = await administered(core, actor, id)
    await _pause(core, actor, id, until, reason, **told(found.rule))
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
    """End its pause. Moments that were due in it stay skipped. Raises `NoSuchSchedule`, `Refused`."""
    found = await administered(core, actor, id)
    at = now()
    done = act(actor, Deed.SCHEDULE_RESUME, f"schedule {id}", at, **told(found.rule))
    await core.store.pause(id, None, done)
    if found.schedule.pause_after:
        await core.store.fire([Firing(id, at, Verdict.BEGUN)])  # what failed before counts no more
    core.notifier.hint("schedules")
    return await named(core, actor, id)


def told(rule: Rule) -> dict[str, str]:
    """Its data in the audit trail."""
    return {"task": rule.slug, "title": rule.title}


class Lookout:
    """Looks at all schedules. Which moment each waits for is kept in memory: one whose moment is not come, and that is
    not another one since, costs no look at the store.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._coming: dict[str, tuple[Schedule, Micros | None]] = {}  # by schedule; None: no moment comes
        self._late: dict[str, Micros] = {}  # by schedule that has to succeed in time: when that is looked at
        self._fitting: dict[str, tuple[Rule, bool]] = {}  # by schedule that somebody made: whether it is unfit

    async def look(self) -> Micros | None:
        """Deal with all moments that have come: each is pressed once at most, or kept with the reason why it was not.
        The next moment; None: there is none.

        Raises `StoreError`; what was not dealt with is when this is called again.
        """
        known, at = await self._core.store.pauses(), now()
        before, self._coming = self._coming, {}
        waiting: dict[str, tuple[Schedule, Micros | None]] = {}
        try:
            for rule in _all(self._core):
                name, schedule = rule.id, rule.schedule
                told = await self._told(rule, at)
                seen, coming = before.get(name, (None, None))
                if seen != schedule or (coming is not None and coming <= at):
                    coming = await _deal(self._core, rule, _paused(known, name), told=told)
                    self._late.setdefault(name, at)
                if schedule.late and self._late.get(name, at + 1) <= at:
                    self._late[name] = await _alarm(self._core, rule, at)
                waiting[name] = (schedule, coming)
        finally:
            self._coming = waiting
        self._late = {name: moment for name, moment in self._late.items() if name in waiting}
        self._fitting = {name: found for name, found in self._fitting.items() if name in waiting}
        late = [moment for name, moment in self._late.items() if waiting[name][0].late]
        return min([*late, *(coming for _, coming in waiting.values() if coming is not None)], default=None)

    async def _told(self, rule: Rule, at: Micros) -> bool:
        """Tell, once, that what somebody made does not fit its task any more, as soon as the task is another one.
        Whether that was told.
        """
        if rule.made is None:
            return False
        before, told = self._fitting.get(rule.id, (None, False))
        if before and before.task is rule.task and before.schedule == rule.schedule:
            return told
        why = await unfit(self._core, rule)
        self._fitting[rule.id] = (rule, bool(why))
        if await _is_news(self._core, f"{rule.id} unfit", why, at):
            await _say_broken(self._core, rule, why)
        return bool(why)


async def unfit(core: Core, rule: Rule) -> str:
    """Why what somebody's schedule fills in is nothing for its task as it is now; "": it fits."""
    task = rule.task
    if task is None:
        return say("Its task is gone.")
    if task.broken:
        return say("Its task cannot be pressed: its file is broken.")
    _, wrong = await fitted(core.patterns, lambda fits: check(task.params, rule.schedule.inputs, fits=fits))
    return by_field(wrong)


def barred(core: Core, rule: Rule) -> str:
    """Why whoever made it may not press its task now; "": they may, or a file declares it."""
    if rule.made is None:
        return ""
    if decide(core.directory.of_schedule(rule.made, now()), Verb.PRESS, rule.place):
        return ""
    if rule.made.maker == LOCAL.name:
        return say("It was made while nobody signed in, and now somebody has to: remove it, and make it anew.")
    user = core.directory.all.users.get(rule.made.maker)
    name = user.called if user else rule.made.maker
    return say("It presses in the name of {name}, who may not press this task any more.", name=name)


async def _deal(core: Core, rule: Rule, paused: Sequence[Pause], *, told: bool) -> Micros | None:
    """The schedule's next moment. `told`: who wants to know that it presses nothing knows."""
    name, schedule, at = rule.id, rule.schedule, now()
    newest = await core.store.firings(name, limit=1)
    if not newest and not rule.begun:
        await core.store.fire([Firing(name, at, Verdict.BEGUN)])
        return following(schedule, at)
    seen = max([rule.begun, *(one.due for one in newest)])
    told = told or any(one.verdict is Verdict.BROKEN for one in newest)
    for due, verdict in come(schedule, seen, at):
        firing, seen = Firing(name, due, verdict), due
        if verdict not in (Verdict.PRESSED, Verdict.CAUGHT_UP):
            await core.store.fire([firing])
        elif pause := next((one for one in paused if one.holds(due)), None) or await _given_up(core, rule):
            paused = [*paused, pause]
            await core.store.fire([replace(firing, verdict=Verdict.PAUSED, why=pause.reason)])
        elif not await _blacked_out(core, rule, firing, told=told):
            await _press(core, rule, firing, told=told)
    return following(schedule, max(seen, at) if schedule.cron else seen)


async def _blacked_out(core: Core, rule: Rule, firing: Firing, *, told: bool) -> bool:
    """Whether an entry of its calendar lasts at the moment, or the calendar cannot be read: that is kept."""
    if not rule.schedule.blackout:
        return False
    try:
        found = await core.calendars.entry(rule.schedule.blackout, local(rule.schedule, firing.due))
    except BadInput as error:
        await core.store.fire([replace(firing, verdict=Verdict.BROKEN, why=str(error))])
        if not told:
            await _say_broken(core, rule, str(error))
        return True
    if found is not None:
        await core.store.fire([replace(firing, verdict=Verdict.BLACKOUT, why=one_line(found))])
    return found is not None


async def _alarm(core: Core, rule: Rule, at: Micros) -> Micros:
    """Tell, once for a due moment, that no run has succeeded in time since it came. When to look again."""
    name, patience = rule.id, int(rule.schedule.late * 1_000_000)
    found = [one for one in await core.store.firings(name) if one.due >= rule.begun]
    kept = [one for one in found if one.verdict not in (Verdict.BEGUN, Verdict.PAUSED, Verdict.BLACKOUT)]
    due = [one for one in kept if one.due + patience <= at]
    if due and not await _succeeded(core, [one for one in kept if one.due >= due[0].due]):
        await _tell_once(core, rule, due[0].due, at)
    coming = [one.due + patience for one in kept if one.due + patience > at]
    return min(coming, default=at + patience)


async def _succeeded(core: Core, firings: Sequence[Firing]) -> bool:
    return any([await _end(core, one.run) is RunState.SUCCEEDED for one in firings if one.run])


async def _tell_once(core: Core, rule: Rule, due: Micros, at: Micros) -> None:
    if not await _first(core, f"{rule.id} {due}", at):
        return
    text = say("No run of its schedule “{name}” has succeeded in time.", name=rule.schedule.name)
    data = {"code": LATE, "level": "warn", "text": text, "schedule": rule.id, "due": iso(due)}
    await core.store.say(Draft(Kind.NOTE, data, at), task=rule.slug)
    core.notifier.hint("events")


async def _first(core: Core, name: str, at: Micros) -> bool:
    """Whether nobody was told of this yet, by whichever server; from now on somebody was."""
    memo = Memo(name, "", at + TOLD)
    seen = await core.store.memos.change(LATE, [name], lambda found: [] if name in found else [memo], at=at)
    return name not in seen


async def _is_news(core: Core, name: str, why: str, at: Micros) -> bool:
    """Whether nobody was told of this yet, by whichever server; from now on somebody was. "": there is nothing to tell,
    and what was told before is over.
    """
    before = (await core.store.memos.read(LATE, [name], at=at)).get(name)
    if (before.value if before else "") == why:
        return False
    memo = Memo(name, why, at + TOLD if why else at)
    seen = (await core.store.memos.change(LATE, [name], lambda _: [memo], at=at)).get(name)
    return bool(why) and (seen.value if seen else "") != why


async def _say_broken(core: Core, rule: Rule, why: str) -> None:
    await core.store.say(journal.note(why, code=LATE), task=rule.slug)
    core.notifier.hint("events")


async def _given_up(core: Core, rule: Rule) -> Pause | None:
    """The pause that it takes by itself where its last runs failed, one after the other, as often as it says. It is
    looked for when it is due again; the end of a pause begins the count anew.
    """
    name, most = rule.id, rule.schedule.pause_after
    if not most:
        return None
    kept = await core.store.firings(name)
    since = itertools.takewhile(lambda one: one.verdict is not Verdict.BEGUN and one.due >= rule.begun, kept)
    numbers = [one.run for one in since if one.run and one.verdict in (Verdict.PRESSED, Verdict.CAUGHT_UP)][:most]
    if len(numbers) < most or not all([await _end(core, number) in WRONG for number in numbers]):
        return None
    at = now()
    pause = Pause(0, FAILED, f"schedule:{name}")
    done = Act(pause.actor, Deed.SCHEDULE_PAUSE, f"schedule {name}", at, {
        **told(rule), **pauses.told(pause),
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


async def _press(core: Core, rule: Rule, firing: Firing, *, told: bool) -> None:
    """`told`: nothing could be pressed the last time, either, so who wants to know of it knows."""
    if rule.made:
        actor = core.directory.of_schedule(rule.made, now())
    else:
        actor = Actor(f"schedule:{rule.id}", ALL, credential=f"schedule:{rule.id}")
    why = barred(core, rule) or ("" if rule.task else say("Its task is gone."))
    try:
        if why:
            raise Refused(why)
        await press(
            core, actor, rule.slug, rule.schedule.inputs, key=str(firing.due), not_before=firing.due, firing=firing,
            why=DUE if rule.task and rule.task.reason is Reason.REQUIRED else "",
        )  # fmt: skip
    except KeyReused:
        log.warning("the schedule %s was changed while it pressed; what was pressed stays", firing.schedule)
    except (StoreError, StillReading):
        raise
    except PushbuttonError as error:
        why = why or (error.by_field if isinstance(error, InvalidInputs) else "") or str(error)
        log.warning("the schedule %s pressed nothing: %s", firing.schedule, why)
        await core.store.fire([replace(firing, verdict=Verdict.BROKEN, why=why)])
        if not told:
            await _say_broken(core, rule, why)


async def _planned(core: Core, rule: Rule, known: Mapping[str, Pause], at: Micros) -> Planned:
    schedule = rule.schedule
    kept = await core.store.firings(rule.id, limit=1)
    holding = [one for one in _paused(known, rule.id) if one.holds(at)]
    paused = next((one for one in holding if not one.until), max(holding, key=lambda one: one.until, default=None))
    seen = max([rule.begun, *(one.due for one in kept)]) or at
    after = at if schedule.cron else max(seen, at - int(schedule.every * 1_000_000))
    coming = following(schedule, max(after, paused.until if paused else 0))
    if paused and not paused.until:
        coming = None
    gone = bool(kept and rule.made and kept[0].due < rule.made.made_at)  # it was another one's of this name
    last = kept[0] if kept and kept[0].verdict is not Verdict.BEGUN and not gone else None
    broken = (barred(core, rule) or await unfit(core, rule)) if rule.made else ""
    if last and last.verdict is Verdict.BROKEN and not broken:
        broken = last.why
    return Planned(rule, paused, last, coming, own=paused in (None, known.get(rule.id)), broken=broken)


def _paused(known: Mapping[str, Pause], id: str) -> Sequence[Pause]:  # noqa: A002
    task, _, _ = id.partition("/")
    return [known[name] for name in (id, task, ALL_OF_THEM) if name in known]


async def administered(core: Core, actor: Actor, id: str) -> Planned:  # noqa: A002
    """One that the actor looks after. Raises `NoSuchSchedule`, `Refused`."""
    found = await named(core, actor, id)
    if not looked_after(core, actor, found):
        require(actor, Verb.ADMIN, found.rule.place)
    return found


def looked_after(core: Core, actor: Actor, planned: Planned) -> bool:
    """Whether the actor may pause it, and remove one that somebody made: its maker, and administrators of the task."""
    made = planned.rule.made
    mine = made is not None and visibility.looks_after(core.catalog, actor, made)
    return mine or bool(decide(actor, Verb.ADMIN, planned.rule.place))


def _seen(core: Core, actor: Actor) -> Iterator[Rule]:
    return (rule for rule in _all(core) if _sees(core, actor, rule))


def _sees(core: Core, actor: Actor, rule: Rule) -> bool:
    """One whose task is gone is there for its maker, and for administrators."""
    if rule.task or rule.made is None:
        return bool(decide(actor, Verb.SEE, rule.place))
    return visibility.looks_after(core.catalog, actor, rule.made)


def _all(core: Core) -> Iterator[Rule]:
    """Those of files, then those that people made. One of a file takes the place of one with its name."""
    tasks = core.catalog.tasks()
    declared = set[str]()
    for slug, task in tasks.items():
        for schedule in task.schedules:
            declared.add(id_ := f"{slug}/{schedule.name}")
            yield Rule(id_, schedule, task)
    for id_, made in core.directory.all.schedules.items():
        if id_ not in declared:
            yield Rule(id_, made.rule, tasks.get(made.task), made)
