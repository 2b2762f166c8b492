"""Numbers as they were written: 3.10 is another version than 3.1, and 007 another shop than 7.

A reader of YAML or TOML makes numbers of them. One whose text would not come back remembers it, and whatever becomes
text in the end (a choice, an argument, a variable) takes it from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from pushbutton.job.kinds import Written, text_of

__all__ = ["as_offered", "as_written", "bare", "remembered"]


class _Int(int, Written):
    @classmethod
    def of(cls, value: int, text: str) -> Self:
        made = cls(value)
        made.text = text
        return made


class _Float(float, Written):
    @classmethod
    def of(cls, value: float, text: str) -> Self:
        made = cls(value)
        made.text = text
        return made


def as_written(text: str) -> float:
    """A TOML reader's float."""
    value: float = remembered(float(text), text)
    return value


def remembered(value: float, text: str) -> Any:
    """The number, int or float as it was, remembering its text where that would not come back."""
    if str(value) == text:
        return value
    return _Int.of(value, text) if isinstance(value, int) else _Float.of(value, text)


def bare(value: Any) -> Any:
    """The same without memory of how its numbers were written."""
    if isinstance(value, dict):
        return {bare(key): bare(item) for key, item in value.items()}
    if isinstance(value, list):
        return [bare(item) for item in value]
    if isinstance(value, Written):
        return int(value) if isinstance(value, int) else float(value)  # type: ignore[arg-type]  # it is one of the two
    return value


def as_offered(value: Any, choices: Sequence[Any]) -> Any:
    """A number that means one of these choices, which are texts."""
    if isinstance(value, int | float) and not isinstance(value, bool) and text_of(value) in choices:
        return text_of(value)
    return bare(value)
