"""Files that are brought for an input."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.domain.actor import Verb
from pushbutton.domain.policy import anywhere
from pushbutton.errors import Refused
from pushbutton.web.http import body, uploads
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.operation import operation

from .answers import answer
from .lazily import schemas


@operation(
    "Bring a file for an input",
    "tasks",
    description="The raw file as body, its name in `?name=`; the answer's `value` is the input's value.",
    status=201,
    answers="UploadShape",
    body={
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
)
async def upload(request: Request, name: str = "file") -> Response:
    if not anywhere(actor_of(request), Verb.PRESS):
        raise Refused("Files are for those who may press something.")
    parts = body.parts(request, uploads.LARGEST)
    return answer(schemas.UploadShape(value=await uploads.save(core_of(request).files, name, parts)), 201)
