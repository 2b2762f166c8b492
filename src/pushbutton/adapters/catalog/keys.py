"""The keys of a file: of a task they stand in `job.options`, of an input, a group and a secret here.

Parser, messages and JSON Schema follow from them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from pushbutton.domain.param import ParamType
from pushbutton.job import kinds
from pushbutton.job.kinds import Kind, Unfit, Written, is_plain_text, one_of, text_of
from pushbutton.job.options import CONFIG, OPTIONS, SCRIPT, Option, known, option, unknown

from .written import bare

__all__ = ["GROUP", "PARAM", "SECRET", "Place", "Table", "config_schema", "plain"]

Place = tuple[str | int, ...]
"""Where a value stands in its file: keys and indices from the top."""

SCALAR: Mapping[str, Any] = {"type": ["string", "number", "boolean"]}


class Table:
    """One mapping of a file, read by its declared keys. What is wrong is collected, with its place."""

    def __init__(self, keys: Mapping[str, Option], form: str, wrong: list[tuple[Place, str]]) -> None:
        self._keys, self._form, self._wrong = keys, form, wrong

    def read(self, value: Any, at: Place) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._wrong.append((at, f"“{at[-1] if at else 'it'}” must be a table of keys and values."))
            return {}
        found: dict[str, Any] = {}
        keys = known(self._form, self._keys)
        for name, given in value.items():
            if name not in keys:
                hint = unknown(str(name), self._form, self._keys)
                self._wrong.append(((*at, str(name)), f"There is no key “{name}” here.{hint}"))
                continue
            kind = keys[name].kind
            try:
                found[name] = kind.read(given if kind.written else bare(given))
            except Unfit as error:
                self._wrong.append(((*at, name), f"“{name}” must be {error.ending}"))
        return found


def plain(value: Any) -> Any:
    """What a YAML or TOML reader gave, as JSON has it: dates as text, and no classes of the reader's own."""
    if isinstance(value, Mapping):
        return {_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Written):
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    if hasattr(value, "__bool__"):  # ruamel's own truth values
        return bool(value)
    return str(value)


def _key(key: Any) -> Any:
    """Numbers and truth values stay what they are, for a table of choices has its values as keys."""
    found = plain(key)
    return found if isinstance(found, str | int | float) else str(key)


