"""A note to everybody who watches."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.domain.actor import Verb
from pushbutton.domain.event import Draft, Kind
from pushbutton.domain.policy import require
from pushbutton.errors import BadInput
from pushbutton.runtime.core import now
from pushbutton.web.http import body
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.operation import operation


@operation(
    "A note to everybody who watches",
    "streams and output",
    description="For administrators. It comes as an event `note`.",
    status=204,
    requestBody={
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["text"],
                    "properties": {"text": {"type": "string", "minLength": 1, "maxLength": 2000}},
                }
            }
        }
    },
)
async def say(request: Request) -> Response:
    asked = await body.read_json(request)
    text = asked.get("text") if isinstance(asked, dict) else None
    if not isinstance(text, str) or not 0 < len(text) <= 2000:
        raise BadInput("Send an object like {“text”: “…”} with at most 2,000 characters.")
    core, actor = core_of(request), actor_of(request)
    require(actor, Verb.ADMIN)
    await core.store.say(Draft(Kind.NOTE, {"text": text, "actor": actor.name}, now()))
    core.notifier.hint("events")
    return Response(status_code=204)
