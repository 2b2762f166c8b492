"""How the tab of a run's page looks while another one is in front: how its title begins, and its picture. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from pushbutton.domain.run import RunState
from pushbutton.web.words import formatting
from pushbutton.web.words.i18n import Texts

from .views import RunView

__all__ = ["Tab", "tab"]

_PICTURES: Final = {
    RunState.HELD: "waiting",
    RunState.WAITING: "waiting",
    RunState.ASKING: "asking",
    RunState.SUCCEEDED: "succeeded",
    RunState.FAILED: "failed",
    RunState.CANCELLED: "halted",
    RunState.LOST: "halted",
    RunState.SKIPPED: "halted",
}


@dataclass(frozen=True, slots=True)
class Tab:
    said: str  # what matters, as tabs are narrow: per cent, the end, a question
    picture: str  # a file of `static/tab`, without its end
    moment: bool = False  # a time of day is in it, which the page puts into the reader's zone


def tab(view: RunView, t: Texts, zone: tzinfo | None = None) -> Tab:
    """A new title with each per cent or minute, a new picture with each tenth."""
    run = view.run
    look = formatting.LOOKS[run.state]
    word = t(look.dry if view.task and view.task.is_dry(run.inputs) else look.word)
    if run.state is RunState.RUNNING:
        return Tab(_so_far(view, t) or word, f"run-{int(view.outlook.percent or 0) // 10 * 10}")
    if run.state is RunState.ASKING and view.story.question:
        return Tab(f"(?) {view.story.question.text}", "asking")
    if view.later and run.not_before:
        moment = formatting.said_at(run.not_before, view.now, "moment", t, zone)
        return Tab(moment[:1].upper() + moment[1:], "waiting", moment=True)
    if view.goes_on:
        return Tab(t("{nth} try failed", nth=formatting.nth(run.cause.attempt, t)), "waiting")
    return Tab(word, _PICTURES[run.state])


def _so_far(view: RunView, t: Texts) -> str:
    """The per cent that the run reports, else the whole minutes so far; "" for neither."""
    if view.outlook.reported and view.outlook.percent is not None:
        return t.percent(view.outlook.percent)
    minutes = int(view.elapsed) // 60
    return formatting.took(minutes * 60, t) if minutes else ""