def _length(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Unfit("a whole number, 0 or more")
    return value


def _keyring(value: Any) -> tuple[str, str]:
    if (
        not isinstance(value, dict)
        or set(value) != {"service", "user"}
        or not all(isinstance(one, str) and one for one in value.values())
    ):
        raise Unfit("a table with “service” and “user”, both texts")
    return value["service"], value["user"]


def _said(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _stored(value: Any) -> bool:
    if value is not True:
        raise Unfit("true")
    return True


def _choices(value: Any) -> list[tuple[Any, ...]]:
    """(value, label, help) each; the last may be missing."""
    if not isinstance(value, list | dict) or not value:
        raise Unfit("a list of values, or a table of values and what is shown for them")
    found: list[tuple[Any, ...]]
    if isinstance(value, list):
        found = [(one, "") for one in value]
    else:
        found = [(one, *(shown if isinstance(shown, list) else [shown])) for one, shown in value.items()]
    for one, *texts in found:
        if not isinstance(one, str | int | float):
            raise Unfit("a list of texts and numbers")
        if not 1 <= len(texts) <= 2 or not all(isinstance(text, str) for text in texts):
            raise Unfit("a table of values, each with a text or with [text, one sentence more]")
    if any(isinstance(one, Written) for one, *_ in found):  # then all of its numbers are names, as 3.9 beside 3.10
        found = [(text_of(one) if is_plain_text(one) else one, *texts) for one, *texts in found]
    once: dict[Any, tuple[Any, ...]] = {}
    for one, *texts in found:
        once.setdefault((isinstance(one, str), isinstance(one, bool), one), (one, *texts))
    return list(once.values())


def _when(value: Any) -> dict[str, list[Any]]:
    if not isinstance(value, dict) or not value:
        raise Unfit("a table of inputs and the values that they must have")
    found = {str(name): wanted if isinstance(wanted, list) else [wanted] for name, wanted in value.items()}
    if not all(wanted and all(isinstance(one, str | int | float) for one in wanted) for wanted in found.values()):
        raise Unfit("a table of inputs, each with a value or a list of values")
    return found


def _scalar(value: Any) -> Any:
    if type(value) not in (str, int, float):
        raise Unfit("a number or a date")
    return value


def _any(value: Any) -> Any:
    return value


_WHOLE = Kind(_length, {"type": "integer", "minimum": 0})
_NUMBER_OR_DATE = Kind(_scalar, {"type": ["number", "string"]})
_CHOICES = Kind(
    _choices,
    {"anyOf": [{"type": "array", "items": SCALAR, "minItems": 1}, {"type": "object", "minProperties": 1}]},
    written=True,
)
_WHEN = Kind(
    _when,
    {"type": "object", "additionalProperties": {"anyOf": [SCALAR, {"type": "array", "items": SCALAR}]}},
    written=True,
)
_KEYRING = Kind(
    _keyring,
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["service", "user"],
        "properties": {"service": kinds.TEXT.schema, "user": kinds.TEXT.schema},
    },
)

PARAM: Mapping[str, Option] = {
    "type": option("What its value is; text where it is left out.", one_of(*(kind.value for kind in ParamType))),
    "label": option("What the form calls it.", kinds.TEXT),
    "help": option("Shown with it.", kinds.TEXT),
    "required": option("Whether it must be filled in; yes, where it has no default.", kinds.FLAG),
    "default": option("What it is when nothing is filled in.", Kind(_any, {}, written=True)),
    "choices": option(
        "What can be chosen: a list, or a table of values, each with its text or [text, one sentence more].", _CHOICES
    ),
    "choices_from": option(
        "The program and its arguments that print what can be chosen whenever somebody opens the form: a line each, "
        "with its text and one sentence more behind tabs. No shell reads it.",
        kinds.ARGV,
    ),
    "when": option("It is asked only while these inputs have this value, or one of these values.", _WHEN),
    "min": option("The least value.", _NUMBER_OR_DATE),
    "max": option("The greatest value.", _NUMBER_OR_DATE),
    "min_length": option("The least number of characters, or of choices.", _WHOLE),
    "max_length": option("The greatest number of characters, or of choices.", _WHOLE),
    "pattern": option(
        "A regular expression that the whole value must match. What takes longer than a second to compare is refused.",
        Kind(kinds.TEXT.read, {**kinds.TEXT.schema, "format": "regex"}),
    ),
    "pattern_text": option("What is said where it does not match; else the help is.", kinds.TEXT),
    "multiline": option("Whether it may have several lines.", kinds.FLAG),
    "controls": option(
        "Whether it may hold control characters and those that turn the direction of writing.", kinds.FLAG
    ),
    "dash": option("Whether it may begin with “-” where a program could take it for an option.", kinds.FLAG),
    "pass": option(
        "How the script gets it: in its environment as NAME, as --name=value, or as a plain argument.",
        one_of("env", "option", "argument"),
        only=(SCRIPT,),
        why="the command here says itself where {name} goes",
    ),
}

GROUP: Mapping[str, Option] = {
    "contact": option("Whom to ask about its tasks, where they do not say it themselves.", kinds.TEXT),
}
"""What can be said of a group, by its heading."""

SECRET: Mapping[str, Option] = {
    "env": option("The variable of the server's own environment that holds it.", kinds.NAME),
    "file": option("The file that holds it, seen from this file's folder.", kinds.NAME),
    "command": option(
        "The program and its arguments, one item each, whose output it is. No shell reads it.", kinds.ARGV
    ),
    "keyring": option("Where it lies in the keyring of the server's user: service and user.", _KEYRING),
    "stored": option("It is kept with: pushbutton secret set.", Kind(_stored, {"const": True})),
    "timeout": option("How long the command may take; 30 seconds where it is left out.", kinds.SECONDS),
}
"""One of them, and `timeout` beside `command`."""


def config_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of pushbutton.yaml, for editors."""

    def properties(keys: Mapping[str, Option]) -> dict[str, Any]:
        return {name: {**row.kind.schema, "description": row.help} for name, row in known(CONFIG, keys).items()}

    task = properties(OPTIONS)
    task["params"] |= {
        "type": "object",
        "propertyNames": {"pattern": kinds.VARIABLE},
        "additionalProperties": {"$ref": "#/$defs/param"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pushbutton.yaml",
        "description": "Commands as tasks of Pushbutton.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "tasks": {
                "type": "object",
                "description": "Tasks by the name that stands in URLs: a-z, 0-9 and “-”.",
                "propertyNames": {"pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"},
                "additionalProperties": {"$ref": "#/$defs/task"},
            },
            "env": {**OPTIONS["env"].kind.schema, "description": "Added to the environment of all tasks."},
            "groups": {
                "type": "object",
                "description": "Groups by their headings.",
                "additionalProperties": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": properties(GROUP),
                },
            },
            "secrets": {
                "type": "object",
                "description": "Named secrets, and where the value of each comes from.",
                "propertyNames": {"pattern": kinds.VARIABLE},
                "additionalProperties": {"$ref": "#/$defs/secret"},
            },
        },
        "$defs": {
            "task": {
                "type": "object",
                "additionalProperties": False,
                "required": ["command"],
                "properties": task,
            },
            "secret": {
                "type": "object",
                "additionalProperties": False,
                "oneOf": [{"required": [name]} for name in SECRET if name != "timeout"],
                "properties": properties(SECRET),
            },
            "param": {"type": ["object", "null"], "additionalProperties": False, "properties": properties(PARAM)},
        },
    }
