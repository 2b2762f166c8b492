"""The keys of a task and of a param, each declared once: parser, messages and JSON Schema follow from that."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pushbutton.domain.approval import EXPIRES, LONGEST, MOST
from pushbutton.domain.param import ParamType
from pushbutton.domain.secret import is_name

from .reading import nearest
from .written import Written, bare, text_of

__all__ = ["GROUP", "PARAM", "SECRET", "TASK", "Key", "Place", "Table", "config_schema", "plain"]

Place = tuple[str | int, ...]
"""Where a value stands in its file: keys and indices from the top."""

TEXT: Mapping[str, Any] = {"type": "string"}
SCALAR: Mapping[str, Any] = {"type": ["string", "number", "boolean"]}
_UNITS = {"": 1, "s": 1, "sec": 1, "min": 60, "m": 60, "h": 3600, "d": 86400}
_SIZES = {"": 1, "B": 1, "kB": 1000, "KB": 1000, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_DURATION = r"[0-9]+(\.[0-9]+)? ?(s|sec|min|m|h|d)?"
_VARIABLE = "^[A-Za-z_][A-Za-z0-9_]*$"
_SIZE = r"[0-9]+ ?(B|kB|KB|MB|GB|KiB|MiB|GiB)?"


class Unfit(Exception):
    """A value that its key cannot have; the message goes on from “KEY must be”."""


@dataclass(frozen=True, slots=True)
class Key:
    """`read` gives the value, or raises `Unfit` with the end of the sentence “KEY must be …”."""

    help: str
    read: Callable[[Any], Any]
    schema: Mapping[str, Any]
    only: str = ""  # "script" or "config": where alone it has a meaning
    written: bool = False  # its numbers become text, so they come as they were written


class Table:
    """One mapping of a file, read by its declared keys. What is wrong is collected, with its place."""

    def __init__(self, keys: Mapping[str, Key], place: str, wrong: list[tuple[Place, str]]) -> None:
        self._keys, self._place, self._wrong = keys, place, wrong

    def read(self, value: Any, at: Place) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._wrong.append((at, f"“{at[-1] if at else 'it'}” must be a table of keys and values."))
            return {}
        found: dict[str, Any] = {}
        known = [name for name, key in self._keys.items() if key.only in ("", self._place)]
        for name, given in value.items():
            if name not in known:
                self._wrong.append(((*at, str(name)), f"There is no key “{name}” here.{nearest(str(name), known)}"))
                continue
            try:
                key = self._keys[name]
                found[name] = key.read(given if key.written else bare(given))
            except Unfit as error:
                ending = "" if str(error).endswith("?") else "."
                self._wrong.append(((*at, name), f"“{name}” must be {error}{ending}"))
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


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Unfit("text; put it in quotes")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Unfit("true or false")
    return value


def _measure(value: Any, pattern: str, units: Mapping[str, int], what: str) -> float:
    if isinstance(value, str) and re.fullmatch(pattern, value.strip()):
        number = re.match(r"[0-9.]+", value.strip())
        assert number is not None  # noqa: S101 - the pattern begins with it
        return float(number[0]) * units[value.strip()[number.end() :].strip()]
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise Unfit(what)
    return value


def _seconds(value: Any) -> float:
    found = _measure(value, _DURATION, _UNITS, "seconds, or text such as “10 min”")
    if found <= 0:
        raise Unfit("more than nothing")
    return found


def _grace(value: Any) -> float:
    return _measure(value, _DURATION, _UNITS, "seconds, or text such as “10 s”")


def _size(value: Any) -> int:
    return int(_measure(value, _SIZE, _SIZES, "bytes, or text such as “10 MB”"))


def _approvals(value: Any) -> tuple[int, float]:
    """(approvers, hours)."""
    table = {"approvers": value} if isinstance(value, int) else value
    if not isinstance(table, dict) or table.keys() - {"approvers", "expires"}:
        raise Unfit("how many have to approve it, or a table with “approvers” and “expires”")
    approvers, expires = table.get("approvers", 1), table.get("expires", EXPIRES)
    if not isinstance(approvers, int) or isinstance(approvers, bool) or not 1 <= approvers <= MOST:
        raise Unfit(f"a number of people from 1 to {MOST}")
    if isinstance(expires, str) and expires.strip()[-1:].isalpha():
        expires = _measure(expires, _DURATION, _UNITS, "hours, or text such as “30 min”") / 3600
    if not isinstance(expires, int | float) or isinstance(expires, bool) or not 0 < expires <= LONGEST:
        raise Unfit("a table whose “expires” is hours, or text such as “30 min” or “3 d”; a year at most")
    return approvers, float(expires)


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise Unfit("a whole number, 1 or more")
    return value


def _length(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Unfit("a whole number, 0 or more")
    return value


def _one_of(*words: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in words or not isinstance(value, str):
            near = nearest(value, words) if isinstance(value, str) else ""
            raise Unfit(f"one of: {', '.join(words)}{'.' + near if near else ''}")
        return value

    return read


def _argv(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        raise Unfit("a list, one item per argument: nothing passes through a shell")
    if not isinstance(value, list) or not value or not all(map(_plain_text, value)):
        raise Unfit("a list of texts, the program first")
    argv = tuple(text_of(item) for item in value)
    if not argv[0] or "{" in argv[0]:
        raise Unfit("a list that begins with the program; an input cannot choose it")
    return argv


def _env(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(map(_plain_text, value.values())):
        raise Unfit("a table of names and texts")
    for name in value:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(name)) or str(name).startswith("PUSHBUTTON_"):
            raise Unfit(f"a table of names and texts; “{name}” cannot be the name of a variable")
    return {str(name): text_of(item) for name, item in value.items()}


def _plain_text(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _folders(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(_said(one) for one in value):
        raise Unfit("a list of folders")
    return tuple(value)


def _secrets(value: Any) -> dict[str, str]:
    """The variable for each name."""
    found = dict.fromkeys(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else value
    if not isinstance(found, dict) or not all(one is None or isinstance(one, str) for one in found.values()):
        raise Unfit("a list of names, or a table of names and the variables in which the job finds them")
    named = {str(name): variable or str(name) for name, variable in found.items()}
    for word in (*named, *named.values()):
        if not is_name(word):
            raise Unfit(f"a list of names; “{word}” cannot be the name of a variable")
    if len(set(named.values())) < len(named):
        raise Unfit("a table in which each secret has a variable of its own")
    return named


def _keyring(value: Any) -> tuple[str, str]:
    if not isinstance(value, dict) or set(value) != {"service", "user"} or not all(map(_said, value.values())):
        raise Unfit("a table with “service” and “user”, both texts")
    return value["service"], value["user"]


def _said(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _name(value: Any) -> str:
    if not _said(value):
        raise Unfit("text; put it in quotes")
    return str(value)


def _stored(value: Any) -> bool:
    if value is not True:
        raise Unfit("true")
    return True


def _tty(value: Any) -> tuple[int, int] | None:
    if isinstance(value, bool):
        return (24, 80) if value else None
    if not isinstance(value, list) or len(value) != 2 or not all(type(n) is int and 0 < n < 10_000 for n in value):
        raise Unfit("true, or [rows, columns] such as [24, 80]")
    return value[0], value[1]


def _params(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unfit("a table of inputs by name")
    return value


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
        found = [(text_of(one) if _plain_text(one) else one, *texts) for one, *texts in found]
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


def _dry_run(value: Any) -> str | bool:
    if not (isinstance(value, str) and value) and value is not False:
        raise Unfit("the name of an input, or false")
    return value


def _scalar(value: Any) -> Any:
    if type(value) not in (str, int, float):
        raise Unfit("a number or a date")
    return value


_TYPES = tuple(kind.value for kind in ParamType)
_DURATION_SCHEMA = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": f"^{_DURATION}$"}]}
_DURATION_WITH_UNIT = r"^[0-9]+(\.[0-9]+)? ?(s|sec|min|m|h|d)$"
_WHOLE = {"type": "integer", "minimum": 0}


def _words(*words: str) -> dict[str, Any]:
    return {"enum": list(words)}


TASK: Mapping[str, Key] = {
    "title": Key("What the page calls it; made from the name where it is left out.", _text, TEXT),
    "help": Key("Markdown; the first paragraph is shown in lists.", _text, TEXT),
    "group": Key("The heading under which it stands.", _text, TEXT),
    "button": Key("What the button says, with {name} filled in.", _text, TEXT),
    "confirm": Key("Asked before it starts, with {name} filled in.", _text, TEXT),
    "on_failure": Key("What it means that a run failed: said on its page, in bold.", _text, TEXT),
    "contact": Key(
        "Whom to ask about it: a name, a mail address, a link, or a name before one of them in <…>.", _text, TEXT
    ),
    "reason": Key(
        "Whether who presses has to say why.", _one_of("optional", "required"), _words("optional", "required")
    ),
    "approvals": Key(
        "How many others have to approve a run before it starts; a table says as well how many hours they have.",
        _approvals,
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": MOST},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "approvers": {"type": "integer", "minimum": 1, "maximum": MOST, "description": "How many."},
                        "expires": {
                            "anyOf": [
                                {"type": "number", "exclusiveMinimum": 0, "maximum": LONGEST},
                                {"type": "string", "pattern": _DURATION_WITH_UNIT},
                            ],
                            "description": "Hours (or “30 min”, “3 d”) after which it is not waited any more; 24.",
                        },
                    },
                },
            ]
        },
    ),
    "dry_run": Key(
        "The bool input that makes it change nothing, a button of its own on the page. One that is called dry_run is "
        "taken by itself, unless this is false.",
        _dry_run,
        {"anyOf": [{"type": "string"}, {"const": False}]},
    ),
    "command": Key(
        "The program and its arguments, one item each; {name} is filled in. No shell reads it.",
        _argv,
        {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 1},
        only="config",
        written=True,
    ),
    "params": Key("What is asked before it starts, by name.", _params, {}, written=True),
    "cwd": Key("The folder in which it starts, seen from this file's folder.", _text, TEXT),
    "env": Key(
        "Added to its environment.",
        _env,
        {"type": "object", "additionalProperties": {"type": ["string", "number"]}},
        written=True,
    ),
    "results": Key(
        "More folders from which it may hand over files, seen from this file's folder; besides the one in which it "
        "starts, and its temporary folder.",
        _folders,
        {"type": "array", "items": TEXT},
    ),
    "timeout": Key("After so many seconds (or “10 min”) it is stopped.", _seconds, _DURATION_SCHEMA),
    "grace": Key("Between asking it to stop and making it.", _grace, _DURATION_SCHEMA),
    "linger": Key("What processes that it leaves behind get before they are stopped.", _grace, _DURATION_SCHEMA),
    "output": Key(
        "Bytes of output that are kept.",
        _size,
        {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": f"^{_SIZE}$"}]},
    ),
    "at_once": Key("How many runs of it may be under way.", _count, {"type": "integer", "minimum": 1}),
    "busy": Key("What a press does while it runs.", _one_of("queue", "skip", "join"), _words("queue", "skip", "join")),
    "background": Key(
        "What happens to processes that it leaves behind.", _one_of("end", "leave"), _words("end", "leave")
    ),
    "secrets": Key(
        "The named secrets that it needs: a list, or a table of names and the variables in which it finds them.",
        _secrets,
        {
            "anyOf": [
                {"type": "array", "items": {"type": "string", "pattern": _VARIABLE}},
                {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
            ]
        },
    ),
    "tty": Key(
        "It gets a terminal: true, or [rows, columns].",
        _tty,
        {
            "anyOf": [
                {"type": "boolean"},
                {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 2, "maxItems": 2},
            ]
        },
    ),
}

PARAM: Mapping[str, Key] = {
    "type": Key("What its value is; text where it is left out.", _one_of(*_TYPES), _words(*_TYPES)),
    "label": Key("What the form calls it.", _text, TEXT),
    "help": Key("Shown with it.", _text, TEXT),
    "required": Key("Whether it must be filled in; yes, where it has no default.", _flag, {"type": "boolean"}),
    "default": Key("What it is when nothing is filled in.", lambda value: value, {}, written=True),
    "choices": Key(
        "What can be chosen: a list, or a table of values, each with its text or [text, one sentence more].",
        _choices,
        {"anyOf": [{"type": "array", "items": SCALAR, "minItems": 1}, {"type": "object", "minProperties": 1}]},
        written=True,
    ),
    "choices_from": Key(
        "The program and its arguments that print what can be chosen whenever somebody opens the form: a line each, "
        "with its text and one sentence more behind tabs. No shell reads it.",
        _argv,
        {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 1},
        written=True,
    ),
    "when": Key(
        "It is asked only while these inputs have this value, or one of these values.",
        _when,
        {"type": "object", "additionalProperties": {"anyOf": [SCALAR, {"type": "array", "items": SCALAR}]}},
        written=True,
    ),
    "min": Key("The least value.", _scalar, {"type": ["number", "string"]}),
    "max": Key("The greatest value.", _scalar, {"type": ["number", "string"]}),
    "min_length": Key("The least number of characters, or of choices.", _length, _WHOLE),
    "max_length": Key("The greatest number of characters, or of choices.", _length, _WHOLE),
    "pattern": Key(
        "A regular expression that the whole value must match. What takes longer than a second to compare is refused.",
        _text,
        {**TEXT, "format": "regex"},
    ),
    "pattern_text": Key("What is said where it does not match; else the help is.", _text, TEXT),
    "multiline": Key("Whether it may have several lines.", _flag, {"type": "boolean"}),
    "controls": Key(
        "Whether it may hold control characters and those that turn the direction of writing.",
        _flag,
        {"type": "boolean"},
    ),
    "dash": Key(
        "Whether it may begin with “-” where a program could take it for an option.", _flag, {"type": "boolean"}
    ),
    "pass": Key(
        "How the script gets it: in its environment as NAME, as --name=value, or as a plain argument.",
        _one_of("env", "option", "argument"),
        _words("env", "option", "argument"),
        only="script",
    ),
}


GROUP: Mapping[str, Key] = {
    "contact": Key("Whom to ask about its tasks, where they do not say it themselves.", _text, TEXT),
}
"""What can be said of a group, by its heading."""

SECRET: Mapping[str, Key] = {
    "env": Key("The variable of the server's own environment that holds it.", _name, TEXT),
    "file": Key("The file that holds it, seen from this file's folder.", _name, TEXT),
    "command": Key(
        "The program and its arguments, one item each, whose output it is. No shell reads it.",
        _argv,
        {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 1},
        written=True,
    ),
    "keyring": Key(
        "Where it lies in the keyring of the server's user: service and user.",
        _keyring,
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["service", "user"],
            "properties": {"service": TEXT, "user": TEXT},
        },
    ),
    "stored": Key("It is kept with: pushbutton secret set.", _stored, {"const": True}),
    "timeout": Key("How long the command may take; 30 seconds where it is left out.", _seconds, _DURATION_SCHEMA),
}
"""One of them, and `timeout` beside `command`."""


def config_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of pushbutton.yaml, for editors."""

    def properties(keys: Mapping[str, Key]) -> dict[str, Any]:
        return {
            name: {**key.schema, "description": key.help} for name, key in keys.items() if key.only in ("", "config")
        }

    task = properties(TASK)
    task["params"] |= {
        "type": "object",
        "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
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
            "env": {**TASK["env"].schema, "description": "Added to the environment of all tasks."},
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
                "propertyNames": {"pattern": _VARIABLE},
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
