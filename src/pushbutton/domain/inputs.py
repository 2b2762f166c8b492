"""From what somebody sent to `Inputs`: every value checked, all at once, and in its canonical form.

Every sentence says what to do, and none repeats a value, which may be a secret, or hostile.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Any, TypeVar

from pushbutton.errors import InvalidInputs
from pushbutton.sentence import Sentence, say, say_n, unsaid

from .event import Json
from .param import Inputs, Param, ParamType
from .pattern import Fits, here
from .task import Task
from .upload import LONGEST, of_value

__all__ = [
    "MASK",
    "VALUE_LIMIT",
    "Exact",
    "applies",
    "as_sent",
    "asked_for",
    "bounds_fault",
    "check",
    "cleared_is_empty",
    "fingerprint",
    "in_order",
    "mask",
    "parse",
    "picked",
    "same",
    "sent",
]

T = TypeVar("T")

MASK = "•••"
VALUE_LIMIT = 128 * 1024
"""Bytes of one value."""
TOTAL_LIMIT = 1024 * 1024
"""Bytes of all values together."""

_UNKNOWN_SHOWN = 20
_YES = frozenset({"on", "true", "yes", "1"})
_NO = frozenset({"off", "false", "no", "0"})
_BIGGEST = 2**63 - 1
_LONGEST_LIST = 2048
_EXACT = 1e15  # whole floats below are written without an exponent

_INT = re.compile(r"[+-]?[0-9]{1,100}")
_FLOAT = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(?::[0-9]{2})?")
_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)


_CONTROLS = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # but a tab


class _No(Exception):
    """The value cannot be taken; the message is the sentence that the person reads."""


@dataclass(frozen=True, slots=True)
class Exact:
    """A value as JSON has it, among the texts of a form: nothing of it is read anew."""

    value: Json


def parse(
    params: Sequence[Param], raw: object, *, form: bool = False, paths: bool = False, fits: Fits = here
) -> Inputs:
    """Canonical inputs. Raises `InvalidInputs` with a sentence for every param that is wrong, and nothing else.

    `raw` maps names to values as JSON has them. With `form` the values are text (or lists of text), as HTML forms
    and command lines have them; a bool that is absent is then its default or false, so a form sends an empty value
    before each checkbox, and the last of several values counts.

    A value that is absent is its default. One that is null, or left empty in a form, is None where the param may be
    None, else its default. A text that need not be filled in is what was sent, also if that is empty; a form says that
    only of one that may be (`cleared_is_empty`). A param without a value stays out (None stands there only in place of
    a default), and so does one whose `when` does not hold, whatever is sent for it.

    With `paths` a file's value may be a path on this machine; without, it is the name of a stored upload and holds no
    slash. `fits` is asked which texts match; the one that is the default refuses what could take long to compare.
    """
    inputs, wrong = check(params, raw, form=form, paths=paths, fits=fits)
    if wrong:
        raise InvalidInputs(wrong)
    return inputs


def check(
    params: Sequence[Param], raw: object, *, form: bool = False, paths: bool = False, fits: Fits = here
) -> tuple[Inputs, dict[str, str]]:
    """The valid inputs, and a sentence for each that is wrong; see `parse`."""
    if not isinstance(raw, Mapping):
        return {}, {"": say("Send the inputs as an object of names and values.")}
    wrong = _unknown([param.name for param in params], raw)
    found: dict[str, Json] = {}
    for param in in_order(params)[0]:
        if not applies(param, found):
            continue
        try:
            value = _one(param, raw, form=form, paths=paths, fits=fits)
        except _No as no:
            wrong[param.name] = str(no)
            continue
        if value is not None or param.default is not None:
            found[param.name] = value
    inputs = {param.name: found[param.name] for param in params if param.name in found}
    if sum(_size(value) for value in inputs.values()) > TOTAL_LIMIT:
        wrong.setdefault("", say("All values together are longer than 1 MiB: send less, or put it into a file."))
    return inputs, wrong


def cleared_is_empty(param: Param) -> bool:
    """Whether a cleared field is an empty text, and neither None nor the default."""
    if param.type is not ParamType.STR or param.required or param.may_be_none:
        return False
    return param.default == "" or (not param.min_length and (not param.pattern or here(param.pattern, "") is True))


def applies(param: Param, inputs: Inputs) -> bool:
    """Whether the param is asked, given the inputs of the others."""
    return all(name in inputs and _among(inputs[name], wanted) for name, wanted in param.when.items())


def in_order(params: Sequence[Param]) -> tuple[list[Param], list[Param]]:
    """Each behind the params that its `when` names; and those that cannot be ordered so, which are never asked."""
    placed: list[Param] = []
    left = list(params)
    while True:
        names = {param.name for param in placed}
        ready = [param for param in left if names.issuperset(param.when)]
        if not ready:
            return placed, left
        placed += ready
        left = [param for param in left if param not in ready]


def mask(task: Task, inputs: Inputs) -> Inputs:
    """The inputs as they may be stored, shown and logged: a secret that has a value is "•••"."""
    return {name: MASK if name in task.secrets else value for name, value in inputs.items()}


def fingerprint(inputs: Inputs) -> str:
    """The same for equal inputs, in any order. Pass masked ones: a hash of a weak secret can be guessed."""
    text = json.dumps(inputs, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def bounds_fault(param: Param) -> tuple[str, str]:
    """Which of `min` and `max` cannot be compared with a value, and a sentence; ("", "") when both can."""
    read: list[Any] = []
    for key, bound in (("min", param.min), ("max", param.max)):
        try:
            read.append(
                None if bound is None else _read_bound(param.of if param.type is ParamType.LIST else param.type, bound)
            )
        except _No as no:
            return key, f"“{key}” of “{param.name}” cannot be read. {no}"
    low, high = read
    if low is not None and high is not None and low > high:
        return "min", f"“min” of “{param.name}” is above its “max”, so that nothing would fit."
    return "", ""


def _read_bound(kind: ParamType, bound: float | str) -> Any:
    """The value to compare with the other bound. Raises `_No`."""
    if kind in _BOUNDS and isinstance(bound, str):
        pattern, read, ask = _BOUNDS[kind]
        found = _read_moment(read, _moment(pattern, bound, ask), ask)
        return found.replace(tzinfo=None) if isinstance(found, datetime) else found
    if isinstance(bound, str) or not math.isfinite(bound):
        raise _No(say("Write it in quotes.") if kind in _BOUNDS else say("Write a number, such as 3.5."))
    return bound


def _unknown(names: Sequence[str], raw: Mapping[Any, Any]) -> dict[str, str]:
    wrong: dict[str, str] = {}
    for key in raw:
        if key in names:
            continue
        if len(wrong) == _UNKNOWN_SHOWN:
            wrong[""] = say("There are more inputs that this task does not have.")
            break
        name = re.sub(r"[^\w .-]", "\N{REPLACEMENT CHARACTER}", str(key)[:60])
        near = get_close_matches(name, names, 1)
        wrong[name] = _no_such(name, near[0] if near else "", any_=bool(names))
    return wrong


def _no_such(name: str, near: str, *, any_: bool) -> str:
    if near:
        return say("There is no input named “{name}”. Did you mean “{near}”?", name=name, near=near)
    if any_:
        return say("There is no input named “{name}”.", name=name)
    return say("There is no input named “{name}”. This task has no inputs.", name=name)


def _one(param: Param, raw: Mapping[Any, Any], *, form: bool, paths: bool, fits: Fits) -> Json:
    value, given = raw.get(param.name), param.name in raw
    if isinstance(value, Exact):
        value, form = value.value, False
    elif form:
        value = _from_form(param, value)
    if _size(value) > VALUE_LIMIT:
        raise _No(say("This is longer than 128 KiB: shorten it, or put it into a file."))
    if value == "" and param.type is ParamType.STR and not param.required and (not form or cleared_is_empty(param)):
        if param.default == "":
            return ""
    elif value is None or (isinstance(value, str | list | tuple) and not value and not _offered(param, value)):
        return _blank(param, given=given, many=value is not None)
    if param.type is ParamType.FILE and not paths:
        _stored_name(value)
    read = _READ[param.type](param, value)
    if param.pattern and isinstance(read, str) and param.type in (ParamType.STR, ParamType.SECRET):
        _in_form(param, read, fits)
    if param.pattern and isinstance(read, list) and param.type is ParamType.LIST:
        for text in read:
            _in_form(param, str(text), fits)
    return read


def _from_form(param: Param, value: object) -> object:
    """The text of a form as the value that JSON would have held; other text stays as it is, and is refused later."""
    if param.type is ParamType.CHOICES:
        if isinstance(value, str):
            value = [value] if _offered(param, picked(param, value)) else [part.strip() for part in value.split(",")]
        if not isinstance(value, list | tuple):
            return value
        return [picked(param, part) for part in value if part != ""]
    if param.type is ParamType.LIST:
        return _lines(param, value)
    if isinstance(value, list | tuple):
        value = value[-1] if value else None
    if not isinstance(value, str) or _size(value) > VALUE_LIMIT:
        return value
    if param.type in (ParamType.STR, ParamType.SECRET):
        return value.replace("\r\n", "\n")
    if param.type is ParamType.CHOICE:
        return picked(param, value)
    value = value.strip()
    match param.type:
        case ParamType.BOOL:
            word = value.lower()
            if not word:
                return None if param.may_be_none else False
            return word in _YES if word in _YES | _NO else value
        case ParamType.INT if _INT.fullmatch(value):
            return int(value)
        case ParamType.FLOAT if _FLOAT.fullmatch(value):
            return float(value)
    return value


def _lines(param: Param, value: object) -> object:
    """The lines of a text, or of several, as the values of a list. Empty lines are left out."""
    if _size(value) > VALUE_LIMIT:
        return value
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        return value
    lines = [line for text in texts for line in text.replace("\r\n", "\n").split("\n") if line.strip()]
    one = _each(param)
    return [_from_form(one, line) for line in lines]


def _each(param: Param) -> Param:
    """The type of each value of a list."""
    return replace(param, type=param.of, min_length=None, max_length=None, required=True, default=None, pattern="")


def picked(param: Param, text: object) -> object:
    """The choice that a form sends as this text, or that is this text, or that is it but for blanks around; or the text
    itself.
    """
    if not isinstance(text, str):
        return text
    for known in (text, text.strip()):
        for choice in param.choices:
            if sent(param, choice.value) == known:
                return choice.value
        for choice in param.choices:
            if as_sent(choice.value) == known:
                return choice.value
    return text if param.choices else text.strip()


def _offered(param: Param, value: object) -> bool:
    return any(same(choice.value, value) for choice in param.choices)


def _blank(param: Param, *, given: bool, many: bool) -> Json:
    """The value of a param that was left out or left empty (`many`: by an empty text or list)."""
    if many and param.type in (ParamType.CHOICES, ParamType.LIST) and not param.required:
        return []
    if given and param.may_be_none:
        return None
    if param.default is not None:
        return param.default
    if param.type is ParamType.BOOL:
        if param.required and many:
            raise _No(say("Answer yes or no."))
        return False if param.required else None
    if not param.required:
        return None
    raise _No(_ASK.get(param.type, say("Fill this in.")))


_ASK = {
    ParamType.CHOICE: say("Choose one."),
    ParamType.CHOICES: say("Choose at least one."),
    ParamType.LIST: say("Write at least one, each on a line of its own."),
    ParamType.FILE: say("Choose a file."),
    ParamType.DATE: say("Choose a date."),
    ParamType.TIME: say("Choose a time."),
    ParamType.DATETIME: say("Choose a date and time."),
}


def _text(value: object, ask: str) -> str:
    if not isinstance(value, str):
        raise _No(ask)
    if "\0" in value:
        raise _No(say("Take out the NUL character: a job cannot be given one."))
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _No(say("Half of a character is missing here: type or paste the text again.")) from None
    return value


def _str(param: Param, value: object) -> str:
    text = _text(value, say("Send this as text."))
    if not param.multiline and param.type is ParamType.STR and ("\n" in text or "\r" in text):
        raise _No(say("Write this on one line."))
    if not (param.multiline or param.controls) and param.type is ParamType.STR and _CONTROLS.search(text):
        raise _No(say("Take out the control characters, which cannot be seen: type the text instead of pasting it."))
    length, least, most = len(text), param.min_length, param.max_length
    if least is not None and length < least:
        raise _No(
            say_n(
                "Write at least {least}; there is {n}.",
                "Write at least {least}; there are {n}.",
                length,
                least=_characters(least),
            )
        )
    if most is not None and length > most:
        raise _No(
            say_n(
                "Write at most {most}; there is {n}.",
                "Write at most {most}; there are {n}.",
                length,
                most=_characters(most),
            )
        )
    return text


def _in_form(param: Param, text: str, fits: Fits) -> None:
    fit = fits(param.pattern, text)
    if fit is None:
        raise _No(
            say(
                "Write this shorter: it could not be compared in time with what is asked for. {hint}",
                hint=asked_for(param),
            )
        )
    if not fit:
        raise _No(asked_for(param))


def asked_for(param: Param) -> str:
    """The sentence where the pattern does not match: the author's words, and the pattern itself only where there are
    none.
    """
    said = param.pattern_text or param.help
    if said and "\n" not in said:
        return said if said[-1] in ".!?" else f"{said}."
    return say("Write this in the form that is asked for ({pattern}).", pattern=param.pattern)


def _int(param: Param, value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON has one kind of number, and programs write 3 as 3.0
    if not isinstance(value, int) or isinstance(value, bool):
        raise _No(say("Write a whole number, such as 3."))
    if abs(value) > _BIGGEST:
        raise _No(say("Write a number nearer to zero."))
    _within(param, value)
    return value


def _float(param: Param, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        comma = isinstance(value, str) and re.fullmatch(r"[0-9]+,[0-9]+", value[:40])
        raise _No(say("Write the number with a point, such as 3.5.") if comma else say("Write a number, such as 3.5."))
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _No(say("Write a number, such as 3.5.") if math.isnan(number) else say("Write a number nearer to zero."))
    _within(param, number)
    return number


def _bool(_: Param, value: object) -> bool:
    if not isinstance(value, bool):
        raise _No(say("Answer yes or no."))
    return value


def _date(param: Param, value: object) -> str:
    ask = say("Write a date as year-month-day, such as 2026-11-23.")
    text = _moment(_DATE, value, ask)
    found = _read_moment(date.fromisoformat, text, say("There is no such day: look at the date again."))
    _within(param, found)
    return text


def _time(param: Param, value: object) -> str:
    ask = say("Write a time as hours:minutes, such as 09:42.")
    text = _moment(_TIME, value, ask)
    found = _read_moment(time.fromisoformat, text, say("There is no such time: look at it again."))
    _within(param, found)
    return text


def _datetime(param: Param, value: object) -> str:
    ask = say("Write a date and time, such as 2026-11-23T09:42.")
    found = _read_moment(
        datetime.fromisoformat, _moment(_DATETIME, value, ask), say("There is no such moment: look at the date again.")
    )
    _within(param, found)
    return found.isoformat()


def _moment(pattern: re.Pattern[str], value: object, ask: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _No(ask)
    return value


def _read_moment(read: Callable[[str], T], text: str, ask: str) -> T:
    try:
        return read(text)
    except ValueError:
        raise _No(ask) from None


def _choice(param: Param, value: object) -> Json:
    if param.choices_from and not param.choices:  # a press asks the program for them, and checks the value then
        return _text(value, say("Choose one."))
    for alike in (same, _equal):
        for choice in param.choices:
            if alike(choice.value, value):
                return choice.value
    raise _No(say("Choose one of: {offer}.", offer=_offer(param)))


def _choices(param: Param, value: object) -> list[Json]:
    if not isinstance(value, list | tuple):
        raise _No(say("Send a list with any of: {offer}.", offer=_offer(param)))
    if len(value) > VALUE_LIMIT // 64:
        raise _No(say("Choose only from: {offer}.", offer=_offer(param)))
    picked = []
    for item in value:
        try:
            picked.append(_choice(param, item))
        except _No:
            raise _No(say("Choose only from: {offer}.", offer=_offer(param))) from None
    offered = [choice.value for choice in param.choices] if param.choices else picked
    found: list[Json] = [one for one in offered if any(same(one, other) for other in picked)]
    if param.min_length is not None and len(found) < param.min_length:
        raise _No(say("Choose at least {n}.", n=param.min_length))
    if param.max_length is not None and len(found) > param.max_length:
        raise _No(say("Choose at most {n}.", n=param.max_length))
    return found


def _list(param: Param, value: object) -> list[Json]:
    if not isinstance(value, list | tuple):
        raise _No(say("Send this as a list."))
    if len(value) > _LONGEST_LIST:
        raise _No(say("Write at most {most}.", most=_so_many_lines(_LONGEST_LIST)))
    one, found = _each(param), list[Json]()
    for at, item in enumerate(value, 1):
        try:
            if item == "":
                raise _No(say("Fill this in."))
            found.append(_READ[param.of](one, item))
        except _No as no:
            raise _No(say("Line {n}: {wrong}", n=at, wrong=str(no)) if len(value) > 1 else str(no)) from None
    if param.min_length is not None and len(found) < param.min_length:
        raise _No(say("Write at least {least}.", least=_so_many_lines(param.min_length)))
    if param.max_length is not None and len(found) > param.max_length:
        raise _No(say("Write at most {most}.", most=_so_many_lines(param.max_length)))
    return found


def _file(_: Param, value: object) -> str:
    return _text(value, say("Choose a file."))


def _stored_name(value: object) -> None:
    if isinstance(value, str) and (
        len(of_value(value).name) > LONGEST or value.startswith(".") or re.search(r"[/\\\x00-\x1f]", value)
    ):
        raise _No(say("Choose a file again: this is not the name of one that was uploaded."))


_READ: Mapping[ParamType, Callable[[Param, object], Json]] = {
    ParamType.STR: _str,
    ParamType.SECRET: _str,
    ParamType.INT: _int,
    ParamType.FLOAT: _float,
    ParamType.BOOL: _bool,
    ParamType.DATE: _date,
    ParamType.TIME: _time,
    ParamType.DATETIME: _datetime,
    ParamType.CHOICE: _choice,
    ParamType.CHOICES: _choices,
    ParamType.LIST: _list,
    ParamType.FILE: _file,
}


def _within(param: Param, found: Any) -> None:
    low, high = _bound(param.min, found), _bound(param.max, found)
    if (low is None or found >= low) and (high is None or found <= high):
        if not isinstance(found, datetime) or found.tzinfo is None:
            return
        # a moment with an offset is compared by what its clock shows, as a bound without one is meant
        plain = found.replace(tzinfo=None)
        if (low is None or plain >= low.replace(tzinfo=None)) and (high is None or plain <= high.replace(tzinfo=None)):
            return
    least, most = as_sent(param.min), as_sent(param.max)
    between, least_only, most_only = _OUTSIDE[type(found)]
    if low is not None and high is not None:
        raise _No(say(between, least=least, most=most))
    raise _No(say(least_only, least=least) if low is not None else say(most_only, most=most))


_NUMBERS = (
    unsaid("Choose a number from {least} to {most}."),
    unsaid("Choose a number of {least} or more."),
    unsaid("Choose a number of {most} or less."),
)
_OUTSIDE: Mapping[type, tuple[str, str, str]] = {
    int: _NUMBERS,
    float: _NUMBERS,
    date: (
        unsaid("Choose a date from {least} to {most}."),
        unsaid("Choose a date not before {least}."),
        unsaid("Choose a date not after {most}."),
    ),
    time: (
        unsaid("Choose a time from {least} to {most}."),
        unsaid("Choose a time not before {least}."),
        unsaid("Choose a time not after {most}."),
    ),
    datetime: (
        unsaid("Choose a date and time from {least} to {most}."),
        unsaid("Choose a date and time not before {least}."),
        unsaid("Choose a date and time not after {most}."),
    ),
}
"""The sentences for a value of this type outside of both bounds, below the lower one, above the upper one."""


def _bound(bound: float | str | None, found: Any) -> Any:
    """The bound in the type of what it is compared with."""
    if bound is None or isinstance(found, int | float):
        return bound
    read = type(found).fromisoformat(str(bound))
    if isinstance(found, datetime) and (found.tzinfo is None) != (read.tzinfo is None):
        return read.replace(tzinfo=found.tzinfo)
    return read


def _among(value: Json, wanted: Sequence[Json]) -> bool:
    """Of several choices, one is enough."""
    values = value if isinstance(value, list | tuple) else [value]
    return any(same(one, other) for one in values for other in wanted)


_BOUNDS: Mapping[ParamType, tuple[re.Pattern[str], Callable[[str], Any], str]] = {
    ParamType.DATE: (_DATE, date.fromisoformat, say("Write a date as year-month-day, such as 2026-11-23.")),
    ParamType.TIME: (
        re.compile(rf"{_TIME.pattern}(?:\.[0-9]{{1,6}})?"),
        time.fromisoformat,
        say("Write a time as hours:minutes, such as 09:42."),
    ),
    ParamType.DATETIME: (
        re.compile(f"{_DATETIME.pattern}|{_DATE.pattern}"),
        datetime.fromisoformat,
        say("Write a date and time, such as 2026-11-23T09:42."),
    ),
}


def same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def _equal(one: object, other: object) -> bool:
    """The same number, by JSON's rules."""
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other))
    return numbers and one == other


