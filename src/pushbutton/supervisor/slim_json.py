"""JSON without the package `json`, which loads `re`, `enum` and more for its error messages: 6 ms of each start, and
more than a megabyte for as long as the run lasts. What does the work there is in C, and is asked directly here.

Where this Python has another C part than those known, or none, it is `json` after all.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["dumps", "loads"]

BLANK = " \t\n\r"


def _refuse(value: object) -> object:
    raise TypeError(f"{type(value).__name__} is no JSON")


class _Reading:
    """The settings that the C part asks for: nothing out of the ordinary."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_int = int
    parse_float = parse_constant = float


def _quick() -> tuple[Callable[[Any], str], Callable[[str], Any]]:
    """Raises what it may, where the C part is not as expected."""
    from _json import encode_basestring_ascii, make_encoder, make_scanner  # noqa: PLC0415

    parts = make_encoder(None, _refuse, encode_basestring_ascii, None, ":", ",", False, False, True)
    context: Any = _Reading
    scan = make_scanner(context)

    def write(value: Any) -> str:
        return "".join(parts(value, 0))

    def read(text: str) -> Any:
        text = text.strip(BLANK)
        try:
            value, end = scan(text, 0)
        except (RecursionError, MemoryError):
            raise
        except Exception:  # noqa: BLE001  how it refuses a text differs from Python to Python: StopIteration, ImportError,
            # and SystemError where the package's own exception, which it wants to raise, was never loaded
            raise ValueError("this is no JSON") from None
        if end != len(text):
            raise ValueError("something follows the JSON")
        return value

    if write([read('{"a":[1,0.5,"\\u2022",null,true]}')]) != '[{"a":[1,0.5,"\\u2022",null,true]}]':
        raise ImportError("the C part speaks another JSON")
    return write, read


def _known() -> tuple[Callable[[Any], str], Callable[[str], Any]]:
    import json  # noqa: PLC0415

    return json.JSONEncoder(separators=(",", ":")).encode, json.loads


try:
    _write, _read = _quick()
except (ImportError, AttributeError, TypeError, ValueError):
    _write, _read = _known()


def dumps(value: Any) -> str:
    """ASCII on one line, without blanks. Raises `TypeError` for what JSON has not."""
    return _write(value)


def loads(text: str) -> Any:
    """Raises `ValueError`, and `RecursionError` for what is nested too deeply."""
    return _read(text)
