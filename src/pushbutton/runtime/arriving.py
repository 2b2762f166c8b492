"""Runs whose files are still being copied: the press is kept, and its run must not start before they are there."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

Known = Callable[[Iterable[int]], None]


class Arriving:
    """In this process. The gate of another one may let such a run through: its start then makes the copies itself."""

    def __init__(self) -> None:
        self._pressed: Counter[str] = Counter()  # by task: presses that have no number yet
        self._runs: set[int] = set()

    @contextlib.contextmanager
    def of(self, task: str) -> Iterator[Known]:
        """While a press of this task is kept. What it gives is called once, with the numbers of the runs that came of
        it; until then none of the task starts.
        """
        mine: list[int] = []

        def known(runs: Iterable[int]) -> None:
            mine.extend(runs)
            self._runs.update(mine)
            self._pressed[task] -= 1

        self._pressed[task] += 1
        try:
            yield known
        finally:
            if not mine:
                self._pressed[task] -= 1
            self._runs.difference_update(mine)
            self._pressed = +self._pressed

    def holds(self, run: int, task: str) -> bool:
        """Whether this run of the task is not to start yet."""
        return run in self._runs or self._pressed[task] > 0
