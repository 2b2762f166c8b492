"""`pushbutton channel`: where a server's messages go, and a test."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from .help_text import flow
from .moments import shown
from .remote import DEFAULT, Server, Url, segment
from .tables import cell, printed, table

__all__ = ["add"]

HELP = """See where a server's messages go, and test that.

\b
  pushbutton channel list             all of them, those that take nothing first
  pushbutton channel test ops         send a test through it, and say whether it was taken

A channel is declared in pushbutton.yaml, under `channels`; what goes there, under `tell`.
"""


def add(app: typer.Typer, panel: str) -> None:
    own = typer.Typer(help=flow(HELP), no_args_is_help=True, add_completion=False, rich_markup_mode=None)
    own.command("list", help="List all channels, those that take nothing first.")(_list)
    own.command("test", help="Send a test through a channel, and say whether it was taken.")(_test)
    app.add_typer(own, name="channel", rich_help_panel=panel)


def _list(
    as_json: Annotated[bool, typer.Option("--json", help="print them as JSON")] = False, server: Url = DEFAULT
) -> None:
    with Server(server) as remote:
        found = remote.get("/api/channels")
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    elif not found:
        print("There is no channel.")
    else:
        rows = table("CHANNEL", "KIND", "STATE", "WAITING", "LAST")
        for one in found:
            state = f"broken: {one['why']}" if one["broken"] else "works" if one["last"] else "not used yet"
            last = shown(one["last"]) if one["last"] else ""
            rows.add_row(*map(cell, (one["name"], one["kind"], state, str(one["waiting"]), last)))
        printed(rows)


def _test(
    name: Annotated[str, typer.Argument(metavar="CHANNEL", help="as “list” names it")], server: Url = DEFAULT
) -> None:
    with Server(server) as remote:
        remote.post(f"/api/channels/{segment(name)}/test")
    print(f"{name} took the test.")
