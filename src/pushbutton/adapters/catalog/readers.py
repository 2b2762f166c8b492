"""Reads files in the background: scripts and configurations many at a time in a thread, Python files in a process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pushbutton import threads
from pushbutton.domain.problem import Problem

from .describing import Describer
from .model import Ask, FileTasks, Form, Found
from .python import is_script, read_python
from .sanitise import sound
from .scripts import read_script
from .told import Told

__all__ = ["AT_ONCE", "Key", "Readers", "key_of", "read"]

log = logging.getLogger(__name__)

AT_ONCE = 2
"""Python files that are read at the same time, of all folders together."""
_BATCH = 100  # other files that are read in one go
_ASKED = 50  # scripts whose sources are read in one go
_HANGS = 30.0  # seconds after which nobody waits for a reading any more: it hangs, or is given up by itself

Key = tuple[Path, str]


def key_of(found: Found) -> Key:
    return found.path, found.function


async def read(
    found: Found, *, execute: bool, python: str = sys.executable, by: Describer | None = None, place: str = ""
) -> FileTasks:
    """Read one file, whatever it is. Never raises: a file that nobody thought of is broken, and hurts no other. Files
    of the same `place` may hold each other up.
    """
    try:
        if (
            found.form is Form.NAMED
            and not found.function
            and await threads.catalogue(f"reading {place}", is_script, found.path)
        ):
            found = replace(found, form=Form.SCRIPT)
        if found.form in (Form.CONFIG, Form.SCRIPT):
            reading = await threads.catalogue(f"reading {place}", _plain, found)
            if reading is not None:
                ask = reading.ask
                return await _with_its_form(found, ask, by or Describer(python), close=by is None) if ask else reading
            found = replace(found, form=Form.PYTHON)
        return _named_well(found, sound(await read_python(found, execute=execute, python=python, by=by)))
    except Exception as error:  # noqa: BLE001 - logged there
        return _failed(found, error)


def _config(found: Found) -> FileTasks:
    from .config import read_config  # noqa: PLC0415  loads what reads YAML

    return read_config(found)


async def _with_its_form(found: Found, ask: Ask, by: Describer, *, close: bool) -> FileTasks:
    """With the inputs that its source tells."""
    try:
        (answer,) = await by.arguments([found.path])
    finally:
        if close:
            await by.close()
    return _laid(found, ask, answer)


def _laid(found: Found, ask: Ask, answer: Mapping[str, Any]) -> FileTasks:
    """Never raises."""
    try:
        return _named_well(found, sound(ask.laid(answer)))
    except Exception as error:  # noqa: BLE001 - logged there
        return _failed(found, error)


def _plain(found: Found, told: Told | None = None) -> FileTasks | None:
    """None: it is to be read as Python. Where it has an `ask`, its source tells the rest. Never raises."""
    try:
        reading = _config(found) if found.form is Form.CONFIG else read_script(found)
        if reading is None:
            return None
        if reading.ask is None:
            return _named_well(found, sound(reading))
        answer = told.of(reading.ask.sha256) if told else None
        return reading if answer is None else _laid(found, reading.ask, answer)
    except Exception as error:  # noqa: BLE001 - logged there
        return _failed(found, error)


def _named_well(found: Found, reading: FileTasks) -> FileTasks:
    """With a warning where the file takes the place of a module of Python's own for the files beside it."""
    path = found.path
    if path.suffix != ".py" or path.stem not in sys.stdlib_module_names:
        return reading
    sentence = f"It is called like a module of Python: what imports “{path.stem}” beside it gets this file instead."
    return replace(reading, problems=(*reading.problems, Problem(str(path), 1, 1, sentence, warning=True)))


def _failed(found: Found, error: Exception) -> FileTasks:
    log.error("reading %s failed", found.path, exc_info=error)
    sentence = f"It cannot be read ({type(error).__name__}); the server's log says more."
    return sound(FileTasks(whole=Problem(str(found.path), 1, 1, sentence)))


