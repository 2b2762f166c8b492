"""Choices that a program tells: asked when somebody opens the form or presses, by everybody together, and kept a while.

The program is the author's own, like the job: it starts in the task's folder, with the environment of a job, and no
input reaches it. It must be quick, for a person waits for its answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from pushbutton.domain.encoding import likely
from pushbutton.domain.environment import kept
from pushbutton.domain.param import Choice, Param
from pushbutton.domain.task import Offered, Task
from pushbutton.errors import NothingOffered
from pushbutton.sentence import say

__all__ = ["ProgramChoices"]

log = logging.getLogger(__name__)

_LIMIT = 5.0  # seconds that a program gets
_FRESH = 10.0  # seconds for which its answer holds
_BYTES = 1 << 20  # of what it prints; a page shows fewer choices and says so
_KEPT = 200  # answers

_Key = tuple[str, tuple[str, ...]]


class ProgramChoices:
    def __init__(
        self,
        before: Callable[[Task], Sequence[str]] = lambda _: (),
        *,
        limit: float = _LIMIT,
        fresh: float = _FRESH,
    ) -> None:
        """`before`: words in front of a task's programs."""
        self._before, self._limit, self._fresh = before, limit, fresh
        self._answers: dict[_Key, tuple[float, asyncio.Task[tuple[Choice, ...]]]] = {}

    async def of(self, task: Task) -> Offered:
        """Never raises: a param whose choices cannot be told has none, and a sentence on why."""
        asked = [param for param in task.params if param.choices_from]
        if not asked or task.broken:
            return Offered(task)
        answers = await asyncio.gather(*(self._answer(task, param) for param in asked), return_exceptions=True)
        choices, faults = {}, {}
        for param, answer in zip(asked, answers, strict=True):
            if isinstance(answer, NothingOffered):
                faults[param.name] = str(answer)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                choices[param.name] = answer
        params = [replace(param, choices=choices.get(param.name, param.choices)) for param in task.params]
        return Offered(replace(task, params=tuple(params)), faults)

    async def close(self) -> None:
        under_way = [task for _, task in self._answers.values()]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def _answer(self, task: Task, param: Param) -> tuple[Choice, ...]:
        key = (f"{task.source.file} {task.digest}", param.choices_from)
        until, answer = self._answers.get(key, (0.0, None))
        if answer is None or (answer.done() and (time.monotonic() > until or answer.exception() is not None)):
            answer = asyncio.create_task(self._ask(task, param))
            self._answers[key] = (time.monotonic() + self._fresh, answer)
            while len(self._answers) > _KEPT:
                self._answers.pop(next(iter(self._answers)))
        return await asyncio.shield(answer)  # others may wait for it, too

    async def _ask(self, task: Task, param: Param) -> tuple[Choice, ...]:
        said = await self._run(task, param)
        choices: dict[str, Choice] = {}
        for line in likely(said, task.encoding).splitlines():
            value, *texts = (part.strip() for part in line.split("\t", 2))
            if value:
                choices.setdefault(value, Choice(value, *texts))
        if not choices:
            raise NothingOffered(say("There is nothing to choose from right now."))
        return tuple(choices.values())

    async def _run(self, task: Task, param: Param) -> bytes:
        """The program's output. It is gone, with all that it started, when this returns or raises."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._before(task),
                *param.choices_from,
                cwd=task.cwd,
                env={**kept(os.environ), **task.env},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            log.warning("the choices of “%s” (%s) could not be asked for: %s", param.name, task.slug, error)
            raise NothingOffered(
                say("What can be chosen could not be found out; the server's log says more.")
            ) from None
        assert process.stdout  # noqa: S101 - it was asked for
        assert process.stderr  # noqa: S101
        try:
            async with asyncio.timeout(self._limit):
                out, err = await asyncio.gather(_some(process.stdout), _some(process.stderr))
                code = await process.wait()
        except TimeoutError:
            log.warning("the choices of “%s” (%s) took longer than %g s", param.name, task.slug, self._limit)
            raise NothingOffered(say("What can be chosen was not found out in time: open the form again.")) from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        if code:
            reason = likely(err, task.encoding).strip()[-500:]
            log.warning("the choices of “%s” (%s) ended with %d: %s", param.name, task.slug, code, reason)
            raise NothingOffered(say("What can be chosen could not be found out; the server's log says more."))
        if len(out) > _BYTES:
            log.warning("the choices of “%s” (%s) are more than %d bytes", param.name, task.slug, _BYTES)
            raise NothingOffered(say("There is more to choose from than a form can hold."))
        return out


async def _some(pipe: asyncio.StreamReader) -> bytes:
    """The first part of what comes, a byte more than is taken where there is more; the rest is read and let go, so that
    nobody waits for room.
    """
    kept_bytes = b""
    while chunk := await pipe.read(1 << 16):
        kept_bytes += chunk[: max(0, _BYTES + 1 - len(kept_bytes))]
    return kept_bytes
