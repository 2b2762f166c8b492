"""An endpoint of the API, with what the API's document says of it.

Starlette serves it. The document is made with FastAPI when somebody asks for it (`api.reference`): a server that starts
waits neither for that library nor for the models of what is shown, which stand here by name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
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
    asks: str = "",
    responses: Mapping[int | str, dict[str, Any]] | None = None,
    **more: Any,
) -> Callable[[Endpoint], Operation]:
    """`answers`, `asks`: the models of the JSON that it sends and takes; `more` is added to the document."""
    said = {
        "summary": summary,
        "tags": [tag],
        "description": description or None,
        "status_code": status,
        "response_model": answers,
        "body": asks,
        "responses": {**PROBLEMS, **(responses or {})},
        "openapi_extra": more,
    }
    return lambda endpoint: Operation(endpoint, said)


def query(name: str, said: str, kind: str = "integer", **more: Any) -> dict[str, Any]:
    """A value of the address that the endpoint reads itself."""
    return {"name": name, "in": "query", "schema": {"type": kind, **more}, "description": said}
