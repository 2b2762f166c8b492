"""The API's document, streams included."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pushbutton import threads
from pushbutton.web.http.viewer import root_of
from pushbutton.web.site import site_of

from . import aside, audit, credentials, inputs, runs
from .operations import Operation

METHODS = ("get", "post", "put", "patch", "delete")
_ABOUT = "Press buttons, watch runs. Times are RFC 3339 in UTC; errors are problem+json."
_SINCE = {
    "name": "since",
    "in": "query",
    "schema": {"type": "integer"},
    "description": "The last event id that you have; the header Last-Event-ID says the same",
}
_TOPICS = {
    "name": "topics",
    "in": "query",
    "schema": {"type": "string", "default": "runs"},
    "description": "`runs` (everything), `run:42`, `task:deploy`, `output:42`; several with commas",
}
_COUNTED = {"schema": {"type": "integer"}, "in": "query"}
_EVENTS = {"200": {"description": "Frames", "content": {"text/event-stream": {"schema": {"type": "string"}}}}}
_OVER = {"204": {"description": "The run is over and you have everything: stop asking"}}
_JSON = {"200": {"description": "JSON", "content": {"application/json": {"schema": {"type": "object"}}}}}
_TEXT = {"200": {"description": "Bytes", "content": {"text/plain": {"schema": {"type": "string"}}}}}


def _stream(
    path: str, summary: str, more: str, responses: dict[str, Any], *parameters: dict[str, Any]
) -> dict[str, Any]:
    named = [
        {"name": part[1:-1], "in": "path", "required": True, "schema": {"type": "string"}}
        for part in path.split("/")
        if part.startswith("{")
    ]
    operation = {
        "tags": ["streams and output"],
        "summary": summary,
        "description": more,
        "parameters": [*named, *parameters],
        "responses": responses,
    }
    return {path: {"get": operation}}


STREAMS: dict[str, Any] = (
    _stream(
        "/api/events",
        "Events as they happen",
        "Live from now on, or everything behind `since`. Each frame's `event` is the kind, its `data` the event. "
        "`reset` says that your last id is of no use here: fetch anew. A comment comes every 15 seconds.",
        _EVENTS, _TOPICS, _SINCE,
    )
    | _stream(
        "/api/tasks/{slug}/events",
        "All events of a task's runs",
        "From the first one on, then live.",
        _EVENTS, _SINCE,
    )
    | _stream(
        "/api/runs/{number}/events",
        "A run's events",
        "From the first to the last one, which is the state that ends it. With `Accept: application/json` a list of at "
        "most 1,000; the header `Link` says where more may follow.",
        _EVENTS | _OVER, _SINCE,
        {"name": "after", "description": "As JSON: events with a higher id alone", **_COUNTED},
        {"name": "limit", "description": "As JSON: at most so many; 1,000 where it is left out", **_COUNTED},
    )
    | _stream(
        "/api/runs/{number}/output/stream",
        "A run's output as it comes",
        "Frames `output` with `offset`, `end` and `text`; their id is the byte offset behind them. Where the job does "
        "not speak UTF-8, `encoding` says which encoding `text` was decoded from.",
        _EVENTS | _OVER, _SINCE,
    )
    | _stream("/api/runs/{number}/output", "A run's output, as it was written", "One byte range is honoured.", _TEXT)
    | _stream(
        "/api/runs/{number}/output/lines",
        "Numbered lines, as a terminal would leave them",
        "`t` of each line is its text, or pieces of it with their colours; `at` is when it was written.",
        _JSON,
        {"name": "from", "description": "The first line, counted from 1; negative: from the end", **_COUNTED},
        {"name": "count", "description": "At most 2,000; fewer come where lines are very long", **_COUNTED},
        {"name": "cut", "description": "So many characters of each line; one with `cut` has more", **_COUNTED},
    )
    | _stream(
        "/api/runs/{number}/output/search",
        "Find text in the lines",
        "Upper and lower case are the same.",
        _JSON,
        {"name": "q", "in": "query", "required": True, "schema": {"type": "string"}},
        {"name": "from", "description": "The line to begin at", **_COUNTED},
        {"name": "back", "description": "1: search towards the beginning", **_COUNTED},
    )
    | _stream("/api/runs/{number}/output/plain", "The lines as plain text", "Without colours and rewrites.", _TEXT)
)  # fmt: skip


def operations() -> Iterator[Operation]:
    """All of the API, apart from streams and output."""
    for part in (runs, audit, inputs, aside, credentials):
        yield from part.operations


@functools.cache
def document(version: str) -> Mapping[str, Any]:
    """The OpenAPI document; made once, which takes a moment."""
    from fastapi import APIRouter  # noqa: PLC0415  takes as long to load as all that a server starts with
    from fastapi.openapi.utils import get_openapi  # noqa: PLC0415

    router = APIRouter()
    for one in operations():
        router.add_api_route(one.path, one.endpoint, methods=[one.method], **_with_models(one.said))
    made = get_openapi(title="Pushbutton", version=version, description=_ABOUT, routes=router.routes)
    for path, item in STREAMS.items():
        made["paths"][path] = {**item, **made["paths"].get(path, {})}
    made.setdefault("components", {})["securitySchemes"] = {"run token": {"type": "http", "scheme": "bearer"}}
    return made


def _with_models(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of an operation, with the models of `schemas` in the place of their names."""
    from . import schemas  # noqa: PLC0415  loads what makes and checks models

    def model(name: str) -> Any:
        inner = name.removeprefix("list[").removesuffix("]")
        found: Any = getattr(schemas, inner)
        return list[found] if inner != name else found

    more = dict(said)
    if name := more.pop("response_model", ""):
        more["response_model"] = model(name)
    if name := more.pop("body", ""):
        body = {"content": {"application/json": {"schema": model(name).model_json_schema()}}}
        more["openapi_extra"] = {"requestBody": body, **more.get("openapi_extra", {})}
    more["responses"] = {
        status: {**answer, "model": model(answer["model"])} if "model" in answer else answer
        for status, answer in more.get("responses", {}).items()
    }
    return more


async def openapi(request: Request) -> Response:
    made = await threads.showing(document, site_of(request).version)
    return JSONResponse({**made, "servers": [{"url": root}]} if (root := root_of(request)) else made)


routes = [Route("/api/openapi.json", openapi)]
