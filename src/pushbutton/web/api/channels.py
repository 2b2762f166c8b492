"""Channels: where messages go, how each stands, and a test."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.runtime import channels
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.operation import operation

from .answers import answers
from .lazily import schemas


@operation(
    "All channels, those that take nothing first",
    "channels",
    description="Needs the right to administer the server.",
    answers="list[ChannelShape]",
)
async def listed(request: Request) -> Response:
    found = await channels.listed(core_of(request), actor_of(request))
    return answers(schemas.ChannelShape.of(one) for one in found)


@operation(
    "Send a test through it",
    "channels",
    description="Answered when it was taken; 400 with the reason when it was not.",
    status=204,
)
async def test(request: Request, name: str) -> Response:
    await channels.test(core_of(request), actor_of(request), name)
    return Response(status_code=204)
