"""A sentence that people read: its English text, which remembers what it says and of what.

    say("Run {number} is not running any more.", number=42)

is the English text wherever a text is wanted: in logs, answers, databases and comparisons. Beside that it has an `id`,
which is the English with its places (the msgid of a catalogue), and the `values` that stand in these; so a page says it
in its reader's language, also years later. What is made of it by cutting, joining or an f-string is a plain text again:
a sentence inside another one is one of its values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

__all__ = ["BESIDE", "Sentence", "Value", "kept", "recalled", "say", "say_n", "unsaid"]

Value = None | str | int | float | Sequence["Value"]
"""The values of a sentence: texts, numbers, other sentences, and lists of them, which are read with commas."""

BESIDE: Final = "sentences"
"""The key under which data of the journal hold the id and values of those of their texts that are sentences."""

_NONE: Final[Mapping[str, Value]] = {}


class Sentence(str):
    """Made by `say` or `say_n` from a text of the code, never from one that came from elsewhere."""

    __slots__ = ("id", "plural", "values")

    id: str
    """The English as it is written in the code; of one that counts, that for one."""
    plural: str
    """Of one that counts (by the value `n`), the English for all other numbers; else ""."""
    values: Mapping[str, Value]

    # With defaults, because copies are made of the text first, and get the rest later.
    def __new__(cls, text: str, id: str = "", values: Mapping[str, Value] = _NONE, plural: str = "") -> Self:  # noqa: A002
        made = super().__new__(cls, text)
        made.id, made.values, made.plural = id, values, plural
        return made

    def __str__(self) -> Sentence:
        """Itself: the `str()` of an exception that was raised with it is the sentence."""
        return self


def say(id: str, /, **values: Value) -> Sentence:  # noqa: A002  what gettext calls msgid
    return Sentence(_filled(id, values), id, values)


def say_n(one: str, many: str, n: float, /, **values: Value) -> Sentence:
    """`one` for exactly one, else `many`; `{n}` is the number. Other languages may have more forms than these two."""
    values["n"] = n
    return Sentence(_filled(one if n == 1 else many, values), one, values, many)


def unsaid(id: str, /) -> str:  # noqa: A002
    """An id that is written down in one place, and said in another: for the check that every one is translated."""
    return id


def _filled(template: str, values: Mapping[str, Value]) -> str:
    if not values:
        return template
    for value in values.values():
        if isinstance(value, list | tuple):
            return template.format_map({name: _listed(one) for name, one in values.items()})
    return template.format_map(values)


def _listed(value: Value) -> Value:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


def kept(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Data as JSON keeps them: id and values beside each text, or list of texts, that are sentences.

    Nothing else gets there, whatever the data held under that key: what a job or a caller says is text.
    """
    for value in data.values():
        if isinstance(value, _MAY_BE_SAID):
            break
    else:
        if BESIDE not in data:
            return data  # most of them
    beside = {key: found for key, value in data.items() if (found := _beside(value)) is not None}
    return {key: value for key, value in data.items() if key != BESIDE} | ({BESIDE: beside} if beside else {})


def recalled(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data that `kept` was given. Data without sentences, such as those of older versions, stay as they are."""
    if BESIDE not in data:
        return data
    beside = data[BESIDE]
    found = {key: value for key, value in data.items() if key != BESIDE}
    if isinstance(beside, dict):
        found |= {key: _recalled(found[key], one) for key, one in beside.items() if key in found}
    return found


_MAY_BE_SAID: Final = (Sentence, list, tuple)


def _beside(value: object) -> object:
    if isinstance(value, Sentence):
        values = {name: _plain(one) for name, one in value.values.items()}
        return {"id": value.id, "values": values} | ({"plural": value.plural} if value.plural else {})
    if isinstance(value, list | tuple) and any(isinstance(one, Sentence) for one in value):
        return [_beside(one) for one in value]
    return None


def _plain(value: Value) -> Any:
    """A value as JSON has it: one that is a sentence brings its text along."""
    if isinstance(value, Sentence):
        return {"text": value, **_object(_beside(value))}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _recalled(text: Any, beside: object) -> Any:
    if isinstance(text, list) and isinstance(beside, list) and len(text) == len(beside):
        return [_recalled(*pair) for pair in zip(text, beside, strict=True)]
    match beside:
        case {"id": str(id), "values": dict(values), **more} if isinstance(text, str):
            plural = more.get("plural", "")
            said = {str(name): _value(one) for name, one in values.items()}
            return Sentence(text, id, said, plural if isinstance(plural, str) else "")
    return text


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return [_value(one) for one in value]
    return _recalled(value.get("text", ""), value) if isinstance(value, dict) else value


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
