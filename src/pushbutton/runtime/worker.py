"""The worker: takes waiting runs through the gate, starts their supervisors, follows every run that it has."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import time
from collections import Counter
from collections.abc import Collection, Coroutine, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pushbutton import threads
from pushbutton.domain import command
from pushbutton.domain.cause import CauseKind
from pushbutton.domain.event import Json
from pushbutton.domain.offer import Offer
from pushbutton.domain.retry import BY_ITSELF, NEVER
from pushbutton.domain.run import ACTIVE, Run, RunState
from pushbutton.domain.task import Task
from pushbutton.domain.token import hashed, new_token
from pushbutton.domain.trace import span_of
from pushbutton.errors import (
    CannotApprove,
    Fenced,
    NoAnswer,
    NoSuchTask,
    NotAsApproved,
    NotFound,
    PushbuttonError,
    SecretUnavailable,
    StillReading,
    StoreError,
)
from pushbutton.sentence import say

from . import approved_start, input_files, journal, secret_inputs, task_digest
from .alarm import Alarm
from .clock import now
from .collector import collect
from .core import Core
from .ports import Append, RunQuery

log = logging.getLogger(__name__)

T = TypeVar("T")

MANY = 1_000_000
AWAY = 60.0  # seconds for which runs wait for a task that is not there, or broken, before they are given up
LOOK = 0.5  # seconds between two looks for a task that is away, or whether a run is stopped whose secrets do not come
CLOCK = 1.0  # seconds between two looks for the next moment that a run waits for
SOON = 0.5  # seconds for which others wait while one run is looked at or begun


class Worker:
    """`run()` takes back what it had before a restart, then asks the gate until cancelled. Supervisors outlive it."""

    def __init__(self, core: Core, *, alone: bool = False, names: Collection[str] = ()) -> None:
        """`alone`: nobody else can have this store open, so whatever is active in it is this worker's, also under
        another name: its own lies in a file, which may be lost. Otherwise it is what is active in its name or in one of
        `names`, which the same data folder had: of what others have only they can say what became of it.
        """
        self._core, self._alone, self._names = core, alone, {core.worker, *names}
        self._busy: set[asyncio.Task[Any]] = set()  # those of `_following` that have a run
        self.draining = False  # somebody asked for it
        self._finishing = False  # the process ends when it is done
        self._full = False  # there is no room for another run on its disk
        self._following: set[asyncio.Task[Any]] = set()
        self._other_tasks = True  # whether the tasks are other ones than those whose limits the gate knows
        self._away: dict[str, float] = {}  # tasks that are not there, and since when runs wait for them
        self._later: set[str] = set()  # tasks that are not asked for before another look at them
        self._looks: dict[tuple[str, str], asyncio.Task[bool]] = {}  # by task and folder: whether its file is there
        self._slow: Counter[str] = Counter()  # folders that did not answer soon
        self._looked = -math.inf  # when the next moment that a run waits for was looked up, monotonic
        self._unlooked = False  # whether there may be another one since
        self._alarm = Alarm(core.dispatch.wake, now)  # at the next moment that a run waits for

    async def run(self) -> None:
        self._look_for_room()
        self._keep(self._look_after())
        listening = (
            self._core.notifier.listen("catalog", self._changed),
            self._core.notifier.listen("runs", self._core.dispatch.wake),  # others press, and free a task's slots
        )
        taken_back = False
        try:
            while True:
                try:
                    if not taken_back:
                        await self._take_back()
                        taken_back = True
                    await self._core.dispatch.run_worker(self._ask)
                except StoreError as error:
                    log.warning("waiting runs stay where they are: %s", error)
                except Exception:
                    log.exception("asking for runs failed; starting again")
                await asyncio.sleep(1)
        finally:
            for end in listening:
                end()
            self._alarm.set(None)

    def drain(self, *, on: bool) -> None:
        """Take nothing new, or again what comes; what it has goes on."""
        if self.draining != on:
            self.draining = on
            log.warning("takes nothing new: somebody asked for that" if on else "takes again what comes")
            self._core.dispatch.wake()

    def finish(self) -> None:
        """Take nothing new any more."""
        self._finishing = True

    @property
    def idle(self) -> bool:
        """Whether it has no run."""
        return not self._busy

    async def close(self) -> None:
        """Stop following. Nothing is told to end: the spools go on growing, and the next worker reads on."""
        for task in self._following:
            task.cancel()
        for task in list(self._following):
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _take_back(self) -> None:
        """Go on with the runs that were active in this worker's name."""
        core = self._core
        names = [""] if self._alone else sorted(self._names)
        found = [await core.store.runs(RunQuery(states=ACTIVE, worker=name, limit=MANY)) for name in names]
        for run in sorted((run for runs in found for run in runs), key=lambda run: run.id):
            if run.worker != core.worker:
                await core.store.append(Append(run.id, epoch=run.epoch, row={"worker": core.worker}))
            self._follow(run)

    async def _look_after(self) -> None:
        """Reap supervisors, and ring for moments that were not looked up and for orders, whose hint may be lost."""
        while True:
            await asyncio.sleep(1)
            self._core.supervisors.reap()
            self._look_for_room()
            if self._unlooked:
                self._core.dispatch.wake()
            with contextlib.suppress(StoreError):
                for number in await self._core.store.ordered():
                    self._core.notifier.hint(f"orders:{number}")

    def _look_for_room(self) -> None:
        full = not self._core.supervisors.has_room()
        if self._full != full:
            self._full = full
            log.warning("takes nothing new: its disk is full" if full else "takes again what comes: its disk has room")
            self._core.dispatch.wake()

    # -- the gate

    async def _ask(self) -> bool:
        """Gate, start, follow, for the oldest run that may start and can. Whether there was one."""
        await self._allow()
        core, left_out = self._core, set[str](self._later)
        while run := await core.store.first(self._offer.leaving_out(left_out), at=now()):
            if core.arriving.holds(run.id, run.task):
                left_out.add(run.task)  # the press wakes us
            elif not await self._can_start(run):
                left_out.add(run.task)
            elif await self._take(replace(self._offer, task=run.task)):
                return True
        await self._look_for_a_moment()
        return False

    @property
    def _offer(self) -> Offer:
        """Its offer now: it may be told to take nothing while it asks."""
        core = self._core
        return Offer(core.worker, 0 if self.draining or self._finishing or self._full else core.at_once, core.tags)

    async def _look_for_a_moment(self) -> None:
        """Once a second at most: the gate is asked after each press, and hardly a run waits for a moment. `_look_after`
        has the gate asked again where a look was left out.
        """
        self._unlooked = time.monotonic() < self._looked + CLOCK
        if not self._unlooked:
            self._looked = time.monotonic()
            at = now()
            ends = [pause.until for pause in (await self._core.store.pauses()).values() if pause.until > at]
            coming = await self._core.store.next_moment(after=at)
            self._alarm.set(min([*ends, *([coming] if coming is not None else [])], default=None))

    async def _allow(self) -> None:
        """Tell the gate how many runs of each task may go at the same time, and how many hold each lock, as is said
        now. The number is no run's: one that is lowered counts for those, too, that were pressed before.
        """
        if self._other_tasks:
            self._other_tasks = False
            try:
                tasks = self._core.catalog.tasks()
                at_once = {slug: task.limits.at_once for slug, task in tasks.items()}
                places = {name: most for task in tasks.values() for name, most in task.locks.items()}
                await self._core.store.allow(at_once, places, all_tasks=self._alone)
            except BaseException:
                self._other_tasks = True
                raise

    def _changed(self) -> None:
        """The tasks have changed."""
        tasks = self._core.catalog.tasks()
        self._away = {slug: at for slug, at in self._away.items() if slug not in tasks or tasks[slug].broken}
        self._other_tasks = True
        self._later.clear()
        self._core.dispatch.wake()

    async def _take(self, offer: Offer) -> bool:
        """The only way in which a run begins. False: the gate gave none."""
        core, token = self._core, new_token()
        run = await core.store.claim(offer, at=now(), token=hashed(token))
        if run is None:
            return False
        core.notifier.hint("events")
        if run.hold and run.hold.plan:
            self._keep(self._as_planned(run, token), busy=True)  # takes as long as its dry run does
            return True
        begun = self._keep(self._begin_aside(run, token), busy=True)
        with contextlib.suppress(NotFound, StillReading):
            if core.catalog.of(run.task, run.bundle).secret_names:
                return True  # a secret may be long in coming, and so may a network drive
        await asyncio.wait({begun}, timeout=SOON)
        return True

    async def _take_child(self, run: Run) -> bool:
        """In the place of its parent, which waits for it here."""
        if not await self._can_start(run):
            return False
        return await self._take(Offer(self._core.worker, self._core.at_once, self._core.tags, child=run.id))

    async def _can_start(self, run: Run) -> bool:
        """Whether its task is there. Where that cannot be found out, the run ends."""
        try:
            return not await self._is_away(run)
        except NoAnswer as error:
            log.warning("run %d: %s", run.id, error)
            await journal.never(self._core, run, RunState.FAILED, say("It was not started: {why}", why=str(error)))
            return False

    async def _is_away(self, run: Run) -> bool:
        """Whether runs have to wait because their task is not read yet, or its file is away or broken for a moment. It
        is not waited for without end: then the start says what is wrong. Raises `NoAnswer`.
        """
        core, slug = self._core, run.task
        task, reading = None, core.catalog.reading
        try:
            task = core.catalog.of(slug, run.bundle)
        except StillReading:
            reading = True
        except NotFound:
            pass
        there = await self._is_there(task) if task and not task.broken else False
        if there is None:
            self._later.add(slug)  # until that is known
            return True
        if there:
            self._away.pop(slug, None)
            return False
        loop = asyncio.get_running_loop()
        if not reading and loop.time() - self._away.setdefault(slug, loop.time()) >= AWAY:
            return False
        self._later.add(slug)
        loop.call_later(LOOK, self._look_again, slug)
        return True

    def _look_again(self, slug: str) -> None:
        self._later.discard(slug)
        self._core.dispatch.wake()

    async def _is_there(self, task: Task) -> bool | None:
        """Whether the file that is to run is there; None: not known yet. Other runs do not wait for that; once it is
        known, the task is looked at again. Raises `NoAnswer`.
        """
        folder = task_digest.place(task)
        look = self._looks.get((task.slug, folder))
        if look is None:
            look = self._looks[task.slug, folder] = self._keep(_there(task))
            if not self._slow[folder]:
                await asyncio.wait({look}, timeout=SOON)
            if not look.done():
                self._slow[folder] += 1
                look.add_done_callback(lambda _: self._said(folder, task.slug))
        if not look.done():
            return None
        self._looks.pop((task.slug, folder), None)
        return look.result()

    def _said(self, folder: str, slug: str) -> None:
        self._slow[folder] -= 1
        if not self._slow[folder]:
            del self._slow[folder]
        self._look_again(slug)

    async def _begin_aside(self, run: Run, token: str) -> None:
        try:
            await self._begin(run, token)
        except StoreError as error:
            log.warning("run %d: %s", run.id, error)
        except Exception:
            log.exception("run %d: starting it failed", run.id)

    async def _begin(self, run: Run, token: str) -> None:
        try:
            started = await self._start(run, token)
        except Exception:
            self._follow(run)  # following it shows what became of it
            raise
        if started:
            self._follow(run)

    async def _as_planned(self, run: Run, token: str) -> None:
        """An approved run starts when its dry run, made once more, says what was approved. Meanwhile it has its slot.

        Killed in between, nothing is lost: a run that was claimed and never started goes back to wait for its turn.
        """
        core = self._core
        try:
            refused: PushbuttonError | None = None
            try:
                await approved_start.again(core, self._task(run), run, self._take_child)
            except (Fenced, StoreError):
                raise
            except PushbuttonError as error:
                refused = error
            run = await core.store.run(run.id)
            if run.stop_by:
                stopped = say("It was stopped before it started.")
                await journal.never(core, run, RunState.CANCELLED, stopped, actor=run.stop_by)
            elif refused:
                await self._refused(run, refused, str(refused))
            else:
                await journal.said(core, run, [], {"started_at": now()})
                await self._begin(run, token)
        except Exception as error:
            if not isinstance(error, Fenced | StoreError):
                log.exception("run %d: making its plan once more failed", run.id)
                await asyncio.sleep(1)
            self._follow(run)

    async def _start(self, run: Run, token: str) -> bool:
        """False: it could not be started, and the run says why."""
        try:
            task = self._task(run)
            if run.hold and run.cause.attempt > 1:  # its inputs may not fit the task any more
                await approved_start.as_approved(self._core, task, run)
            await threads.programs(task_digest.place(task), _is_empty, task)  # says so where the folder does not answer
            inputs, secrets = await self._inputs(task, run)
            inputs |= await input_files.keep(self._core, task, run)
            named = await self._named(task, run)
            order = command.build(task, inputs, python=self._core.python, secrets=named)
            frozen = await approved_start.as_approved(self._core, task, run)
            order = replace(order, frozen=frozen, env={**order.env, **self._span(run)})
            run = replace(run, not_before=await self._due(run))
            await self._core.supervisors.start(run, task, order, [*secrets, *named.values()], token)
        except Fenced:
            return False  # it is over: it was stopped meanwhile
        except Exception as error:
            reason: str
            match error:
                case SecretUnavailable() if self._core.directory.closed:
                    # Everybody who may see the run reads its reason, and not everybody may know of its secrets.
                    log.warning("run %d: %s", run.id, error)
                    reason = say("A secret that it needs cannot be had; the server's log says which, and why.")
                case PushbuttonError():
                    reason = str(error)
                case OSError():
                    reason = say("It could not be started: {why}.", why=error.strerror)
                case _:
                    reason = say("It could not be started because of a fault in Pushbutton; the server's log has more.")
            log.warning("run %d: %s", run.id, reason, exc_info=not isinstance(error, PushbuttonError | OSError))
            await self._refused(run, error, reason)
            return False
        return True  # its secrets stay until the job is born: if it never is, it is started once more

    async def _refused(self, run: Run, error: Exception, reason: str) -> None:
        """It does not start. What is gone, or is not what was approved, is not tried again; a later try of what
        was approved asks again.
        """
        if isinstance(error, NotAsApproved) and run.cause.attempt > 1:
            await approved_start.ask(
                self._core, self._task(run), run, say("It is not what was approved any more, so it asks again.")
            )
        else:
            asked = NEVER if isinstance(error, CannotApprove) else BY_ITSELF
            await journal.never(self._core, run, RunState.FAILED, reason, asked=asked)

    async def _due(self, run: Run) -> int | None:
        """The moment for which it was pressed: that of a later try is the first one's."""
        first = await self._core.store.run(run.series) if run.cause.kind is CauseKind.RETRY else run
        return first.not_before

    def _task(self, run: Run) -> Task:
        try:
            task = self._core.catalog.of(run.task, run.bundle)
        except NoSuchTask:
            raise PushbuttonError(say("The task was removed while this waited; nothing was started.")) from None
        if task.broken:
            log.warning("run %d was not started, the task's file is broken: %s", run.id, task.broken)
            raise PushbuttonError(say("The task's file is broken now, so nothing was started."))
        return task

    async def _named(self, task: Task, run: Run) -> Mapping[str, str]:
        """The values of its named secrets, the last thing before it starts. Raises `Fenced` when it was stopped."""
        if not task.secret_names:
            return {}
        asking = asyncio.ensure_future(self._core.secrets.resolve(task.secret_names))
        try:
            while True:
                await asyncio.wait({asking}, timeout=LOOK)
                if stop_by := (await self._core.store.run(run.id)).stop_by:
                    reason = say("It was stopped before it started.")
                    await journal.move(self._core, run, RunState.CANCELLED, actor=stop_by, reason=reason)
                    raise Fenced(reason)
                if asking.done():
                    return asking.result()
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    def _span(self, run: Run) -> Mapping[str, str]:
        """The variables that tell the job of its span."""
        return {"TRACEPARENT": span_of(run, self._core.key).traceparent} if self._core.traced else {}

    async def _inputs(self, task: Task, run: Run) -> tuple[dict[str, Json], list[str]]:
        """The run's inputs as the job gets them, and the values that must be masked in what it says."""
        kept = await secret_inputs.kept(self._core, run)
        secrets = {name: value for name, value in kept.items() if name != secret_inputs.SALT}
        inputs = {**run.inputs, **secrets}
        if lost := [name for name in task.secrets if inputs.get(name) and name not in secrets]:
            raise PushbuttonError(say("The secret input {names} is not kept any more; press again.", names=lost))
        return inputs, list(secrets.values())

    def _follow(self, run: Run) -> None:
        self._keep(self._guard(run), busy=True)

    def _keep(self, work: Coroutine[Any, Any, T], *, busy: bool = False) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        for kept in (self._following, self._busy) if busy else (self._following,):
            kept.add(task)
            task.add_done_callback(kept.discard)
        return task

    async def _guard(self, run: Run) -> None:
        """A fault of ours in following must not leave a run `running` for ever: begin again from the store."""
        while True:
            try:
                return await collect(self._core, run)
            except StoreError as error:
                log.warning("run %d: %s", run.id, error)
            except Exception:
                log.exception("run %d: following it failed; starting again", run.id)
            await asyncio.sleep(1)
            with contextlib.suppress(PushbuttonError):
                run = await self._core.store.run(run.id)
            if run.state.over:
                return None


async def _there(task: Task) -> bool:
    return not await threads.programs(task_digest.place(task), _is_empty, task)


def _is_empty(task: Task) -> bool:
    """Whether a file that is to run is away, or has nothing in it: somebody is writing it."""
    if not task.target.files.sure:
        os.access(task.cwd, os.X_OK)  # whether it can be entered is said by the start; that it answers, here
        return False
    try:
        return any(Path(file).stat().st_size == 0 for file in task.target.files.sure)
    except OSError:
        return True