class Readers:
    """Reads the files of one folder that is served, `place`: one that hangs holds up no other. All share `at_once`, the
    Python files that are read at the same time.

    `read(found)` begins; `done(found, reading)` is called in the event loop when it is read. Of a file that is to be
    read again meanwhile, only the last reading is told. What is `told` of a script's source is not read again.
    """

    def __init__(
        self,
        python: str,
        done: Callable[[Found, FileTasks], None],
        place: str,
        at_once: asyncio.Semaphore,
        told: Told | None = None,
    ) -> None:
        self._python, self._done, self._place, self._at_once, self._told = python, done, place, at_once, told
        self._begun: dict[int, float] = {}  # what is read at this moment: since when
        self._plain: dict[Key, Found] = {}
        self._by_python: dict[Key, Found] = {}
        self._asks: dict[Key, tuple[Found, Ask]] = {}  # scripts whose sources tell more
        self._asked: dict[Key, Found] = {}  # those whose sources are read at this moment
        self._now: dict[Key, asyncio.Task[FileTasks]] = {}  # Python files that are read at this moment
        self._work: set[asyncio.Task[None]] = set()
        self._workers = 0  # of the Python ones
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def busy(self) -> bool:
        return not self._idle.is_set()

    @property
    def stuck(self) -> bool:
        """Whether a reading takes so long that it hangs."""
        return any(time.monotonic() - since > _HANGS for since in self._begun.values())

    async def idle(self) -> None:
        """Wait until everything is read."""
        await self._idle.wait()

    def read(self, found: Found) -> None:
        self.forget(key_of(found))
        if found.form in (Form.CONFIG, Form.SCRIPT):
            self._plain[key_of(found)] = found
            if len(self._plain) == 1:
                self._begin(self._read_plain())
        else:
            self._python_next(found)

    def forget(self, key: Key) -> None:
        """It is not there any more."""
        self._plain.pop(key, None)
        self._by_python.pop(key, None)
        self._asks.pop(key, None)
        self._asked.pop(key, None)
        if key in self._now:
            self._now[key].cancel()

    async def close(self) -> None:
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)

    def _python_next(self, found: Found) -> None:
        self._by_python[key_of(found)] = found
        self._work_by_python()

    def _work_by_python(self) -> None:
        if self._workers < AT_ONCE:
            self._workers += 1
            self._begin(self._read_python())

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._idle.clear()
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        if not self._work:
            self._idle.set()

    async def _read_plain(self) -> None:
        await asyncio.sleep(0)  # what is found in one look comes together
        while self._plain:
            batch = list(self._plain.items())[:_BATCH]
            with self._timed(batch):
                readings = await threads.catalogue(
                    f"reading {self._place}",
                    lambda: [_plain(found, self._told) for _, found in batch],  # noqa: B023 - at once
                )
            for (key, found), reading in zip(batch, readings, strict=True):
                if self._plain.get(key) is not found:
                    continue  # it changed meanwhile, or went
                del self._plain[key]
                if reading is None:
                    self._python_next(replace(found, form=Form.PYTHON))
                elif reading.ask is not None:
                    self._asks[key] = found, reading.ask
                    self._work_by_python()
                else:
                    self._done(found, reading)

    async def _read_python(self) -> None:
        describer, turn = Describer(self._python), _Turn(self._at_once)
        try:
            await turn.take()
            while self._by_python or self._asks:
                if self._asks:
                    await self._ask(describer, turn)
                    continue
                key, found = next(iter(self._by_python.items()))
                del self._by_python[key]
                reading = read(found, execute=True, python=self._python, by=describer, place=self._place)
                task = self._now[key] = asyncio.create_task(reading)
                try:
                    with self._timed(task), turn.given_up_after(_HANGS):
                        await asyncio.wait({task})
                finally:
                    if self._now.get(key) is task:
                        del self._now[key]
                    if not task.done():  # we are told to end
                        task.cancel()
                        await asyncio.wait({task})
                if not task.cancelled():
                    self._done(found, task.result())
        finally:
            self._workers -= 1
            turn.give_back()
            await describer.close()

    async def _ask(self, describer: Describer, turn: _Turn) -> None:
        """Read the sources of some scripts."""
        batch = [self._asks.pop(key) for key in list(self._asks)[:_ASKED]]
        self._asked |= {key_of(found): found for found, _ in batch}
        with self._timed(batch), turn.given_up_after(_HANGS):
            answers = await describer.arguments([found.path for found, _ in batch])
            readings = await threads.catalogue(f"reading {self._place}", self._lay, batch, answers)
        for (found, _), reading in zip(batch, readings, strict=True):
            if self._asked.get(key_of(found)) is found:  # nothing has happened to it meanwhile
                del self._asked[key_of(found)]
                self._done(found, reading)

    def _lay(self, batch: Sequence[tuple[Found, Ask]], answers: Sequence[Mapping[str, Any]]) -> list[FileTasks]:
        if self._told:
            for (_, ask), answer in zip(batch, answers, strict=True):
                self._told.keep(ask.sha256, answer)
        return [_laid(found, ask, answer) for (found, ask), answer in zip(batch, answers, strict=True)]

    @contextlib.contextmanager
    def _timed(self, what: object) -> Iterator[None]:
        self._begun[id(what)] = time.monotonic()
        try:
            yield
        finally:
            del self._begun[id(what)]


class _Turn:
    """One of the places at a semaphore, which others get where whoever has it hangs."""

    def __init__(self, at_once: asyncio.Semaphore) -> None:
        self._at_once, self._mine = at_once, False

    async def take(self) -> None:
        await self._at_once.acquire()
        self._mine = True

    def give_back(self) -> None:
        if self._mine:
            self._mine = False
            self._at_once.release()

    @contextlib.contextmanager
    def given_up_after(self, seconds: float) -> Iterator[None]:
        bell = asyncio.get_running_loop().call_later(seconds, self.give_back)
        try:
            yield
        finally:
            bell.cancel()
