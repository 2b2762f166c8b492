"""The API's document: made of what stands with the endpoints, streams included."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pushbutton import threads
from pushbutton.web.http.operation import Endpoint, Operation
from pushbutton.web.http.viewer import root_of
from pushbutton.web.site import site_of

from .lazily import schemas

METHODS = ("get", "post", "put", "patch", "delete")
_ABOUT = "Press buttons, watch runs. Times are RFC 3339 in UTC; errors are problem+json."


class Call(Route):
    """A route of the API."""

    def __init__(self, method: str, path: str, does: Operation) -> None:
        super().__init__(path, _called(does.endpoint), methods=[method])
        self.methods = {method}  # Starlette would answer HEAD wherever it answers GET
        self.method, self.operation = method, does


class Stream(Route):
    """A route of the API that answers with a stream, or with bytes."""

    def __init__(self, path: str, does: Operation) -> None:
        super().__init__(path, does.endpoint)
        self.operation = does


def _called(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """With what it asks for of the path and the query."""
    parameters = inspect.signature(endpoint).parameters
    defaults = {name: one.default for name, one in parameters.items() if one.default is not inspect.Parameter.empty}

    async def called(request: Request) -> Response:
        asked = {name: request.query_params.get(name, default) for name, default in defaults.items()}
        return await endpoint(request, **request.path_params, **asked)

    return called


def document(version: str, routes: Sequence[Route]) -> Mapping[str, Any]:
    """The OpenAPI document of the API's `routes`. It takes a moment."""
    from fastapi import APIRouter  # noqa: PLC0415  takes as long to load as all that a server starts with
    from fastapi.openapi.utils import get_openapi  # noqa: PLC0415

    router = APIRouter()
    for one in routes:
        if isinstance(one, Call):
            router.add_api_route(
                one.path, one.operation.endpoint, methods=[one.method], **_with_models(one.operation.said)
            )
    made = get_openapi(title="Pushbutton", version=version, description=_ABOUT, routes=router.routes)
    shapes: dict[str, Any] = made["components"]["schemas"]
    for one in routes:
        if isinstance(one, Stream):
            made["paths"][one.path] = {"get": _described(one, shapes), **made["paths"].get(one.path, {})}
    made["components"]["securitySchemes"] = {"run token": {"type": "http", "scheme": "bearer"}}
    return made


def _described(stream: Stream, shapes: dict[str, Any]) -> dict[str, Any]:
    """An operation of the document; `shapes` gets the schemas of its models."""
    said = stream.operation.said
    places = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in stream.param_convertors
    ]
    answers = {str(status): answer for status, answer in said["responses"].items() if "model" not in answer}
    if name := said["response_model"]:
        answers["200"] = {"description": "JSON", "content": {"application/json": {"schema": _schema(name, shapes)}}}
    if said["frames"]:
        frames = {event: _schema(name, shapes) for event, name in said["frames"].items()}
        body = {"schema": {"type": "string"}, "x-frames": frames}
        answers = {"200": {"description": "Frames", "content": {"text/event-stream": body}}, **answers}
    return {
        "tags": said["tags"],
        "summary": said["summary"],
        "description": said["description"],
        "parameters": [*places, *said["openapi_extra"].get("parameters", ())],
        "responses": answers,
    }


def _schema(name: str, shapes: dict[str, Any]) -> dict[str, str]:
    """Where in `shapes` it is."""
    made = getattr(schemas, name).model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    shapes |= {**made.pop("$defs", {}), name: made}
    return {"$ref": f"#/components/schemas/{name}"}


def _with_models(said: Mapping[str, Any]) -> dict[str, Any]:
    """The description of an operation, with the models of `schemas` in the place of their names."""

    def model(name: str) -> Any:
        inner = name.removeprefix("list[").removesuffix("]")
        found: Any = getattr(schemas, inner)
        return list[found] if inner != name else found

    more = {name: value for name, value in said.items() if name != "frames"}
    if name := more.pop("response_model"):
        more["response_model"] = model(name)
    if name := more.pop("takes"):
        body = {"content": {"application/json": {"schema": model(name).model_json_schema()}}}
        more["openapi_extra"] = {"requestBody": body, **more["openapi_extra"]}
    more["responses"] = {
        status: {**answer, "model": model(answer["model"])} if "model" in answer else answer
        for status, answer in more["responses"].items()
    }
    return more


async def openapi(request: Request) -> Response:
    made = await threads.showing(site_of(request).document)
    return JSONResponse({**made, "servers": [{"url": root}]} if (root := root_of(request)) else made)
