"""A draft as the text of a `pushbutton.yaml`."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from pushbutton.describe.title import title_of
from pushbutton.domain.visible import visible

from .kind import Param, Task, Timed

__all__ = ["written"]

_FIRST = ("title", "help", "group", "button", "confirm", "reason", "approvals", "command", "params")
"""Keys that stand before the others."""
_ONE_LINE = 100  # characters of a list that stands on one line
_ODD = r"\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff"
_LINE = rf"[^{_ODD}]*[^ {_ODD}]"
_BLOCK = re.compile(rf"(?! )(?:(?:{_LINE})?\n)*{_LINE}\n?")
"""Texts that are the same again when their lines are written as they are. Empty lines at the end would not be."""
_ESCAPED = re.compile(f"[{_ODD}]")
_SIGN_FIRST = re.compile(r"(?!-+\w)[^\w./$~]")
_NOTHING: Mapping[str, tuple[Any, ...]] = {"default": (), "required": (), "upload": ()}
"""By key of an input: values that say nothing; where it is not named, they are "", () and false."""
_UNCOUNTED = ("name", "line", "slug", "notes", "file")  # what is no key


def written(tasks: Mapping[str, Task], secrets: Mapping[str, str], head: str) -> str:
    """`tasks` by their slugs; what is said of each of the `secrets`, of which those are written that a task needs;
    `head` is the comment at the top.
    """
    parts = [*_comments([head]), ""]
    needed = {name for task in tasks.values() for name in task.secrets}
    if needed & secrets.keys():
        parts.append("secrets:")
        for name, said in ((name, said) for name, said in secrets.items() if name in needed):
            parts += [*_comments([said], "  "), textwrap.indent(_dumped({name: {"stored": True}}), "  ")]
        parts.append("")
    parts.append("tasks:")
    for number, (slug, task) in enumerate(tasks.items()):
        parts += [""] if number else []
        parts += [
            *_comments([*_unsaid(task), *task.notes], "  "),
            textwrap.indent(_dumped({slug: _table(slug, task)}), "  "),
        ]
    return "\n".join(parts) + "\n"


def _comments(lines: Iterable[str], indent: str = "") -> Iterator[str]:
    for text in lines:
        yield from (f"{indent}# {visible(line, lines=True)}".rstrip() for line in text.splitlines() if line.strip())


def _unsaid(task: Task) -> Iterator[str]:
    """When the source starts it, where no schedule says so."""
    return (f"schedule: {one.written}  ({one.why})" for one in task.schedules if one.why)


def _schedule(one: Timed) -> dict[str, Any]:
    zone = {"zone": one.zone} if one.zone else {}
    return {"cron": one.cron, **zone, "catch_up": one.catch_up}


def _table(slug: str, task: Task) -> dict[str, Any]:
    found: dict[str, Any] = {"title": task.name} if task.name != title_of(slug) else {}
    said = {one.name: getattr(task, one.name) for one in fields(task) if one.name not in _UNCOUNTED}
    for key in dict.fromkeys((*_FIRST, *said)):
        value = said.get(key)
        if key == "params":
            if task.params:
                found[key] = {param.name: _param(param) for param in task.params}
        elif key == "schedules":
            if said_here := [_schedule(one) for one in task.schedules if not one.why]:
                found[key] = said_here
        elif key == "secrets" and value:
            found[key] = list(value) if all(one == name for one, name in value.items()) else dict(value)
        elif value:
            found[key] = _listed(value)
    return found


def _listed(value: Any) -> Any:
    return [_listed(item) for item in value] if isinstance(value, tuple) else value


def _param(param: Param) -> dict[str, Any]:
    found = {}
    for one in fields(param):
        value = getattr(param, one.name)
        if one.name == "label" and value == title_of(param.name):
            continue
        if one.name == "choices" and value:
            found[one.name] = dict(value) if any(value.values()) else list(value)
        elif one.name == "default" and value is not None:
            found[one.name] = value
        elif (
            one.name != "name"
            and value not in (None, "", ())
            and (value is not False or one.name in ("required", "upload"))
        ):
            found[one.name] = _listed(value)
    if "choices" in found and isinstance(found["choices"], dict):
        found["choices"] = {value: shown or value for value, shown in found["choices"].items()}
    return found


def _dumped(table: Mapping[str, Any]) -> str:
    from ruamel.yaml import YAML  # noqa: PLC0415 - only where something is written

    writer = YAML()
    writer.width = 1 << 30
    writer.indent(mapping=2, sequence=4, offset=2)
    text = io.StringIO()
    writer.dump(_styled(table), text)
    return text.getvalue().rstrip("\n")


def _styled(value: Any) -> Any:
    """Texts of several lines as such, short lists on one line."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq  # noqa: PLC0415
    from ruamel.yaml.scalarstring import (  # noqa: PLC0415
        DoubleQuotedScalarString,
        LiteralScalarString,
        SingleQuotedScalarString,
    )

    if isinstance(value, Mapping):
        return CommentedMap({_styled(key): _styled(item) for key, item in value.items()})
    if isinstance(value, list):
        made = CommentedSeq(_styled(item) for item in value)
        if "\\n" not in str(value) and len(str(value)) < _ONE_LINE:
            made.fa.set_flow_style()
        return made
    if not isinstance(value, str):
        return value
    if "\n" in value and _BLOCK.fullmatch(value):
        return LiteralScalarString(value)
    if _ESCAPED.search(value):
        return DoubleQuotedScalarString(value)
    return SingleQuotedScalarString(value) if _SIGN_FIRST.match(value) else value
