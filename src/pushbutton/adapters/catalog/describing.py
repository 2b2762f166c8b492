"""The process that reads Python files (`pushbutton.describe.reader`): the author's code never runs in ours."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pushbutton.domain.environment import kept
from pushbutton.domain.interpreter import module_command

__all__ = ["Describer"]

_PATIENCE = 30.0  # seconds for the arguments of a script: the work is bounded, a busy machine is slow
_MARGIN = 5.0  # seconds beyond a file's own limit after which the reader itself is given up
_LONGEST = 1 << 26  # bytes of one answer


class Describer:
    """Reads one file at a time by `python`. Its process starts with the first file and ends with `close`."""

    def __init__(self, python: str) -> None:
        self._python = python
        self._process: asyncio.subprocess.Process | None = None

    async def describe(
        self, path: Path, *, every: bool, execute: bool, limit: float, main: bool = False
    ) -> dict[str, Any] | str:
        """The answer of `describe`, or a sentence on why there is none. When this returns or raises, nothing that
        the file started is left.
        """
        order = {"path": str(path), "all": every, "main": main, "import": execute, "limit": limit}
        answer = await self._asked(order, limit)
        if isinstance(answer, str):
            return answer
        if answer.get("slow"):
            remedy = (
                "move the work at its top level into a function"
                if answer.get("ran")
                else "a default or a type in it is too much to work out; write it plainly"
            )
            return f"Reading it takes longer than {limit:g} seconds: {remedy}."
        if "code" in answer:
            return f"Reading it ended without an answer (exit code {answer['code']})."
        return answer

    async def arguments(self, paths: Sequence[Path]) -> list[dict[str, Any]]:
        """The answer of `describe.arguments` for each of these scripts, or {"sentence": the end of one on why it said
        nothing}. Never raises but when we are told to end.
        """
        answers: list[dict[str, Any]] = []
        while left := paths[len(answers) :]:
            answer = await self._asked({"arguments": [str(path) for path in left], "limit": _PATIENCE}, _PATIENCE)
            answers.append(_told(answer))
            while len(answers) < len(paths) and self._process:
                answers.append(_told(await self._answer(_PATIENCE)))
        return answers

    async def _asked(self, order: dict[str, Any], limit: float) -> dict[str, Any] | str:
        """The answer of the process, or a sentence on why there is none."""
        try:
            process = self._process = self._process or await self._begin()
            assert process.stdin  # noqa: S101 - it was asked for
            process.stdin.write(f"{json.dumps(order)}\n".encode())
        except OSError as error:
            await self.close()
            return f"It could not be read with {self._python}: {error.strerror}."
        return await self._answer(limit)

    async def _answer(self, limit: float) -> dict[str, Any] | str:
        """The next line that it says; where there is none, it is over."""
        answer: Any = None
        try:
            assert self._process  # noqa: S101 - the caller began
            assert self._process.stdout  # noqa: S101 - it was asked for
            async with asyncio.timeout(limit + _MARGIN):
                answer = json.loads(await self._process.stdout.readline())
        except OSError as error:
            return f"It could not be read with {self._python}: {error.strerror}."
        except TimeoutError:
            answer = {"slow": True}
            await self.close()
        except ValueError:
            pass  # it died, or the answer was too long
        finally:
            if not isinstance(answer, dict):
                await self.close()  # also when we are told to end: an answer that nobody took is nobody's
        return answer if isinstance(answer, dict) else "Reading it ended without an answer."

    async def _begin(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *module_command(self._python, "describe.reader"),
            env=kept(os.environ),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            limit=_LONGEST,
        )

    async def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)  # it ends what it reads with it
        try:
            async with asyncio.timeout(_MARGIN):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def _told(answer: dict[str, Any] | str) -> dict[str, Any]:
    """Of a script's arguments."""
    if isinstance(answer, str):
        return {"sentence": f": {answer[:1].lower()}{answer[1:].rstrip('.')}"}
    if "code" in answer or answer.get("slow"):
        return {"sentence": ": it is too much to work out"}
    return answer
