"""A task from the options that its file gives: the one way, whatever the file is."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pushbutton.domain.approval import Approval
from pushbutton.domain.failure_help import FailureHelp
from pushbutton.domain.messages import Occasion, Rule
from pushbutton.domain.offer import ONE
from pushbutton.domain.on_file import INPUT, OnFile
from pushbutton.domain.param import Param, ParamType
from pushbutton.domain.rate import Rate
from pushbutton.domain.retry import Retry
from pushbutton.domain.run import Busy
from pushbutton.domain.schedule import CatchUp, Schedule
from pushbutton.domain.targets import flat
from pushbutton.domain.task import Background, Keep, Limits, Reason, Task
from pushbutton.job.kinds import is_holidays
from pushbutton.job.options import OPTIONS

from .zone import here

__all__ = ["beside", "built", "rules"]


def built(bare: Task, options: Mapping[str, Any]) -> Task:
    """`bare` with what these options say; they were read by their kinds."""
    found: dict[str, dict[str, Any]] = {"": {}, "limits": {}, "target": {}}
    for name, value in options.items():
        room, _, field = (OPTIONS[name].into or name).rpartition(".")
        found[room][field] = _MADE[name](value, bare) if name in _MADE else value
    for name in _APART & found[""].keys():
        del found[""][name]
    return replace(
        bare,
        **found[""],
        dry_run=_dry_run(options.get("dry_run"), bare.params),
        target=replace(bare.target, **found["target"]),
        limits=Limits(**found["limits"]),
    )


def beside(file: Path, folder: str) -> str:
    """A folder as seen from that of a file; absolute."""
    return os.path.normpath(file.parent / Path(folder).expanduser())


def _dry_run(given: str | bool | None, params: Sequence[Param]) -> str:
    """The input that makes a run change nothing: the one that is named, or a bool of that name if nothing is said."""
    if given is None:
        return next((param.name for param in params if param.name == "dry_run" and param.type is ParamType.BOOL), "")
    return given if isinstance(given, str) else ""


def _schedule(table: Mapping[str, Any], file: Path) -> Schedule:
    zone = table["zone"] or (here() if table["cron"] else "")
    blackout = table["blackout"]
    if blackout and not is_holidays(blackout):
        blackout = beside(file, blackout)
    return Schedule(**{**table, "zone": zone, "blackout": blackout, "catch_up": CatchUp(table["catch_up"])})


def _on_file(table: Mapping[str, Any], task: Task) -> OnFile:
    there = next((param.name for param in task.params if param.name == INPUT), "")
    named = there if table["input"] is None else table["input"]
    folder = beside(Path(task.source.file), table["folder"])
    return OnFile(folder, table["pattern"], named, table["inputs"], table["rest"])


def rules(given: Sequence[tuple[str, int, tuple[str, ...]]], scope: str = "") -> tuple[Rule, ...]:
    """Of “tell”, as its kind reads it."""
    return tuple(Rule(Occasion(word), tuple(to), times, scope) for word, times, to in given)


_MADE: Mapping[str, Callable[[Any, Task], Any]] = {
    "title": lambda value, task: value or task.title,
    "command": lambda value, _: flat(value),
    "reason": lambda value, _: Reason(value),
    "approvals": lambda value, _: Approval(*value),
    "cwd": lambda value, task: beside(Path(task.source.file), value),
    "results": lambda value, task: tuple(beside(Path(task.source.file), folder) for folder in value),
    "where": lambda value, _: tuple(value),
    "busy": lambda value, _: Busy(value),
    "rate": lambda value, _: tuple(Rate(*one) for one in value),
    "keep": lambda value, _: Keep(**value),
    "failures": lambda value, _: tuple(FailureHelp(**one) for one in value),
    "locks": lambda value, _: dict.fromkeys(value, ONE),  # `shared` has the numbers
    "background": lambda value, _: Background(value),
    "retry": lambda value, _: Retry(**{**value, "on": tuple(value["on"])}),
    "schedules": lambda value, task: tuple(_schedule(one, Path(task.source.file)) for one in value),
    "on_file": _on_file,
    "tell": lambda value, _: rules(value),
    "tty": lambda value, _: value and tuple(value),
}
"""Options that are no plain values, or that depend on where the file lies."""
_APART = frozenset({"params", "dry_run", "dynamic", "read"})
"""What the readers of a file have made something of already, or what stands in for something that is not said."""
