"""The ports `Supervisors` and `Records`: what runs jobs, and what it writes down of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from pushbutton.domain.order import Order
from pushbutton.domain.run import Run
from pushbutton.domain.task import Command, Task

Record = Mapping[str, Any]
"""One record of a supervisor, see `supervisor.spool`."""


class Records(Protocol):
    """The records of supervisors, in order; they are only appended to."""

    def read(self, run: int, position: int) -> tuple[Sequence[Record], int]:
        """Complete records from `position` on, and the position behind them."""
        ...


class Supervisors(Protocol):
    """Processes that start a job, watch over it and write down what it says, one for each run. Each has a spool of its
    own, and outlives the server: a lock on the spool says whether it is there.
    """

    async def start(self, run: Run, task: Task, command: Command, secrets: Sequence[str], token: str) -> None:
        """Make a fresh spool, in which what people brought stays, and start a supervisor that holds it.

        Raises `OSError` when that fails, as it does where the disk is full; then the job has not run.
        """
        ...

    def has_room(self) -> bool:
        """Whether the disk takes another spool, as far as it says so beforehand."""
        ...

    def tried(self, run: int) -> bool:
        """Whether there is a spool, of a supervisor that may be gone."""
        ...

    def held(self, run: int) -> bool:
        """Whether a live supervisor has it."""
        ...

    def tell(self, run: int, orders: Sequence[Order], room: Callable[[], None] | None = None) -> int:
        """Hand these to the supervisor: all that it has not heard, in their order. Those that have gone out before are
        left out, unless they were not heard in a while. Never waits: what there is no room for, or nobody to hear, goes
        out at a later call; `room` is called once, by the event loop, when that may be worth it.

        The supervisor carries each out once, and in this order, whoever repeats it; it says so by a record `heard` with
        the number of the last one. The answer is the number up to which they have gone out and no such record will
        come, because the supervisor is one of before that; 0 for all others.
        """
        ...

    def told(self, run: int) -> int:
        """The number of the last order that has gone out from this process; 0 for none."""
        ...

    def hang_up(self, run: int) -> None:
        """The run is not followed here any more: forget what went out."""
        ...

    def names_file(self, line: str) -> bool:
        """Whether a supervisor would read this line as one that hands over a file, however it is written."""
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
        Processes that could not be ended are named, "pid name".
        """
        ...

    async def adopt(self, run: int, path: str) -> Record:
        """Keep a file that a supervisor of 0.2.0 has only named: a record `artifact` or `refused`, without its time.
        A disk that does not answer is given up.
        """
        ...

    async def clear(self, run: int) -> Sequence[str]:
        """The supervisor is gone: end what is left of its tree. Processes that could not be ended are named,
        "pid name".
        """
        ...

    def kept(self) -> Sequence[int]:
        """The runs of which there is a folder here. It blocks."""
        ...

    async def remove(self, run: int) -> None: ...

    def reap(self) -> None:
        """Reap supervisors that have ended; nothing else does."""
        ...
