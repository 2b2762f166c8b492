"""The thread that writes: what is asked for while it works shares one transaction, and so one wait for the disk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import groupby
from queue import SimpleQueue
from typing import Any, Protocol, TypeVar, cast

from pushbutton.errors import PushbuttonError, StoreError

from .connection import Writable
from .turn import Halves, Turn, Work

T = TypeVar("T")
Works = Sequence[Work[Any]]
Outcomes = list[tuple[Any, BaseException | None]]
"""The result of each work, or why it was refused."""
Job = tuple[Work[Any], asyncio.Future[Any]]


class Session(Protocol):
    """The writing side of a database. All of it is called in the writer's thread."""

    def start(self) -> None:
        """Raises what `open` raises."""
        ...

    def commit(self, works: Works) -> Outcomes:
        """All works, durable when this returns. What it raises, each of them gets, and nothing of them is written."""
        ...

    def end(self) -> None: ...


class Writer:
    def __init__(self, session: Session, most: int) -> None:
        """`most`: works in one transaction."""
        self._session, self._most = session, most
        self._asked: list[Job] = []  # in this turn of the loop
        self._jobs: SimpleQueue[list[Job] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        self._thread = threading.Thread(target=self._serve, args=(loop, ready), name="store-write", daemon=True)
        self._thread.start()
        await ready

    async def write(self, work: Work[T]) -> T:
        """Run `work` in the next transaction; when this returns, it is on the disk."""
        if self._thread is None:
            raise StoreError("The store is closed.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if not self._asked:
            loop.call_soon(self._hand_over)
        self._asked.append((work, future))
        # Shielded: who was waiting may be cancelled (a client that hung up), what was asked for is still done.
        return await asyncio.shield(future)

    def close(self) -> Callable[[], None]:
        """From here on it refuses; what is returned blocks until everything that was asked for is written."""
        self._hand_over()
        thread, self._thread = self._thread, None  # nothing gets behind the last job

        def finish() -> None:
            if thread:
                self._jobs.put(None)
                thread.join()

        return finish

    def _hand_over(self) -> None:
        """All work that was asked for in one turn of the loop goes into one transaction."""
        asked, self._asked = self._asked, []
        if asked:
            self._jobs.put(asked)

    def _serve(self, loop: asyncio.AbstractEventLoop, ready: asyncio.Future[None]) -> None:
        try:
            self._session.start()
        except Exception as error:  # noqa: BLE001  raised where the store is opened
            loop.call_soon_threadsafe(ready.set_exception, error)
            return
        loop.call_soon_threadsafe(ready.set_result, None)
        try:
            waiting: list[Job] = []
            last = False
            while not last or waiting:
                last = self._gather(waiting) or last
                batch, waiting = waiting[: self._most], waiting[self._most :]
                if batch:
                    loop.call_soon_threadsafe(_settle, batch, self._outcomes([work for work, _ in batch]))
        finally:
            self._session.end()

    def _gather(self, waiting: list[Job]) -> bool:
        """Everything that is asked for by now, and at least something; whether there will be no more."""
        while not waiting or not self._jobs.empty():
            asked = self._jobs.get()
            if asked is None:
                return True
            waiting += asked
        return False

    def _outcomes(self, works: Works) -> Outcomes:
        try:
            return self._session.commit(works)
        except Exception as error:  # noqa: BLE001  every waiter gets it
            return [(None, error)] * len(works)


def grouped(
    db: Writable,
    begin: Callable[[], object],
    works: Works,
    commit: Callable[[Outcomes], object],
    pipeline: Callable[[], AbstractContextManager[object]] | None = None,
) -> Outcomes:
    """All works in one transaction; a refusal (`Fenced`, …) undoes only its own part. Any other fault is raised, and
    the transaction may then be open.

    `pipeline`: in it no statement waits for the answers of those before. What it refuses is raised by its end.
    """
    try:
        with pipeline() if pipeline else nullcontext():
            return _together(db, begin, works, commit, ahead=bool(pipeline))
    except PushbuttonError as refusal:
        db.execute("ROLLBACK")
        if len(works) == 1:
            return [(None, refusal)]
    return _apart(db, begin, works, commit)


def _together(
    db: Writable, begin: Callable[[], object], works: Works, commit: Callable[[Outcomes], object], *, ahead: bool
) -> Outcomes:
    """Raises the first refusal. Hardly ever is there one, and a savepoint for each takes as long as their work."""
    begin()
    turn = Turn(db, ahead=ahead)
    values = _side_by_side(turn, works) if ahead else [work(turn) for work in works]
    turn.flush()
    outcomes: Outcomes = [(value, None) for value in values]
    commit(outcomes)
    return outcomes


def _side_by_side(turn: Turn, works: Works) -> list[Any]:
    """What each returns. `Halves` that follow each other all ask before the first is told."""
    values: list[Any] = []
    for halves, some in groupby(works, lambda work: isinstance(work, Halves)):
        if halves:
            asked = [(work, work.ask(turn)) for work in cast("Iterator[Halves[Any]]", some)]
            values += [work.told(turn, rows) for work, rows in asked]
        else:
            values += [work(turn) for work in some]
    return values


def _apart(db: Writable, begin: Callable[[], object], works: Works, commit: Callable[[Outcomes], object]) -> Outcomes:
    outcomes: Outcomes = []
    begin()
    for work in works:
        db.execute("SAVEPOINT one")
        turn = Turn(db)  # what is refused takes with it what it gathered
        try:
            value = work(turn)
            turn.flush()
            outcomes.append((value, None))
        except PushbuttonError as refusal:
            db.execute("ROLLBACK TO one")
            outcomes.append((None, refusal))
        db.execute("RELEASE one")
    commit(outcomes)
    return outcomes


def _settle(batch: Sequence[Job], outcomes: Outcomes) -> None:
    for (_, future), (value, error) in zip(batch, outcomes, strict=True):
        if future.done():
            continue
        if error:
            future.set_exception(error)
            future.exception()  # seen: the waiter may be gone
        else:
            future.set_result(value)
