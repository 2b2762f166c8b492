"""The reader's messages: the page of one's account, the address, and the small forms on a run and on a task."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pushbutton import errors
from pushbutton.domain.messages import Way, Wish
from pushbutton.runtime import visibility, wishes
from pushbutton.sentence import say
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.numbers import run_of
from pushbutton.web.http.viewer import reader, root_of
from pushbutton.web.words.i18n import mark

from . import base

_HOUR = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(:[0-5][0-9])?")

WISHES = {
    Wish.NEEDS: (mark("something needs me"), mark("An approval that I may give.")),
    Wish.FAIL: (mark("mine fail"), mark("Runs that I pressed.")),
    Wish.RECOVER: (mark("mine recover"), mark("The first that succeeds after a failure.")),
    Wish.OVER: (mark("mine are over"), mark("However they end.")),
    Wish.LONGER: (mark("mine take longer than usual"), mark("Once for each run.")),
    Wish.FOLLOWED: (mark("a task that I follow fails"), mark("Or is late.")),
}
WAYS = (
    (Way.BROWSER, mark("Browser"), "browser"),
    (Way.MAIL, mark("Mail"), "tell"),
    (Way.CHAT, mark("Chat"), "chat"),
)
"""In the order of the page: with the name of the field."""
_DONE = {
    "kept": mark("Your choices are kept."),
    "asked": mark("A letter with a link is on its way. The address counts once you have opened it."),
    "confirmed": mark("The address is confirmed."),
    "test": mark("A test is on its way to you."),
}


async def shown(request: Request, status: int = 200, *, wrong: str = "", where: str = "") -> Response:
    """`where`: the part of the page that `wrong` belongs to."""
    core, actor = core_of(request), actor_of(request)
    address = wishes.written_to(core, actor)  # first of all: it refuses whoever has no account
    mine = wishes.of(core, actor)
    chats = wishes.chats(core)
    seen = visibility.tasks(core.catalog, actor)
    return await base.show(
        request, "profile_messages.html", status, room="profile", mine=mine, address=address,
        user=core.directory.all.users[actor.user], choices=WISHES, chats=chats,
        ways=[one for one in WAYS if chats or one[0] is not Way.CHAT], sends=core.letters.mail is not None,
        followed=[seen[slug] for slug in mine.follows if slug in seen], wrong=wrong, where=where,
        done=_DONE.get(request.query_params.get("done", ""), ""),
    )  # fmt: skip


async def keep(request: Request) -> Response:
    core, actor, form = core_of(request), actor_of(request), base.sent(request)
    try:
        if base.text_of(form, "do") == "test":
            await wishes.test(core, actor)
            return _back(request, "test")
        who = reader(request)
        quiet = (_minute(base.text_of(form, "from")), _minute(base.text_of(form, "until")))
        await wishes.keep(
            core, actor, quiet=quiet, channel=base.text_of(form, "channel"),
            **{name: [str(one) for one in form.getlist(name)] for _, _, name in WAYS},
            urgent=bool(base.text_of(form, "urgent")), patient=bool(base.text_of(form, "patient")),
            language=who.language, zone=getattr(who.zone, "key", ""),
        )  # fmt: skip
    except errors.BadInput as error:
        return await shown(request, 422, wrong=str(error), where="tell")
    return _back(request, "kept")


async def address(request: Request) -> Response:
    try:
        await wishes.ask(core_of(request), actor_of(request), base.text_of(base.sent(request), "address").strip())
    except errors.BadInput as error:
        return await shown(request, 422, wrong=str(error), where="address")
    return _back(request, "asked")


async def question(request: Request) -> Response:
    """Opened from a letter: it says what the button below does, and changes nothing."""
    found = wishes.asked_for(core_of(request), actor_of(request), request.path_params["text"])
    return await base.show(request, "address.html", room="profile", asked=found, text=request.path_params["text"])


async def confirm(request: Request) -> Response:
    await wishes.confirm(core_of(request), actor_of(request), request.path_params["text"])
    return _back(request, "confirmed")


async def follow(request: Request) -> Response:
    slug, form = request.path_params["slug"], base.sent(request)
    await wishes.follow(core_of(request), actor_of(request), slug, on=base.text_of(form, "on") == "yes")
    there = "/profile/messages" if base.text_of(form, "back") == "profile" else f"/tasks/{slug}"
    return RedirectResponse(f"{root_of(request)}{there}", 303)


async def await_end(request: Request) -> Response:
    on = base.text_of(base.sent(request), "on") == "yes"
    number = run_of(request)
    await wishes.await_end(core_of(request), actor_of(request), number, on=on)
    return RedirectResponse(f"{root_of(request)}/runs/{number}", 303)


def limits(_: Request) -> tuple[int, int]:
    return 10 + len(Way) * len(Wish), 0


def _minute(text: str) -> int:
    """Of the day. Raises `BadInput`; nothing is midnight."""
    found = _HOUR.fullmatch(text.strip() or "00:00")
    if not found:
        raise errors.BadInput(say("Give both times as hours and minutes, such as 19:00."))
    return int(found[1]) * 60 + int(found[2])


def _back(request: Request, done: str) -> Response:
    return RedirectResponse(f"{root_of(request)}/profile/messages?done={done}", 303)
