"""Press: the act that makes a run."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from pushbutton.domain import command
from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.inputs import check, fingerprint, mask
from pushbutton.domain.param import Inputs, Param, ParamType
from pushbutton.domain.policy import Place, require
from pushbutton.domain.run import NewRun, RunState
from pushbutton.domain.task import Offered, Reason
from pushbutton.domain.text import whole
from pushbutton.errors import InvalidInputs, StorageFull, TaskBroken

from . import journal, sight
from .core import Core, now
from .ports import Pressed
from .ports.people import Work

LONGEST_KEY = 200
LONGEST_WHY = 2000


async def press(
    core: Core,
    actor: Actor,
    slug: str,
    raw: Mapping[str, object],
    *,
    key: str = "",
    why: str = "",
    form: bool = False,
    also: Work | None = None,
) -> Pressed:
    """Check everything, then make the run; when this returns, the press survives a power cut.

    `raw` is JSON or, with `form`, the strings of a form or a command line. `also` changes the directory together with
    the run that is made, see `Store.press`. Raises `NoSuchTask`, `TaskBroken`,
    `InvalidInputs`, `KeyReused`, `Refused`; then nothing was started.
    """
    require(actor, Verb.PRESS, Place(slug, sight.task(core.catalog, actor, slug).group))
    offered = await core.catalog.offered(slug)
    task = offered.task
    if task.broken:
        raise TaskBroken(slug, task.broken)
    if len(key) > LONGEST_KEY or len(why) > LONGEST_WHY:
        raise InvalidInputs({"": "The idempotency key or the reason is too long."})
    if not whole(why):
        raise InvalidInputs({"": "Half of a character is missing in the reason: type or paste it again."})
    inputs = await _read(core, offered, raw, why, form=form)
    command.build(task, inputs, python=core.python)  # what cannot be started is refused now, not later
    shown = mask(task, inputs)
    new = NewRun(
        task=slug,
        title=task.title,
        actor=actor.name,
        address=actor.address,
        inputs=shown,
        at=now(),
        why=why,
        key=key,
        fingerprint=fingerprint(shown) if key else "",  # masked: no trace of a secret is kept
        busy=task.limits.busy,
        limit=task.limits.at_once,
    )
    secrets = {name: str(inputs[name]) for name in task.secrets if inputs.get(name)}
    # Shielded: who pressed may be gone before it is done (a client that hung up); half a press helps nobody.
    return await asyncio.shield(asyncio.create_task(_make(core, new, secrets, also)))


async def _make(core: Core, new: NewRun, secrets: Mapping[str, str], also: Work | None) -> Pressed:
    pressed = await core.store.press(new, also)
    run = pressed.run
    if pressed.made:
        if also:
            await core.directory.renew()
        core.notifier.hint("events")
        if not run.state.over:
            try:
                await core.spools.put_secrets(run.id, secrets)
            except OSError:
                await journal.move(
                    core, run, RunState.FAILED, reason="Its secret inputs could not be kept; press again."
                )
                raise StorageFull from None
            await core.dispatch.submit(run.id, new.task)
    return pressed


async def _read(core: Core, offered: Offered, raw: Mapping[str, object], why: str, *, form: bool) -> Inputs:
    """The inputs; what is wrong with them, their files and the reason is told at once."""
    task, wrong = offered.task, {}
    if task.reason is Reason.REQUIRED and not why.strip():
        wrong["why"] = "Say why: it is shown in the history."
    inputs, unfit = check(task.params, raw, form=form)
    files = [param for param in task.params if param.type is ParamType.FILE and param.name in inputs]
    missing = await asyncio.to_thread(_missing, core.uploads, files, inputs) if files else {}
    unknown = {name: text for name, text in offered.faults.items() if name in inputs}
    wrong |= command.refusals(task, inputs) | missing | unknown | unfit
    if wrong:
        raise InvalidInputs(wrong)
    return inputs


def _missing(uploads: Path, files: Sequence[Param], inputs: Inputs) -> dict[str, str]:
    """A sentence for each file that is not there, or has not the size that is asked for."""
    wrong = {}
    for param in files:
        try:
            status = (uploads / str(inputs[param.name])).lstat()
        except OSError:
            status = None
        if status is None or not stat.S_ISREG(status.st_mode):
            wrong[param.name] = "Choose the file again: what was uploaded is not here."
        elif param.max_length is not None and status.st_size > param.max_length:
            wrong[param.name] = f"This file is too big: it has {status.st_size:,} bytes, and {param.max_length:,} fit."
        elif param.min_length is not None and status.st_size < param.min_length:
            wrong[param.name] = (
                f"This file is too small: it has {status.st_size:,} bytes, and {param.min_length:,} are needed."
            )
    return wrong
