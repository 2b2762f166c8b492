"""The page of the API, made from its document: it works offline and without JavaScript."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pushbutton import threads
from pushbutton.web.api import calls
from pushbutton.web.api.reference import METHODS
from pushbutton.web.http.context import core_of
from pushbutton.web.http.viewer import origin
from pushbutton.web.site import site_of

from . import base


async def api_page(request: Request) -> Response:
    made = await threads.showing(site_of(request).document)
    groups: dict[str, list[dict[str, Any]]] = {}
    here, closed = origin(request), core_of(request).directory.closed
    for path, item in made["paths"].items():
        for method in METHODS:
            if operation := item.get(method):
                verb = method.upper()
                shown = {
                    "id": re.sub(r"\W+", "-", f"{method} {path}").strip("-"), "method": verb, "path": path,
                    "parameters": [], "description": "", "body": calls.body(operation),
                    "curl": calls.curl(verb, path, operation, here, token=closed), **operation,
                }  # fmt: skip
                groups.setdefault(operation.get("tags", ["other"])[0], []).append(shown)
    return await base.show(request, "reference.html", room="", topics="", groups=groups, info=made["info"])
