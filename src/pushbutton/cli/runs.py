"""`pushbutton runs` and `pushbutton stop`: what a server did, and does."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pushbutton.domain.visible import visible
from pushbutton.job.protocol import clean

from .help_text import flow
from .live import duration
from .moments import shown
from .remote import DEFAULT, Number, Server, Url

__all__ = ["add", "table"]

RUNS = """List the runs of a server, newest first.

\b
  pushbutton runs                        the last twenty
  pushbutton runs --task deploy          of one task
  pushbutton runs --state running        what runs now; several states with commas
  pushbutton runs --json                 for programs
"""
STOP = """Stop a run: its processes are asked to end, then made to, and checked to be gone.

\b
  pushbutton stop 42
"""
_STYLES = {"succeeded": "green", "failed": "red", "lost": "red", "running": "cyan", "asking": "cyan"}


def add(app: typer.Typer, panel: str) -> None:
    app.command("runs", help=flow(RUNS), rich_help_panel=panel)(_runs)
    app.command("stop", help=flow(STOP), rich_help_panel=panel)(_stop)


def _runs(
    task: Annotated[str, typer.Option(help="only this task's", show_default=False)] = "",
    state: Annotated[str, typer.Option(help="only those in these states: running,waiting", show_default=False)] = "",
    limit: Annotated[int, typer.Option(help="how many, at most 500", min=1, max=500)] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="print them as JSON")] = False,
    server: Url = DEFAULT,
) -> None:
    with Server(server) as remote:
        found = remote.get("/api/runs", task=task, state=state, limit=limit)
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    elif found:
        table(found)
    else:
        print("There is no such run." if task or state else "There is no run yet.")


def _stop(run: Number, server: Url = DEFAULT) -> None:
    with Server(server) as remote:
        stopped = remote.post(f"/api/runs/{run}/cancel")
    if stopped["over"]:
        print(f"Run {run} was stopped before it started.")
    else:
        print(f"Run {run} is being stopped. See its end: pushbutton watch {run}")


def table(found: Sequence[Mapping[str, Any]]) -> None:
    """A line for each run."""
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="dim")
    for name in ("RUN", "TASK", "STATE", "PRESSED", "TOOK", "BY", "LAST WORD"):
        # a pipe gets whole words, whatever their width
        table.add_column(
            name, no_wrap=True, overflow="ellipsis", justify="right" if name in ("RUN", "TOOK") else "left"
        )
    for run in found:
        percent = f" {run['progress']:.0f} %" if run["progress"] is not None and not run["over"] else ""
        table.add_row(
            Text(str(run["number"])),
            Text(clean(run["task"])),
            Text(f"{run['state']}{percent}", style=_STYLES.get(run["state"], "")),
            Text(_when(run["pressed_at"])),
            Text(_took(run)),
            Text(visible(clean(run["actor"]))),
            Text(visible(clean(_last_word(run), 200), lines=True).replace("\n", " ")),
        )
    Console(width=None if sys.stdout.isatty() else 1000, highlight=False).print(table)


def _last_word(run: Mapping[str, Any]) -> str:
    word = _state_of(run)
    return f"Try {run['cause']['attempt']}. {word}".strip() if run.get("series") else word


def _state_of(run: Mapping[str, Any]) -> str:
    if run.get("aside") and not run["over"]:
        return "It came with a copy of the data folder: pushbutton release"
    if (
        run["state"] == "waiting"
        and run["not_before"]
        and datetime.fromisoformat(run["not_before"]) > datetime.now(UTC)
    ):
        return f"It starts at {shown(run['not_before'])}."
    return str(run["reason"] or run["status"])


def _when(iso: str) -> str:
    return datetime.fromisoformat(iso).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _took(run: Mapping[str, Any]) -> str:
    if not run["started_at"]:
        return ""
    end = datetime.fromisoformat(run["ended_at"]) if run["ended_at"] else datetime.now(UTC)
    return duration((end - datetime.fromisoformat(run["started_at"])).total_seconds())
