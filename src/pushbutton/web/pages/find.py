"""Where one may go: to a task, a run by its number, a person, a page. It leads there and starts nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from pushbutton import errors
from pushbutton.domain.actor import Verb
from pushbutton.domain.policy import decide
from pushbutton.runtime import approve, history, schedules
from pushbutton.web.http.context import core_of
from pushbutton.web.http.numbers import whole
from pushbutton.web.http.viewer import Reader, reader
from pushbutton.web.site import site_of
from pushbutton.web.views.find import fold, words
from pushbutton.web.words import i18n

from .base import show

_MOST = 8  # of each kind


@dataclass(frozen=True, slots=True)
class Place:
    href: str  # below the root
    name: str
    said: str = ""  # what else tells it from others
    picture: str = "right"


async def find(request: Request) -> Response:
    who, query = reader(request), request.query_params.get("q", "").strip()[:100]
    t = i18n.texts(who.language)
    found = {
        t("Runs"): await _runs(request, who, query),
        t("Tasks"): await _tasks(request, who, query),
        t("People"): _called(query, _people(request, who)) if query else [],
        t("Pages"): _called(query, _pages(request, who)),
    }
    places = [(kind, some[:_MOST]) for kind, some in found.items() if some]
    return await show(request, "find.html", room="", query=query, places=places)


async def _tasks(request: Request, who: Reader, query: str) -> list[Place]:
    """Those pressed last, where nothing is looked for."""
    views = site_of(request).views
    tasks = views.find(who.actor, query) if query else await views.recent(who.actor)
    return [Place(f"/tasks/{task.slug}", task.title, task.group, "press") for task in tasks]


async def _runs(request: Request, who: Reader, query: str) -> list[Place]:
    number = whole(query.removeprefix("#"))
    try:
        run = await history.run(core_of(request), who.actor, number) if number else None
    except errors.NoSuchRun:
        run = None
    return [Place(f"/runs/{run.id}", run.title, f"#{run.id}", "open")] if run else []


def _people(request: Request, who: Reader) -> Iterator[Place]:
    """For administrators."""
    if decide(who.actor, Verb.ADMIN):
        for name, user in core_of(request).directory.all.users.items():
            yield Place(f"/people/{name}", user.title or name, name, "eye")


def _pages(request: Request, who: Reader) -> Iterator[Place]:
    t, core = i18n.texts(who.language), core_of(request)
    yield Place("/", t("Tasks"))
    yield Place("/history", t("History"))
    if schedules.any_seen(core, who.actor):
        yield Place("/schedules", t("Schedules"))
    if approve.asked_at_all(core, who.actor):
        yield Place("/inbox", t("Inbox"))
    if who.actor.user:
        yield Place("/profile", t("Your account"))
        yield Place("/profile/tokens", t("Your tokens"))
        yield Place("/profile/links", t("Your links"))
    if decide(who.actor, Verb.ADMIN):
        yield Place("/administration", t("Administration"))
        yield Place("/people", t("People"))
        yield Place("/audit", t("Audit trail"))
    yield Place("/api", "API")


def _called(query: str, places: Iterator[Place]) -> list[Place]:
    """Those whose names hold every word."""
    return [one for one in places if all(word in fold(f"{one.name} {one.said}") for word in words(query))]
