"""The one table from our errors to HTTP, and their shape: problem+json (RFC 9457)."""

from __future__ import annotations

import logging
import secrets

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pushbutton.errors import (
    BadInput,
    BadRange,
    Conflict,
    InvalidInputs,
    NoAnswer,
    NotFound,
    NotHeard,
    PushbuttonError,
    Refused,
    SecretUnavailable,
    SignInFailed,
    SlowDown,
    StillReading,
    StorageFull,
    StoreBusy,
    StoreError,
    TaskBroken,
    TooManySignIns,
    TooOften,
    UploadsFull,
)

log = logging.getLogger(__name__)

STATUS: dict[type[PushbuttonError], int] = {
    NotFound: 404,
    StillReading: 503,
    InvalidInputs: 422,
    BadRange: 416,
    BadInput: 400,
    Refused: 403,
    SlowDown: 429,
    TooOften: 429,
    TooManySignIns: 503,
    SignInFailed: 401,
    Conflict: 409,
    NotHeard: 503,
    NoAnswer: 503,
    StorageFull: 507,
    UploadsFull: 507,
    StoreBusy: 503,
    StoreError: 503,
    SecretUnavailable: 503,
}
"""The first entry that the error is an instance of counts."""


def status_of(error: PushbuttonError) -> int:
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)


def problem(status: int, title: str, **more: object) -> JSONResponse:
    """`title` is a whole sentence; `fields` maps an input's name to its sentence."""
    body = {"type": "about:blank", "title": title, "status": status, **more}
    return JSONResponse(body, status, media_type="application/problem+json")


async def known(_: Request, error: Exception) -> Response:
    assert isinstance(error, PushbuttonError)  # noqa: S101  registered for these only
    return told(error)


def told(error: PushbuttonError) -> Response:
    """With all that a program can use of it: the fields that are wrong, and when to try again."""
    more: dict[str, object] = {"fields": error.fields} if isinstance(error, InvalidInputs) else {}
    if isinstance(error, TaskBroken):
        more["broken"] = True
    response = problem(status_of(error), str(error), **more)
    if isinstance(error, TooOften):
        response.headers["retry-after"] = str(error.seconds)
    return response


async def http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  registered for these only
    response = problem(error.status_code, error.detail)
    response.headers.update(error.headers or {})
    return response


async def ours(request: Request, error: Exception) -> Response:
    """A fault of ours: the client gets a number, the log the traceback."""
    number = secrets.token_hex(3).upper()
    log.error("fault %s at %s %s", number, request.method, request.url.path, exc_info=error)
    title = f"Something broke on our side. An administrator finds it in the log as {number}."
    return problem(500, title, number=number)


def unacceptable() -> Response:
    return problem(406, "This is an event stream: ask for it with “Accept: text/event-stream”.")
