"""Collects a run's spool into the store until the run is over; one for each run that the worker has.

The spool is the truth about the job; `collected` says how far it is in the store, in the same transaction as the
events, so being killed anywhere repeats or loses nothing. The event that ends the run says how many bytes of output
there are where other machines are to have them, and comes after them: whoever has the one can have the other.
"""

from __future__ import annotations

import logging
from asyncio import sleep
from collections.abc import Sequence

from pushbutton.domain.event import Draft, Kind
from pushbutton.domain.retry import BY_ITSELF, NEVER, Asked, more
from pushbutton.domain.run import Run, RunState
from pushbutton.domain.size import size
from pushbutton.errors import Fenced, NoSuchRun
from pushbutton.sentence import say

from . import artifacts, journal
from .clock import corrected
from .core import Core
from .delivery import Delivery
from .ports import Record, Topics
from .spool_records import AGAIN, Batch, asked_in, ending, read
from .watch.pace import TICK
from .watch.wakeup import Wakeup
from .watchdog import Watchdog

log = logging.getLogger(__name__)

BREATH = 0.005  # between two looks, at least: a job that writes at full speed sends a hint for each batch
POLL = 0.5  # how often to look without a hint; also how soon a killed supervisor is noticed
MANY = 100_000
ATTEMPTS = 3  # how often a supervisor that dies before it starts the job is tried again


async def collect(core: Core, run: Run) -> None:
    """Follow the run to its end. Returns when it is over, or when another attempt or worker has it."""
    wakeup, watchdog = Wakeup(), Watchdog(core, run)
    delivery = Delivery(core, run, wakeup, watchdog)
    unlisten = (
        core.shipping.follow(run.id),
        core.notifier.listen(f"run:{run.id}", wakeup.wake),
        core.notifier.listen(f"orders:{run.id}", delivery.wake),
    )
    try:
        await _follow(core, run, wakeup, watchdog, delivery)
    except (Fenced, NoSuchRun) as late:
        log.info("run %d goes on without us: %s", run.id, late)
    finally:
        for end in unlisten:
            end()
        delivery.close()


async def _follow(core: Core, run: Run, wakeup: Wakeup, watchdog: Watchdog, delivery: Delivery) -> None:
    position, born = run.collected, run.collected > 0
    why, survivors = "", list[str]()  # set once the server has ended the run without its supervisor
    open_step = await _plain_step(core, run)
    while True:
        held = core.supervisors.held(run.id)  # asked BEFORE reading: a supervisor that is gone has written its last
        records, after = _read(core, run.id, position)
        if records:
            reading = read(records, open_step)
            open_step = reading.open_step
            born = born or reading.born
            watchdog.liveness.heard(records)
            await _adopt(core, run, reading)
            reading.row["collected"] = position = after
            if reading.born and not more(run):
                reading.row["sealed"] = ""  # the job has its secret inputs, and no other try will need them
            if names := [str(draft.data["name"]) for draft in reading.drafts if draft.kind is Kind.ARTIFACT]:
                await core.shipping.handed_over(run.id, names)
            if reading.end:
                return await _end(core, run, reading, reading.end)
            await journal.said(core, run, reading.drafts, reading.row, reading.heard)
            delivery.heard(reading.heard)
        elif after > position:
            position = after  # no whole record; what follows may be one
            continue
        elif why and born:
            return await _ended(core, run, why, watchdog.liveness.code, survivors)
        elif why or not held:
            return await _gone(core, run, born=born)
        await delivery.look()
        if not why and (why := await watchdog.due(born=born)):
            survivors = list(await core.supervisors.end(run.id))
        elif why:
            pass  # what it had written by then is read first
        elif records:
            await sleep(TICK)
        else:
            await sleep(BREATH)
            await wakeup.wait(POLL)


def _read(core: Core, run: int, position: int) -> tuple[Sequence[Record], int]:
    """What is new of its supervisor, which goes by the clock of the machine."""
    records, after = core.records.read(run, position)
    return [{**record, "t": corrected(int(record["t"]))} if "t" in record else record for record in records], after


async def _plain_step(core: Core, run: Run) -> str:
    """The step that a plain line began before a restart: the next one ends it, as it would have without."""
    found, after = "", 0
    while run.step and (page := await core.store.events(Topics(runs=frozenset({run.id})), after=after)):
        for event in page:
            if event.kind is Kind.STEP and event.run == run.id:
                begun = event.data.get("state") == "running" and event.data.get("plain")
                found = str(event.data["name"]) if begun else ""
        after = page[-1].id
    return found


