"""Pushbutton puts a button on any job.

This module only re-exports, and lazily: a job that says `from pushbutton import status` loads the standard library
and nothing else.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    from .app import Pushbutton
    from .domain.event import Event
    from .job import result
    from .job.again import Again, Final
    from .job.context import artifact, progress, status, step
    from .job.declare import Field, SecretStr, task
    from .job.secret import secret

__all__ = [
    "Again",
    "Event",
    "Field",
    "Final",
    "Pushbutton",
    "SecretStr",
    "artifact",
    "progress",
    "result",
    "secret",
    "status",
    "step",
    "task",
]
__version__ = "0.2.0"

_HOME = {
    "Pushbutton": ".app",
    "Again": ".job.again",
    "Final": ".job.again",
    "Event": ".domain.event",
    "Field": ".job.declare",
    "SecretStr": ".job.declare",
    "task": ".job.declare",
    "artifact": ".job.context",
    "progress": ".job.context",
    "status": ".job.context",
    "step": ".job.context",
    "secret": ".job.secret",
}
_MODULES = {"result": ".job.result"}


def __getattr__(name: str) -> object:
    if name in _HOME or name in _MODULES:
        from importlib import import_module  # noqa: PLC0415  a supervisor loads this and needs nothing of it

        if name in _MODULES:
            return import_module(_MODULES[name], __name__)
        return getattr(import_module(_HOME[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
