"""Pauses of a task and of everything: what is paused does not start. The store's gate keeps back what waits."""

from __future__ import annotations

from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.audit import Deed, act
from pushbutton.domain.event import iso
from pushbutton.domain.policy import Resource, require
from pushbutton.domain.reason import unfit_reason
from pushbutton.domain.run import Micros
from pushbutton.domain.schedule import EVERYTHING, Pause
from pushbutton.errors import BadInput
from pushbutton.sentence import say

from . import visibility
from .clock import now
from .core import Core


def checked(actor: Actor, until: Micros, reason: str, at: Micros) -> Pause:
    """Raises `BadInput`."""
    if wrong := unfit_reason(reason):
        raise BadInput(wrong)
    if until and until <= at:
        raise BadInput(say("This moment has gone by."))
    return Pause(until, reason.strip(), actor.name)


def told(pause: Pause) -> dict[str, str]:
    """For the audit trail."""
    until = {"until": iso(pause.until)} if pause.until else {}
    return until | ({"why": pause.reason} if pause.reason else {})


async def of_task(core: Core, slug: str) -> Pause | None:
    """While it holds."""
    return await _held(core, slug)


async def everything(core: Core) -> Pause | None:
    """The pause of everything, while it holds."""
    return await _held(core, EVERYTHING)


async def _held(core: Core, name: str) -> Pause | None:
    found = (await core.store.pauses()).get(name)
    return found if found and found.holds(now()) else None


async def pause(core: Core, actor: Actor, slug: str, *, until: Micros = 0, reason: str = "") -> Pause:
    """No press of the task is taken until then, and nothing of it starts; 0: until somebody resumes it. What runs, runs
    on. Raises `NoSuchTask`, `Refused`, `BadInput`.
    """
    task = visibility.task(core.catalog, actor, slug)
    require(actor, Verb.ADMIN, Resource(slug, task.group))
    at = now()
    made = checked(actor, until, reason, at)
    done = act(actor, Deed.TASK_PAUSE, f"task {slug}", at, task=slug, title=task.title, **told(made))
    await core.store.pause(slug, made, done)
    _changed(core)
    return made


async def resume(core: Core, actor: Actor, slug: str) -> None:
    """Raises `NoSuchTask`, `Refused`."""
    task = visibility.task(core.catalog, actor, slug)
    require(actor, Verb.ADMIN, Resource(slug, task.group))
    done = act(actor, Deed.TASK_RESUME, f"task {slug}", now(), task=slug, title=task.title)
    await core.store.pause(slug, None, done)
    _changed(core)


async def pause_everything(core: Core, actor: Actor, *, until: Micros = 0, reason: str = "") -> Pause:
    """Nothing starts until then; presses and schedules are kept waiting. Raises `Refused`, `BadInput`."""
    require(actor, Verb.ADMIN)
    at = now()
    made = checked(actor, until, reason, at)
    await core.store.pause(EVERYTHING, made, act(actor, Deed.SERVER_PAUSE, "everything", at, **told(made)))
    _changed(core)
    return made


async def resume_everything(core: Core, actor: Actor) -> None:
    """Raises `Refused`."""
    require(actor, Verb.ADMIN)
    await core.store.pause(EVERYTHING, None, act(actor, Deed.SERVER_RESUME, "everything", now()))
    _changed(core)


def _changed(core: Core) -> None:
    core.notifier.hint("schedules")
    core.notifier.hint("catalog")  # pages of tasks are drawn anew
    core.dispatch.wake()
