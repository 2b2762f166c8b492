"""The schedules of the tasks: what is due of them, and the verbs with which people pause them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pushbutton.domain.actor import LOCAL, Actor, Verb
from pushbutton.domain.audit import Deed, act
from pushbutton.domain.inputs import check
from pushbutton.domain.made_schedule import MadeSchedule
from pushbutton.domain.policy import Resource, decide, require
from pushbutton.domain.run import Micros, RunState
from pushbutton.domain.schedule import (
    ALL_OF_THEM,
    MOST,
    SECOND,
    Firing,
    Pause,
    Schedule,
    Verdict,
    following,
)
from pushbutton.domain.task import Task
from pushbutton.errors import (
    NoSuchRun,
    NoSuchSchedule,
    by_field,
)
from pushbutton.sentence import say

from . import pauses, visibility
from .clock import now
from .core import Core
from .input_check import fitted


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
    late: Micros = 0  # the due moment since which no run has succeeded, though one should have; 0: none

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
    return any(_sees(core, actor, rule) for rule in rules(core))


async def of_task(core: Core, task: Task) -> Sequence[Planned]:
    """The schedules of a task that the caller may see, the next one first."""
    found = list(_of(core, task.slug))
    known, at = (await core.store.pauses(), now()) if found else ({}, 0)
    return _in_order([await _planned(core, rule, known, at) for rule in found])


async def named(core: Core, actor: Actor, id: str) -> Planned:  # noqa: A002
    """Raises `NoSuchSchedule`."""
    found = next((rule for rule in _of(core, id.partition("/")[0]) if rule.id == id), None)
    if found is None or not _sees(core, actor, found):
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


async def awaited(core: Core, rule: Rule) -> Sequence[Firing]:
    """Its moments of which a run had to succeed, newest first."""
    found = [one for one in await core.store.firings(rule.id) if one.due >= rule.begun]
    return [one for one in found if one.verdict not in (Verdict.BEGUN, Verdict.PAUSED, Verdict.BLACKOUT)]


async def late_since(core: Core, rule: Rule, found: Sequence[Firing], at: Micros) -> Micros:
    """The newest of these moments of which a run should have succeeded by now, if none has since; 0: none is late."""
    due = next((one.due for one in found if one.due + int(rule.schedule.late * SECOND) <= at), 0)
    if not due:  # then no run has to be looked at
        return 0
    ends = [await end_of(core, one.run) for one in found if one.run and one.due >= due]
    return 0 if RunState.SUCCEEDED in ends else due


async def end_of(core: Core, number: int) -> RunState | None:
    """How the run that was pressed stands, or the last try of it; None: it was removed."""
    try:
        run = await core.store.run(number)
        while run.next:
            run = await core.store.run(run.next)
    except NoSuchRun:
        return None
    return run.state


async def _planned(core: Core, rule: Rule, known: Mapping[str, Pause], at: Micros) -> Planned:
    schedule = rule.schedule
    kept = await core.store.firings(rule.id, limit=1)
    holding = [one for one in pausing(known, rule.id) if one.holds(at)]
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
    return Planned(
        rule,
        paused,
        last,
        coming,
        own=paused in (None, known.get(rule.id)),
        broken=broken,
        late=await late_since(core, rule, await awaited(core, rule), at) if schedule.late and not paused else 0,
    )


def pausing(known: Mapping[str, Pause], id: str) -> Sequence[Pause]:  # noqa: A002
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
    return (rule for rule in rules(core) if _sees(core, actor, rule))


def _sees(core: Core, actor: Actor, rule: Rule) -> bool:
    """One whose task is gone is there for its maker, and for administrators."""
    if rule.task or rule.made is None:
        return bool(decide(actor, Verb.SEE, rule.place))
    return visibility.looks_after(core.catalog, actor, rule.made)


def rules(core: Core) -> Iterator[Rule]:
    """Those of files, then those that people made. One of a file takes the place of one with its name."""
    for task in core.catalog.tasks().values():
        yield from _declared(task)
    yield from _made(core, core.directory.all.schedules.values())


def _of(core: Core, slug: str) -> Iterator[Rule]:
    """Those of one task."""
    task = core.catalog.tasks().get(slug)
    if task:
        yield from _declared(task)
    yield from _made(core, (made for made in core.directory.all.schedules.values() if made.task == slug))


def _declared(task: Task) -> Iterator[Rule]:
    return (Rule(f"{task.slug}/{schedule.name}", schedule, task) for schedule in task.schedules)


def _made(core: Core, found: Iterable[MadeSchedule]) -> Iterator[Rule]:
    for made in found:
        task = core.catalog.tasks().get(made.task)
        if task is None or made.rule.name not in {schedule.name for schedule in task.schedules}:
            yield Rule(made.id, made.rule, task, made)
