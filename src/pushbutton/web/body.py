"""Reading a request's body with limits; whatever is wrong with it becomes `BadInput`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import ClientDisconnect, Request

from pushbutton.errors import BadInput

LARGEST = 2 << 20
DEEPEST = 50


async def parts(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes. Raises `BadInput` for one that is cut: nobody hears it, but it is no fault of ours."""
    try:
        async for part in request.stream():
            yield part
    except ClientDisconnect:
        raise BadInput("The connection was cut before the body was whole.") from None


async def read(request: Request, largest: int = LARGEST) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length) > largest:
        raise BadInput(f"The body is larger than {largest >> 10} kB.")
    found, size = [], 0
    async for part in parts(request):
        size += len(part)
        if size > largest:
            raise BadInput(f"The body is larger than {largest >> 10} kB.")
        found.append(part)
    return b"".join(found)


async def read_json(request: Request) -> Any:
    """The body as JSON; None for an empty one."""
    data = await read(request)
    if not data.strip():
        return None
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise BadInput("Send JSON, with the header “Content-Type: application/json”.")
    try:
        value = json.loads(data.decode(), parse_constant=_refuse, object_pairs_hook=_once)
    except RecursionError:
        raise BadInput("The JSON is nested too deeply.") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise BadInput(f"This is not JSON: {str(error)[:200]}.") from None
    if _depth(value) > DEEPEST:
        raise BadInput("The JSON is nested too deeply.")
    return value


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values for one name, two readers may take two different ones."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands in it twice")
    return found


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level and depth <= DEEPEST:
        depth += 1
        level = [
            inner
            for outer in level
            if isinstance(outer, (list, dict))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return depth
