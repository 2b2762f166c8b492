"""Hooks on pages: making one for a task, its last calls, and what its maker does with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pushbutton import errors
from pushbutton.domain.actor import Verb
from pushbutton.domain.event import Json
from pushbutton.domain.hook import KEPT, Hook, Scheme
from pushbutton.domain.policy import decide
from pushbutton.domain.task import Task
from pushbutton.runtime import hooks
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.viewer import hook_url, root_of
from pushbutton.web.views import hook_calls

from . import base, task_form

NAME, SCHEME, SECRET, HEADER, DELIVERY, ONLY = (
    f"hook-{name}" for name in ("name", "scheme", "secret", "header", "delivery", "only")
)
FROM: Final = "from-"
"""Before a param's name: a path, or what it always is."""
_OWN: Final = 8


@dataclass(frozen=True, slots=True)
class HookForm:
    """The texts in the form for a new one, and its mistakes."""

    typed: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)


async def form(request: Request) -> Response:
    return await _form(request, task_form.given_away(request), HookForm({SCHEME: Scheme.GITHUB}))


async def make(request: Request) -> Response:
    task, sent = task_form.given_away(request), base.sent(request)
    typed = {name: value for name, value in sent.items() if isinstance(value, str)}
    try:
        hook, secret = await hooks.make(core_of(request), actor_of(request), _wanted(task, sent), form=True)
    except errors.InvalidInputs as error:
        return await _form(request, task, HookForm(typed, error.fields), 422)
    url = hook_url(request, hook)
    return await base.show(request, "hook_made.html", room="tasks", task=task, hook=hook, secret=secret, url=url)


async def listed(request: Request) -> Response:
    core, actor = core_of(request), actor_of(request)
    everybody = "all" in request.query_params
    found = hooks.listed(core, actor, everybody=everybody)
    rows = [(hook, core.catalog.tasks().get(hook.task)) for hook in found]
    admin = bool(decide(actor, Verb.ADMIN))
    return await base.show(request, "hooks.html", room="profile", rows=rows, everybody=everybody, admin=admin)


async def one(request: Request) -> Response:
    core = core_of(request)
    hook = hooks.named(core, actor_of(request), request.path_params["id"])
    return await _one(request, hook)


async def act_on(request: Request) -> Response:
    core, actor, id_ = core_of(request), actor_of(request), request.path_params["id"]
    back = f"{root_of(request)}/profile/hooks"
    match request.path_params["what"]:
        case "pause":
            await hooks.pause(core, actor, id_)
        case "resume":
            await hooks.resume(core, actor, id_)
        case "again":
            await hooks.again(core, actor, id_, base.number_of(base.sent(request), "number"))
        case "secret":
            secret = await hooks.renew(core, actor, id_)
            return await _one(request, hooks.named(core, actor, id_), secret)
        case "remove":
            await hooks.remove(core, actor, id_)
            return RedirectResponse(back, 303)
        case _:
            raise errors.NoSuchHook
    return RedirectResponse(f"{back}/{id_}", 303)


def limits(request: Request) -> tuple[int, int]:
    return _OWN + len(task_form.given_away(request).params), 0


def _wanted(task: Task, sent: FormData) -> hooks.Wanted:
    """Raises `InvalidInputs`."""
    given = {param.name: base.text_of(sent, f"{FROM}{param.name}").strip() for param in task_form.kept_inputs(task)}
    return hooks.Wanted(
        task.slug,
        base.text_of(sent, NAME),
        base.text_of(sent, SCHEME),
        base.text_of(sent, SECRET).strip(),
        base.text_of(sent, HEADER),
        base.text_of(sent, DELIVERY),
        _conditions(base.text_of(sent, ONLY)),
        {name: text for name, text in given.items() if text.startswith("$")},
        {name: text for name, text in given.items() if text and not text.startswith("$")},
    )


def _conditions(text: str) -> Mapping[str, Json]:
    """One a line: a path, “=”, and what has to stand there. A line without “=” is a path alone, which is refused."""
    found: dict[str, Json] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        path, equals, value = line.partition(" = ")
        found[path.strip()] = _read(value.strip()) if equals else []
    return found


def _read(text: str) -> Json:
    """A number, true, false or a text in quotes as in JSON; anything else is a text as it stands there."""
    try:
        value: Json = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, dict | list) or value is None else value


async def _form(request: Request, task: Task, shown: HookForm, status: int = 200) -> Response:
    return await base.show(
        request, "hook_form.html", status, room="tasks", task=task, typed=shown.typed, wrong=shown.wrong,
        params=task_form.kept_inputs(task), schemes=[(scheme.value, hook_calls.SCHEMES[scheme]) for scheme in Scheme],
    )  # fmt: skip


async def _one(request: Request, hook: Hook, secret: str = "") -> Response:
    core, actor = core_of(request), actor_of(request)
    task = core.catalog.tasks().get(hook.task)
    calls = [hook_calls.row(one) for one in await hooks.deliveries(core, actor, hook.id)]
    return await base.show(
        request, "hook.html", room="profile", hook=hook, task=task, calls=calls,
        secret=secret, url=hook_url(request, hook), kept=KEPT, scheme=hook_calls.SCHEMES[hook.scheme],
        mine=hook.maker == actor.user, titles={param.name: param.title for param in task.params} if task else {},
    )  # fmt: skip
