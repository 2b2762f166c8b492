"""An endpoint of the API, with what the API's document says of it.

Starlette serves it. The document is made with FastAPI when somebody asks for it (`api.reference`): a server that starts
waits neither for that library nor for the models of what is shown, which stand here by name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

Endpoint = Callable[..., Awaitable[Response]]
"""Takes the request and, by name, texts: what its path names, and what its query may say (these have defaults)."""
PROBLEMS: Mapping[int | str, dict[str, Any]] = {
    "4XX": {"model": "Problem", "description": "What is wrong, in one sentence"},
}


@dataclass(frozen=True, slots=True)
class Operation:
    endpoint: Endpoint
    said: Mapping[str, Any]  # as FastAPI's `add_api_route` takes it; models are named as in `api.schemas`


def operation(
    summary: str,
    tag: str,
    description: str = "",
    *,
    status: int = 200,
    answers: str = "",
    takes: str = "",
    frames: Mapping[str, str] | None = None,
    responses: Mapping[int | str, dict[str, Any]] | None = None,
    parameters: Sequence[Mapping[str, Any]] = (),
    body: Mapping[str, Any] | None = None,
    security: Sequence[Mapping[str, Any]] | None = None,
) -> Callable[[Endpoint], Operation]:
    """`answers`, `takes`: the models of the JSON that it sends and takes; `frames`: those of a stream, by the frame's
    `event`; `body`: a body that is no such JSON. The others are as in an OpenAPI document.
    """
    more = {"parameters": list(parameters), "requestBody": body, "security": security}
    said = {
        "summary": summary,
        "tags": [tag],
        "description": description or None,
        "status_code": status,
        "response_model": answers,
        "takes": takes,
        "frames": frames or {},
        "responses": {**PROBLEMS, **(responses or {})},
        "openapi_extra": {name: value for name, value in more.items() if value},
    }
    return lambda endpoint: Operation(endpoint, said)


def query(name: str, said: str, kind: str = "integer", **more: Any) -> dict[str, Any]:
    """A value of the address that the endpoint reads itself."""
    return {"name": name, "in": "query", "schema": {"type": kind, **more}, "description": said}
