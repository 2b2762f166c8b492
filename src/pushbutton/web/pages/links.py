"""Making, listing and revoking hand-over links, for people who are signed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pushbutton import errors
from pushbutton.domain.actor import Verb
from pushbutton.domain.policy import decide
from pushbutton.domain.task import Task
from pushbutton.runtime import links
from pushbutton.runtime.clock import now
from pushbutton.web.http import paging
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.viewer import link_url, reader, root_of
from pushbutton.web.views import forms
from pushbutton.web.words import i18n

from . import base, task_form

FIX = "fix-"
"""Before a param's name: whether it is fixed, "yes" or "". No param's name holds a dash."""
DAYS, USES, NOTE, APPROVERS = "link-days", "link-uses", "link-note", "link-approvers"


async def form(request: Request) -> Response:
    task = await _offered(request)
    return await _form(request, task, forms.prefilled(task, request.query_params), {})


async def make(request: Request) -> Response:
    core, actor, task = core_of(request), actor_of(request), await _offered(request)
    sent = base.sent(request)
    fixed = {name: value for name, value in forms.raw(task, sent).items() if base.text_of(sent, f"{FIX}{name}")}
    try:
        link = await links.make(
            core, actor, task.slug, fixed, days=base.number_of(sent, DAYS), uses=base.number_of(sent, USES),
            approvers=base.number_of(sent, APPROVERS), note=base.text_of(sent, NOTE), form=True,
        )  # fmt: skip
    except errors.InvalidInputs as error:
        return await _form(request, task, forms.of_form(task, sent), _typed(sent), 422, wrong=error.fields)
    return await base.show(
        request, "link_made.html", room="tasks", task=task, link=link, url=link_url(request, link),
        fixed=forms.facts(task, link.inputs, i18n.texts(reader(request).language)),
    )  # fmt: skip


async def listed(request: Request) -> Response:
    core, actor = core_of(request), actor_of(request)
    everybody = "all" in request.query_params
    at, before = now(), request.query_params.get("before", "")
    found, more = paging.newest(links.listed(core, actor, everybody=everybody), before, paging.PAGE)
    rows = [
        (link, links.standing(core, link, at).value, core.catalog.tasks().get(link.task), links.maker(core, link),
         link_url(request, link) if links.shown(core, actor, link) else "")
        for link in found
    ]  # fmt: skip
    return await base.show(
        request,
        "links.html",
        room="profile",
        rows=rows,
        more=more,
        everybody=everybody,
        admin=bool(decide(actor, Verb.ADMIN)),
    )


async def revoke(request: Request) -> Response:
    sent = base.sent(request)
    await links.revoke(core_of(request), actor_of(request), base.text_of(sent, "link"))
    all_ = "?all=1" if base.text_of(sent, "all") else ""
    return RedirectResponse(f"{root_of(request)}/profile/links{all_}", 303)


async def _offered(request: Request) -> Task:
    """With the choices that it offers right now. Raises `NoSuchTask`, `Refused`."""
    return (await core_of(request).catalog.offered(task_form.given_away(request).slug)).task


def limits(request: Request) -> tuple[int, int]:
    task = task_form.given_away(request)
    return task_form.inputs_of(task)[0] + len(task.params), 0


def _typed(sent: FormData) -> Mapping[str, str]:
    return {name: value for name, value in sent.items() if isinstance(value, str)}


async def _form(
    request: Request, task: Task, values: forms.Values | None, typed: Mapping[str, str], status: int = 200, *,
    wrong: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    """`typed`: what stood in the fields that are not the task's."""
    query = request.query_params
    fixed = {name.removeprefix(FIX) for name, text in typed.items() if name.startswith(FIX) and text}
    fixed = fixed if typed else set(query.keys())
    ours = {name: text for name, text in query.items() if name not in [param.name for param in task.params]}
    standing: dict[str, Any] = {
        DAYS: ours.get("days", str(links.DAYS)), USES: ours.get("uses", "1"), APPROVERS: "0",
        NOTE: ours.get("note", ""), **typed,
    }  # fmt: skip
    names = {param.name for param in task_form.kept_inputs(task)}
    fields = [replace(field, loose=True) for field in forms.fields(task, values, wrong) if field.param.name in names]
    own = {name: (wrong or {}).get(name, "") for name in (DAYS, USES, APPROVERS, NOTE)}
    whole = "" if any(own.values()) or any(field.wrong for field in fields) else " ".join((wrong or {}).values())
    return await base.show(
        request, "hand_over.html", status, room="tasks", task=task, fields=fields, fixed=fixed, standing=standing,
        wrong=own, failed=bool(wrong), whole=whole, left=[one.title for one in task.params if one.name not in names],
        most_days=links.MOST_DAYS, most_uses=links.MOST_USES,
        most_approvers=links.MOST_APPROVERS,
    )  # fmt: skip
