"""A note to everybody who watches."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.domain.actor import Verb
from pushbutton.domain.event import Draft, Kind
from pushbutton.domain.policy import require
from pushbutton.runtime.clock import now
from pushbutton.web.http import body
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.operation import operation

from .lazily import schemas


@operation(
    "A note to everybody who watches",
    "streams and output",
    description="For administrators. It comes as an event `note`.",
    status=204,
    takes="NoteShape",
)
async def say(request: Request) -> Response:
    note = schemas.NoteShape.of(await body.read_json(request))
    core, actor = core_of(request), actor_of(request)
    require(actor, Verb.ADMIN)
    await core.store.say(Draft(Kind.NOTE, {"text": note.text, "actor": actor.name}, now()))
    core.notifier.hint("events")
    return Response(status_code=204)
