"""Approve, reject, expire: what becomes of a run that waits for approvals of other people than its presser.

Each is one write that counts only while the run is as it was read; when another write was faster, it is read again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pushbutton.domain import approval
from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.approval import Hold, may_give
from pushbutton.domain.audit import Act, Deed, act
from pushbutton.domain.event import Draft, Json, Kind
from pushbutton.domain.policy import decide, require
from pushbutton.domain.reason import unfit_reason
from pushbutton.domain.run import Run, RunState
from pushbutton.errors import CannotApprove, Fenced, InvalidInputs, NoSuchRun, NoSuchTask, NotHeld, Refused
from pushbutton.sentence import say

from . import dry_run, input_files, journal, secret_inputs, visibility
from .clock import now
from .core import Core
from .ports import RunQuery
from .ports.people import AuditQuery
from .task_digest import frozen

MANY = 10_000
PAGE = 500
"""Runs that are read from the store at once."""

_LOOKED_AT = 50
"""Of somebody's own records, for what they decided lately."""
_CLOCK = Actor("service:expiry")
"""The actor of an expiry: no person does it."""


async def approve(core: Core, actor: Actor, number: int, *, why: str = "", seen: str = "") -> Run:
    """One person's yes, and with the last one that is needed the run waits for its turn. `seen` is the hash of the plan
    that they saw, where the run has one.

    Raises `NoSuchRun`, `Refused`, `NotHeld`, `CannotApprove`, `InvalidInputs`; then nothing has changed.
    """
    run = await _asked(core, actor, number, why)
    return await asyncio.shield(asyncio.create_task(_approve(core, actor, run, why.strip(), seen)))


async def _approve(core: Core, actor: Actor, run: Run, why: str, seen: str) -> Run:
    number = run.id
    while True:
        hold = _hold(run)
        _allowed(actor, hold)
        if run.aside:
            raise CannotApprove(say("It came with a copy of the data folder: an administrator releases it first."))
        at = now()
        if at >= hold.until:
            await expire(core, run)
            raise NotHeld(number, (await core.store.run(number)).state)
        await _as_pressed(core, run, hold)
        if hold.plan:
            await _as_seen(core, actor, run, hold, seen)
        after = approval.with_one_more(hold, actor, at, why, seen if hold.plan else "")
        said = _said(actor, "approved", why, at, given=len(after.given), needs=after.needs)
        done = _act(actor, Deed.RUN_APPROVE, run, at, why, seen if hold.plan else "")
        try:
            if after.missing:
                await journal.held(core, run, after, [said], done)
            else:
                await journal.move(core, run, RunState.WAITING, drafts=[said], act=done, seen=hold, hold=after)
        except Fenced:
            run = await core.store.run(number)  # another write was faster
            continue
        return await core.store.run(number)


async def reject(core: Core, actor: Actor, number: int, *, why: str) -> Run:
    """One person's no ends it. Raises what `approve` raises; a reason is needed."""
    if not why.strip():
        raise InvalidInputs({"why": say("Say why: who pressed it will want to know.")})
    run = await _asked(core, actor, number, why)
    return await asyncio.shield(asyncio.create_task(_reject(core, actor, run, why.strip())))


async def _reject(core: Core, actor: Actor, run: Run, why: str) -> Run:
    number = run.id
    while True:
        hold, at = _hold(run), now()
        if approval.identity(actor) == hold.user:
            raise Refused(say("You pressed this yourself: stop it if you do not want it any more."))
        said = _said(actor, "rejected", why, at)
        reason = say("{who} rejected it: {why}", who=actor.title or actor.name, why=why)
        done = _act(actor, Deed.RUN_REJECT, run, at, why)
        try:
            await _end(core, run, hold, reason, [said], done, actor=actor.name)
        except Fenced:
            run = await core.store.run(number)
            continue
        return await core.store.run(number)


async def expire(core: Core, run: Run) -> bool:
    """Its time is over by the wall clock. False: it does not wait any more, or another write was faster."""
    hold, at = run.hold, now()
    if run.state is not RunState.HELD or hold is None or at < hold.until:
        return False
    reason = say("It was not approved in time ({time}).", time=approval.hours(hold.hours))
    try:
        await _end(core, run, hold, reason, [], _act(_CLOCK, Deed.RUN_EXPIRE, run, at))
    except Fenced:
        return False
    return True


async def waiting(core: Core, actor: Actor, *, before: int = 0, most: int = MANY) -> Sequence[Run]:
    """The runs that wait for this actor's approval, newest first: at most so many, with numbers below `before`."""
    if not asked_at_all(core, actor):
        return []
    reach, found = visibility.reach(core.catalog, actor), list[Run]()
    query = RunQuery(states=frozenset({RunState.HELD}), reach=reach, before=before, limit=min(most, PAGE))
    while len(found) < most and (page := await core.store.runs(query)):
        found += [run for run in page if _waits_for(core, actor, run)]
        query = replace(query, before=page[-1].id, limit=PAGE)
    return found[:most]


