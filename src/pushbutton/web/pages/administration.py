"""The pages for whoever administers the server: how it does, and what it is made of. They read; what can be changed is
changed where it was before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pushbutton import config
from pushbutton.domain.problem import Problem
from pushbutton.domain.visible import visible
from pushbutton.runtime import administration, vitals
from pushbutton.runtime.core import Core
from pushbutton.web.http import paging
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.site import site_of
from pushbutton.web.views.find import fold, words

from .base import administered, show

MOST = 100
"""Tasks that are shown at once."""


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    value: str  # of a secret nothing; "": it has none
    secret: bool  # whether there is a value that is not shown
    origin: str  # "": as it is by default
    says: str


@administered
async def overview(request: Request) -> Response:
    core, settings = core_of(request), site_of(request).settings
    return await show(
        request, "administration.html", room="administration", tally=core.tally, watchers=core.hub.watchers,
        seen=await administration.overview(core, actor_of(request)), database=bool(settings.store),
    )  # fmt: skip


@administered
async def tasks(request: Request) -> Response:
    core, asked = core_of(request), request.query_params
    found = await administration.tasks(core, actor_of(request))
    looked, after = asked.get("q", "").strip()[:100], asked.get("after", "")
    fitting = [one for one in found if all(word in _haystack(one) for word in words(looked))]
    place = next((i + 1 for i, one in enumerate(fitting) if one.task.slug == after), 0)
    shown, more = paging.cut(fitting[place : place + MOST + 1], MOST, lambda one: one.task.slug)
    return await show(
        request, "administration_tasks.html", room="administration", tasks=shown, more=more, count=len(fitting),
        many=len(found) > MOST, words=looked, passed=await core.catalog.passed(),
        problems=_untold(core),
    )  # fmt: skip


def _untold(core: Core) -> Sequence[Problem]:
    """Problems that belong to no task."""
    told = {line for task in core.catalog.tasks().values() for line in task.broken.splitlines()}
    return [one for one in core.catalog.problems() if one.reason not in told]


def _haystack(one: administration.Declared) -> str:
    return fold(f"{one.task.slug} {one.task.title} {one.task.group} {one.task.source.file}")


@administered
async def secrets(request: Request) -> Response:
    core = core_of(request)
    return await show(
        request, "administration_secrets.html", room="administration", tasks=core.catalog.tasks(),
        secrets=await administration.secrets(core, actor_of(request)),
    )  # fmt: skip


@administered
async def storage(request: Request) -> Response:
    core, settings = core_of(request), site_of(request).settings
    return await show(
        request, "administration_storage.html", room="administration", disk=await vitals.disk(core),
        settings=settings, database=bool(settings.store), taken=await vitals.taken_up(core),
        bytes=await core.store.size(),
        own=[task for task in core.catalog.tasks().values() if task.keep],
    )  # fmt: skip


@administered
async def settings(request: Request) -> Response:
    site = site_of(request)
    found = _settings(site.settings, site.origins)
    return await show(
        request, "administration_settings.html", room="administration", given=[one for one in found if one.origin],
        others=[one for one in found if not one.origin],
    )  # fmt: skip


def _settings(given: config.Settings, origins: Any) -> Sequence[Setting]:
    found = []
    for spec in fields(config.Settings):
        value, hidden = getattr(given, spec.name), not spec.repr
        shown = (
            ""
            if hidden or value in ("", config.UNSAID)
            else visible(f"{value:g}" if isinstance(value, float) else str(value))
        )
        found.append(
            Setting(spec.name, shown, hidden and bool(value), origins.get(spec.name, ""), spec.metadata["help"])
        )
    return found
