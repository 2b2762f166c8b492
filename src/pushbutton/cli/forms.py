"""A task's form as text: what its page asks, a line for each field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pushbutton.domain.event import Json
from pushbutton.domain.param import Param, ParamType
from pushbutton.domain.targets import Arguments
from pushbutton.domain.task import Task

from .options import rows

__all__ = ["form_text"]

_KINDS: Mapping[ParamType, str] = {
    ParamType.STR: "text",
    ParamType.INT: "whole number",
    ParamType.FLOAT: "number",
    ParamType.BOOL: "yes or no",
    ParamType.DATE: "date",
    ParamType.TIME: "time",
    ParamType.DATETIME: "date and time",
    ParamType.FILE: "a file that is brought along",
    ParamType.SECRET: "secret",
}
_EMPTY: Mapping[Arguments, str] = {
    Arguments.NONE: "There is nothing to fill in.",
    Arguments.READ: "Nobody has said what to fill in here.",
    Arguments.UNKNOWN: "It asks nothing.",
}
_LISTED = {ParamType.STR: "texts", ParamType.INT: "whole numbers", ParamType.FLOAT: "numbers"}


def form_text(task: Task) -> str:
    """Its title and name, and its fields."""
    head = f"{task.title} ({task.slug})"
    if task.broken:
        return f"{head}\n  It is broken, so it has no form."
    if not task.params:
        return f"{head}\n  {_EMPTY[task.target.undescribed]}"
    return f"{head}\n{rows((param.name, _field(param)) for param in task.params)}"


def _field(param: Param) -> str:
    facts = [f"“{param.title}”: {_kind(param)}", *_facts(param)]
    help_text = " ".join(param.help.split())
    return ", ".join(facts) + (f". {help_text}" if help_text else "")


def _kind(param: Param) -> str:
    if param.type in (ParamType.CHOICE, ParamType.CHOICES):
        many = param.type is ParamType.CHOICES
        if not param.choices:
            return f"{'any' if many else 'one'} of what {param.choices_from[0]} prints"
        offered = [_text(choice.value) for choice in param.choices]
        return f"{'any' if many else 'one'} of {' | '.join(offered)}"
    if param.type is ParamType.LIST:
        return f"a list of {_LISTED.get(param.of, 'texts')}"
    return "text of several lines" if param.multiline else _KINDS[param.type]


def _facts(param: Param) -> Iterator[str]:
    if param.default is not None and param.default != "":
        yield f"default {_text(param.default)}"
    elif param.required and param.type is not ParamType.BOOL:
        yield "required"
    if param.may_be_none:
        yield "optional"
    if param.min is not None or param.max is not None:
        yield f"{'' if param.min is None else param.min}…{'' if param.max is None else param.max}"
    for name, wanted in param.when.items():
        yield f"asked while {name} is {' or '.join(_text(value) for value in wanted)}"


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    return str(value)
