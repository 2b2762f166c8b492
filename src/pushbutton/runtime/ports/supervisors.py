"""The ports `Supervisors` and `Records`: what runs jobs, and what it writes down of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pushbutton.domain.run import Run
from pushbutton.domain.task import Command, Task

Record = Mapping[str, Any]
"""What a supervisor wrote down, see `supervisor.spool`."""


class Records(Protocol):
    """What supervisors write down, in order; it only grows."""

    def read(self, run: int, position: int) -> tuple[Sequence[Record], int]:
        """Complete records from `position` on, and the position behind them."""
        ...


class Supervisors(Protocol):
    """Processes that start a job, watch over it and write down what it says, one for each run. Each has a spool of its
    own, and outlives the server: a lock on the spool says whether it is there.
    """

    async def start(self, run: Run, task: Task, command: Command, secrets: Sequence[str], token: str) -> None:
        """Make a fresh spool, in which what people brought stays, and start a supervisor that holds it.

        Raises `OSError` when that fails; then the job has not run.
        """
        ...

    def tried(self, run: int) -> bool:
        """Whether there is a spool, of a supervisor that may be gone."""
        ...

    def held(self, run: int) -> bool:
        """Whether a live supervisor has it."""
        ...

    def stop(self, run: int, *, grace: float, by: str) -> bool:
        """Tell the supervisor to end the job. False: nobody is there to hear it."""
        ...

    def worked(self, run: int) -> int | None:
        """A number that changes at least once a second while the supervisor works; None where it cannot be told."""
        ...

    def overtime(self, run: int, declared: float | None = None) -> float | None:
        """Seconds since the run's time limit, negative before it; None where it has none or it cannot be told.
        `declared`: the limit in seconds where the supervisor wrote none down, not even that there is none.
        """
        ...

    def goes_down(self, run: int) -> None:
        """Tell the supervisor, as the system would, that the machine goes down: the job gets its moment."""
        ...

    async def ask(self, run: int) -> None:
        """The supervisor hangs: ask all that is below it to end, as it would have."""
        ...

    async def end(self, run: int) -> Sequence[str]:
        """The supervisor hangs: kill it, so that it does nothing any more should it wake up, and all that is below it.
        Who could not be ended is named, "pid name".
        """
        ...

    async def say(self, run: int, lines: Sequence[str]) -> bool:
        """Hand lines from elsewhere to the supervisor, which masks, counts and orders them like the job's own. False:
        nobody is there to hear it. Raises `BadInput` where one names a file, however it is written: only the job may;
        `NotHeard` when the supervisor does not take them in time.
        """
        ...

    async def adopt(self, run: int, path: str) -> Record:
        """Keep a file that a supervisor of 0.2.0 has only named: a record `artifact` or `refused`, without its time.
        A disk that does not answer is given up.
        """
        ...

    async def clear(self, run: int) -> Sequence[str]:
        """The supervisor is gone: end what is left of its tree. Who could not
        be ended is named, "pid name".
        """
        ...

    async def remove(self, run: int) -> None: ...

    def reap(self) -> None:
        """Take leave of supervisors that have ended: nobody else does."""
        ...
