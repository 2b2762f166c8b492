"""Numbers of a YAML file that remember how they were written; apart, because few folders hold such a file."""

from __future__ import annotations

import math
from typing import Any

from ruamel.yaml.constructor import RoundTripConstructor

from .numbers import remembered

__all__ = ["Constructor"]


class Constructor(RoundTripConstructor):
    """A YAML reader's, for numbers that remember, and for truth values that are true or false: “yes” is a text."""

    def construct_yaml_int(self, node: Any) -> Any:
        return remembered(int(super().construct_yaml_int(node)), str(node.value))

    def construct_yaml_float(self, node: Any) -> Any:
        value, text = float(super().construct_yaml_float(node)), str(node.value)
        return remembered(value, text) if math.isfinite(value) else value

    def construct_yaml_bool(self, node: Any) -> Any:
        text = str(node.value)
        return {"true": True, "false": False}.get(text.lower(), text)

    def construct_yaml_timestamp(self, node: Any, _values: Any = None) -> Any:
        return str(node.value)  # a task that wants a date reads it


Constructor.add_constructor("tag:yaml.org,2002:int", Constructor.construct_yaml_int)
Constructor.add_constructor("tag:yaml.org,2002:float", Constructor.construct_yaml_float)
Constructor.add_constructor("tag:yaml.org,2002:bool", Constructor.construct_yaml_bool)
Constructor.add_constructor("tag:yaml.org,2002:timestamp", Constructor.construct_yaml_timestamp)
