"""The keys of a file: of a task and its inputs they stand in `job.options`, of a group and a secret here.

Parser, messages and JSON Schema follow from them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from pushbutton.domain.contact import is_mail_address
from pushbutton.domain.messages import CHANNEL_NAME
from pushbutton.domain.targets import IN_CONFIG, KeyPath
from pushbutton.job import kinds
from pushbutton.job.kinds import Kind, Unfit, Written
from pushbutton.job.options import CONFIG, INPUTS, OPTIONS, Option, known, option, unknown

from .numbers import bare

__all__ = ["CHANNEL", "GROUP", "PLACES", "SECRET", "KeyPath", "Table", "config_schema", "plain"]


class Table:
    """One mapping of a file, read by its declared keys. What is wrong is collected, with its place."""

    def __init__(self, keys: Mapping[str, Option], form: str, wrong: list[tuple[KeyPath, str]]) -> None:
        self._keys, self._form, self._wrong = keys, form, wrong

    def read(self, value: Any, at: KeyPath) -> dict[str, Any]:
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
    """The result of a YAML or TOML reader, as JSON has it: dates as text, and no classes of the reader's own."""
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


_KEYRING = Kind(
    _keyring,
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["service", "user"],
        "properties": {"service": kinds.TEXT.schema, "user": kinds.TEXT.schema},
    },
)


def _addresses(value: Any) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not listed or not all(is_mail_address(one) for one in listed):
        raise Unfit("a mail address such as ops@example.org, or a list of them")
    return tuple(listed)


_ADDRESSES = Kind(
    _addresses, {"anyOf": [kinds.TEXT.schema, {"type": "array", "items": kinds.TEXT.schema, "minItems": 1}]}
)

GROUP: Mapping[str, Option] = {
    "contact": option("Whom to ask about its tasks, where they do not say it themselves.", kinds.TEXT),
    "on_failure": option(
        "What it means that one of its tasks failed, where they do not say it themselves.", kinds.TEXT
    ),
    "tell": option(
        "Which channels are told of its tasks, by occasion; what a task tells itself comes on top.", kinds.TELL
    ),
}
"""The options of a group, by heading. Each is a field of `Task`."""

CHANNEL: Mapping[str, Option] = {
    "mail": option("The mail address that is told, or a list of them.", _ADDRESSES),
    "url": option(
        "Where messages go, as Apprise writes it: slack://…, ntfys://host/topic. {name} stands for a named secret. "
        "Needs the extra “tell”.",
        kinds.NAME,
    ),
    "language": option(
        "The language of what is told there: en or de; en where it is left out.", kinds.one_of("en", "de")
    ),
    "people": option("Whether everybody may choose it for what they are told themselves.", kinds.FLAG),
}
"""One of the first two."""

PLACES: Mapping[str, Option] = {
    "locks": option("Locks by name, each with how many runs hold it at once; one where it is left out.", kinds.PLACES)
}
"""The keys at the top of a file that are no options of a task by this name."""

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
            "tell": {
                **OPTIONS["tell"].kind.schema,
                "description": "Which channels are told of all tasks, by occasion.",
            },
            "channels": {
                "type": "object",
                "description": "Where messages go, by the names that “tell” uses.",
                "propertyNames": {"pattern": CHANNEL_NAME},
                "additionalProperties": {
                    "type": "object",
                    "additionalProperties": False,
                    "oneOf": [{"required": ["mail"]}, {"required": ["url"]}],
                    "properties": properties(CHANNEL),
                },
            },
            **properties(PLACES),
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
                "oneOf": [{"required": [key]} for key in IN_CONFIG],
                "properties": task,
            },
            "secret": {
                "type": "object",
                "additionalProperties": False,
                "oneOf": [{"required": [name]} for name in SECRET if name != "timeout"],
                "properties": properties(SECRET),
            },
            "param": {"type": ["object", "null"], "additionalProperties": False, "properties": properties(INPUTS)},
        },
    }
