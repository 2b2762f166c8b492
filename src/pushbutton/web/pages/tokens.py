"""Tokens on pages: one's own, making one, whose text is shown once, and revoking one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pushbutton import errors
from pushbutton.domain.actor import EVERYWHERE, Actor, Right, Verb
from pushbutton.domain.policy import decide, require_in_person
from pushbutton.runtime import tokens, visibility
from pushbutton.runtime.core import Core
from pushbutton.web.http import paging
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.viewer import origin, root_of

from . import base

NAME, VERB, WHERE, DAYS = "token-name", "token-verb", "token-where", "token-days"
NEVER = "never"
LASTING = ("7", "30", "90", "365", NEVER)
OFFERED = (Verb.OUTPUT, Verb.PRESS, Verb.STOP, Verb.APPROVE, Verb.SECRETS, Verb.ADMIN)
"""The rights that a token may have besides seeing, which all have."""
USUAL = frozenset({Verb.OUTPUT, Verb.PRESS, Verb.STOP})


@dataclass(frozen=True, slots=True)
class TokenForm:
    """The texts in the form for a new one."""

    name: str = ""
    verbs: frozenset[str] = USUAL
    where: frozenset[str] = frozenset({EVERYWHERE})
    days: str = str(tokens.DAYS)
    wrong: Mapping[str, str] | None = None


async def listed(request: Request) -> Response:
    return await _page(request, TokenForm())


async def make(request: Request) -> Response:
    core, actor = core_of(request), actor_of(request)
    sent = base.sent(request)
    typed = TokenForm(
        base.text_of(sent, NAME),
        _all(sent, VERB),
        _all(sent, WHERE),
        base.text_of(sent, DAYS) or str(tokens.DAYS),
    )
    try:
        text, token = await tokens.make(core, actor, typed.name, _rights(typed), _days(typed.days))
    except errors.InvalidInputs as error:
        again = TokenForm(typed.name, typed.verbs, typed.where, typed.days, error.fields)
        return await _page(request, again, 422)
    return await base.show(request, "token_made.html", room="profile", made=token, secret=text)


async def revoke(request: Request) -> Response:
    sent = base.sent(request)
    await tokens.revoke(core_of(request), actor_of(request), base.text_of(sent, "token"))
    all_ = "?all=1" if base.text_of(sent, "all") else ""
    return RedirectResponse(f"{root_of(request)}/profile/tokens{all_}", 303)


def view(core: Core, actor: Actor, *, everybody: bool = False, before: str = "") -> Mapping[str, Any]:
    """The values for the macros of `tokens.html`, for another page that holds them. Raises `BadInput`."""
    seen = visibility.tasks(core.catalog, actor).values()
    shown, more = paging.newest(tokens.listed(core, actor, everybody=everybody), before, paging.PAGE)
    return {
        "tokens": shown,
        "more": more,
        "everybody": everybody,
        "admin": bool(decide(actor, Verb.ADMIN)),
        "verbs": OFFERED,
        "lasting": LASTING,
        "groups": list(dict.fromkeys(task.group for task in seen if task.group)),
        "choices": list(seen),
    }


async def _page(request: Request, form: TokenForm, status: int = 200) -> Response:
    core, actor = core_of(request), actor_of(request)
    if "all" not in request.query_params:
        require_in_person(actor)
    before = request.query_params.get("before", "")
    more = view(core, actor, everybody="all" in request.query_params, before=before)
    return await base.show(
        request, "profile_tokens.html", status, room="profile", form=form, origin=origin(request), **more
    )


def _rights(typed: TokenForm) -> frozenset[Right]:
    known = {verb.value for verb in OFFERED}
    return tokens.scope((Verb(verb) for verb in typed.verbs & known), typed.where)


def _days(text: str) -> int | None:
    if text == NEVER:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _all(sent: FormData, name: str) -> frozenset[str]:
    return frozenset(value for value in sent.getlist(name) if isinstance(value, str))


def limits(request: Request) -> tuple[int, int]:
    """A tick for each task and each group at most."""
    return 20 + 2 * len(core_of(request).catalog.tasks()), 0
