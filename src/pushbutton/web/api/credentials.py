"""The JSON API of tokens and hand-over links, and of programs that ask for one."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pushbutton.domain.actor import EVERYWHERE, Verb
from pushbutton.domain.event import iso
from pushbutton.domain.person import Link, Token
from pushbutton.errors import BadInput, Refused
from pushbutton.runtime import links, tokens
from pushbutton.runtime.core import now
from pushbutton.runtime.device_grants import GrantRequest, LinkRequest, TokenRequest
from pushbutton.sentence import say
from pushbutton.web.http import body, paging
from pushbutton.web.http.auth import address_of
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.operation import operation
from pushbutton.web.http.viewer import link_url, origin
from pushbutton.web.site import site_of

_LONGEST = 60  # characters of a name
_ASK = 64 << 10
"""Bytes of what somebody asks for who is not known: it is held in memory until it is answered or too late."""
_PLACES = 100
"""Tasks and groups that a token can name, at most."""
_REVOKED: dict[int | str, dict[str, Any]] = {204: {"description": "It counts no more"}}


# -- tokens


@operation(
    "Your tokens",
    "tokens and links",
    description="Newest first. With `all=1` everybody's, for administrators. The text of a token is never among what "
    "is shown. `limit` of them, at most 500; the header `Link` says where more follow.",
    answers="list[TokenShape]",
)
async def list_tokens(request: Request) -> Response:
    everybody, (before, limit) = request.query_params.get("all") == "1", paging.asked(request)
    found = tokens.listed(core_of(request), actor_of(request), everybody=everybody)
    shown, more = paging.newest(found, before, limit)
    headers = paging.link(request, "/api/tokens", more, limit, **({"all": "1"} if everybody else {}))
    return JSONResponse([_token_json(token) for token in shown], headers=headers)


@operation(
    "Make a token",
    "tokens and links",
    description="Only for people who are signed in: no token makes another one. Programs ask with `/api/asks`.",
    status=201,
    answers="TokenMadeShape",
    grants="NewTokenShape",
)
async def make_token(request: Request) -> Response:
    wanted = _token_request(await _object(request))
    text, token = await tokens.make(core_of(request), actor_of(request), wanted.name, wanted.rights, wanted.days)
    return JSONResponse({**_token_json(token), "token": text}, 201, {"cache-control": "no-store"})


@operation(
    "Revoke a token",
    "tokens and links",
    description="By its id or, for one of yours, its name. `current` is the one that asks.",
    status=204,
    responses=_REVOKED,
)
async def revoke_token(request: Request, name: str) -> Response:
    core, actor = core_of(request), actor_of(request)
    kind, _, used = actor.credential.partition(":")
    if name == "current" and kind == "token":
        name = used
    elif name not in core.directory.all.tokens:
        name = tokens.named(core, actor, name).id
    await tokens.revoke(core, actor, name)
    return Response(status_code=204)


# -- links


@operation(
    "Your hand-over links",
    "tokens and links",
    description="Newest first. With `all=1` everybody's, for administrators. `url` is there for who made a link, and "
    "never for a token: whoever has it can press. `limit` of them, at most 500; the header `Link` says where more "
    "follow.",
    answers="list[LinkShape]",
)
async def list_links(request: Request) -> Response:
    everybody, (before, limit) = request.query_params.get("all") == "1", paging.asked(request)
    found = links.listed(core_of(request), actor_of(request), everybody=everybody)
    shown, more = paging.newest(found, before, limit)
    headers = paging.link(request, "/api/links", more, limit, **({"all": "1"} if everybody else {}))
    return JSONResponse([_link_json(request, link) for link in shown], headers={"cache-control": "no-store", **headers})


@operation(
    "Make a hand-over link",
    "tokens and links",
    description="Only for people who are signed in: no token makes a link. Programs ask with `/api/asks`.",
    status=201,
    answers="LinkShape",
    grants="NewLinkShape",
)
async def make_link(request: Request) -> Response:
    wanted = _link_request(await _object(request))
    link = await links.make(
        core_of(request),
        actor_of(request),
        wanted.task,
        wanted.fixed,
        days=wanted.days,
        uses=wanted.uses,
        approvers=wanted.approvers,
        note=wanted.note,
    )
    return JSONResponse(_link_json(request, link), 201, {"cache-control": "no-store"})


@operation(
    "Revoke a hand-over link",
    "tokens and links",
    description="By its id. What was pressed with it goes on.",
    status=204,
    responses=_REVOKED,
)
async def revoke_link(request: Request, name: str) -> Response:
    await links.revoke(core_of(request), actor_of(request), name)
    return Response(status_code=204)


# -- programs that ask


@operation(
    "Ask for a token or a link",
    "tokens and links",
    description="Needs no sign-in. Show `code` and `url` to the person who started you; when they say yes in their "
    "browser, `/api/asks/answer` has what was made. Good for ten minutes.",
    status=201,
    answers="AskedShape",
    grants="AskShape",
)
async def ask(request: Request) -> Response:
    if not core_of(request).directory.closed:
        raise Refused(say("Nobody signs in here yet, so nothing is needed to be let in."))
    asked = await _object(request, _ASK)
    wanted: GrantRequest
    match asked:
        case {"token": dict() as one} if len(asked) == 1:
            wanted = _token_request(one)
        case {"link": dict() as one} if len(asked) == 1:
            wanted = _link_request(one)
        case _:
            raise BadInput("Send an object like {“token”: {…}} or {“link”: {…}}.")
    made, secret = site_of(request).grants.begin(wanted, address_of(request.scope), now())
    url = f"{origin(request)}/confirm?code={made.code}"
    answer = {"code": made.code, "url": url, "poll": secret, "until": iso(made.until)}
    return JSONResponse(answer, 201, {"cache-control": "no-store"})


@operation(
    "Whether somebody has answered",
    "tokens and links",
    description="Needs no sign-in. `made` is the text of the token or link, given once. Ask every two seconds or so.",
    answers="AnswerShape",
    grants="PollShape",
)
async def answered(request: Request) -> Response:
    secret = (await _object(request, _ASK)).get("poll")
    if not isinstance(secret, str):
        raise BadInput("Send an object like {“poll”: “…”}, with what `/api/asks` gave you.")
    found = site_of(request).grants.fetch(secret, now())
    answer = {"state": found.answer.value, "made": found.made, "by": found.by}
    return JSONResponse(answer, headers={"cache-control": "no-store"})


# -- what was sent, and what is shown


async def _object(request: Request, largest: int = body.LARGEST) -> dict[str, Any]:
    asked = await body.read_json(request, largest)
    if not isinstance(asked, dict):
        raise BadInput("Send a JSON object.")
    return asked


def _token_request(asked: dict[str, Any]) -> TokenRequest:
    name, verbs = asked.get("name"), asked.get("verbs", ["output", "press", "stop"])
    where, days = asked.get("where", [EVERYWHERE]), asked.get("days", tokens.DAYS)
    if unknown := asked.keys() - {"name", "verbs", "where", "days"}:
        raise BadInput(f"A token has no “{min(unknown)[:_LONGEST]}”; it has name, verbs, where and days.")
    if not isinstance(name, str):
        raise BadInput("“name” is a text.")
    if not _texts(verbs) or not set(verbs) <= set(Verb):
        raise BadInput(f"“verbs” is a list of some of these: {', '.join(Verb)}.")
    if not _texts(where):
        raise BadInput("“where” is a list of texts such as “*”, “group:Reports” or “task:deploy”.")
    if len(where) > _PLACES:
        raise BadInput(f"“where” has at most {_PLACES} places; name groups instead of tasks, or “*”.")
    if days is not None and (not isinstance(days, int) or isinstance(days, bool)):
        raise BadInput("“days” is a whole number, or null for a token that lasts until it is revoked.")
    return TokenRequest(name, tokens.scope(map(Verb, verbs), where), days)


def _link_request(asked: dict[str, Any]) -> LinkRequest:
    if unknown := asked.keys() - {"task", "inputs", "days", "uses", "approvers", "note"}:
        name = min(unknown)[:_LONGEST]
        raise BadInput(f"A link has no “{name}”; it has task, inputs, days, uses, approvers and note.")
    task, inputs, note = asked.get("task"), asked.get("inputs", {}), asked.get("note", "")
    if not isinstance(task, str) or not isinstance(note, str) or not isinstance(inputs, dict):
        raise BadInput("“task” and “note” are texts, “inputs” is an object.")
    counts: dict[str, Any] = {"days": links.DAYS, "uses": 1, "approvers": 0}
    counts |= {name: asked[name] for name in counts if name in asked}
    if not all(isinstance(count, int) and not isinstance(count, bool) for count in counts.values()):
        raise BadInput("“days”, “uses” and “approvers” are whole numbers.")
    return LinkRequest(task, inputs, counts["days"], counts["uses"], counts["approvers"], note)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)


def _token_json(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "user": token.user,
        "scope": [{"verb": right.verb.value, "where": right.where} for right in token.scope],
        "made_at": iso(token.made_at),
        "until": iso(token.until) if token.until is not None else None,
        "used_at": iso(token.used_at) if token.used_at is not None else None,
        "hint": token.hint,
    }


def _link_json(request: Request, link: Link) -> dict[str, Any]:
    core = core_of(request)
    return {
        "id": link.id,
        "task": link.task,
        "maker": link.maker,
        "inputs": dict(link.inputs),
        "made_at": iso(link.made_at),
        "until": iso(link.until),
        "uses": link.uses,
        "total": link.total,
        "approvers": link.approvers,
        "note": link.note,
        "standing": links.standing(core, link, now()).value,
        "url": link_url(request, link) if links.shown(core, actor_of(request), link) else "",
    }
