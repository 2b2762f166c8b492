"""People's comments on a run, and who has taken it on: from its events. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pushbutton.domain.event import Event, Kind
from pushbutton.domain.run import Micros

from .run_story import text_of

__all__ = ["Comment", "comments", "on_it"]


@dataclass(frozen=True, slots=True)
class Comment:
    id: int  # of its event
    at: Micros
    actor: str
    text: str  # "": it was taken on without a word
    on_it: bool = False


def comments(events: Iterable[Event]) -> tuple[Comment, ...]:
    """Oldest first."""
    return tuple(
        Comment(
            event.id, event.at, text_of(event.data, "actor"), text_of(event.data, "text"), event.data["on_it"] is True
        )
        for event in events
        if event.kind is Kind.COMMENT
    )


def on_it(said: Iterable[Comment]) -> Comment | None:
    """Of those who took it on, the last one."""
    return next((one for one in reversed(tuple(said)) if one.on_it), None)
