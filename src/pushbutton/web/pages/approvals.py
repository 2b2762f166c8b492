"""The pages of approvals: what waits for one person, and their yes or no to a run."""

from __future__ import annotations

import logging
from collections.abc import Awaitable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pushbutton import errors
from pushbutton.domain.run import Run
from pushbutton.runtime import approve
from pushbutton.runtime.clock import now
from pushbutton.web.http.context import core_of
from pushbutton.web.http.numbers import run_of, whole
from pushbutton.web.http.viewer import reader, root_of
from pushbutton.web.site import site_of

from . import run as run_page
from .base import sent, show, text_of

log = logging.getLogger(__name__)


async def inbox(request: Request) -> Response:
    before = whole(request.query_params.get("before", "")) or 0
    view = await site_of(request).views.inbox(reader(request).actor, now(), before=before)
    parts = [] if before else ["patch:inbox"]  # what comes anew is on the first page
    return await show(request, "approvals.html", room="approvals", parts=parts, view=view, older=bool(before))


async def approve_run(request: Request) -> Response:
    core, who, number = core_of(request), reader(request), run_of(request)
    why, seen = text_of(sent(request), "why"), text_of(sent(request), "plan")
    return await _verdict(request, approve.approve(core, who.actor, number, why=why, seen=seen), why)


async def reject_run(request: Request) -> Response:
    core, who, number = core_of(request), reader(request), run_of(request)
    why = text_of(sent(request), "why")
    return await _verdict(request, approve.reject(core, who.actor, number, why=why), why)


async def _verdict(request: Request, given: Awaitable[Run], why: str) -> Response:
    """The run's page; with what was in the way, and what was typed."""
    number = run_of(request)
    try:
        await given
    except errors.NotHeld:
        log.debug("run %s was decided before", number)  # its page says how
    except errors.InvalidInputs as error:
        return await run_page.run(request, 422, wrong=error.fields["why"], why=why)
    except (errors.CannotApprove, errors.Refused) as error:
        return await run_page.run(request, 409, wrong=str(error), why=why)
    return RedirectResponse(f"{root_of(request)}/runs/{number}", 303)
