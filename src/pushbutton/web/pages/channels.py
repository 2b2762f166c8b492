"""The page of channels, for administrators: where messages go, how each stands, who is told what, and a test."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pushbutton import errors
from pushbutton.domain.messages import Occasion
from pushbutton.runtime import channels
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.viewer import root_of
from pushbutton.web.words.i18n import mark

from .base import administered, show

OCCASIONS = {
    Occasion.ASKS: mark("An approval is wanted"),
    Occasion.FAILED: mark("Failed"),
    Occasion.RECOVERED: mark("Works again"),
    Occasion.LATE: mark("Late"),
    Occasion.LONGER: mark("Takes longer than usual"),
    Occasion.OVER: mark("Over"),
}


@administered
async def listed(request: Request) -> Response:
    return await _page(request)


@administered
async def test(request: Request) -> Response:
    name = request.path_params["name"]
    try:
        await channels.test(core_of(request), actor_of(request), name)
    except errors.BadInput as error:
        return await _page(request, 422, wrong=str(error))
    return RedirectResponse(f"{root_of(request)}/channels?tested=yes", 303)


async def _page(request: Request, status: int = 200, wrong: str = "") -> Response:
    core, actor = core_of(request), actor_of(request)
    done = mark("The test was taken.") if request.query_params.get("tested") == "yes" else ""
    return await show(
        request, "channels.html", status, room="channels", found=await channels.listed(core, actor),
        rules=channels.rules(core), occasions=OCCASIONS, wrong=wrong, done=done, sends=core.letters.mail is not None,
    )  # fmt: skip
