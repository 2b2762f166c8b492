"""`pushbutton comment`: say something of a run, or take on a failure."""

from __future__ import annotations

from typing import Annotated

import typer

from pushbutton.domain.visible import visible

from .help_text import flow
from .remote import DEFAULT, Server, Url

__all__ = ["add"]

COMMENT = """Comment on a run: everybody who may see it reads it, live.

\b
  pushbutton comment 42 "known, see PM-412"
  pushbutton comment 42 --on-it            a failure that you look after now
"""


def add(app: typer.Typer, panel: str) -> None:
    app.command("comment", help=flow(COMMENT), rich_help_panel=panel)(_comment)


def _comment(
    run: Annotated[int, typer.Argument(help="its number", show_default=False)],
    text: Annotated[str, typer.Argument(help="what you have to say", show_default=False)] = "",
    on_it: Annotated[bool, typer.Option("--on-it", help="you look after this failure now")] = False,
    server: Url = DEFAULT,
) -> None:
    with Server(server) as remote:
        made = remote.post(f"/api/runs/{run}/comments", {"text": text, "on_it": on_it})
    said = "is on it" if on_it else "said so"
    print(f"Run {run}: {visible(made['data']['actor'])} {said}.")
