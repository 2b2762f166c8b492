"""Press: the act that makes a run."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pushbutton import threads
from pushbutton.domain import cause, command, moment
from pushbutton.domain.actor import LOCAL, Actor, Verb
from pushbutton.domain.approval import Approval, Hold, held
from pushbutton.domain.hook import Delivery
from pushbutton.domain.inputs import check, fingerprint, mask
from pushbutton.domain.on_file import FileSeen
from pushbutton.domain.param import Inputs, Param, ParamType
from pushbutton.domain.policy import decide
from pushbutton.domain.reason import unfit_reason
from pushbutton.domain.retry import NEVER
from pushbutton.domain.run import Micros, NewRun, Run, RunState
from pushbutton.domain.schedule import Firing
from pushbutton.domain.task import Offered, Reason, Task
from pushbutton.domain.trace import usable
from pushbutton.domain.upload import of_value
from pushbutton.errors import (
    CannotApprove,
    Fenced,
    InvalidInputs,
    KeyReused,
    Refused,
    StorageFull,
    StoreError,
    TaskBroken,
)
from pushbutton.sentence import say

from . import input_files, journal, secret_inputs, visibility
from .clock import now
from .core import Core
from .input_check import fitted
from .ports import Files, Pressed
from .ports.files import upload
from .ports.people import Work
from .task_digest import frozen, pressed_as

LONGEST_KEY = 200


async def press(
    core: Core,
    actor: Actor,
    slug: str,
    raw: Mapping[str, object],
    *,
    key: str = "",
    why: str = "",
    form: bool = False,
    approvers: int = 0,
    not_before: Micros | None = None,
    firing: Firing | None = None,
    delivery: Delivery | None = None,
    file: FileSeen | None = None,
    also: Work | None = None,
    trace: str = "",
) -> Pressed:
    """Check everything, then make the run; when this returns, the press survives a power cut. `approvers`: so many at
    least have to approve it, whatever the task asks for. `key` is the actor's own: the same one of another is another.

    The run does not start before `not_before`; approvals are asked for at once. `firing`: the due moment of a schedule
    that it comes of, kept with the run.

    `trace`: the caller's span, as W3C Trace Context writes it; what is none counts for nothing.

    `raw` is JSON or, with `form`, the strings of a form or a command line. `also` changes the directory together with
    the run that is made, see `Store.press`. Raises `NoSuchTask`, `StillReading`, `TaskBroken`,
    `InvalidInputs`, `KeyReused`, `Refused`, `TaskPaused`, `TooOften`; then nothing was started.
    """
    slug = await visibility.named(core.catalog, actor, slug)
    visibility.pressable(core.catalog, actor, slug)
    offered = await core.catalog.offered(slug)
    task = offered.task
    if task.broken:
        raise TaskBroken(slug, visibility.broken(core.catalog, actor, task))
    if len(key) > LONGEST_KEY:
        raise InvalidInputs({"": say("The idempotency key is too long.")})
    if wrong := unfit_reason(why):
        raise InvalidInputs({"": wrong})
    if not_before is not None and not firing and (wrong := moment.refusal(not_before, now())):
        raise InvalidInputs({"": wrong})
    inputs = await _read(core, offered, raw, why, form=form)
    command.build(task, inputs, python=core.python)  # what cannot be started is refused now, not later
    shown, at = mask(task, inputs), now()
    secrets = {name: str(inputs[name]) for name in task.secrets if inputs.get(name)}
    if hold := await _hold(core, actor, task, inputs, at, approvers):
        secrets = secret_inputs.salted(secrets)
        hold = replace(hold, secrets=secret_inputs.mark(core, secrets))
    dry = None
    if hold and task.dry_run:
        command.build(task, {**inputs, task.dry_run: True}, python=core.python)
        dry = {**shown, task.dry_run: True}
    new = NewRun(
        task=slug,
        title=task.title,
        actor=actor.name,
        address=actor.address,
        inputs=shown,
        at=at,
        why=why,
        key=_own(actor, key),
        # Masked: no trace of a secret is kept. A file counts by its content: sent once more, it has another value.
        # Another moment is another press.
        fingerprint=fingerprint({**shown, **_contents(task, shown), **_moment(not_before)}) if key else "",
        busy=task.limits.busy,
        limit=task.limits.at_once,
        hold=hold,
        dry=dry,
        group=task.group,
        cause=cause.of(actor),
        digest=hold.digest if hold else await pressed_as(task),
        sealed=secret_inputs.sealed(core, secrets),
        locks=frozenset() if task.is_dry(inputs) else frozenset(task.locks),
        not_before=not_before,
        bundle=task.bundled.bundle if task.bundled else "",
        firing=firing,
        delivery=delivery,
        file=file,
        rates=task.rate,
        person=actor.user or actor.name,
        retry=task.retry,
        tags=frozenset(task.where),
        trace=usable(trace) if core.traced else "",
    )
    # Shielded: the client may hang up before it is done, and half a press is of no use.
    making = asyncio.create_task(_make(core, task, new, also))
    answer = asyncio.shield(making)
    making.add_done_callback(lambda _: _tell(core))  # behind the answer, which waits for nothing that others do now
    try:
        pressed = await answer
    except KeyReused:
        raise KeyReused(key) from None
    if not pressed.made and not decide(actor, Verb.SEE, *visibility.resources(core.catalog, pressed.run)):
        raise Refused(
            say("This was pressed already while the task stood in another group: that run is not for you to see.")
        )
    return pressed


async def made_with(core: Core, actor: Actor, slug: str, key: str) -> int:
    """The run that the actor's press with this key made; 0: none did yet, or another run was the answer."""
    return await core.store.keyed(slug, _own(actor, key))


