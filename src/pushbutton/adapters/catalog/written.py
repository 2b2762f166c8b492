"""Numbers as they were written: 3.10 is another version than 3.1, and 007 another shop than 7.

A reader of YAML or TOML makes numbers of them. One whose text would not come back remembers it, and whatever becomes
text in the end (a choice, an argument, a variable) takes it from there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Self

from ruamel.yaml.constructor import RoundTripConstructor

from pushbutton.job.kinds import Written, text_of

__all__ = ["Constructor", "as_offered", "as_written", "bare"]


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
    value = float(text)
    return value if str(value) == text else _Float.of(value, text)


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


class Constructor(RoundTripConstructor):
    """A YAML reader's, for numbers that remember, and for truth values that are true or false: “yes” is a text."""

    def construct_yaml_int(self, node: Any) -> Any:
        value, text = int(super().construct_yaml_int(node)), str(node.value)
        return value if str(value) == text else _Int.of(value, text)

    def construct_yaml_float(self, node: Any) -> Any:
        value, text = float(super().construct_yaml_float(node)), str(node.value)
        return value if str(value) == text or not math.isfinite(value) else _Float.of(value, text)

    def construct_yaml_bool(self, node: Any) -> Any:
        text = str(node.value)
        return {"true": True, "false": False}.get(text.lower(), text)

    def construct_yaml_timestamp(self, node: Any, _values: Any = None) -> Any:
        return str(node.value)  # whoever wants a date reads it


Constructor.add_constructor("tag:yaml.org,2002:int", Constructor.construct_yaml_int)
Constructor.add_constructor("tag:yaml.org,2002:float", Constructor.construct_yaml_float)
Constructor.add_constructor("tag:yaml.org,2002:bool", Constructor.construct_yaml_bool)
Constructor.add_constructor("tag:yaml.org,2002:timestamp", Constructor.construct_yaml_timestamp)
