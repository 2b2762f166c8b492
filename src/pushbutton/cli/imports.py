"""`pushbutton import`: files of other tools as a `pushbutton.yaml`, and what of them was not taken."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from . import safe_text
from .exits import Exit
from .help_text import flow

if TYPE_CHECKING:
    from pushbutton.adapters.catalog.imports import Left

__all__ = ["add"]

HELP = """Write a pushbutton.yaml from a file of another tool.

\b
  pushbutton import crontab /etc/cron.d/backup > pushbutton.yaml
  crontab -l | pushbutton import crontab - > pushbutton.yaml

What was not taken, or is not quite as it was, is said on standard error, each with its line and what to do. Nothing of
the file is run. Kinds: {kinds}.
"""


def add(app: typer.Typer, panel: str) -> None:
    from pushbutton.adapters.catalog.imports.kind import KINDS  # noqa: PLC0415

    app.command("import", help=flow(HELP.format(kinds=", ".join(KINDS))), rich_help_panel=panel)(_import)


def _import(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="what the file is of")],
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="“-” is standard input")],
) -> None:
    from pushbutton.adapters.catalog.imports import move, opened  # noqa: PLC0415  loads the readers

    moved = move(kind, [opened(file) for file in files])
    sys.stdout.write(moved.text)
    if moved.warning:
        print(moved.warning, file=sys.stderr)
    for one in moved.left:
        print(safe_text.line(_told(one)), file=sys.stderr)
    print(_counted(moved.tasks, len(moved.left)), file=sys.stderr)
    if not moved.tasks:
        raise typer.Exit(Exit.CONFIG)


def _told(one: Left) -> str:
    return f"{one.file}:{one.line}: {one.what} {one.do}".rstrip()


def _counted(tasks: int, left: int) -> str:
    made = f"{tasks} task{'' if tasks == 1 else 's'}" if tasks else "Nothing of it could be taken"
    return f"{made}; {left} remark{'' if left == 1 else 's'}." if left else f"{made}; all of it is taken."
