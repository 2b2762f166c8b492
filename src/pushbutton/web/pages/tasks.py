"""The front page: all tasks, what runs now, and what is wrong in the files."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.domain.actor import Verb
from pushbutton.domain.policy import decide
from pushbutton.domain.problem import Problem
from pushbutton.runtime import visibility
from pushbutton.runtime.clock import now
from pushbutton.runtime.ports import Catalog
from pushbutton.web.http.context import core_of
from pushbutton.web.http.viewer import reader
from pushbutton.web.site import site_of
from pushbutton.web.views import find
from pushbutton.web.views.catalogue import CARDS, MANY_GROUPS, Selection
from pushbutton.web.views.views import Card, TasksView

from .base import show

log = logging.getLogger(__name__)


async def tasks(request: Request) -> Response:
    who, views = reader(request), site_of(request).views
    selection = Selection.of(request.query_params, who.pins)
    view = await views.tasks(who.actor, now(), selection)
    shown, query = view.shown, selection.query
    catalog, admin = core_of(request).catalog, bool(decide(who.actor, Verb.ADMIN))
    every = visibility.tasks(catalog, who.actor)
    return await show(
        request, "tasks.html", room="tasks", parts=[_topic(view, selection)], view=view, shown=shown, query=query,
        group=selection.group, asked=selection, many_groups=MANY_GROUPS, pins=who.pins,
        sections=_sections(view, selection, who.pins),
        index=shown.large and selection.group is None and not query and bool(shown.named),
        dense=who.tasks == "rows" or (who.tasks != "cards" and shown.total > CARDS), many=shown.total > CARDS,
        recent=await views.recent(who.actor) if shown.total > CARDS and not query and not selection.group else (),
        meant=find.meant(query, every.values()) if query and not shown.found + shown.elsewhere else "",
        examples=find.examples(list(every.values())),
        passed=await catalog.passed() if admin else (), problems=_untold(catalog) if admin else (),
        places=catalog.places() if admin else (),
    )  # fmt: skip


def _topic(view: TasksView, selection: Selection) -> str:
    """Of many tasks, those that are shown are followed; of few, all of them, by everybody who looks at any."""
    name = selection.name if view.shown.large else ""
    return f"patch:tasks:{name}" if name else "patch:tasks"


def _untold(catalog: Catalog) -> list[Problem]:
    """Problems of the files that stand on the card of no task."""
    told = {line for task in catalog.tasks().values() for line in task.broken.splitlines()}
    return [problem for problem in catalog.problems() if problem.reason not in told]


def _sections(view: TasksView, selection: Selection, pins: Sequence[str]) -> list[tuple[str, list[Card]]]:
    """The kept tasks first ("*"), in their order, then the groups in the catalogue's, then the rest (""). Of many
    tasks, the kept ones are apart on the first page alone.
    """
    first = selection.kept if view.shown.large else pins
    by_slug = {card.task.slug: card for card in view.cards}
    kept = [by_slug[slug] for slug in first if slug in by_slug]
    rest = [card for card in view.cards if card not in kept]
    groups = (*view.shown.named, "")
    named = [("*", kept), *((name, [card for card in rest if card.task.group == name]) for name in groups)]
    return [(name, cards) for name, cards in named if cards]
