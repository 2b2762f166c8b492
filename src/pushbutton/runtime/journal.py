"""The journal: the only place that changes a run's state, always in the transaction that appends the event.

Commit, then hint. A full or busy store is waited for, so that nothing that a run said is dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pushbutton.domain.approval import Hold
from pushbutton.domain.audit import Act
from pushbutton.domain.event import Draft, Event, Json, Kind
from pushbutton.domain.retry import BY_ITSELF, Asked, more, wait, wanted
from pushbutton.domain.run import Micros, Run, RunState
from pushbutton.errors import Fenced, StorageFull, StoreBusy

from .clock import now
from .core import Core
from .ports import Append

log = logging.getLogger(__name__)

AGAIN = 1.0  # seconds between tries while the store cannot write


async def write(core: Core, entry: Append) -> Sequence[Event]:
    """Raises `Fenced`, `NoSuchRun`; anything that may pass is waited for."""
    while True:
        try:
            events = await core.store.append(entry)
        except (StorageFull, StoreBusy) as error:
            log.warning("run %d: %s Trying again.", entry.run, error)
            await asyncio.sleep(AGAIN)
        else:
            core.notifier.hint("events")
            return events


async def move(
    core: Core,
    run: Run,
    to: RunState,
    *,
    row: Mapping[str, Json] | None = None,
    drafts: Sequence[Draft] = (),
    act: Act | None = None,
    seen: Hold | None = None,
    hold: Hold | None = None,
    late: bool = False,
    asked: Asked = BY_ITSELF,
    **data: Json,
) -> None:
    """Bring the run from this attempt to `to`: `drafts` first, then the state event, the last one if `to` ends it.
    `act` goes to the audit trail; `seen` and `hold` as in `Append`. Where its task says that such an end is tried
    again, the next try is made with it; `late`: it took too long; `asked`: what the job said of that.

    Watchers hear of it, and the gate is asked where a slot became free or a run came to wait.
    """
    at = now()
    columns = dict(row or {})
    if to.over:
        columns["ended_at"] = at
        for name in ("reason", "exit_code", "survivors"):
            if data.get(name) is not None:
                columns[name] = data[name]
    state = Draft(
        Kind.STATE, {"state": to.value, **{key: value for key, value in data.items() if value not in (None, "")}}, at
    )
    entry = Append(run.id, [*drafts, state], epoch=run.epoch, to=to, row=columns, act=act, seen=seen, hold=hold)
    if to.over and _is_tried_again(run, to, columns.get("exit_code"), asked, timeout=late):
        entry = replace(entry, again=_next_moment(run, at, asked))
    await write(core, entry)
    if to.over or to is RunState.WAITING:
        core.dispatch.wake()


def _is_tried_again(run: Run, to: RunState, code: Json, asked: Asked, *, timeout: bool) -> bool:
    if run.retry is None or asked.never or not more(run):
        return False
    return wanted(run.retry, to, code if isinstance(code, int) else None, timeout=timeout)


def _next_moment(run: Run, at: Micros, asked: Asked) -> Micros:
    assert run.retry  # noqa: S101  asked before
    chance = random.uniform(-1, 1)  # noqa: S311  many that fail together do not come back together
    return at + int(wait(run.retry, run.cause.attempt, chance, asked) * 1_000_000)


async def never(core: Core, run: Run, to: RunState, reason: str, actor: str = "", *, asked: Asked = BY_ITSELF) -> None:
    """It ends without having started, unless it has ended already. Its secrets go, unless it is tried again."""
    with contextlib.suppress(Fenced):
        await move(core, run, to, reason=reason, actor=actor, row={"started_at": None}, asked=asked)


async def said(core: Core, run: Run, drafts: Sequence[Draft], row: Mapping[str, Json], heard: int = 0) -> None:
    """Keep the run's reports, how far its spool has been read, and the last order that it heard, in one transaction."""
    await write(core, Append(run.id, drafts, epoch=run.epoch, row=row, heard=heard))


async def held(core: Core, run: Run, hold: Hold, drafts: Sequence[Draft], act: Act | None = None) -> None:
    """The run's approval goes on, from what `run` has."""
    await write(core, Append(run.id, drafts, epoch=run.epoch, act=act, seen=run.hold, hold=hold))


def note(text: str, **data: Json) -> Draft:
    """An event with Pushbutton's own words about a run."""
    return Draft(Kind.NOTE, {"text": text, **data}, now())
