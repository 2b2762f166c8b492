"""The JSON API of tokens and hand-over links, and of programs that ask for one."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.domain.actor import Verb
from pushbutton.domain.event import iso
from pushbutton.domain.person import Link
from pushbutton.errors import Refused
from pushbutton.runtime import links, tokens
from pushbutton.runtime.clock import now
from pushbutton.runtime.device_grants import LinkRequest, TokenRequest
from pushbutton.sentence import say
from pushbutton.web.http import body, paging
from pushbutton.web.http.auth import address_of
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.operation import operation
from pushbutton.web.http.viewer import link_url, origin
from pushbutton.web.site import site_of

from .answers import answer, answers
from .lazily import schemas

_ASK = 64 << 10
"""Bytes of a request of an unknown client: it is held in memory until it is answered or too late."""
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
    return answers((schemas.TokenShape.of(token) for token in shown), headers)


@operation(
    "Make a token",
    "tokens and links",
    description="Only for people who are signed in: no token makes another one. Programs ask with `/api/asks`.",
    status=201,
    answers="TokenMadeShape",
    takes="NewTokenShape",
)
async def make_token(request: Request) -> Response:
    wanted = _token_request(await body.read_json(request))
    text, token = await tokens.make(core_of(request), actor_of(request), wanted.name, wanted.rights, wanted.days)
    return answer(schemas.TokenMadeShape.of(token, token=text), 201, {"cache-control": "no-store"})


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
    description="Newest first. With `all=1` everybody's, for administrators. `url` is there for the maker of a link, "
    "and never for a token: with it anybody can press. `limit` of them, at most 500; the header `Link` says where "
    "more follow.",
    answers="list[LinkShape]",
)
async def list_links(request: Request) -> Response:
    everybody, (before, limit) = request.query_params.get("all") == "1", paging.asked(request)
    found = links.listed(core_of(request), actor_of(request), everybody=everybody)
    shown, more = paging.newest(found, before, limit)
    headers = paging.link(request, "/api/links", more, limit, **({"all": "1"} if everybody else {}))
    return answers((_shaped(request, link) for link in shown), {"cache-control": "no-store", **headers})


@operation(
    "Make a hand-over link",
    "tokens and links",
    description="Only for people who are signed in: no token makes a link. Programs ask with `/api/asks`.",
    status=201,
    answers="LinkShape",
    takes="NewLinkShape",
)
async def make_link(request: Request) -> Response:
    wanted = _link_request(await body.read_json(request))
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
    return answer(_shaped(request, link), 201, {"cache-control": "no-store"})


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
    takes="AskShape",
)
async def ask(request: Request) -> Response:
    if not core_of(request).directory.closed:
        raise Refused(say("Nobody signs in here yet, so nothing is needed to be let in."))
    asked = schemas.AskShape.of(await body.read_json(request, _ASK))
    wanted = _token_request(asked.token) if asked.link is None else _link_request(asked.link)
    made, secret = await site_of(request).grants.begin(wanted, address_of(request.scope), now())
    url = f"{origin(request)}/confirm?code={made.code}"
    asked_for = schemas.AskedShape(code=made.code, url=url, poll=secret, until=iso(made.until))
    return answer(asked_for, 201, {"cache-control": "no-store"})


@operation(
    "Whether somebody has answered",
    "tokens and links",
    description="Needs no sign-in. `made` is the text of the token or link, given once. Ask every two seconds or so.",
    answers="AnswerShape",
    takes="PollShape",
)
async def answered(request: Request) -> Response:
    secret = schemas.PollShape.of(await body.read_json(request, _ASK)).poll
    found = await site_of(request).grants.fetch(secret, now())
    state = schemas.AnswerShape(state=found.answer.value, made=found.made, by=found.by)
    return answer(state, headers={"cache-control": "no-store"})


# -- what was sent, and what is shown


def _token_request(asked: Any) -> TokenRequest:
    wanted = schemas.NewTokenShape.of(asked)
    return TokenRequest(wanted.name, tokens.scope(map(Verb, wanted.verbs), wanted.where), wanted.days)


def _link_request(asked: Any) -> LinkRequest:
    wanted = schemas.NewLinkShape.of(asked)
    return LinkRequest(wanted.task, wanted.inputs, wanted.days, wanted.uses, wanted.approvers, wanted.note)


def _shaped(request: Request, link: Link) -> schemas.LinkShape:
    core = core_of(request)
    url = link_url(request, link) if links.shown(core, actor_of(request), link) else ""
    return schemas.LinkShape.of(link, links.standing(core, link, now()).value, url)
