"""`pushbutton schedule`: when a server presses by itself, and its pauses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from pushbutton.errors import BadInput

from .help_text import flow
from .moments import shown, written
from .remote import DEFAULT, Server, Url, segment
from .tables import cell, printed, table

__all__ = ["add"]

HELP = """See when a server presses by itself, and pause that.

\b
  pushbutton schedule list                                    all of them, the next one first
  pushbutton schedule next deploy/nightly                     its next five moments
  pushbutton schedule past deploy/nightly                     what became of its last ones
  pushbutton schedule pause deploy/nightly --until "2026-12-27 06:00" --reason "stock-taking"
  pushbutton schedule resume deploy/nightly
  pushbutton schedule pause all                               and so for “resume”

A schedule is declared with its task: `schedules` in pushbutton.yaml, in the head of a script, or in @task(…).
"""
Name = Annotated[str, typer.Argument(metavar="TASK/NAME", help="as “list” names it")]
_NEXT = 5
ALL = "all"


def add(app: typer.Typer, panel: str) -> None:
    own = typer.Typer(help=flow(HELP), no_args_is_help=True, add_completion=False, rich_markup_mode=None)
    own.command("list", help="List all schedules, the next one first.")(_list)
    own.command("next", help="Show the next moments of a schedule, with their offset.")(_next)
    own.command("past", help="Show what became of its last due moments.")(_past)
    own.command("pause", help="Press nothing of it, until then or until it is resumed.")(_pause)
    own.command("resume", help="End its pause.")(_resume)
    app.add_typer(own, name="schedule", rich_help_panel=panel)


def _list(
    as_json: Annotated[bool, typer.Option("--json", help="print them as JSON")] = False, server: Url = DEFAULT
) -> None:
    with Server(server) as remote:
        found = remote.get("/api/schedules")
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    elif not found:
        print("No task has a schedule.")
    else:
        rows = table("SCHEDULE", "WHEN", "NEXT", "LAST")
        for one in found:
            rows.add_row(*map(cell, (one["id"], _when(one), _coming(one), _ended(one["last"]))))
        printed(rows)


def _next(name: Name, server: Url = DEFAULT) -> None:
    from pushbutton.domain import moment, schedule  # noqa: PLC0415  only here

    with Server(server) as remote:
        found = remote.get(_path(name))
    rule = schedule.Schedule(
        found["name"], found["cron"], found["every"] or 0.0, found["zone"],
    )  # fmt: skip
    if not found["next"]:
        print("It is paused." if found["paused"] else "No moment comes any more.")
        return
    first = moment.absolute(found["next"]) or 0
    for at in [first, *schedule.next_moments(rule, first, _NEXT - 1)]:
        print(schedule.local(rule, at).strftime("%a %Y-%m-%d %H:%M:%S %z"))


def _past(name: Name, server: Url = DEFAULT) -> None:
    with Server(server) as remote:
        found = remote.get(f"{_path(name)}/firings")
    if not found:
        print("No moment of it has come yet.")
        return
    rows = table("DUE", "WHAT BECAME OF IT", "RUN", "WHY")
    for one in found:
        rows.add_row(*map(cell, (shown(one["due"]), one["verdict"], str(one["run"] or ""), one["why"])))
    printed(rows)


def _pause(
    name: Name,
    until: Annotated[str, typer.Option(help="a moment; without it, until it is resumed", show_default=False)] = "",
    reason: Annotated[str, typer.Option(help="why, for those who wonder", show_default=False)] = "",
    server: Url = DEFAULT,
) -> None:
    body = {"until": written(until) if until else None, "reason": reason}
    with Server(server) as remote:
        answer = remote.post(f"{_path(name)}/pause", body)
    paused = answer if name == ALL else answer["paused"]
    end = f" until {shown(paused['until'])}" if paused["until"] else ""
    print(f"{'All schedules are' if name == ALL else f'{name} is'} paused{end}.")


def _resume(name: Name, server: Url = DEFAULT) -> None:
    with Server(server) as remote:
        found = remote.post(f"{_path(name)}/resume")
    if name == ALL:
        print("All schedules press again, but for those that are paused by themselves.")
        return
    print(f"{name} presses again{', next at ' + shown(found['next']) if found['next'] else ''}.")


def _path(name: str) -> str:
    if name == ALL:
        return "/api/schedules"
    task, slash, own = name.partition("/")
    if not slash or not task or not own:
        raise BadInput(f"“{name[:60]}” is no schedule: name it as “pushbutton schedule list” does, TASK/NAME.")
    return f"/api/schedules/{segment(task)}/{segment(own)}"


def _when(one: Mapping[str, Any]) -> str:
    return f"{one['cron']} {one['zone']}" if one["cron"] else f"every {one['every']:g} s"


def _coming(one: Mapping[str, Any]) -> str:
    if one["paused"]:
        until = one["paused"]["until"]
        return f"paused until {shown(until)}" if until else "paused"
    return shown(one["next"]) if one["next"] else "never"


def _ended(last: Mapping[str, Any] | None) -> str:
    if last is None:
        return ""
    return f"{shown(last['due'])} {last['verdict']}" + (f", run {last['run']}" if last["run"] else "")
