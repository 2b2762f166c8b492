"""The tasks and runs that an actor may see; all others do not exist for it."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Mapping
from dataclasses import replace

from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.hook import Hook
from pushbutton.domain.made_schedule import MadeSchedule
from pushbutton.domain.person import Link
from pushbutton.domain.policy import Resource, decide, everywhere, require
from pushbutton.domain.reach import Reach
from pushbutton.domain.run import Run
from pushbutton.domain.task import Task
from pushbutton.errors import NoSuchRun, NoSuchTask, StillReading

from .ports import Catalog, RunQuery, Store, Topics


def resource(catalog: Catalog, slug: str) -> Resource:
    """Where the rights for a task stand. One that was removed is in no group any more."""
    task = catalog.tasks().get(slug)
    return Resource(slug, task.group if task else "")


def resources(catalog: Catalog, run: Run) -> tuple[Resource, Resource]:
    """Where the rights for a run stand: where its task stands now, and where it stood when it was pressed. Both have to
    allow what is done with the run.
    """
    return resource(catalog, run.task), Resource(run.task, run.group)


def tasks(catalog: Catalog, actor: Actor) -> Mapping[str, Task]:
    """By slug, in the catalogue's order."""
    found = catalog.tasks()
    if everywhere(actor, Verb.SEE):
        return found
    return {slug: task for slug, task in found.items() if decide(actor, Verb.SEE, Resource(slug, task.group))}


async def named(catalog: Catalog, actor: Actor, slug: str) -> str:
    """The name that a task has now, when everything is read: another one where `slug` was that of a link to its file,
    and the actor may see it.
    """
    found = await catalog.awaited(slug)
    return found if found in tasks(catalog, actor) else slug


def task(catalog: Catalog, actor: Actor, slug: str) -> Task:
    """Raises `NoSuchTask`, with the nearest name among those that the actor may see, or `StillReading`."""
    seen = tasks(catalog, actor)
    if slug in seen:
        return seen[slug]
    if catalog.reading:
        raise StillReading(slug[:100], silent=bool(catalog.silent()))
    raise NoSuchTask(slug, next(iter(difflib.get_close_matches(slug, seen, n=1)), None))


def pressable(catalog: Catalog, actor: Actor, slug: str) -> Task:
    """A task that the actor may see and press. Raises `NoSuchTask`, `StillReading`, `Refused`."""
    found = task(catalog, actor, slug)
    require(actor, Verb.PRESS, Resource(slug, found.group))
    return found


def broken(catalog: Catalog, actor: Actor, task: Task) -> str:
    """Why it is, for its administrators: the sentence may name secrets, files and lines. "" for others."""
    return task.broken if decide(actor, Verb.ADMIN, resource(catalog, task.slug)) else ""


async def run(store: Store, catalog: Catalog, actor: Actor, number: int) -> Run:
    """Raises `NoSuchRun`."""
    found = await store.run(number)
    if actor.own and found.actor != actor.name:
        raise NoSuchRun(number)
    if not decide(actor, Verb.SEE, *resources(catalog, found)):
        raise NoSuchRun(number)
    return found


def reach(catalog: Catalog, actor: Actor) -> Reach | None:
    """Whose runs the actor may see, also of tasks that are gone; None: all."""
    if actor.own:
        return Reach()
    return _reach(catalog, actor)


def _reach(catalog: Catalog, actor: Actor) -> Reach | None:
    if everywhere(actor, Verb.SEE):
        return None
    named = {right.where.removeprefix("task:") for right in actor.rights if right.where.startswith("task:")}
    gone = {slug for slug in named - catalog.tasks().keys() if decide(actor, Verb.SEE, Resource(slug))}
    return Reach.over(actor, frozenset(tasks(catalog, actor)) | gone)


def query(catalog: Catalog, actor: Actor, asked: RunQuery) -> RunQuery:
    """The part of `asked` that the actor may see."""
    if actor.own:
        return replace(asked, reach=_reach(catalog, actor), actor=actor.name)
    return replace(asked, reach=reach(catalog, actor))


def past(catalog: Catalog, actor: Actor, asked: RunQuery) -> RunQuery:
    """The part of `asked` that the actor may go by, where only times and numbers are shown of it: also of runs that
    others pressed.
    """
    return replace(asked, reach=_reach(catalog, actor))


async def topics(store: Store, catalog: Catalog, actor: Actor, asked: Topics) -> Topics:
    """The part of `asked` that the actor may see."""
    seen = reach(catalog, actor)
    if seen is None:
        return asked
    runs = set()
    for number in asked.runs:
        with contextlib.suppress(NoSuchRun):
            runs.add((await run(store, catalog, actor, number)).id)
    tasks = seen.tasks if asked.everything else asked.tasks & seen.tasks
    return Topics(runs=frozenset(runs), tasks=tasks, reach=seen if seen.parts else None)


def looks_after(catalog: Catalog, actor: Actor, made: Link | Hook | MadeSchedule) -> bool:
    """Whether the actor may see and end it. A token needs the right to press the task in its scope."""
    if decide(actor, Verb.ADMIN):
        return True
    mine = bool(actor.user) and made.maker == actor.user and not actor.own
    return mine and (actor.within is None or bool(decide(actor, Verb.PRESS, resource(catalog, made.task))))
