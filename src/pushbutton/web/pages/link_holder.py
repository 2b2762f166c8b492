"""The page of a hand-over link: the task's form with what is fixed. `http.link_access` let its holder in."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from pushbutton import errors
from pushbutton.domain.inputs import applies, in_order
from pushbutton.domain.param import Inputs, Param
from pushbutton.domain.person import Link
from pushbutton.domain.task import Reason, Task
from pushbutton.runtime import history, links
from pushbutton.runtime.clock import now
from pushbutton.runtime.links import Standing
from pushbutton.runtime.ports import RunQuery
from pushbutton.sentence import say
from pushbutton.web.http.auth import address_of
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.viewer import reader, root_of
from pushbutton.web.site import site_of
from pushbutton.web.views import forms
from pushbutton.web.words import i18n

from . import base
from . import task_form as task_page

RUNS = 50
"""Of those that were pressed with a link, so many are named."""


async def link(request: Request) -> Response:
    found = _link(request)
    if links.standing(core_of(request), found, now()) is not Standing.OPEN:
        return await _closed(request, found)
    return await _open(request, found)


async def press(request: Request) -> Response:
    core, found = core_of(request), _link(request)
    if links.standing(core, found, now()) not in (Standing.OPEN, Standing.USED_UP):
        return await _closed(request, found)  # before a file of theirs is kept
    task = _left(core.catalog.task(found.task), found)
    form = base.sent(request)
    key, why = base.text_of(form, forms.KEY) or secrets.token_urlsafe(16), base.text_of(form, forms.WHY).strip()
    if (
        forms.asked_first(task, i18n.texts(reader(request).language))
        and not forms.is_dry(task, form)
        and not base.text_of(form, forms.SURE)
    ):
        return await _again(request, found, form, say("Tick that you are sure, then press again."), key=key)
    try:
        address = address_of(request.scope)
        pressed = await task_page.with_files(core, task, form, lambda given: links.use(
            core, found, given, key=key, why=why, address=address, form=True
        ))  # fmt: skip
    except errors.InvalidInputs as error:
        return await _again(request, found, form, error.fields.get("", ""), key=key, wrong=error.fields)
    except errors.LinkClosed:
        return await _closed(request, found)
    except errors.KeyReused:
        said = say("This form was already pressed with other inputs. Press once more to start another run.")
        return await _again(request, found, form, said, status=409)
    except (errors.StoreError, errors.TaskBroken, errors.Refused) as error:
        return await _again(request, found, form, str(error), key=key, status=503)
    mine = pressed.run.actor == actor_of(request).name
    home = f"{root_of(request)}{links.path(core, found.id)}"
    url = f"{home}/runs/{pressed.run.id}" if mine else f"{home}?joined=1"
    return JSONResponse({"go": url}, 201) if base.by_script(request) else RedirectResponse(url, 303)


def _link(request: Request) -> Link:
    """Raises `NoSuchLink`."""
    return links.find(core_of(request), request.path_params["text"])


def _left(task: Task, link: Link) -> Task:
    """The task as the holder of the link fills it in: without what is fixed, and what is not asked because of it."""
    standing = {name: value for name, value in link.inputs.items() if value is not None}
    dry_run = "" if task.dry_run in link.inputs else task.dry_run
    return replace(task, params=tuple(_asked(task, standing, frozenset(link.inputs))), dry_run=dry_run)


def _asked(task: Task, standing: Inputs, fixed: frozenset[str]) -> list[Param]:
    left: list[Param] = []
    for param in in_order(task.params)[0]:
        settled = {name: wanted for name, wanted in param.when.items() if name in fixed}
        open_ones = {name: wanted for name, wanted in param.when.items() if name not in fixed}
        known = {other.name for other in left}
        if param.name not in fixed and applies(replace(param, when=settled), standing) and known >= open_ones.keys():
            left.append(replace(param, when=open_ones))
    names = {param.name: param for param in left}
    return [names[param.name] for param in task.params if param.name in names]


async def _again(
    request: Request, link: Link, form: FormData, whole: str, *,
    key: str = "", wrong: Mapping[str, str] | None = None, status: int = 422,
) -> Response:  # fmt: skip
    """The form again, with everything that was typed. Nothing was started, and no use was taken."""
    task = _left(core_of(request).catalog.task(link.task), link)
    return await _open(request, link, forms.of_form(task, form), status, key=key, whole=whole, wrong=wrong,
                       why=base.text_of(form, forms.WHY))  # fmt: skip


async def _open(
    request: Request, link: Link, values: forms.Values | None = None, status: int = 200, *,
    key: str = "", whole: str = "", wrong: Mapping[str, str] | None = None, why: str = "",
) -> Response:  # fmt: skip
    core, t = core_of(request), i18n.texts(reader(request).language)
    offered = await core.catalog.offered(link.task)
    whole_task = offered.task
    task = _left(whole_task, link)
    fixed = [field for field in forms.fields(whole_task, forms.of_inputs(whole_task, link.inputs))
             if field.param.name in link.inputs]  # fmt: skip
    # Fixed inputs are settled in the words as well; the rest of them follows the form.
    task = replace(
        task,
        button=forms.filled(task.button or task.title, fixed, t),
        confirm=forms.filled(task.confirm, fixed, t),
    )
    fields = forms.fields(task, values, {**offered.faults, **(wrong or {})})
    must_say = task.reason is Reason.REQUIRED
    return await _show(
        request, link, "link.html", status, task=task, fields=fields,
        past=await site_of(request).views.past(actor_of(request), task.slug),
        fixed=forms.facts(whole_task, link.inputs, t),
        whole=whole, wrong=wrong or whole, why=why, must_say=must_say,
        reason=(wrong or {}).get("why", "") if must_say and not why.strip() else "",
        key=key or secrets.token_urlsafe(16), seen=0, joined="joined" in request.query_params,
        uploads=any(field.control == "file" for field in fields),
        asks=(asks := forms.asked_first(task, t)), question=forms.filled(asks, fields, t),
        button=forms.filled(task.button, fields, t),
        more_help=whole_task.help.strip().partition("\n\n")[2].strip(),
    )  # fmt: skip


async def _closed(request: Request, link: Link) -> Response:
    """One sentence on why, and whom to ask."""
    standing = links.standing(core_of(request), link, now())
    said = links.SENTENCES.get(standing, say("This link cannot be used at the moment."))
    return await _show(request, link, "link_closed.html", 410, said=said)


async def _show(request: Request, link: Link, template: str, status: int, **shown: Any) -> Response:
    core, holder = core_of(request), actor_of(request)
    runs = await history.runs(core, holder, RunQuery(task=link.task, limit=RUNS)) if holder.known else ()
    return await base.show(
        request, template, status, room="link", link=link, maker=links.maker(core, link), runs=runs,
        home=links.path(core, link.id), **shown,
    )  # fmt: skip


def limits(request: Request) -> tuple[int, int]:
    """Raises `NoSuchLink`."""
    task = core_of(request).catalog.tasks().get(_link(request).task)
    return task_page.inputs_of(task) if task else (0, 0)
