"""`pushbutton pause` and `resume`: nothing of a task starts, or nothing at all."""

from __future__ import annotations

from typing import Annotated

import typer

from .moments import shown, written
from .remote import DEFAULT, Server, Url, segment

__all__ = ["add"]

ALL = "all"
Task = Annotated[str, typer.Argument(metavar="TASK", help="the name of a task, or “all” for everything")]


def add(app: typer.Typer, panel: str) -> None:
    app.command("pause", help="Start nothing of a task, or nothing at all.", rich_help_panel=panel)(_pause)
    app.command("resume", help="End the pause of a task, or of everything.", rich_help_panel=panel)(_resume)


def _pause(
    task: Task,
    until: Annotated[str, typer.Option(help="a moment; without it, until it is resumed", show_default=False)] = "",
    reason: Annotated[str, typer.Option(help="why, for those who wonder", show_default=False)] = "",
    server: Url = DEFAULT,
) -> None:
    body = {"until": written(until) if until else None, "reason": reason}
    with Server(server) as remote:
        paused = remote.post(f"{_path(task)}/pause", body)
    end = f" until {shown(paused['until'])}" if paused["until"] else ""
    print(f"{'Everything' if task == ALL else task} is paused{end}.")


def _resume(task: Task, server: Url = DEFAULT) -> None:
    with Server(server) as remote:
        remote.post(f"{_path(task)}/resume")
    print(f"{'Everything' if task == ALL else task} goes on.")


def _path(task: str) -> str:
    return "/api" if task == ALL else f"/api/tasks/{segment(task)}"
