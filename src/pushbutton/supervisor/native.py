"""Functions of the C library that Python has no name for."""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    from typing import Any

__all__ = ["prctl", "syscall"]


def prctl(option: int, value: int) -> int:
    """-1 where it cannot be had."""
    return _call("prctl", option, value, 0, 0, 0)


def syscall(number: int, *arguments: int | bytes | None) -> int:
    """-1 for every mistake. Each argument is an int that fits into 32 bits, or a pointer."""
    return _call("syscall", number, *arguments)


def _call(name: str, *arguments: int | bytes | None) -> int:
    try:
        ours: Any = None  # the program itself
        try:  # as `ctypes` does it, which takes ten times as long to load as what it stands on
            from _ctypes import call_function, dlopen, dlsym  # noqa: PLC0415

            return int(call_function(dlsym(dlopen(ours, 0), name), arguments))
        except ImportError:
            import ctypes  # noqa: PLC0415

            return int(getattr(ctypes.CDLL(None), name)(*arguments))
    except (OSError, AttributeError, ImportError):
        return -1
