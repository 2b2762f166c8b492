"""`pushbutton preset`: inputs of a task that are kept under a name."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from pushbutton.domain.inputs import parse
from pushbutton.domain.pattern import maybe
from pushbutton.errors import NoSuchPreset

from . import options
from .help_text import flow
from .remote import DEFAULT, Server, Url, params_of, segment
from .tables import cell, printed, table

__all__ = ["add", "named"]

HELP = """See, keep and remove presets: inputs of a task under a name.

\b
  pushbutton preset list deploy                           those that you may use
  pushbutton preset save deploy "On Friday" --env prod    keep these inputs
  pushbutton press deploy --preset "On Friday"            press with them
  pushbutton preset remove deploy "On Friday"

Secrets and files are never kept.
"""
Task = Annotated[str, typer.Argument(metavar="TASK", help="the name of a task")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="the preset's name")]


def add(app: typer.Typer, panel: str) -> None:
    own = typer.Typer(help=flow(HELP), no_args_is_help=True, rich_markup_mode=None)
    own.command("list", help="Your presets of a task, then everybody's.")(_list)
    own.command(
        "save",
        help="Keep inputs under a name, in the place of those that had it.",
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )(_save)
    own.command("remove", help="Remove a preset.")(_remove)
    app.add_typer(own, name="preset", rich_help_panel=panel)


def named(remote: Server, task: str, name: str) -> dict[str, Any]:
    """The preset of this name, one's own first. Raises `NoSuchPreset`."""
    found: list[dict[str, Any]] = remote.get(_path(task))
    for one in found:
        if name in (one["name"], one["id"]):
            return one
    raise NoSuchPreset


def _list(
    task: Task,
    as_json: Annotated[bool, typer.Option("--json", help="print them as JSON")] = False,
    server: Url = DEFAULT,
) -> None:
    with Server(server) as remote:
        found = remote.get(_path(task))
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    elif not found:
        print("No preset is kept.")
    else:
        rows = table("NAME", "WHOSE", "INPUTS")
        for one in found:
            whose = "everybody's" if one["everybody"] else "yours"
            rows.add_row(*map(cell, (one["name"], whose, json.dumps(one["inputs"], ensure_ascii=False))))
        printed(rows)


def _save(
    context: typer.Context,
    task: Task,
    name: Name,
    everybody: Annotated[bool, typer.Option("--everybody", help="for all who may press the task")] = False,
    server: Url = DEFAULT,
) -> None:
    with Server(server) as remote:
        params = params_of(remote.get(f"/api/tasks/{segment(task)}"))
        raw = options.read(params, context.args)
        parsed = parse(params, raw, form=True, paths=True, fits=maybe)
        inputs = {key: value for key, value in parsed.items() if key in raw}
        made = remote.post(_path(task), {"name": name, "inputs": inputs, "everybody": everybody})
    print(f"“{made['name']}” is kept: pushbutton press {task} --preset {json.dumps(made['name'], ensure_ascii=False)}")


def _remove(task: Task, name: Name, server: Url = DEFAULT) -> None:
    with Server(server) as remote:
        remote.delete(f"{_path(task)}/{segment(named(remote, task, name)['id'])}")
    print(f"“{name}” is removed.")


def _path(task: str) -> str:
    return f"/api/tasks/{segment(task)}/presets"