def _waits_for(core: Core, actor: Actor, run: Run) -> bool:
    given = run.hold and not run.aside and may_give(actor, run.hold)
    return bool(given and decide(actor, Verb.APPROVE, *visibility.resources(core.catalog, run)))


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision."""

    run: Run
    approved: bool
    at: int


async def decided(core: Core, actor: Actor, most: int) -> Sequence[Decided]:
    """The actor's latest decisions, newest first, on runs that they may still see."""
    found: list[Decided] = []
    for record in await core.store.audit.records(AuditQuery(actor=actor.name, verb="run", limit=_LOOKED_AT)):
        done = record.act
        if done.verb not in (Deed.RUN_APPROVE, Deed.RUN_REJECT) or len(found) == most:
            continue
        with contextlib.suppress(NoSuchRun, ValueError):
            run = await visibility.run(core.store, core.catalog, actor, int(done.about.removeprefix("run ")))
            found.append(Decided(run, done.verb == Deed.RUN_APPROVE, done.at))
    return found


def may_decide(core: Core, actor: Actor, run: Run) -> bool:
    """Whether the run waits for this actor's word."""
    return run.state is RunState.HELD and not run.aside and _waits_for(core, actor, run)


def asked_at_all(core: Core, actor: Actor) -> bool:
    """Whether there is anything that this actor may approve: where nobody signs in, there is no one else to ask."""
    return core.directory.closed and any(right.verb is Verb.APPROVE for right in actor.rights)


async def _asked(core: Core, actor: Actor, number: int, why: str) -> Run:
    run = await visibility.run(core.store, core.catalog, actor, number)
    require(actor, Verb.APPROVE, *visibility.resources(core.catalog, run))
    if wrong := unfit_reason(why):
        raise InvalidInputs({"why": wrong})
    return run


def _hold(run: Run) -> Hold:
    if run.state is not RunState.HELD or run.hold is None:
        raise NotHeld(run.id, run.state)
    return run.hold


def _allowed(actor: Actor, hold: Hold) -> None:
    decision = may_give(actor, hold)
    if not decision:
        raise Refused(decision.reason)


async def _as_pressed(core: Core, run: Run, hold: Hold) -> None:
    """Check that what would run is what was pressed."""
    try:
        task = core.catalog.of(run.task, run.bundle)
    except NoSuchTask:
        raise CannotApprove(say("The task was removed while this waited: it cannot be approved.")) from None
    if task.broken or await frozen(task) != hold.digest:
        raise CannotApprove(say("The task was changed after this was pressed: it cannot be approved. Press again."))
    await secret_inputs.unchanged(core, run)
    await input_files.unchanged(core, task, run)


async def _as_seen(core: Core, actor: Actor, run: Run, hold: Hold, seen: str) -> None:
    """An approver may see the plan, and saw the one that counts."""
    require(actor, Verb.OUTPUT, *visibility.resources(core.catalog, run))
    shown = await dry_run.of(core, hold.plan)
    if shown.wrong:
        raise CannotApprove(say("{wrong} So this cannot be approved: press again.", wrong=shown.wrong))
    if not shown.ready:
        raise CannotApprove(say("The plan is still being made: wait for it, and look at it first."))
    if not seen:
        raise CannotApprove(say("Look at the plan first (run {number}), and approve it by its hash.", number=hold.plan))
    if seen != shown.sha256:
        raise CannotApprove(say("This is not the plan as it is now: look at it again."))


async def _end(
    core: Core, run: Run, hold: Hold, reason: str, drafts: Sequence[Draft], done: Act, *, actor: str = ""
) -> None:
    # Only while nobody approves it in the same moment: an approved run is stopped, not rejected.
    await journal.move(
        core, run, RunState.CANCELLED, drafts=drafts, act=done, seen=hold, hold=hold, actor=actor, reason=reason
    )


def _said(actor: Actor, verdict: str, why: str, at: int, **more: Json) -> Draft:
    data: dict[str, Json] = {"verdict": verdict, "actor": actor.name, "by": actor.title or actor.name, **more}
    return Draft(Kind.APPROVAL, data | ({"why": why} if why else {}), at)


def _act(actor: Actor, verb: str, run: Run, at: int, why: str = "", seen: str = "") -> Act:
    data: dict[str, Json] = {"task": run.task, "pressed by": run.actor}
    data |= ({"why": why} if why else {}) | ({"plan": seen} if seen else {})
    return act(actor, verb, f"run {run.id}", at, **data)
