"""`pushbutton approve`, `pushbutton reject` and `pushbutton approvals`: say yes or no to what others pressed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from pushbutton.errors import CannotApprove

from . import safe_text
from .help_text import flow
from .remote import DEFAULT, Number, Server, Url
from .runs import table

__all__ = ["add"]

APPROVE = """Approve a run that somebody else pressed: with the last approval that it needs, it starts.

\b
  pushbutton approvals                          what waits for you
  pushbutton approve 42 --why "as agreed"       yes
  pushbutton approve 42 --plan 9f86d08188…      yes to this plan, and to no other

A run with a plan is approved by the hash of the plan that you looked at; without --plan, this shows the plan and its
hash, and approves nothing. It shows who pressed what, with which inputs.
"""
REJECT = """Reject a run that waits for an approval: it ends without having started.

\b
  pushbutton reject 42 --why "not on a Friday"
"""
APPROVALS = """List the runs that wait for your approval, newest first.

\b
  pushbutton approvals                   what, by whom, until when
  pushbutton approvals --json            for programs
"""

Why = Annotated[str, typer.Option(help="your reason, kept with the run", show_default=False)]


def add(app: typer.Typer, panel: str) -> None:
    app.command("approvals", help=flow(APPROVALS), rich_help_panel=panel)(_approvals)
    app.command("approve", help=flow(APPROVE), rich_help_panel=panel)(_approve)
    app.command("reject", help=flow(REJECT), rich_help_panel=panel)(_reject)


def _approvals(
    as_json: Annotated[bool, typer.Option("--json", help="print them as JSON")] = False, server: Url = DEFAULT
) -> None:
    with Server(server) as remote:
        found = remote.listed("/api/approvals")
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    elif found:
        table(found)
    else:
        print("Nothing waits for your approval.")


def _approve(
    run: Number,
    why: Why = "",
    plan: Annotated[str, typer.Option(help="the hash of the plan that you looked at", show_default=False)] = "",
    server: Url = DEFAULT,
) -> None:
    with Server(server) as remote:
        asked = remote.get(f"/api/runs/{run}")
        if asked["state"] == "held" and asked["approval"]["plan"] and not plan:
            _show(remote, asked)
        after = remote.post(f"/api/runs/{run}/approve", {"why": why, "plan": plan})
    print(_what(asked))
    needs = after["approval"]["needs"] - len(after["approval"]["given"])
    if after["state"] == "held":
        print(f"Run {run} has your approval. It needs {needs} more.")
    else:
        print(f"Run {run} is approved, and starts when its turn comes. See it: pushbutton watch {run}")


def _what(asked: Mapping[str, Any]) -> str:
    """The press: who did it, why, and with which inputs, a line each."""
    why = f": {safe_text.line(asked['why'])}" if asked["why"] else ""
    head = f"{safe_text.line(asked['title'])}, pressed by {safe_text.line(asked['actor'])}{why}"
    return "\n".join([head, *(f"  {name}: {_value(value)}" for name, value in asked["inputs"].items())])


def _value(value: Any) -> str:
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    one, *more = safe_text.text(said).splitlines() or [""]
    return "\n".join([safe_text.line(one) if not more else one, *(f"    {line}" for line in more)])


def _show(remote: Server, asked: Mapping[str, Any]) -> None:
    """Show the press and its plan. Raises `CannotApprove` with what to type then."""
    number = asked["number"]
    found = remote.get(f"/api/runs/{number}/plan")
    if not found["sha256"]:
        raise CannotApprove(
            found["wrong"] or f"The plan of run {number} is still being made: wait for run {found['run']}."
        )
    print(f"{_what(asked)}\n")
    print(safe_text.text(remote.text(f"/api/runs/{found['run']}/output/plain")))
    raise CannotApprove(
        f"Nothing is approved yet. If this is what should be done: pushbutton approve {number} --plan {found['sha256']}"
    )


def _reject(run: Number, why: Why, server: Url = DEFAULT) -> None:
    with Server(server) as remote:
        remote.post(f"/api/runs/{run}/reject", {"why": why})
    print(f"Run {run} is rejected: nothing was started.")
