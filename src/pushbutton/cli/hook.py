"""`pushbutton hook`: what other systems call, and what became of their calls. Hooks are made on the page of a task."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from pushbutton.job.protocol import clean

from .help_text import flow
from .moments import shown
from .remote import DEFAULT, Server, Url, segment
from .tables import cell, printed, table

__all__ = ["add"]

HELP = """Look after hooks: addresses that press a task when another system calls them.

\b
  pushbutton hook list                      yours, newest first
  pushbutton hook calls 8c1f0a2b9d3e4f56    what came, and what became of it
  pushbutton hook pause 8c1f0a2b9d3e4f56    press nothing of it, until it is resumed

One is made on the page of its task: no token makes a hook.
"""

Id = Annotated[str, typer.Argument(metavar="ID", help="as in the list")]


def add(app: typer.Typer, panel: str) -> None:
    own = typer.Typer(help=flow(HELP), no_args_is_help=True, rich_markup_mode=None)
    own.command("list", help="Your hooks, newest first.")(_list)
    own.command("calls", help="The last calls of a hook, newest first.")(_calls)
    own.command("pause", help="Press nothing of it until it is resumed; its callers are told to try again.")(_pause)
    own.command("resume", help="Let it press again.")(_resume)
    own.command("remove", help="Remove a hook, with what is kept of its calls.")(_remove)
    app.add_typer(own, name="hook", rich_help_panel=panel)


def _list(
    everybody: Annotated[bool, typer.Option("--all", help="everybody's, for administrators")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print them as JSON")] = False,
    server: Url = DEFAULT,
) -> None:
    with Server(server) as remote:
        found = remote.get("/api/hooks", all=int(everybody))
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    elif not found:
        print("There is no hook.")
    else:
        rows = table("ID", "NAME", "TASK", "PAUSED", "BY")
        for one in found:
            paused = "paused" if one["paused"] else ""
            rows.add_row(*map(cell, (one["id"], one["name"], one["task"], paused, one["maker"])))
        printed(rows)


def _calls(
    hook: Id, as_json: Annotated[bool, typer.Option("--json", help="print them as JSON")] = False, server: Url = DEFAULT
) -> None:
    with Server(server) as remote:
        found = remote.get(f"/api/hooks/{segment(hook)}/deliveries")
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    elif not found:
        print("Nobody has called it yet.")
    else:
        rows = table("CAME", "WHAT BECAME OF IT", "RUN", "WHY")
        for one in found:
            rows.add_row(*map(cell, (shown(one["at"]), one["verdict"], str(one["run"] or ""), one["why"])))
        printed(rows)


def _pause(hook: Id, server: Url = DEFAULT) -> None:
    with Server(server) as remote:
        found = remote.post(f"/api/hooks/{segment(hook)}/pause")
    print(f"{cell(found['name'])} is paused.")


def _resume(hook: Id, server: Url = DEFAULT) -> None:
    with Server(server) as remote:
        found = remote.post(f"/api/hooks/{segment(hook)}/resume")
    print(f"{cell(found['name'])} listens again.")


def _remove(hook: Id, server: Url = DEFAULT) -> None:
    with Server(server) as remote:
        remote.delete(f"/api/hooks/{segment(hook)}")
    print(f"Hook {clean(hook)} is removed.")
