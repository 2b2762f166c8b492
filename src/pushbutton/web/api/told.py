"""Messages that an open page shows to its reader."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.runtime import told_here
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.numbers import whole
from pushbutton.web.http.operation import operation
from pushbutton.web.http.viewer import reader

from .answers import answer
from .lazily import schemas


@operation(
    "What you asked to be told in the browser",
    "messages",
    description="Of what happened behind the event `since`, at most a thousand events ago. Only for people who are "
    "signed in.",
    answers="ToldSinceShape",
)
async def told(request: Request) -> Response:
    after = whole(request.query_params.get("since", "")) or 0
    notes, newest = await told_here.since(core_of(request), actor_of(request), after, reader(request).language)
    return answer(schemas.ToldSinceShape.of(notes, newest))
