"""What is shown of a file while it is rewritten: what it last held, until it is sure that this is gone.

An editor, `rsync` or a checkout empties a file and fills it again, or takes it away and brings another. So a file that
is away, or that no longer holds all it held, counts as such when it still does after a while; what is new or mended
shows at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from pushbutton.domain.secret import Secret
from pushbutton.domain.task import Task

from .model import FileTasks, Found

__all__ = ["SETTLED", "File"]

SETTLED = 1.5
"""Seconds for which a file must be away, or stay as it is, before what it held before is given up."""
_LONGEST = 20.0  # the same for one that is written all the time and never whole


@dataclass(slots=True)
class File:
    """Times are those of a monotonic clock."""

    found: Found
    shown: FileTasks | None = None  # None: it was not read yet
    known: tuple[Task, ...] = ()  # what it held when it was last whole
    secrets: tuple[Secret, ...] = ()
    away: float | None = None  # since when it is not there
    _next: FileTasks | None = None  # what holds less than is shown, and may hold more in a moment
    _worse: float = 0.0  # since when
    _until: float = 0.0

    def read(self, reading: FileTasks, now: float) -> bool:
        """Whether something else is shown now."""
        if self.shown is None or not _less(reading, self.shown):
            return self._show(reading)
        if self._next is None:
            self._worse = now
        self._next, self._until = reading, min(now + SETTLED, self._worse + _LONGEST)
        return self.settle(now)

    def missed(self, now: float) -> bool:
        """It is not there. Whether that is sure."""
        self.away = now if self.away is None else self.away
        return now - self.away >= SETTLED or self.shown is None or not (self.shown.tasks or self.known)

    def settle(self, now: float) -> bool:
        """Whether something else is shown, because it is sure now."""
        return self._next is not None and now >= self._until and self._show(self._next)

    @property
    def unsettled(self) -> float | None:
        """When to look again; None: everything is sure."""
        if self.away is not None:
            return self.away + SETTLED
        return self._until if self._next is not None else None

    def _show(self, reading: FileTasks) -> bool:
        self.shown, self._next = reading, None
        if reading.whole is None:
            self.known, self.secrets = reading.tasks, reading.secrets
        return True


def _less(new: FileTasks, old: FileTasks) -> bool:
    """Whether a task that could be pressed, or a secret that could be had, is gone or broken."""
    return old.whole is None and not _usable(old) <= _usable(new)


def _usable(reading: FileTasks) -> set[tuple[str, str]]:
    tasks = {("task", task.slug) for task in reading.tasks if not task.broken}
    return tasks | {("secret", secret.name) for secret in reading.secrets if not secret.broken}
