"""`pushbutton files`: what came to a folder that a task watches, and what became of it."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from .help_text import flow
from .moments import shown
from .remote import DEFAULT, Server, Url, segment
from .tables import cell, printed, table

__all__ = ["add"]

HELP = """List the last files that came to a task which watches a folder, newest first.

\b
  pushbutton files import-orders              what came, and what became of it
  pushbutton files import-orders --again 17   press for file 17 once more, in your name

A task watches a folder by `on_file` in its declaration.
"""


def add(app: typer.Typer, panel: str) -> None:
    app.command("files", help=flow(HELP), rich_help_panel=panel)(_files)


def _files(
    task: Annotated[str, typer.Argument(metavar="TASK", help="the name of a task")],
    again: Annotated[int, typer.Option(metavar="NUMBER", help="press for this file once more", show_default=False)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="print them as JSON")] = False,
    server: Url = DEFAULT,
) -> None:
    path = f"/api/tasks/{segment(task)}/files"
    with Server(server) as remote:
        if again:
            print(f"Run {remote.post(f'{path}/{again}/again')['number']}")
            return
        found = remote.get(path)
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    elif not found:
        print("No file has come.")
    else:
        rows = table("NUMBER", "CAME", "FILE", "WHAT BECAME OF IT", "RUN", "WHY")
        for one in found:
            words = (
                str(one["number"]),
                shown(one["at"]),
                one["path"],
                one["verdict"],
                str(one["run"] or ""),
                one["why"],
            )
            rows.add_row(*map(cell, words))
        printed(rows)
