"""`pushbutton check`: what is wrong with tasks, by file and line, without running anything of theirs."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from .exits import Exit
from .flow import flow

__all__ = ["add"]

HELP = """Look for mistakes in folders and files of tasks. Nothing of theirs is run.

\b
  pushbutton check tasks/                what is wrong there: file:line:column: sentence
  pushbutton check deploy.py --json      the same for programs

Exits with 0 when all is well (warnings do not count), else with 6.
"""


def add(app: typer.Typer, panel: str) -> None:
    app.command("check", help=flow(HELP), rich_help_panel=panel)(_check)


def _check(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATHS]…", help="folders and files; default: here")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print a list of objects")] = False,
) -> None:
    from pushbutton.adapters.catalog import check  # noqa: PLC0415  loads the readers
    from pushbutton.adapters.patterns import LimitedPatterns  # noqa: PLC0415

    problems = check(paths or ["."], LimitedPatterns())
    if as_json:
        keys = ("file", "line", "column", "sentence", "warning")
        print(json.dumps([{key: getattr(problem, key) for key in keys} for problem in problems], indent=2))
    else:
        here = os.getcwd() + os.sep  # noqa: PTH109  a text is compared
        for problem in problems:
            print(str(problem).removeprefix(here))
        print(_summary(sum(not one.warning for one in problems), sum(one.warning for one in problems)))
    if any(not problem.warning for problem in problems):
        raise typer.Exit(Exit.CONFIG)


def _summary(wrong: int, warnings: int) -> str:
    counts = [_count(wrong, "mistake")] if wrong else []
    counts += [_count(warnings, "warning")] if warnings else []
    return ", ".join(counts) + "." if counts else "All is well."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
