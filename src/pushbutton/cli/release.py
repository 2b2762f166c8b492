"""`pushbutton release`: what to do with runs that came with a copy of a data folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from pushbutton.errors import BadInput

from .help_text import flow
from .remote import DEFAULT, Server, Url
from .runs import table

__all__ = ["add"]

HELP = """Release or drop runs that came with a copy of the data folder; without a number, list them.

\b
  pushbutton release                  what is set aside
  pushbutton release 42 43            let these wait for their turn
  pushbutton release 42 --drop        this one never starts
  pushbutton release --all --drop     nor does any of them

A server that is started on a restored or copied data folder starts nothing of what waited there: it may have run since
where the copy was made.
"""


def add(app: typer.Typer, panel: str) -> None:
    app.command("release", help=flow(HELP), rich_help_panel=panel)(_release)


def _release(
    runs: Annotated[list[int] | None, typer.Argument(metavar="[RUN]…", help="their numbers", min=1)] = None,
    everyone: Annotated[bool, typer.Option("--all", help="all that are set aside")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="end them without having started them")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="list them as JSON")] = False,
    server: Url = DEFAULT,
) -> None:
    with Server(server) as remote:
        found: Sequence[dict[str, Any]] = remote.listed("/api/aside")
        if runs and everyone:
            raise BadInput("Name runs, or say --all.")
        if not runs and not everyone:
            if drop:
                raise BadInput("Name the runs to drop, or say --all.")
            return _list(found, as_json=as_json)
        chosen = runs or [run["number"] for run in reversed(found)]
        for number in chosen:
            remote.post(f"/api/runs/{number}/{'cancel' if drop else 'release'}")
            print(f"Run {number} is {'dropped: it never starts' if drop else 'released'}.")
    if not chosen:
        print("Nothing is set aside.")
    return None


def _list(found: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    elif found:
        table(list(found))
    else:
        print("Nothing is set aside.")