def _own(actor: Actor, key: str) -> str:
    """The key as it is kept: apart for each actor, so that no one can take another's press by guessing its key."""
    return key if not key or actor.name == LOCAL.name else f"{actor.name}\n{key}"


def _moment(not_before: Micros | None) -> Inputs:
    return {} if not_before is None else {"": not_before}  # no input has no name


def _contents(task: Task, inputs: Inputs) -> Inputs:
    found = input_files.named(task, inputs).items()
    return {name: f"{upload.sha256}-{upload.name}" for name, upload in found if upload.sha256}


async def _make(core: Core, task: Task, new: NewRun, also: Work | None) -> Pressed:
    if not input_files.named(task, new.inputs):
        return await _kept(core, new, also)
    with core.arriving.of(new.task) as known:
        pressed = await _kept(core, new, also)
        core.notifier.hint("events")  # to copy may take long
        runs = [run for run in (pressed.run, pressed.plan) if run and pressed.made and not run.state.over]
        known(run.id for run in runs)
        await _copied(core, task, runs)
    return pressed


async def _kept(core: Core, new: NewRun, also: Work | None) -> Pressed:
    pressed = await core.store.press(new, also)
    if pressed.made and also:
        await core.directory.renew()
    return pressed


def _tell(core: Core) -> None:
    core.notifier.hint("events")
    core.dispatch.wake()


async def _copied(core: Core, task: Task, runs: Sequence[Run]) -> None:
    """Copies the uploaded files to the runs; where that fails, the runs end."""
    try:
        for run in runs:
            await input_files.keep(core, task, run, fresh=True)
    except CannotApprove as error:
        await _never(core, runs, str(error))
        raise
    except OSError as error:
        await _never(core, runs, say("What was brought along could not be kept; press again."))
        if error.errno in _FULL:
            raise StorageFull from None
        raise StoreError(
            say("What you brought could not be kept, so nothing was started ({why}).", why=error.strerror)
        ) from None


_FULL = (errno.ENOSPC, errno.EDQUOT)


async def _never(core: Core, runs: Sequence[Run], reason: str) -> None:
    for run in runs:
        to = RunState.CANCELLED if run.state is RunState.HELD else RunState.FAILED
        with contextlib.suppress(Fenced):  # somebody stopped it meanwhile
            await journal.move(core, run, to, reason=reason, asked=NEVER)


async def _hold(core: Core, actor: Actor, task: Task, inputs: Inputs, at: int, approvers: int) -> Hold | None:
    """The hold of the press. A dry run changes nothing, so it needs no approval."""
    asked = task.approval or (Approval() if approvers else None)
    if asked is None or task.is_dry(inputs):
        return None
    if not core.directory.closed:
        raise Refused(
            say(
                "Somebody else has to approve this before it starts, and where nobody signs in, "
                "everybody is the same person: add people first."
            )
        )
    asked = replace(asked, approvers=max(asked.approvers, approvers))
    return held(asked, actor, at, await frozen(task))


async def _read(core: Core, offered: Offered, raw: Mapping[str, object], why: str, *, form: bool) -> Inputs:
    """The inputs; what is wrong with them, their files and the reason is told at once."""
    task, wrong = offered.task, dict[str, str]()
    if task.reason is Reason.REQUIRED and not why.strip():
        wrong["why"] = say("Say why: it is shown in the history.")
    inputs, unfit = await fitted(core.patterns, lambda fits: check(task.params, raw, form=form, fits=fits))
    files = [param for param in task.params if param.type is ParamType.FILE and param.name in inputs]
    missing = await threads.bringing(_missing, core.files, files, inputs) if files else {}
    unknown = {name: text for name, text in offered.faults.items() if name in inputs}
    wrong |= command.refusals(task, inputs) | missing | unknown | unfit
    if wrong:
        raise InvalidInputs(wrong)
    return inputs


def _missing(store: Files, files: Sequence[Param], inputs: Inputs) -> dict[str, str]:
    """A sentence for each file that is not there, or has not the size that is asked for."""
    wrong: dict[str, str] = {}
    for param in files:
        try:
            stored = store.find(upload(of_value(str(inputs[param.name])).stored))
            if stored:
                store.touch(stored.name)  # from here on its time to be pressed counts anew
        except OSError:
            stored = None
        if stored is None:
            wrong[param.name] = say("Choose the file again: what was uploaded is not here.")
        elif param.max_length is not None and stored.size > param.max_length:
            wrong[param.name] = say(
                "This file is too big: it has {size:,} bytes, and {most:,} fit.",
                size=stored.size,
                most=param.max_length,
            )
        elif param.min_length is not None and stored.size < param.min_length:
            wrong[param.name] = say(
                "This file is too small: it has {size:,} bytes, and {least:,} are needed.",
                size=stored.size,
                least=param.min_length,
            )
    return wrong
