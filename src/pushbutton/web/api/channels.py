"""Channels: where messages go, how each stands, those that are added here, and a test."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.runtime import channels
from pushbutton.web.http import body
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.operation import operation

from .answers import answer, answers
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
    "Add a channel",
    "channels",
    description="Needs the right to administer the server. Its address is kept sealed, and is in no answer.",
    status=201,
    answers="ChannelShape",
    takes="NewChannelShape",
    responses={422: {"description": "What it is to be cannot be: `fields` says why"}},
)
async def add(request: Request) -> Response:
    asked = schemas.NewChannelShape.of(await body.read_json(request))
    wanted = channels.Wanted(asked.name, asked.address, asked.language, asked.tell, asked.where, asked.people)
    made = await channels.add(core_of(request), actor_of(request), wanted)
    return answer(schemas.ChannelShape.of(made), 201)


@operation(
    "Remove a channel that was added",
    "channels",
    description="With what waits for it. One that a file declares is taken out there.",
    status=204,
)
async def remove(request: Request, name: str) -> Response:
    await channels.remove(core_of(request), actor_of(request), name)
    return Response(status_code=204)


@operation(
    "Send a test through it",
    "channels",
    description="Answered when it was taken; 400 with the reason when it was not.",
    status=204,
)
async def test(request: Request, name: str) -> Response:
    await channels.test(core_of(request), actor_of(request), name)
    return Response(status_code=204)
