"""`pushbutton press TASK`: make a run on a server, and watch it if that is asked for."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from pushbutton.domain.inputs import parse
from pushbutton.domain.param import Param, ParamType
from pushbutton.domain.pattern import maybe
from pushbutton.errors import BadInput, InvalidInputs

from . import options, safe_text
from .exits import Exit
from .help_text import flow
from .moments import written
from .preset import named
from .remote import DEFAULT, Server, Url, params_of, segment

__all__ = ["add"]

HELP = """Press a task's button on a server, and say which run that made.

\b
  pushbutton press deploy --env prod              the inputs are options
  pushbutton press deploy --help                  what deploy can be given
  pushbutton press deploy --env prod --follow     and watch it to its end
  pushbutton press import --file ./orders.csv     a file is brought along
  pushbutton press unlock --password -            a secret from standard input
  pushbutton press deploy --preset "On Friday"    the inputs of a preset
  pushbutton press deploy --at "tomorrow 6:00"    and start it then

Exits with 0 when it was pressed; with --follow, with the code of `watch`. Ctrl+C while following leaves the run
running. An input that is named like an option of this command stands behind “--”.
"""


def add(app: typer.Typer, panel: str) -> None:
    app.command(
        "press",
        help=flow(HELP),
        rich_help_panel=panel,
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
    )(_press)


def _press(
    context: typer.Context,
    task: Annotated[str, typer.Argument(metavar="TASK", help="its name, as in the address of its page")] = "",
    follow: Annotated[bool, typer.Option("--follow", help="watch the run to its end")] = False,
    why: Annotated[str, typer.Option(help="a reason that is kept with the run", show_default=False)] = "",
    key: Annotated[
        str, typer.Option(help="the same key again is the same press, and makes no second run", show_default=False)
    ] = "",
    preset: Annotated[
        str, typer.Option(metavar="NAME", help="the inputs of this preset, where no other is given", show_default=False)
    ] = "",
    at: Annotated[
        str, typer.Option(help="start then: “tomorrow 6:00”, “2026-12-24 06:00”, RFC 3339", show_default=False)
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="print the run as JSON")] = False,
    show_help: Annotated[bool, typer.Option("--help", help="show this, or what TASK can be given")] = False,
    server: Url = DEFAULT,
) -> None:
    if not task:
        print(context.get_help())
        raise typer.Exit(Exit.OK if show_help else Exit.USAGE)
    if task.startswith("-"):
        raise BadInput(f"Name the task first: pushbutton press TASK {task} …")
    if as_json and follow:
        raise BadInput("--json and --follow do not go together; press with --json, then watch the run.")
    not_before = written(at) if at else ""
    with Server(server) as remote:
        described = remote.get(f"/api/tasks/{segment(task)}")
        params = params_of(described)
        if show_help:
            print(safe_text.text(_help(context, task, described)))
            return
        kept = named(remote, task, preset)["inputs"] if preset else {}
        inputs = {**kept, **_inputs(remote, params, context.args)}
        body: dict[str, Any] = {"inputs": inputs, **({"why": why} if why else {})}
        if not_before:
            body["not_before"] = not_before
        headers = {"Idempotency-Key": key or secrets.token_urlsafe(18)}
        if trace := os.environ.get("TRACEPARENT"):
            headers["traceparent"] = trace
        run = remote.post(f"/api/tasks/{segment(task)}/runs", body, headers)
        number = int(run["number"])
        if as_json:
            print(json.dumps(run, indent=2, ensure_ascii=False))
            return
        said = f"Run {number}" if run["made"] else f"Run {number} is there already"
        print(f"{said}: {remote.page(number)}", file=sys.stderr if follow else sys.stdout, flush=True)
    if follow:
        from .watch import watch  # noqa: PLC0415  loads asyncio and rich, which a press alone does not need

        raise typer.Exit(watch(remote, number))


def _help(context: typer.Context, task: str, described: Mapping[str, Any]) -> str:
    """The help: options of the task's inputs, and those of the press."""
    params = params_of(described)
    ours = {name for param in context.command.params for name in param.opts}
    behind = [f"--{options.dashed(param.name)}" for param in params if f"--{options.dashed(param.name)}" in ours]
    parts = [
        described["title"],
        f"Usage: pushbutton press {task} [--PARAM VALUE]…",
        options.help_text(params),
        "Of the press itself:",
        options.rows(_own(context, required=described["reason"] == "required")),
    ]
    if behind:
        parts.append(
            f"{_listed(behind)} of the task stand{'s' if len(behind) == 1 else ''} behind “--”, after all others."
        )
    return "\n\n".join(parts)


def _own(context: typer.Context, *, required: bool) -> Iterator[tuple[str, str]]:
    for param in context.command.params:
        said = getattr(param, "help", "")
        if "--help" in param.opts or not said:
            continue
        if param.name == "why":
            said += " (required)" if required else " (optional)"
        yield f"{param.opts[0]}{'' if getattr(param, 'is_flag', False) else ' TEXT'}", said


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _inputs(remote: Server, params: Sequence[Param], words: Sequence[str]) -> dict[str, Any]:
    """The given inputs, in JSON's types, files brought to the server first. Raises `InvalidInputs`."""
    raw = options.with_secrets(params, options.read(params, words))
    files: dict[str, Path] = {}
    wrong: dict[str, str] = {}
    for param in params:
        value = raw.get(param.name)
        if param.type is ParamType.FILE and isinstance(value, str) and value:
            files[param.name] = Path(value).expanduser()
            if not files[param.name].is_file():
                wrong[param.name] = "There is no such file."
    if wrong:
        raise InvalidInputs(wrong)
    parsed: Mapping[str, Any] = parse(params, raw, form=True, paths=True, fits=maybe)
    given = {name: value for name, value in parsed.items() if name in raw}
    return {**given, **{name: remote.upload(file) for name, file in files.items() if name in given}}