def as_sent(value: object) -> str:
    """A value or a bound as text, by which it is known again."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    return str(value)


def sent(param: Param, choice: object) -> str:
    """A choice as a form sends it: as text, or as JSON where that is empty, has more lines than one, or would be taken
    for another choice.
    """
    if not isinstance(choice, str):
        return _shown(choice)
    others = [_shown(other.value) for other in param.choices if not isinstance(other.value, str)]
    odd = not choice or choice[0] == '"' or "\n" in choice or "\r" in choice or choice in others
    return json.dumps(choice, ensure_ascii=False) if odd else choice


def _shown(choice: object) -> str:
    return as_sent(choice) if isinstance(choice, bool) else str(choice)


def _offer(param: Param) -> str:
    shown = [as_sent(choice.value) for choice in param.choices[:12]]
    return ", ".join(shown) + (", …" if len(param.choices) > len(shown) else "")


def _size(value: object) -> int:
    """Bytes of text in it, counted no further than one level down: no value that is taken lies deeper."""
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, list | tuple):
        return sum(_size(item) if isinstance(item, str) else 8 for item in value)
    return 8


def _characters(number: int) -> Sentence:
    return say_n("{n:,} character", "{n:,} characters", number)


def _so_many_lines(number: int) -> Sentence:
    return say_n("{n:,} line", "{n:,} lines", number)
