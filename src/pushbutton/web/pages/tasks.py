"""The front page: all tasks, what runs now, and what is wrong in the files."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.domain.actor import Verb
from pushbutton.domain.policy import decide
from pushbutton.domain.problem import Problem
from pushbutton.runtime.clock import now
from pushbutton.runtime.ports import Catalog
from pushbutton.web.http.context import core_of
from pushbutton.web.http.viewer import Reader, reader
from pushbutton.web.site import site_of
from pushbutton.web.views import find
from pushbutton.web.views.views import Card, TasksView

from .base import show

log = logging.getLogger(__name__)


async def tasks(request: Request) -> Response:
    who = reader(request)
    view = await site_of(request).views.tasks(who.actor, now())
    query, group = request.query_params.get("q", "").strip()[:100], request.query_params.get("group", "")
    anywhere = [card for card in view.cards if find.matches(card.task, query)]
    found = [card for card in anywhere if group in ("", card.task.group)]
    meant = find.meant(query, (card.task for card in view.cards)) if query and not anywhere else ""
    catalog, admin = core_of(request).catalog, bool(decide(who.actor, Verb.ADMIN))
    return await show(
        request, "tasks.html", room="tasks", parts=["patch:tasks"], view=view, query=query, group=group,
        pins=who.pins, sections=_sections(view, found, who), meant=meant, elsewhere=len(anywhere) - len(found),
        examples=find.examples([card.task for card in view.cards]),
        passed=await catalog.passed() if admin else (), problems=_untold(catalog) if admin else (),
        places=catalog.places() if admin else (),
    )  # fmt: skip


def _untold(catalog: Catalog) -> list[Problem]:
    """What is wrong or doubtful in the files, and stands on the card of no task."""
    told = {line for task in catalog.tasks().values() for line in task.broken.splitlines()}
    return [problem for problem in catalog.problems() if problem.reason not in told]


def _sections(view: TasksView, found: list[Card], who: Reader) -> list[tuple[str, list[Card]]]:
    """The kept tasks first ("*"), in their order, then the groups in the catalogue's, then the rest ("")."""
    by_slug = {card.task.slug: card for card in found}
    kept = [by_slug[slug] for slug in who.pins if slug in by_slug]
    rest = [card for card in found if card not in kept]
    named = [("*", kept), *((name, [card for card in rest if card.task.group == name]) for name in (*view.groups, ""))]
    return [(name, cards) for name, cards in named if cards]
