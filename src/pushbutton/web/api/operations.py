"""Operations of the JSON API: routes that also hold what the API's document says of them.

Starlette serves them. The document is made of the same operations, with FastAPI, when somebody asks for it
(`reference`): a server that starts waits neither for that library nor for the models of what is shown.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Endpoint = Callable[..., Awaitable[Response]]
"""Takes the request and, by name, texts: what its path names, and what its query may say (these have defaults)."""


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    endpoint: Endpoint
    said: dict[str, Any]  # what FastAPI's `add_api_route` takes; models are named as in `schemas`

    @property
    def route(self) -> Route:
        route = Route(self.path, _called(self.endpoint), methods=[self.method])
        route.methods = {self.method}  # Starlette would answer HEAD wherever it answers GET
        return route


class Operations(list[Operation]):
    """Those of one file: a decorator for each method."""

    def __init__(self, prefix: str, *tags: str) -> None:
        super().__init__()
        self._prefix, self._tags = prefix, tags

    def get(self, path: str, **said: Any) -> Callable[[Endpoint], Endpoint]:
        return self._operation("GET", path, said)

    def post(self, path: str, **said: Any) -> Callable[[Endpoint], Endpoint]:
        return self._operation("POST", path, said)

    def delete(self, path: str, **said: Any) -> Callable[[Endpoint], Endpoint]:
        return self._operation("DELETE", path, said)

    def _operation(self, method: str, path: str, said: dict[str, Any]) -> Callable[[Endpoint], Endpoint]:
        tags = [*self._tags, *said.pop("tags", ())]

        def add(endpoint: Endpoint) -> Endpoint:
            self.append(Operation(method, f"{self._prefix}{path}", endpoint, {**said, "tags": tags}))
            return endpoint

        return add


def _called(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """With what it asks for of the path and the query."""
    parameters = inspect.signature(endpoint).parameters
    defaults = {name: one.default for name, one in parameters.items() if one.default is not inspect.Parameter.empty}

    async def called(request: Request) -> Response:
        asked = {name: request.query_params.get(name, default) for name, default in defaults.items()}
        return await endpoint(request, **request.path_params, **asked)

    return called
