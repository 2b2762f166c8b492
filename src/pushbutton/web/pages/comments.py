"""Comments on a run, sent from its page."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pushbutton import errors
from pushbutton.runtime import comments
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.numbers import run_of
from pushbutton.web.http.viewer import root_of

from . import run
from .base import sent, text_of


async def comment(request: Request) -> Response:
    number, form = run_of(request), sent(request)
    on_it = text_of(form, "on-it") == "yes"
    try:
        made = await comments.comment(core_of(request), actor_of(request), number, text_of(form, "text"), on_it=on_it)
    except errors.BadInput as error:
        return await run.run(request, 422, unsaid=str(error))
    except errors.NotFailed:
        return RedirectResponse(f"{root_of(request)}/runs/{number}", 303)  # its page says how it goes
    return RedirectResponse(
        f"{root_of(request)}/runs/{number}#comment{f'-{made.id}' if made.data['text'] else 's'}", 303
    )
