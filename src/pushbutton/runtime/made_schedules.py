"""Schedules that people make, beside those that files declare: making, changing and removing them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pushbutton.domain import made_schedule
from pushbutton.domain.actor import LOCAL, Actor
from pushbutton.domain.audit import Deed, act
from pushbutton.domain.identity import one_line
from pushbutton.domain.inputs import check
from pushbutton.domain.made_schedule import MadeSchedule
from pushbutton.domain.param import Inputs, ParamType
from pushbutton.domain.pattern import Fits
from pushbutton.domain.person import Snapshot
from pushbutton.domain.policy import schedules as may_belong
from pushbutton.domain.schedule import Schedule, local
from pushbutton.domain.slug import slug
from pushbutton.domain.task import Task
from pushbutton.errors import BadInput, InvalidInputs, NoSuchSchedule, Refused, TaskBroken
from pushbutton.sentence import say

from . import schedules, visibility
from .clock import now
from .core import Core
from .input_check import fitted
from .ports.people import Change
from .schedules import Planned

MOST = 100
"""Schedules of one person."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A schedule as somebody asks for it. The name and the inputs of `rule` count for nothing: they come of these."""

    rule: Schedule
    title: str = ""  # as people call it; "": it is named after its maker
    inputs: Mapping[str, object] = field(default_factory=dict)


async def make(core: Core, actor: Actor, task_name: str, wanted: Wanted, *, form: bool = False) -> Planned:
    """From now on it presses, in the actor's name. With `form`, the inputs are texts.

    Raises `NoSuchTask`, `StillReading`, `TaskBroken`, `Refused`, `InvalidInputs`.
    """
    require_maker(actor)
    rule, task = await _checked(core, actor, task_name, wanted, form=form)
    at, maker = now(), actor.user or LOCAL.name
    title = one_line(wanted.title)
    kind, _, key = actor.credential.partition(":")
    made = MadeSchedule("", maker, rule, at, at, title, key if kind == "token" else "")

    def work(seen: Snapshot) -> Change:
        if sum(known.maker == maker for known in seen.schedules.values()) >= MOST:
            raise Refused(say("You have {n} schedules already: remove those that nobody needs any more.", n=MOST))
        nonlocal made
        name = _free(task, seen, slug(title) or slug(f"by {maker}"))
        made = replace(made, id=f"{task.slug}/{name}", rule=replace(rule, name=name))
        done = act(actor, Deed.SCHEDULE_MAKE, f"schedule {made.id}", at, task=task.slug, title=task.title, name=title)
        return Change(done, put=[made])

    await core.directory.change(work)
    core.notifier.hint("schedules")
    return await schedules.named(core, actor, made.id)


async def change(core: Core, actor: Actor, id: str, wanted: Wanted, *, form: bool = False) -> Planned:  # noqa: A002
    """The whole of it, under the same name; what was due before stays as it is. Only its maker can: it goes on in their
    name. Raises as `make` does, and `NoSuchSchedule`.
    """
    require_maker(actor)
    found = _made(await schedules.named(core, actor, id))
    if found.maker != (actor.user or LOCAL.name):
        raise Refused(say("Only the person who made it can change it: it presses in their name."))
    rule, task = await _checked(core, actor, found.task, wanted, form=form)
    at, title = now(), one_line(wanted.title)
    kind, _, key = actor.credential.partition(":")
    done = act(actor, Deed.SCHEDULE_CHANGE, f"schedule {id}", at, task=task.slug, title=task.title, name=title)

    def work(seen: Snapshot) -> Change:
        known = seen.schedules.get(id)
        if known is None:
            raise NoSuchSchedule(id)
        fresh = replace(
            known, rule=replace(rule, name=known.rule.name), title=title, begun_at=at,
            token=key if kind == "token" else "",
        )  # fmt: skip
        return Change(done, put=[fresh])

    await core.directory.change(work)
    core.notifier.hint("schedules")
    return await schedules.named(core, actor, id)


async def remove(core: Core, actor: Actor, id: str) -> None:  # noqa: A002
    """Remove it. Runs that it pressed go on, and its firings stay in the store. Raises `NoSuchSchedule`,
    `Refused`.
    """
    found = await schedules.administered(core, actor, id)
    made = _made(found)
    done = act(actor, Deed.SCHEDULE_REMOVE, f"schedule {id}", now(), **schedules.told(found.rule), name=made.title)
    await core.directory.change(lambda seen: Change(done, drop=[made]) if id in seen.schedules else Change())
    if found.pause and found.own:  # else it would hold for one that is made under the same name
        ended = act(actor, Deed.SCHEDULE_RESUME, f"schedule {id}", now(), **schedules.told(found.rule))
        await core.store.pause(id, None, ended)
    core.notifier.hint("schedules")


def require_maker(actor: Actor) -> None:
    """Raises `Refused` for one to whom no schedule can belong."""
    decision = may_belong(actor)
    if not decision:
        raise Refused(decision.reason)


async def _checked(core: Core, actor: Actor, task_name: str, wanted: Wanted, *, form: bool) -> tuple[Schedule, Task]:
    """The rule with its inputs, and the task as it is offered now."""
    task_name = await visibility.named(core.catalog, actor, task_name)
    visibility.pressable(core.catalog, actor, task_name)
    offered = await core.catalog.offered(task_name)
    task = offered.task
    if task.broken:
        raise TaskBroken(task_name, visibility.broken(core.catalog, actor, task))
    inputs, wrong = await fitted(core.patterns, lambda fits: _kept(task, wanted.inputs, form=form, fits=fits))
    wrong |= {name: sentence for name, sentence in offered.faults.items() if name in inputs}
    wrong |= made_schedule.unfit(wanted.rule, wanted.title.strip())
    if not wrong and wanted.rule.blackout:
        try:
            await core.calendars.entry(wanted.rule.blackout, local(wanted.rule, now()))
        except BadInput as error:
            wrong[made_schedule.FIELDS["blackout"]] = str(error)
    if wrong:
        raise InvalidInputs(wrong)
    return replace(wanted.rule, inputs=inputs), task


def _kept(task: Task, given: Mapping[str, object], *, form: bool, fits: Fits) -> tuple[Inputs, dict[str, str]]:
    """The inputs to keep, and a sentence for each that is wrong. One that nobody gave is left to the default of the
    day.
    """
    inputs, wrong = check(task.params, given, form=form, fits=fits)
    for param in task.params:
        asked = bool(given.get(param.name)) or param.name in wrong
        if param.type is ParamType.SECRET and asked:
            wrong[param.name] = say("A schedule keeps no secrets: give the task a named secret.")
        elif param.type is ParamType.FILE and asked:
            wrong[param.name] = say("A schedule keeps no files: let the task read it from where it lies.")
    return {name: value for name, value in inputs.items() if name in given}, wrong


def _free(task: Task, seen: Snapshot, wanted: str) -> str:
    """That name, or with a number where it is taken."""
    declared = {schedule.name for schedule in task.schedules}
    names = itertools.chain([wanted], (f"{wanted}-{number}" for number in itertools.count(2)))
    return next(name for name in names if name not in declared and f"{task.slug}/{name}" not in seen.schedules)


def _made(found: Planned) -> MadeSchedule:
    if found.rule.made is None:
        raise Refused(say("This schedule stands in a file: change it there. Here it can be paused."))
    return found.rule.made
