"""`pushbutton schedule`: when a server presses by itself, and its pauses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from pushbutton.domain.inputs import parse
from pushbutton.domain.pattern import maybe
from pushbutton.errors import BadInput
from pushbutton.job import kinds
from pushbutton.job.kinds import HOLIDAYS, Unfit

from . import options
from .help_text import flow
from .moments import shown, written
from .remote import DEFAULT, Server, Url, params_of, segment
from .tables import cell, printed, table

__all__ = ["add"]

HELP = """See when a server presses by itself, pause that, and make more of it.

\b
  pushbutton schedule list                                    all of them, the next one first
  pushbutton schedule add deploy --cron "0 3 * * *"           make one
  pushbutton schedule next deploy/nightly                     its next five moments
  pushbutton schedule past deploy/nightly                     what became of its last ones
  pushbutton schedule pause deploy/nightly --until "2026-12-27 06:00" --reason "stock-taking"
  pushbutton schedule resume deploy/nightly
  pushbutton schedule pause all                               and so for “resume”
  pushbutton schedule remove deploy/nightly                   one that somebody made

A schedule is declared with its task (`schedules` in pushbutton.yaml, in the head of a script, or in @task(…)), or made
here, on the page of its task or by the API; then it presses in the name of who made it.
"""
ADD_HELP = """Make a schedule: a task is pressed again and again, in your name.

\b
  pushbutton schedule add report --cron "30 6 * * 1-5" --zone Europe/Berlin --title nightly
  pushbutton schedule add report --every "15 min" -- --month last       the inputs, behind “--”

It does no more than you may at each moment. One that is made with a token ends with the token. A secret or a file
cannot be filled in: give the task a named secret.
"""
Name = Annotated[str, typer.Argument(metavar="TASK/NAME", help="as “list” names it")]
_NEXT = 5
ALL = "all"


def add(app: typer.Typer, panel: str) -> None:
    own = typer.Typer(help=flow(HELP), no_args_is_help=True, add_completion=False, rich_markup_mode=None)
    own.command("list", help="List all schedules, the next one first.")(_list)
    own.command("add", help=flow(ADD_HELP))(_add)
    own.command("remove", help="Remove a schedule that somebody made.")(_remove)
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
        rows = table("SCHEDULE", "WHEN", "IN WORDS", "NEXT", "LAST", "BY")
        for one in found:
            rows.add_row(
                *map(cell, (one["id"], _when(one), one["words"], _coming(one), _ended(one["last"]), one["maker"] or ""))
            )
        printed(rows)


def _add(
    task: Annotated[str, typer.Argument(metavar="TASK", help="its name, as in the address of its page")],
    inputs: Annotated[list[str] | None, typer.Argument(metavar="[-- --PARAM VALUE]…", help="what is filled in")] = None,
    cron: Annotated[str, typer.Option(help="five fields: “30 6 * * 1-5”", show_default=False)] = "",
    every: Annotated[str, typer.Option(help="in place of --cron: “15 min”, “2 h”", show_default=False)] = "",
    zone: Annotated[str, typer.Option(help="of --cron; without it, the server's", show_default=False)] = "",
    title: Annotated[str, typer.Option(help="its name is made of it", show_default=False)] = "",
    catch_up: Annotated[str, typer.Option(help="of what was missed: latest, none or all")] = "latest",
    window: Annotated[str, typer.Option(help="what was missed longer ago is too old")] = "1 d",
    late: Annotated[str, typer.Option(help="tell where none has succeeded so long after", show_default=False)] = "",
    pause_after: Annotated[int, typer.Option(help="failures in a row; 0: never")] = 0,
    blackout: Annotated[
        str, typer.Option(help="press nothing then: holidays:DE-BY, or an iCal file", show_default=False)
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="print it as JSON")] = False,
    server: Url = DEFAULT,
) -> None:
    body = {
        "task": task, "title": title, "cron": cron, "zone": zone, "every": _seconds(every), "catch_up": catch_up,
        "window": _seconds(window), "late": _seconds(late), "pause_after": pause_after,
        "blackout": _calendar(blackout),
    }  # fmt: skip
    with Server(server) as remote:
        params = params_of(remote.get(f"/api/tasks/{segment(task)}"))
        raw = options.read(params, inputs or [])
        asked = [replace(param, when={}) for param in params if param.name in raw]  # the server looks at all of them
        parsed = parse(asked, raw, form=True, paths=True, fits=maybe)
        found = remote.post("/api/schedules", {**body, "inputs": parsed})
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    print(f"{cell(found['id'])} presses{', next at ' + shown(found['next']) if found['next'] else ' nothing more'}.")


def _remove(name: Name, server: Url = DEFAULT) -> None:
    with Server(server) as remote:
        remote.delete(_path(name))
    print(f"{name} is removed.")


def _calendar(text: str) -> str:
    """A calendar's text where a file is named: a server reads no file that somebody names."""
    if not text or text.startswith(HOLIDAYS):
        return text
    try:
        return Path(text).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"The calendar {text[:60]} cannot be read: {error}") from None


def _seconds(text: str) -> float:
    if not text:
        return 0.0
    try:
        return float(kinds.SECONDS.read(text))
    except Unfit as error:
        raise BadInput(f"“{text[:40]}” is no time: write it as “90 s”, “15 min”, “2 h” or “1 d”.") from error


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
        skipped = schedule.skipped_clock(rule, at)
        moved = f"  (clocks change: {skipped} does not exist that day)" if skipped else ""
        print(f"{schedule.local(rule, at):%a %Y-%m-%d %H:%M:%S %z}{moved}")


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
