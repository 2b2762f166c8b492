"""Patterns that may be slow, found in the background: trying one takes up to a second, and is done once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence

from pushbutton.domain.problem import Problem
from pushbutton.domain.task import Task
from pushbutton.runtime.ports import Patterns

from .patterns import doubts, patterned

__all__ = ["SlowPatterns"]

log = logging.getLogger(__name__)

_Key = tuple[object, ...]


class SlowPatterns:
    """`over(tasks)` says what there is now; `problems` is what was found of it. `changed`: it is more."""

    def __init__(self, patterns: Patterns, changed: Callable[[], None]) -> None:
        self._patterns, self._changed = patterns, changed
        self._found: dict[_Key, Sequence[Problem]] = {}
        self._tasks: dict[_Key, Task] = {}
        self._work: asyncio.Task[None] | None = None

    @property
    def problems(self) -> Sequence[Problem]:
        return [problem for key in self._tasks for problem in self._found.get(key, ())]

    def over(self, tasks: Iterable[Task]) -> None:
        self._tasks = {_key(task): task for task in tasks if patterned(task)}
        self._found = {key: found for key, found in self._found.items() if key in self._tasks}
        if self._tasks.keys() - self._found.keys() and (self._work is None or self._work.done()):
            self._work = asyncio.create_task(self._look(), name="patterns")

    async def close(self) -> None:
        if self._work:
            self._work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._work

    async def _look(self) -> None:
        while left := [key for key in self._tasks if key not in self._found]:
            key, task = left[0], self._tasks[left[0]]
            try:
                found = await doubts(task, self._patterns)
            except Exception:
                log.exception("the patterns of %s could not be tried", task.slug)
                found = []
            self._found[key] = found
            if found and key in self._tasks:
                self._changed()


def _key(task: Task) -> _Key:
    """The same for two tasks of which the same would be found."""
    return (task.source, *((param.name, param.pattern, str(param.default)) for param in patterned(task)))
