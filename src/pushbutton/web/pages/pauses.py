"""Pausing a task and everything, from the pages that show it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pushbutton.domain.run import Micros
from pushbutton.runtime import pauses
from pushbutton.runtime.clock import now
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.viewer import root_of

from . import base


async def pause(request: Request) -> Response:
    slug = request.path_params["slug"]
    await pauses.pause(core_of(request), actor_of(request), slug, until=_until(request), reason=_reason(request))
    return _to(request, f"/tasks/{slug}")


async def resume(request: Request) -> Response:
    slug = request.path_params["slug"]
    await pauses.resume(core_of(request), actor_of(request), slug)
    return _to(request, f"/tasks/{slug}")


async def pause_everything(request: Request) -> Response:
    until, reason = _until(request), _reason(request)
    await pauses.pause_everything(core_of(request), actor_of(request), until=until, reason=reason)
    return _to(request, "/schedules")


async def resume_everything(request: Request) -> Response:
    await pauses.resume_everything(core_of(request), actor_of(request))
    return _to(request, "/schedules")


def _until(request: Request) -> Micros:
    """So many hours from now; 0: without an end."""
    hours = max(0, base.number_of(base.sent(request), "hours"))
    return now() + hours * 3_600_000_000 if hours else 0


def _reason(request: Request) -> str:
    return base.text_of(base.sent(request), "reason")


def _to(request: Request, path: str) -> Response:
    return RedirectResponse(f"{root_of(request)}{path}", 303)
