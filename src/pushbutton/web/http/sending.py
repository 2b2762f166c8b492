"""A stored file as an answer."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pushbutton import threads
from pushbutton.errors import NoSuchArtifact
from pushbutton.runtime.ports import Files

from .slices import sliced


async def file(request: Request, files: Files, stored: str, name: str, missing: NoSuchArtifact) -> Response:
    """A download under this name. Raises `missing` where it is not there, and `BadRange`."""
    try:
        content = await threads.bringing(files.open, stored)
    except OSError:
        raise missing from None

    def read(offset: int, most: int) -> bytes:
        content.seek(offset)
        return content.read(most)

    return sliced(request, read, content.seek(0, 2), name, close=content.close)
