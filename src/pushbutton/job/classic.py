"""The classic "backend process": a class that says what it does through its own `status`, with no import of ours.

* It assigns text (`self.status = "doing a thing"`): each assignment becomes a status.
* It calls `self.status("doing a thing")` and has no `status` of its own: it gets one.
* It defines `status` itself, as a method or property: that is left alone.
"""

from __future__ import annotations

from typing import Any

from . import context

__all__ = ["listen"]

_KEPT = "_pushbutton_status"


class _Said(str):
    """The last status: text to read, and something to call with the next one."""

    __slots__ = ()

    def __call__(self, text: object, *_: object) -> None:
        context.status(text)


class _Status:
    """Stands on the class, so that assignments to instances come by."""

    def __init__(self, first: object) -> None:
        self._first = first

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        if instance is None:
            return self._first
        kept = vars(instance).get(_KEPT, self._first)
        return _Said(kept) if isinstance(kept, str) else kept

    def __set__(self, instance: object, value: object) -> None:
        vars(instance)[_KEPT] = value
        if isinstance(value, str):
            context.status(value)


def listen(work: type) -> None:
    """Make the class's `status` heard, if it is one of the first two shapes."""
    first = getattr(work, "status", "")
    if isinstance(first, str) or first is None:
        try:
            setattr(work, "status", _Status(first))  # noqa: B010 - the class is the author's and knows no such name
        except TypeError:
            pass  # a class that cannot be changed keeps its silence