async def _end(core: Core, run: Run, reading: Batch, end: Record) -> None:
    """The supervisor wrote its last record: the run is over."""
    state, reason = ending(end)
    at = int(end["t"])
    if end["error"]:
        reading.row["started_at"] = None  # the job itself never began, whatever its supervisor did
    if end.get("lost"):
        reading.add(
            Kind.NOTE,
            at,
            code="lost-output",
            text=say("In all, {size} of output are not kept.", size=size(end["lost"])),
        )
    if end.get("unheard"):
        reading.add(
            Kind.NOTE, at, code="unheard", text=say("{n:,} of its reports found no room on the disk.", n=end["unheard"])
        )
    if end.get("spoiled"):
        text = say(
            "{n:,} of its reports could not be read, by a fault of Pushbutton: see “log” in its folder.",
            n=end["spoiled"],
        )
        reading.add(Kind.NOTE, at, code="spoiled", text=text)
    if not end.get("verified", True):
        reading.add(Kind.NOTE, at, code="unverified", text=say("This system cannot prove that nothing of it is left."))
    if reading.open_step:
        done = "succeeded" if state is RunState.SUCCEEDED else "failed"
        reading.add(Kind.STEP, at, name=reading.open_step, state=done)
        reading.row["step"] = "" if state is RunState.SUCCEEDED else reading.open_step
    if state is RunState.SUCCEEDED:
        progress = reading.row["progress"] if "progress" in reading.row else (await core.store.run(run.id)).progress
        reading.row["progress"] = 100.0 if progress is not None else None
    await journal.move(
        core,
        run,
        state,
        bytes=await core.shipping.settled(run.id),
        drafts=reading.drafts,
        row=reading.row,
        reason=reason,
        exit_code=end["code"],
        survivors=list(end["survivors"]) or None,
        late=end["why"] == "timeout",
        asked=await _asked(core, run, reading, end),
    )


async def _asked(core: Core, run: Run, reading: Batch, end: Record) -> Asked:
    """The job's word on its next try; one that was read before a restart is in the store alone."""
    if not more(run):
        return NEVER
    if end.get("fault") == "changed" and run.cause.attempt == 1:
        return NEVER  # it is not what was approved
    if reading.asked:
        return reading.asked
    notes = await core.store.events(Topics(runs=frozenset({run.id})), after=0, limit=MANY, kind=Kind.NOTE)
    said = [event for event in notes if event.data.get("code") == AGAIN]
    return asked_in(said[-1].data) if said else BY_ITSELF


async def _gone(core: Core, run: Run, *, born: bool) -> None:
    """The lock is free and there is no last record."""
    survivors = await core.supervisors.clear(run.id)
    if not born:
        if stop_by := (await core.store.run(run.id)).stop_by:
            reason = say("It was stopped before it started.")
            return await journal.move(core, run, RunState.CANCELLED, actor=stop_by, reason=reason)
        # It never came to start the job, and nobody else can: no supervisor is left that has this spool.
        if run.epoch < ATTEMPTS or not core.supervisors.tried(run.id):
            return await journal.move(core, run, RunState.WAITING, reason=say("It could not be started; trying again."))
        return await journal.move(
            core, run, RunState.FAILED, reason=say("It could not be started: its supervisor did not come up.")
        )
    reason = say("Its supervisor is gone (killed, or the machine was restarted): nobody knows how it ended.")
    size = await core.shipping.settled(run.id)
    await journal.move(core, run, RunState.LOST, bytes=size, reason=reason, survivors=list(survivors) or None)
    return None


async def _ended(core: Core, run: Run, why: str, code: int | None, survivors: Sequence[str]) -> None:
    """Its supervisor hung; it and its tree were ended by the server."""
    state = RunState.LOST
    reason: str = say("Nobody knows how it ended: its supervisor did not answer, so the server ended it.")
    if why == "timeout":
        state = RunState.FAILED
        reason = say("It took longer than it may: its supervisor did not answer, so the server ended it.")
    elif why != "background":
        state = RunState.CANCELLED
        reason = say("It was stopped: its supervisor did not answer, so the server ended it.")
    elif code is not None:  # the job was done, and only what it left behind was being ended
        state, reason = ending({"code": code, "why": "", "error": ""})
    size = await core.shipping.settled(run.id)
    await journal.move(
        core,
        run,
        state,
        bytes=size,
        reason=reason,
        exit_code=code,
        survivors=list(survivors) or None,
        late=why == "timeout",
    )


async def _adopt(core: Core, run: Run, reading: Batch) -> None:
    """A supervisor of 0.2.0 only names the files that its job hands over: they are copied now, as they are now."""
    drafts: list[Draft] = []
    for draft in reading.drafts:
        if draft.kind is Kind.ARTIFACT and "path" in draft.data:
            path, title = str(draft.data["path"]), str(draft.data.get("title", ""))
            drafts += artifacts.drafts({"t": draft.at, "title": title, **await core.supervisors.adopt(run.id, path)})
        else:
            drafts.append(draft)
    reading.drafts = drafts
