"""The parts of a page that change while it is open, by element id. Rendered with the macros that the page itself
uses, in the server's time zone (`static/page.js` puts times into the reader's), with nothing about any one reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pushbutton.web.words.people import UNKNOWN, Names

from .render import environment
from .views import InboxView, RunView, TasksView, TaskView

Fragments = dict[str, str]
"""Element id to outer HTML."""


def run_fragments(view: RunView, language: str = "en", root: str = "", names: Names = UNKNOWN) -> Fragments:
    """Everything on `/runs/{n}` that follows the run; not its output."""
    shown = {"now": view.now, "root": root, "names": names}
    parts = _parts("run_parts.html", language, shown)
    comments = _parts("comment_parts.html", language, shown)
    tab = _parts("tab_parts.html", language, {"root": root})
    time = _parts("run_over_time.html", language, shown)
    changed = _parts("run_changed.html", language, shown)
    return {
        "title": _said(tab.title(view)),
        "tab": _said(tab.picture(view)),
        "run-state": _said(parts.badge(view)),
        "run-lead": _said(parts.lead(view)),
        "run-acts": _said(parts.acts(view)),
        "run-hero": _said(parts.hero(view)),
        "run-needs": _said(parts.needs(view)),
        "run-tries": _said(parts.tries(view)),
        "run-counts": _said(parts.counts(view)),
        "run-plan": _said(parts.plan(view)),
        "run-results": _said(_parts("results_parts.html", language, shown).results(view)),
        "run-steps": _said(parts.steps(view)),
        "run-changed": _said(changed.changed(view)),
        "run-updates": _said(parts.updates(view)),
        "run-over-time": _said(time.over_time(view)),
        "run-facts": _said(parts.about(view)),
        "run-stop-say": _said(parts.stop_say(view)),
        "run-comments": _said(comments.said(view)),
    }


def tasks_fragments(view: TasksView, language: str = "en", root: str = "", names: Names = UNKNOWN) -> Fragments:
    """Which tasks there are, what runs, and the last result of each task. `now` is in the header of every page."""
    parts = _parts("tasks_parts.html", language, {"now": view.now, "back": f"{root}/", "root": root, "names": names})
    frame = _parts("parts.html", language, {"now": view.now, "root": root})
    active = sum(item.run.state.active for item in view.going)
    found = {
        "now": _said(frame.now_pill(active)),
        "running": _said(parts.going(view)),
        "catalogue": _said(parts.catalogue(view)),
    }
    for card in view.cards:
        found[f"foot-{card.task.slug}"] = _said(parts.foot(card))
    return found


def inbox_fragments(view: InboxView, language: str = "en", root: str = "", names: Names = UNKNOWN) -> Fragments:
    """The runs that wait for somebody's approval, and their number, for the header."""
    parts = _parts("approvals_parts.html", language, {"now": view.now, "root": root, "names": names})
    frame = _parts("parts.html", language, {"now": view.now, "root": root})
    return {"inbox": _said(frame.inbox(len(view.runs), bool(view.older))), "approvals": _said(parts.waiting(view))}


def task_fragments(view: TaskView, language: str = "en", root: str = "", names: Names = UNKNOWN) -> Fragments:
    """Other people's runs of this task while somebody fills in the form."""
    parts = _parts("task_parts.html", language, {"now": view.now, "root": root, "names": names})
    return {
        "catalogue": _said(parts.catalogue(view)),
        "busy": _said(parts.busy(view)),
        "next-moments": _said(parts.next_moments(view)),
        "last-runs": _said(parts.last_runs(view)),
        "run-chart": _said(_parts("chart_parts.html", language, {"root": root}).chart(view)),
    }


def _parts(template: str, language: str, shown: Mapping[str, Any]) -> Any:
    return environment(language).get_template(template).make_module({"zone": None, **shown})


def _said(rendered: object) -> str:
    return str(rendered).strip()
