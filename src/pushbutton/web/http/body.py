"""Reading a request's body with limits; whatever is wrong with it becomes `BadInput`."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from pushbutton.domain import json_text
from pushbutton.errors import BadInput
from pushbutton.sentence import say

from .uploads import LARGEST as LARGEST_FILE

LARGEST = 2 << 20
FIELD = 1 << 20
"""Bytes of one text field of a form."""
FIELDS = 16 << 20
"""Bytes of all fields, and of what stands between them."""


async def parts(request: Request, largest: int) -> AsyncIterator[bytes]:
    """The body as it comes. Raises `BadInput` for one that is announced as larger, and for one that is cut: the client
    is gone then, and it is no fault of ours.
    """
    _announced(request, largest)
    try:
        async for part in request.stream():
            yield part
    except ClientDisconnect:
        raise BadInput(say("The connection was cut before the body was whole.")) from None


def _announced(request: Request, largest: int) -> None:
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length) > largest:
        raise BadInput(say("The body is larger than {n} kB.", n=largest >> 10))


async def read(request: Request, largest: int = LARGEST) -> bytes:
    found, size = [], 0
    async for part in parts(request, largest):
        size += len(part)
        if size > largest:
            raise BadInput(say("The body is larger than {n} kB.", n=largest >> 10))
        found.append(part)
    return b"".join(found)


@contextlib.asynccontextmanager
async def form(request: Request, *, fields: int = 10, files: int = 0) -> AsyncIterator[FormData]:
    """A form with at most so many fields and files; the files are gone afterwards. Raises `BadInput`, and starlette's
    refusals (400).
    """
    most = FIELDS + files * LARGEST_FILE
    _announced(request, most)
    bounded = Request(request.scope, _bounded(request.receive, most))
    async with bounded.form(max_fields=fields, max_files=files, max_part_size=FIELD) as found:
        yield found


def _bounded(receive: Receive, most: int) -> Receive:
    left = most

    async def received() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise BadInput(say("The form is larger than {n} MB.", n=most >> 20))
        return message

    return received


async def read_json(request: Request, largest: int = LARGEST) -> Any:
    """The body as JSON; None for an empty one."""
    data = await read(request, largest)
    if not data.strip():
        return None
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise BadInput("Send JSON, with the header “Content-Type: application/json”.")
    try:
        return json_text.read(data)
    except ValueError as error:
        raise BadInput(str(error)) from None


async def read_object(request: Request) -> Any:
    """The same where nothing need be said: an empty body is an empty object."""
    value = await read_json(request)
    return {} if value is None else value
