"""JSON from outside, read so that no two readers can take two different things for it. Pure."""

from __future__ import annotations

import json
from typing import Any, Final

from pushbutton.sentence import say

__all__ = ["DEEPEST", "read"]

DEEPEST: Final = 50


def read(data: bytes) -> Any:
    """The value. Raises `ValueError` with a sentence."""
    try:
        value = json.loads(data.decode(), parse_constant=_refuse, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError(say("The JSON is nested too deeply.")) from None
    except (ValueError, UnicodeDecodeError) as error:
        raise ValueError(say("This is not JSON: {why}.", why=str(error)[:200])) from None
    if _depth(value) > DEEPEST:
        raise ValueError(say("The JSON is nested too deeply."))
    return value


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values for one name, two readers may take two different ones."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands in it twice")
    return found


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level and depth <= DEEPEST:
        depth += 1
        level = [
            inner
            for outer in level
            if isinstance(outer, (list, dict))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return depth
