"""Saying yes to a program that asks for a token or a link, see `runtime.device_grants`: with the code that it shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pushbutton import errors
from pushbutton.domain.actor import Actor
from pushbutton.domain.person import Token
from pushbutton.domain.policy import require_in_person
from pushbutton.runtime import links, tokens, visibility
from pushbutton.runtime.clock import now
from pushbutton.runtime.core import Core
from pushbutton.runtime.device_grants import Answer, DeviceGrant, LinkRequest, TokenRequest
from pushbutton.sentence import say
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.viewer import origin, reader
from pushbutton.web.site import site_of
from pushbutton.web.views import forms
from pushbutton.web.words import i18n

from . import base


async def asked(request: Request) -> Response:
    """A program's request, by the code that it shows; without a code, the field to type it."""
    require_in_person(actor_of(request))
    code = request.query_params.get("code", "")[:40].strip()
    if not code:
        return await base.show(request, "confirm.html", room="profile", ask=None, said="", **_nothing())
    try:
        ask = await _found(request, code)
    except errors.NotFound as error:
        return await base.show(request, "confirm.html", 404, room="profile", ask=None, said=str(error), **_nothing())
    return await _asked(request, ask)


async def answer(request: Request) -> Response:
    core, actor = core_of(request), actor_of(request)
    require_in_person(actor)
    sent = base.sent(request)
    code, yes = base.text_of(sent, "code")[:40], base.text_of(sent, "answer") == "yes"
    ask, at = await _found(request, code), now()
    try:
        made = await grant(core, actor, ask, base=origin(request)) if yes else ""
    except errors.InvalidInputs as error:
        return await _asked(request, ask, 422, " ".join(error.fields.values()))
    await site_of(request).grants.answer(ask, Answer.YES if yes else Answer.NO, at, made=made, by=actor.user)
    return await base.show(request, "confirmed.html", room="profile", granted=yes, ask=ask, **_nothing())


async def grant(core: Core, actor: Actor, ask: DeviceGrant, *, base: str) -> str:
    """Make what is asked for, as the one who says yes; its text."""
    match ask.wanted:
        case TokenRequest(name, rights, days):
            return (await tokens.make(core, actor, name, rights, days, instead=True))[0]
        case LinkRequest(task, fixed, days, uses, approvers, note):
            link = await links.make(core, actor, task, fixed, days=days, uses=uses, approvers=approvers, note=note)
            return base + links.path(core, link.id)


async def _found(request: Request, code: str) -> DeviceGrant:
    """Raises `NotFound`, also after many wrong codes."""
    throttle, actor, at = site_of(request).wrong_codes, actor_of(request), now()
    if wait := await throttle.wait(actor.user, actor.address, at / 1e6):
        raise errors.NotFound(say("Too many wrong codes: try again in {seconds} seconds.", seconds=int(wait) + 1))
    try:
        return await site_of(request).grants.find(code, at)
    except errors.NotFound:
        await throttle.failed(actor.user, actor.address, at / 1e6)
        raise


def _nothing() -> Mapping[str, Any]:
    return {"wanted": None, "task": None, "facts": (), "instead": False}


async def _asked(request: Request, ask: DeviceGrant, status: int = 200, said: str = "") -> Response:
    core, t = core_of(request), i18n.texts(reader(request).language)
    shown: dict[str, Any] = dict(_nothing())
    if isinstance(ask.wanted, LinkRequest):
        task = visibility.task(core.catalog, actor_of(request), ask.wanted.task)
        shown |= {"task": task, "facts": forms.facts(task, ask.wanted.fixed, t)}
    else:
        mine = tokens.listed(core, actor_of(request))
        shown |= {"wanted": _preview(ask.wanted), "instead": any(known.name == ask.wanted.name for known in mine)}
    return await base.show(request, "confirm.html", status, room="profile", ask=ask, said=said, **shown)


def _preview(wanted: TokenRequest) -> Token:
    """As it would be made now."""
    at = now()
    until = None if wanted.days is None else at + wanted.days * tokens.DAY
    return Token("", wanted.name, "", tuple(sorted(wanted.rights)), at, until)
