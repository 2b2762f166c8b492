"""The worker: takes waiting runs through the gate, starts their supervisors, follows every run that it has."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
from collections import Counter
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pushbutton import threads
from pushbutton.domain import command
from pushbutton.domain.event import Json
from pushbutton.domain.run import ACTIVE, UNFINISHED, Run, RunState
from pushbutton.domain.task import Task
from pushbutton.domain.token import hashed, new_token
from pushbutton.errors import Fenced, NoAnswer, NoSuchTask, PushbuttonError, SecretUnavailable, StoreError
from pushbutton.sentence import say

from . import approved_start, input_files, journal, secret_inputs, task_digest
from .collector import collect
from .core import Core, now
from .ports import Claim, Outcome, RunQuery

log = logging.getLogger(__name__)

T = TypeVar("T")

MANY = 1_000_000
SWEEP = 30  # seconds
AWAY = 60.0  # seconds for which a run waits for a task that is not there, or broken, before it is given up
LOOK = 0.5  # seconds between two looks whether a run is stopped whose secrets are long in coming
SOON = 0.5  # seconds for which others wait while one run is looked at or begun


class Worker:
    """`run()` takes back what a predecessor had, then delivers until cancelled. Supervisors outlive it."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._following: set[asyncio.Task[Any]] = set()
        self._away: dict[int, float] = {}  # runs that wait for their task, and since when
        self._looks: dict[str, asyncio.Task[bool]] = {}  # by task: whether its file is there
        self._slow: Counter[str] = Counter()  # folders that did not say it soon

    async def run(self) -> None:
        self._keep(self._look_after())
        unlisten = self._core.notifier.listen("catalog", self._core.dispatch.wake)
        taken_back = False
        try:
            while True:
                try:
                    if not taken_back:
                        await self._take_back()
                        taken_back = True
                    await self._core.dispatch.run_worker(self._deliver)
                except StoreError as error:
                    log.warning("waiting runs stay where they are: %s", error)
                except Exception:
                    log.exception("delivering failed; starting again")
                await asyncio.sleep(1)
        finally:
            unlisten()

    async def close(self) -> None:
        """Stop following. Nothing is told to end: the spools go on growing, and the next worker reads on."""
        for task in self._following:
            task.cancel()
        for task in list(self._following):
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _take_back(self) -> None:
        """Whoever holds the data folder has all of its runs, whatever the worker before was called."""
        store = self._core.store
        unfinished = await store.runs(RunQuery(states=UNFINISHED, limit=MANY))
        for run in reversed(unfinished):
            if run.state in ACTIVE:
                self._follow(run)
            elif run.state is RunState.WAITING and not run.aside:
                await self._core.dispatch.submit(run.id, run.task)

    async def _look_after(self) -> None:
        """Take leave of supervisors, and ring for orders, whose hint may be lost; now and then, offer what waits in the
        store and was never submitted.
        """
        for second in itertools.count(1):
            await asyncio.sleep(1)
            self._core.supervisors.reap()
            with contextlib.suppress(StoreError):
                for number in await self._core.store.ordered():
                    self._core.notifier.hint(f"orders:{number}")
            if second % SWEEP == 0:
                with contextlib.suppress(StoreError):
                    waiting = await self._core.store.runs(RunQuery(states=frozenset({RunState.WAITING}), limit=MANY))
                    self._away = {run.id: self._away[run.id] for run in waiting if run.id in self._away}
                    for run in waiting:
                        if not run.aside:
                            await self._core.dispatch.submit(run.id, run.task)

    async def _deliver(self, number: int) -> Outcome:
        """Gate, start, follow: the only way in which a run begins."""
        core = self._core
        waiting = await core.store.run(number)
        task = core.catalog.tasks().get(waiting.task)
        try:
            if await self._is_away(number, task):
                return Claim.TASK_BUSY
        except NoAnswer as error:
            log.warning("run %d: %s", number, error)
            await journal.never(core, waiting, RunState.FAILED, f"It was not started: {error}")
            return Claim.GONE
        token = new_token()
        lent = await approved_start.in_its_slot(core, waiting)
        claimed = await core.store.claim(
            number,
            worker=core.worker,
            at=now(),
            task_limit=MANY if lent else task.limits.at_once if task else 1,
            total_limit=MANY if lent else core.at_once,
            token=hashed(token),
        )
        if claimed.verdict is Claim.YES and claimed.run:
            core.notifier.hint("events")
            if claimed.run.hold and claimed.run.hold.plan:
                self._keep(self._as_planned(claimed.run, token))  # takes as long as its dry run does
            else:
                begun = self._keep(self._begin_aside(claimed.run, token))
                if not (task and task.secret_names):  # a secret may be long in coming, and so may a network drive
                    await asyncio.wait({begun}, timeout=SOON)
        return claimed.verdict

    async def _is_away(self, number: int, task: Task | None) -> bool:
        """Whether the run has to wait because its task is not read yet, or its file is away or broken for a moment. It
        is not waited for without end: then the start says what is wrong. Raises `NoAnswer`.
        """
        core = self._core
        there = await self._is_there(task) if task and not task.broken else False
        if there is None:
            return True  # it is offered again when that is known
        if there:
            self._away.pop(number, None)
            return False
        if core.catalog.reading:
            return True
        loop = asyncio.get_running_loop()
        since = self._away.setdefault(number, loop.time())
        if loop.time() - since < AWAY:
            loop.call_later(LOOK, core.dispatch.wake)
            return True
        del self._away[number]
        return False

    async def _is_there(self, task: Task) -> bool | None:
        """Whether the file that is to run is there; None: nobody knows yet, and others are not to wait for it. Raises
        `NoAnswer`.
        """
        look, folder = self._looks.get(task.slug), task_digest.place(task)
        if look is None:
            look = self._looks[task.slug] = self._keep(_there(task))
            if not self._slow[folder]:
                await asyncio.wait({look}, timeout=SOON)
            if not look.done():
                self._slow[folder] += 1
                look.add_done_callback(lambda _: self._said(folder))
        if not look.done():
            return None
        del self._looks[task.slug]
        return look.result()

    def _said(self, folder: str) -> None:
        self._slow[folder] -= 1
        if not self._slow[folder]:
            del self._slow[folder]
        self._core.dispatch.wake()

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
            self._follow(run)  # who follows finds out what became of it
            raise
        if started:
            self._follow(run)

    async def _as_planned(self, run: Run, token: str) -> None:
        """An approved run starts when its dry run, made once more, says what was approved. Meanwhile it has its slot.

        Killed in between, nothing is lost: a run that was claimed and never started goes back to wait for its turn.
        """
        core = self._core
        try:
            reason: str = ""
            try:
                await approved_start.again(core, self._task(run), run, self._deliver)
            except (Fenced, StoreError):
                raise
            except PushbuttonError as error:
                reason = str(error)
            run = await core.store.run(run.id)
            if run.stop_by:
                stopped = say("It was stopped before it started.")
                await journal.never(core, run, RunState.CANCELLED, stopped, actor=run.stop_by)
            elif reason:
                await journal.never(core, run, RunState.FAILED, reason)
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
            await threads.programs(task_digest.place(task), _is_empty, task)  # says so where the folder does not answer
            inputs, secrets = await self._inputs(task, run)
            inputs |= await input_files.keep(self._core, task, run)
            named = await self._named(task, run)
            order = command.build(task, inputs, python=self._core.python, secrets=named)
            order = replace(order, frozen=await approved_start.as_approved(self._core, task, run))
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
            await journal.never(self._core, run, RunState.FAILED, reason)
            return False
        return True  # its secrets stay until the job is born: if it never is, it is started once more

    def _task(self, run: Run) -> Task:
        try:
            task = self._core.catalog.task(run.task)
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

    async def _inputs(self, task: Task, run: Run) -> tuple[dict[str, Json], list[str]]:
        """The run's inputs as the job gets them, and the values that must be masked in what it says."""
        kept = await secret_inputs.kept(self._core, run)
        secrets = {name: value for name, value in kept.items() if name != secret_inputs.SALT}
        inputs = {**run.inputs, **secrets}
        if lost := [name for name in task.secrets if inputs.get(name) and name not in secrets]:
            raise PushbuttonError(f"The secret input {', '.join(lost)} is not kept any more; press again.")
        return inputs, list(secrets.values())

    def _follow(self, run: Run) -> None:
        self._keep(self._guard(run))

    def _keep(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._following.add(task)
        task.add_done_callback(self._following.discard)
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
