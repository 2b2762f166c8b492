"""`pushbutton link`: hand-over links. Making one is for people, so it asks in the browser; the rest needs a token."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from pushbutton.domain.inputs import check
from pushbutton.domain.param import ParamType
from pushbutton.domain.pattern import maybe
from pushbutton.errors import BadInput, InvalidInputs
from pushbutton.job.protocol import clean

from . import options, safe_text
from .device_grant import ask
from .exits import Exit
from .help_text import flow
from .remote import DEFAULT, Server, Url, params_of, segment
from .tables import cell, printed, table

__all__ = ["add"]

HELP = """Hand a button over: a link that presses one task, with what you fix, so often, for so long.

\b
  pushbutton link make deploy --env prod --days 7 --uses 1
  pushbutton link list
  pushbutton link revoke k3f9a2mxyz
"""
MAKE = """Make a link that presses a task.

\b
  pushbutton link make deploy --env prod           with env fixed, for seven days and one press
  pushbutton link make deploy --days 1 --uses 3    nothing fixed

It shows a code and an address; you say yes in the browser, because no token makes a link. Then the link is printed. An
input that is named like an option of this command stands behind “--”.
"""


def add(app: typer.Typer, panel: str) -> None:
    group = typer.Typer(help=flow(HELP), no_args_is_help=True, rich_markup_mode=None)
    group.command(
        "make",
        help=flow(MAKE),
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
    )(_make)
    group.command("list", help="Your links, newest first.")(_list)
    group.command("revoke", help="Take a link back, by its id. What was pressed with it goes on.")(_revoke)
    app.add_typer(group, name="link", rich_help_panel=panel)


def _make(
    context: typer.Context,
    task: Annotated[str, typer.Argument(metavar="TASK", help="its name, as in the address of its page")] = "",
    days: Annotated[int, typer.Option(help="how long it lasts", min=1, max=365)] = 7,
    uses: Annotated[int, typer.Option(help="how often it can be pressed", min=1, max=1000)] = 1,
    approvers: Annotated[int, typer.Option(help="how many must approve each press", min=0, max=10)] = 0,
    note: Annotated[str, typer.Option(help="what it is for, shown to whoever has it", show_default=False)] = "",
    show_help: Annotated[bool, typer.Option("--help", help="show this, or what TASK can be given")] = False,
    server: Url = DEFAULT,
) -> None:
    if not task:
        print(context.get_help())
        raise typer.Exit(Exit.OK if show_help else Exit.USAGE)
    if task.startswith("-"):
        raise BadInput(f"Name the task first: pushbutton link make TASK {task} …")
    with Server(server) as remote:
        described = remote.get(f"/api/tasks/{segment(task)}")
        params = params_of(described)
        if show_help:
            print(safe_text.text(f"{described['title']}\n\nUsage: pushbutton link make {task} [--PARAM VALUE]…\n"))
            print(safe_text.text(options.help_text([param for param in params if param.type is not ParamType.SECRET])))
            return
        raw = options.read(params, context.args)
        secret = {param.name for param in params if param.type in (ParamType.SECRET, ParamType.FILE)} & raw.keys()
        if secret:
            raise InvalidInputs(dict.fromkeys(secret, "Secrets and files cannot be fixed: whoever presses gives them."))
        fixed, wrong = check(params, raw, form=True, fits=maybe)
        if wrong := {name: text for name, text in wrong.items() if name in raw}:
            raise InvalidInputs(wrong)
        inputs = {name: fixed.get(name) for name in raw}
        wish = {"task": task, "inputs": inputs, "days": days, "uses": uses, "approvers": approvers, "note": note}
        made, _ = ask(remote, {"link": wish})
    print(made)


def _list(
    everybody: Annotated[bool, typer.Option("--all", help="everybody's, for administrators")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print them as JSON")] = False,
    server: Url = DEFAULT,
) -> None:
    with Server(server) as remote:
        found = remote.listed("/api/links", all=int(everybody))
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    elif found:
        _table(found)
    else:
        print("There is no link.")


def _revoke(link: Annotated[str, typer.Argument(metavar="ID", help="as in the list")], server: Url = DEFAULT) -> None:
    with Server(server) as remote:
        remote.delete(f"/api/links/{segment(link)}")
    print(f"Link {clean(link)} is taken back.")


def _table(found: Sequence[Mapping[str, Any]]) -> None:
    rows = table("ID", "TASK", "STANDING", "USES LEFT", "UNTIL", "BY", "FOR")
    for link in found:
        shown = (
            *(link["id"], link["task"], link["standing"], f"{link['uses']} of {link['total']}"),
            *(link["until"][:16].replace("T", " "), link["maker"], link["note"]),
        )
        rows.add_row(*map(cell, shown))
    printed(rows)
