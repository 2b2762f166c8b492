"""`pushbutton check`: what is wrong with tasks, by file and line, without running anything of theirs."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pushbutton.errors import BadInput

from . import safe_text
from .exits import Exit
from .forms import form_text
from .help_text import flow

if TYPE_CHECKING:
    from pushbutton.domain.skipped import Skipped
    from pushbutton.domain.task import Task

__all__ = ["add"]

HELP = """Look for mistakes in folders and files of tasks. Nothing of theirs is run.

\b
  pushbutton check tasks/                what is wrong there: file:line:column: sentence
  pushbutton check deploy.py --json      the same for programs
  pushbutton check tasks/ --forms        and what each task asks

All mistakes are named at once; only a file that is no YAML, TOML or Python hides what else is wrong with it. What the
source of a script told of its inputs is named, and what it did not tell, with its line; and what could be taken for a
script and is no task, with the reason. Exits with 0 when all is well (notes and warnings do not count), else with 6.
"""
_NAMED = 5  # of what was passed over for one reason
_LISTED = 12  # tasks


def add(app: typer.Typer, panel: str) -> None:
    app.command("check", help=flow(HELP), rich_help_panel=panel)(_check)


def _check(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATHS]…", help="folders and files; default: here")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print a list of objects")] = False,
    every: Annotated[bool, typer.Option("--passed", help="name everything that was passed over")] = False,
    forms: Annotated[bool, typer.Option("--forms", help="print the form of each task as well")] = False,
) -> None:
    from pushbutton.adapters.catalog import examined  # noqa: PLC0415  loads the readers
    from pushbutton.adapters.patterns import LimitedPatterns  # noqa: PLC0415

    if as_json and forms:
        raise BadInput("--json and --forms do not go together: the forms are at /api/tasks of a server.")
    found = asyncio.run(examined(paths or ["."], LimitedPatterns()))
    problems = found.problems
    if as_json:
        keys = ("file", "line", "column", "sentence", "warning")
        print(json.dumps([{key: getattr(problem, key) for key in keys} for problem in problems], indent=2))
    else:
        here = os.getcwd() + os.sep  # noqa: PTH109  a text is compared
        for problem in problems:
            print(safe_text.text(str(problem).removeprefix(here)))
        for note in found.notes:
            print(safe_text.text(note.removeprefix(here)))
        for line in _passed(found.passed, every=every):
            print(safe_text.text(line.replace(here, "")))
        for line in _undescribed(found.tasks, here):
            print(safe_text.text(line))
        for task in found.tasks if forms else ():
            print(f"\n{safe_text.text(form_text(task))}")
        if forms and found.tasks:
            print()
        if line := _read(found.tasks):
            print(line)
        wrong = _summary(sum(not one.warning for one in problems), sum(one.warning for one in problems))
        ending = f" {wrong}" if problems or found.tasks else ""
        print(f"{_tasks(found.tasks)}{_count_passed(len(found.passed))}.{ending}")
    if any(not problem.warning for problem in problems):
        raise typer.Exit(Exit.CONFIG)


def _passed(passed: Sequence[Skipped], *, every: bool) -> Iterator[str]:
    """The files that were passed over; of many for the same reason only the first, unless `every` one is asked for."""
    by_reason: dict[str, list[Skipped]] = {}
    for one in passed:
        by_reason.setdefault(one.why, []).append(one)
    for why, some in by_reason.items():
        shown = some if every else some[:_NAMED]
        for one in shown:
            yield f"{one.path}: passed over, because {why}" + (f": {one.mend}" if one.mend else ".")
        if len(some) > len(shown):
            yield f"  and {len(some) - len(shown)} more, because {why}; --passed names them."


def _undescribed(tasks: Sequence[Task], here: str) -> Iterator[str]:
    """Scripts whose form asks for nothing although they look at their arguments."""
    from pushbutton.domain.targets.target import Arguments  # noqa: PLC0415  loads the kinds of jobs

    for task in tasks:
        if task.target.undescribed is Arguments.READ and not task.params and not task.broken:
            file = task.source.file.removeprefix(here)
            yield (
                f"{file}: looks at its arguments, and nobody has said what to fill in, so it is started without any: "
                f"name its inputs in its block; pushbutton header {shlex.quote(file)} prints one."
            )


def _read(tasks: Sequence[Task]) -> str:
    """How many forms come from a source, and how many of them are whole."""
    gaps = [bool(untold) for task in tasks if (untold := task.target.untold) is not None]
    if not gaps:
        return ""
    known = "all whole" if not any(gaps) else f"{gaps.count(False)} whole, {gaps.count(True)} with gaps"
    return f"{_count(len(gaps), 'form')} read from the source: {known}."


def _tasks(tasks: Sequence[Task]) -> str:
    if not tasks:
        return "There is no task here"
    names = f": {', '.join(task.slug for task in tasks)}" if len(tasks) <= _LISTED else ""
    return f"{_count(len(tasks), 'task')}{names}"


def _count_passed(number: int) -> str:
    return f"; {number} passed over" if number else ""


def _summary(wrong: int, warnings: int) -> str:
    counts = [_count(wrong, "mistake")] if wrong else []
    counts += [_count(warnings, "warning")] if warnings else []
    return ", ".join(counts) + "." if counts else "All is well."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
