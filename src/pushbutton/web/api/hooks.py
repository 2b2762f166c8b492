"""Hooks: the address that other systems call, and what looks after it."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.domain.hook import LARGEST, Delivery, Hook, Verdict
from pushbutton.errors import BadInput
from pushbutton.runtime import hooks
from pushbutton.web.http import body
from pushbutton.web.http.auth import address_of
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.errors import problem, told
from pushbutton.web.http.numbers import whole
from pushbutton.web.http.operation import operation
from pushbutton.web.http.viewer import hook_url

from .answers import answer, answers
from .lazily import schemas

_TAG: Final = "hooks"
_STATUS: Final = {
    Verdict.PRESSED: 202,
    Verdict.SEEN: 200,
    Verdict.NO_MATCH: 200,
    Verdict.UNSIGNED: 401,
    Verdict.PAUSED: 503,
}
"""Of what no error tells."""
_LATER: Final = 600
"""Seconds after which the sender of a call to a paused hook may try again."""
_SECRET: Final = {"cache-control": "no-store"}
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    202: {"description": "Pressed", "model": "CalledShape"},
    401: {"description": "No signature, or one by another secret"},
    413: {"description": "More than 1 MiB"},
    415: {"description": "It is compressed"},
    422: {"description": "What it says is nothing for the inputs: `fields` says why"},
    429: {"description": "The task was pressed too often: `Retry-After` says when to try again"},
    503: {"description": "The hook is paused: `Retry-After` says when to try again"},
}


@operation(
    "Call a hook",
    _TAG,
    description="For other systems: signed, as the hook was made to check it, in JSON of at most 1 MiB. The same "
    "delivery again is answered with its run. 200 with `no match` where a condition does not hold.",
    answers="CalledShape",
    responses=_ANSWERS,
)
async def call(request: Request, id: str) -> Response:  # noqa: A002
    core = core_of(request)
    hook = hooks.find(core, id)
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        return problem(415, "Send the call without compression.")
    try:
        data = await body.read(request, LARGEST)
    except BadInput as error:
        return problem(413, str(error))
    headers = {name.lower(): value for name, value in reversed(request.headers.items())}
    return _told(await hooks.receive(core, hook, headers, data, address_of(request.scope)))


def _told(found: hooks.Answer) -> Response:
    error, one = found.error, found.delivery
    if error and one.verdict is not Verdict.UNSIGNED:
        return told(error)
    status = _STATUS[one.verdict]
    if status == 401:
        return problem(status, one.why)
    if one.verdict is Verdict.PAUSED:
        response = problem(status, one.why)
        response.headers["retry-after"] = str(_LATER)
        return response
    return answer(schemas.CalledShape(verdict=one.verdict.value, run=one.run or None, why=one.why), status)


@operation(
    "Your hooks",
    _TAG,
    description="Newest first. With `all=1` everybody's, for administrators.",
    answers="list[HookShape]",
)
async def listed(request: Request) -> Response:
    everybody = request.query_params.get("all") == "1"
    found = hooks.listed(core_of(request), actor_of(request), everybody=everybody)
    return answers(_shaped(request, one) for one in found)


@operation(
    "Make a hook",
    _TAG,
    description="Only for people who are signed in. The secret is in this answer and in no other.",
    status=201,
    answers="HookMadeShape",
    takes="NewHookShape",
)
async def make(request: Request) -> Response:
    asked = schemas.NewHookShape.of(await body.read_json(request))
    paths = {name: path if isinstance(path, str) else "" for name, path in asked.paths.items()}
    wanted = hooks.Wanted(
        asked.task, asked.name, asked.scheme, asked.secret, asked.header, asked.delivery, asked.only, paths,
        asked.inputs,
    )  # fmt: skip
    hook, secret = await hooks.make(core_of(request), actor_of(request), wanted)
    return answer(schemas.HookMadeShape.with_secret(hook, hook_url(request, hook), secret), 201, _SECRET)


@operation("One hook", _TAG, answers="HookShape")
async def one(request: Request, id: str) -> Response:  # noqa: A002
    return answer(_shaped(request, hooks.named(core_of(request), actor_of(request), id)))


@operation("Pause a hook", _TAG, description="Its calls are answered with 503, and press nothing.", answers="HookShape")
async def pause(request: Request, id: str) -> Response:  # noqa: A002
    return answer(_shaped(request, await hooks.pause(core_of(request), actor_of(request), id)))


@operation("Let a paused hook listen again", _TAG, answers="HookShape")
async def resume(request: Request, id: str) -> Response:  # noqa: A002
    return answer(_shaped(request, await hooks.resume(core_of(request), actor_of(request), id)))


@operation(
    "Give a hook a new secret",
    _TAG,
    description="Only for people who are signed in. The one before counts for seven more days.",
    answers="NewSecretShape",
    takes="SecretShape",
)
async def renew(request: Request, id: str) -> Response:  # noqa: A002
    asked = schemas.SecretShape.of(await body.read_object(request))
    secret = await hooks.renew(core_of(request), actor_of(request), id, asked.secret)
    return answer(schemas.NewSecretShape(secret=secret), headers=_SECRET)


@operation("Remove a hook", _TAG, description="With what is kept of its calls.", status=204)
async def remove(request: Request, id: str) -> Response:  # noqa: A002
    await hooks.remove(core_of(request), actor_of(request), id)
    return Response(status_code=204)


@operation("The last calls of a hook, newest first", _TAG, answers="list[DeliveryShape]")
async def deliveries(request: Request, id: str) -> Response:  # noqa: A002
    found = await hooks.deliveries(core_of(request), actor_of(request), id)
    return answers(schemas.DeliveryShape.of(one) for one in found)


@operation(
    "Read a call once more",
    _TAG,
    description="By what holds now, as if it had just come. Done twice it is one press.",
    answers="DeliveryShape",
)
async def again(request: Request, id: str, number: str) -> Response:  # noqa: A002
    found = await hooks.again(core_of(request), actor_of(request), id, whole(number) or 0)
    return answer(_delivery(found.delivery))


def _delivery(one: Delivery) -> schemas.DeliveryShape:
    return schemas.DeliveryShape.of(one)


def _shaped(request: Request, hook: Hook) -> schemas.HookShape:
    return schemas.HookShape.of(hook, hook_url(request, hook))
