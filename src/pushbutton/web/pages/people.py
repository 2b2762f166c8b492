"""People and their rights, for administrators."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pushbutton.domain.actor import EVERYWHERE, Verb
from pushbutton.domain.person import LOCAL_SOURCE, User
from pushbutton.domain.policy import EVERYONE, SERVER, Grant, Resource, Role, through
from pushbutton.errors import BadInput, NoSuchUser, NotFound, Refused
from pushbutton.runtime.clock import now
from pushbutton.runtime.core import Core
from pushbutton.web.http import paging
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.viewer import root_of
from pushbutton.web.words.i18n import mark

from .base import administered, sent, show, text_of

MOST = 100
"""People, and rights, that are shown at once."""
OFFERED = 500
"""Groups that are offered while one is typed; each can be typed."""


@administered
async def people(request: Request) -> Response:
    return await _people(request)


async def _people(request: Request, status: int = 200, **shown: Any) -> Response:
    directory = core_of(request).directory
    words, after = request.query_params.get("q", "").strip(), request.query_params.get("after", "")
    everybody = directory.all.users
    found = [user for user in everybody.values() if words.casefold() in f"{user.name}\n{user.called}".casefold()]
    begin = _in_order(everybody[after]) if after in everybody else ("", "")
    users, more = paging.cut(
        heapq.nsmallest(MOST + 1, (user for user in found if _in_order(user) > begin), key=_in_order),
        MOST, lambda user: user.name,
    )  # fmt: skip
    grants = sorted(directory.grants, key=lambda grant: grant.who.startswith("user:"))  # those have pages of their own
    shown = {
        "users": users, "count": len(found), "nobody": not everybody, "many": len(everybody) > MOST, "words": words,
        "more": more, "grants": grants[:MOST], "left_out": len(grants[MOST:]), "fixed": directory.fixed,
        **_choices(request), "wrong": "", "where": "", "typed": {}, **shown,
    }  # fmt: skip
    return await show(request, "people.html", status, room="people", **shown)


def _in_order(user: User) -> tuple[str, str]:
    return user.called.casefold(), user.name


def _choices(request: Request) -> dict[str, Any]:
    """The parts that a grant can be made of."""
    core = core_of(request)
    tasks = core.catalog.tasks().values()
    users = core.directory.all.users.values()
    return {
        "roles": list(Role), "verbs": [verb for verb in Verb if verb is not Verb.ADMIN],
        "task_groups": sorted({task.group for task in tasks if task.group}),
        "tasks": {task.slug: task.title for task in tasks},
        "user_groups": sorted({group for user in users for group in user.groups}
                              | {given.who[6:] for given in core.directory.grants if given.who.startswith("group:")})
                       [:OFFERED],
    }  # fmt: skip


@administered
async def add(request: Request) -> Response:
    given = sent(request)
    typed = {name: text_of(given, name) for name in ("name", "title", "email", "groups")}
    core, actor = core_of(request), actor_of(request)
    try:
        user = await core.people.add(
            actor, typed["name"].strip(), now(), title=typed["title"], email=typed["email"],
            groups=typed["groups"].split(","),
        )  # fmt: skip
    except BadInput as error:
        return await _people(request, 422, wrong=str(error), where="add", typed=typed)
    return await _person(request, user.name, invite=await core.people.invite(actor, user.name, now()))


@administered
async def grant(request: Request) -> Response:
    """Give or take one. From a person's page it leads back there."""
    form = sent(request)
    who = text_of(form, "who") or (f"group:{other}" if (other := text_of(form, "group").strip()) else EVERYONE)
    given = Grant(who, text_of(form, "gives"), text_of(form, "where") or EVERYWHERE)
    core, actor, name = core_of(request), actor_of(request), text_of(form, "person")
    try:
        await (core.people.take if text_of(form, "take") else core.people.give)(actor, given, now())
    except (BadInput, Refused, NoSuchUser) as error:
        if name in core.directory.all.users:
            return await _person(request, name, 422, wrong=str(error), where="rights")
        return await _people(request, 422, wrong=str(error), where="rights")
    return RedirectResponse(f"{root_of(request)}/people{f'/{quote(name)}' if name else ''}", 303)


@administered
async def person(request: Request) -> Response:
    return await _person(request, request.path_params["name"])


async def _person(request: Request, name: str, status: int = 200, **shown: Any) -> Response:
    core = core_of(request)
    snapshot = core.directory.all
    user = snapshot.users.get(name)
    if user is None:
        raise NoSuchUser(name)
    invite = shown.pop("invite", "")
    url = f"{request.url.scheme}://{request.url.netloc}{root_of(request)}/invite/{invite}" if invite else ""
    mine = f"user:{name}"
    others = {EVERYONE, *(f"group:{group}" for group in user.groups)}
    return await show(
        request, "person.html", status, room="people", user=user, local=user.source == LOCAL_SOURCE, invite=url,
        sessions=sum(session.user == name for session in snapshot.sessions.values()),
        tokens=sum(token.user == name for token in snapshot.tokens.values()),
        waiting=any(invite.user == name and invite.until > now() for invite in snapshot.invites.values()),
        grants=[item for item in core.directory.grants if item.who == mine],
        inherited=[item for item in core.directory.grants if item.who in others], fixed=core.directory.fixed,
        effective=list(_effective(core, user)), **_choices(request),
        **({"wrong": "", "where": "", "done": ""} | shown),
    )  # fmt: skip


def _effective(core: Core, user: User) -> Iterator[tuple[str, Mapping[Verb, Sequence[Grant]]]]:
    """The person's rights with the grants that give them: for all tasks (""), then for each task (by title)."""
    grants = core.directory.grants
    everywhere = through(user.name, user.groups, grants, SERVER)
    if everywhere:
        yield "", everywhere
    for task in core.catalog.tasks().values():
        here = through(user.name, user.groups, grants, Resource(task.slug, task.group))
        if here != everywhere:
            yield task.title, here


@administered
async def change(request: Request) -> Response:
    form, name = sent(request), request.path_params["name"]
    user = core_of(request).directory.all.users.get(name)
    # The facts that another authority tells about somebody are not ours to change.
    local = user is not None and user.source == LOCAL_SOURCE
    try:
        if local:
            await core_of(request).people.change(
                actor_of(request), name, now(), title=text_of(form, "title"), email=text_of(form, "email"),
                groups=text_of(form, "groups").split(","),
            )  # fmt: skip
    except (BadInput, Refused) as error:
        return await _person(request, name, 422, wrong=str(error), where="change")
    return await _person(request, name, done=mark("It was kept."))


@administered
async def act_on(request: Request) -> Response:
    name, what = request.path_params["name"], request.path_params["what"]
    core, actor = core_of(request), actor_of(request)
    verbs = core.people
    try:
        match what:
            case "invite":
                return await _person(request, name, invite=await verbs.invite(actor, name, now()))
            case "disable" | "enable":
                await verbs.change(actor, name, now(), disabled=what == "disable")
            case "no-factor":
                await verbs.without_factor(actor, name, now())
            case "sign-out":
                for session in [item for item in core.directory.all.sessions.values() if item.user == name]:
                    await verbs.end_session(actor, session.id, now())
            case "remove":
                await verbs.remove(actor, name, now())
                return RedirectResponse(f"{root_of(request)}/people", 303)
            case _:
                raise NotFound("There is nothing here.")
    except (BadInput, Refused) as error:
        return await _person(request, name, 422, wrong=str(error), where=what)
    return await _person(request, name, done=mark("It was done."))
