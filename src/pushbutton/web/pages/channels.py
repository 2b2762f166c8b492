"""The pages of channels, for administrators: where messages go, how each stands, who is told what, a test, and the form
for another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pushbutton import errors
from pushbutton.domain.actor import EVERYWHERE
from pushbutton.domain.made_channel import LANGUAGES, OCCASIONS
from pushbutton.domain.messages import Occasion
from pushbutton.runtime import channels
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.viewer import root_of
from pushbutton.web.words.i18n import mark

from .base import administered, sent, show, text_of

WORDS: Final = {
    Occasion.ASKS: mark("An approval is wanted"),
    Occasion.FAILED: mark("Failed"),
    Occasion.RECOVERED: mark("Works again"),
    Occasion.LATE: mark("Late"),
    Occasion.LONGER: mark("Takes longer than usual"),
    Occasion.OVER: mark("Over"),
}


@administered
async def listed(request: Request) -> Response:
    return await _page(request)


@administered
async def test(request: Request) -> Response:
    name = request.path_params["name"]
    try:
        await channels.test(core_of(request), actor_of(request), name)
    except errors.BadInput as error:
        return await _page(request, 422, wrong=str(error))
    return RedirectResponse(f"{root_of(request)}/channels?tested=yes", 303)


@administered
async def form(request: Request) -> Response:
    return await _form(request, FormData())


@administered
async def add(request: Request) -> Response:
    given = sent(request)
    wanted = channels.Wanted(
        text_of(given, "channel-name"), text_of(given, "channel-address"), text_of(given, "channel-language"),
        [str(one) for one in given.getlist("channel-tell")], text_of(given, "channel-where") or EVERYWHERE,
        text_of(given, "channel-people") == "yes",
    )  # fmt: skip
    try:
        made = await channels.add(core_of(request), actor_of(request), wanted)
    except errors.InvalidInputs as error:
        return await _form(request, given, 422, wrong=error.fields)
    return RedirectResponse(f"{root_of(request)}/channels?added=yes#channel-{made.channel.name}", 303)


@administered
async def remove(request: Request) -> Response:
    await channels.remove(core_of(request), actor_of(request), request.path_params["name"])
    return RedirectResponse(f"{root_of(request)}/channels?removed=yes", 303)


def limits(_: Request) -> tuple[int, int]:
    return 10 + len(OCCASIONS), 0


_DONE: Final = {
    "tested": mark("The test was taken."),
    "added": mark("The channel was added. Send a test through it."),
    "removed": mark("The channel was removed."),
}


async def _form(
    request: Request, typed: FormData, status: int = 200, *, wrong: Mapping[str, str] | None = None
) -> Response:
    tasks = core_of(request).catalog.tasks()
    groups = sorted({task.group for task in tasks.values() if task.group})
    titles = dict(sorted(((slug, task.title) for slug, task in tasks.items()), key=lambda one: one[1].casefold()))
    return await show(
        request, "channel_form.html", status, room="channels", typed=typed, told=typed.getlist("channel-tell"),
        wrong=wrong or {}, groups=groups, tasks=titles, occasions={one: WORDS[one] for one in OCCASIONS},
        spoken=LANGUAGES,
    )  # fmt: skip


async def _page(request: Request, status: int = 200, wrong: str = "") -> Response:
    core, actor = core_of(request), actor_of(request)
    done = next((text for name, text in _DONE.items() if name in request.query_params), "")
    return await show(
        request, "channels.html", status, room="channels", found=await channels.listed(core, actor),
        rules=channels.rules(core), occasions=WORDS, wrong=wrong, done=done, sends=core.letters.mail is not None,
    )  # fmt: skip
