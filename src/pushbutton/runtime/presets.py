"""Presets: what is filled in again and again is kept under a name, for oneself or for everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.audit import Deed, act
from pushbutton.domain.event import Json
from pushbutton.domain.identity import one_line
from pushbutton.domain.link import new_id
from pushbutton.domain.param import Inputs, ParamType
from pushbutton.domain.person import Snapshot
from pushbutton.domain.policy import decide, require, require_directly, require_in_person
from pushbutton.domain.preset import Preset
from pushbutton.domain.task import Task
from pushbutton.errors import BadInput, InvalidInputs, NoSuchPreset, Refused
from pushbutton.sentence import say

from . import visibility
from .clock import now
from .core import Core
from .input_check import fitted, fixed_inputs
from .ports.people import Change

MOST: Final = 50
"""Presets of one task that somebody has, or that are everybody's."""
LONGEST_NAME: Final = 80
NEVER: Final = frozenset({ParamType.SECRET, ParamType.FILE})
"""Inputs of these types are no part of a preset."""


def of_task(core: Core, actor: Actor, slug: str) -> Sequence[Preset]:
    """Those that the actor may fill in: their own ones first, then everybody's, by their names."""
    mine = "" if actor.own else actor.user  # whoever holds somebody's link sees nothing of theirs
    found = [one for one in core.directory.all.presets.values() if one.task == slug and one.owner in ("", mine)]
    return sorted(found, key=lambda one: (not one.owner, one.name.casefold()))


def named(core: Core, actor: Actor, slug: str, id: str) -> Preset:  # noqa: A002
    """Raises `NoSuchPreset`."""
    for preset in of_task(core, actor, slug):
        if preset.id == id:
            return preset
    raise NoSuchPreset


def for_everybody(core: Core, actor: Actor, slug: str) -> bool:
    """Whether the actor may keep and remove those that are everybody's."""
    return bool(decide(actor, Verb.ADMIN, visibility.resource(core.catalog, slug)))


async def fit(core: Core, task: Task, given: Mapping[str, object], *, form: bool = True) -> Inputs:
    """The inputs to keep of a form's texts, or else of JSON: no secret, no file, None for an empty one. Raises
    `InvalidInputs`.
    """
    kept = {param.name for param in task.params if param.type not in NEVER}
    kept.discard(task.dry_run)  # a button, and no field
    filled = {name: value for name, value in given.items() if name in kept and value not in (None, "", [])}
    inputs, wrong = await fitted(core.patterns, lambda fits: fixed_inputs(task, filled, form=form, fits=fits))
    if wrong:
        raise InvalidInputs(wrong)
    empty: dict[str, Json] = dict.fromkeys(kept & given.keys())
    return {**empty, **inputs}


async def keep(
    core: Core, actor: Actor, slug: str, name: str, given: Mapping[str, object], *, everybody: bool, form: bool = True
) -> Preset:
    """In the place of the one that has this name. `given` are texts of a form, or else JSON. Raises `NoSuchTask`,
    `Refused`, `InvalidInputs`, `BadInput`.
    """
    task = visibility.pressable(core.catalog, actor, slug)
    _require(core, actor, slug, everybody=everybody)
    name = one_line(name)[:LONGEST_NAME].strip()
    if not name:
        raise BadInput(say("Give it a name by which it is found again."))
    owner, at = "" if everybody else actor.user, now()
    preset = Preset(new_id(), slug, name, owner, actor.name, await fit(core, task, given, form=form), at)
    done = act(actor, Deed.PRESET_KEEP, f"preset {preset.id}", at, task=slug, title=name, everybody=everybody)

    def work(seen: Snapshot) -> Change:
        there = [one for one in seen.presets.values() if (one.task, one.owner) == (slug, owner)]
        same = [one for one in there if one.name == name]
        if len(there) - len(same) >= MOST:
            raise Refused(say("There are {n} presets of this task already: remove those that nobody needs.", n=MOST))
        return Change(done, put=[preset], drop=same)

    await core.directory.change(work)
    return preset


async def remove(core: Core, actor: Actor, slug: str, id: str) -> None:  # noqa: A002
    """Raises `NoSuchTask`, `NoSuchPreset`, `Refused`."""
    visibility.task(core.catalog, actor, slug)
    found = named(core, actor, slug, id)
    _require(core, actor, slug, everybody=not found.owner)
    done = act(actor, Deed.PRESET_REMOVE, f"preset {found.id}", now(), task=slug, title=found.name)

    def work(seen: Snapshot) -> Change:
        if found.id not in seen.presets:
            raise NoSuchPreset
        return Change(done, drop=[found])

    await core.directory.change(work)


def _require(core: Core, actor: Actor, slug: str, *, everybody: bool) -> None:
    if everybody:
        require_directly(actor)
        require(actor, Verb.ADMIN, visibility.resource(core.catalog, slug))
    elif actor.own or not actor.user:  # a program in somebody's name keeps theirs: a preset starts nothing
        require_in_person(actor)
