"""`pushbutton channel`: where a server's messages go, those that are added there, and a test."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from pushbutton.job.protocol import clean

from .help_text import flow
from .moments import shown
from .remote import DEFAULT, Server, Url, segment
from .tables import cell, printed, table

__all__ = ["add"]

HELP = """See where a server's messages go, add channels, and test them.

\b
  pushbutton channel list             all of them, those that take nothing first
  pushbutton channel add ops ops@example.org --tell failed --tell recovered
  pushbutton channel test ops         send a test through it, and say whether it was taken
  pushbutton channel remove ops

Others stand in pushbutton.yaml, under `channels`, and what goes there under `tell`: those are changed there.
"""


def add(app: typer.Typer, panel: str) -> None:
    own = typer.Typer(help=flow(HELP), no_args_is_help=True, add_completion=False, rich_markup_mode=None)
    own.command("list", help="List all channels, those that take nothing first.")(_list)
    own.command("add", help="Add a channel; its address is kept sealed, and shown to nobody again.")(_add)
    own.command("remove", help="Remove a channel that was added, with what waits for it.")(_remove)
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
        rows = table("CHANNEL", "KIND", "FROM", "STATE", "WAITING", "LAST")
        for one in found:
            state = f"broken: {one['why']}" if one["broken"] else "works" if one["last"] else "not used yet"
            last = shown(one["last"]) if one["last"] else ""
            rows.add_row(
                *map(cell, (one["name"], one["kind"], one["maker"] or "file", state, str(one["waiting"]), last))
            )
        printed(rows)


def _add(
    name: Annotated[str, typer.Argument(metavar="CHANNEL", help="small letters, digits and “-”")],
    address: Annotated[
        str,
        typer.Argument(metavar="ADDRESS", help="mail addresses with commas, or one as Apprise has it; -: from stdin"),
    ],
    tell: Annotated[
        list[str] | None, typer.Option("--tell", metavar="WHEN", help="asks, failed, recovered, late, longer or over")
    ] = None,
    where: Annotated[str, typer.Option("--of", metavar="TASKS", help="*, group:NAME or task:NAME")] = "*",
    language: Annotated[str, typer.Option("--language", metavar="LANGUAGE", help="en or de")] = "en",
    people: Annotated[bool, typer.Option("--people", help="people may choose it for what they are told")] = False,
    server: Url = DEFAULT,
) -> None:
    asked = {
        "name": name, "address": sys.stdin.readline().strip() if address == "-" else address, "tell": tell or [],
        "where": where, "language": language, "people": people,
    }  # fmt: skip
    with Server(server) as remote:
        made = remote.post("/api/channels", asked)
    print(f"{made['name']} was added: try it with “pushbutton channel test {made['name']}”.")


def _remove(
    name: Annotated[str, typer.Argument(metavar="CHANNEL", help="as “list” names it")], server: Url = DEFAULT
) -> None:
    with Server(server) as remote:
        remote.delete(f"/api/channels/{segment(name)}")
    print(f"{clean(name)} was removed.")


def _test(
    name: Annotated[str, typer.Argument(metavar="CHANNEL", help="as “list” names it")], server: Url = DEFAULT
) -> None:
    with Server(server) as remote:
        remote.post(f"/api/channels/{segment(name)}/test")
    print(f"{name} took the test.")
