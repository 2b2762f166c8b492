"""A reader's preferences: appearance, language, keys, how tasks are listed, and the tasks that are kept at the top."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pushbutton.web.http import favourites
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.viewer import LISTS, THEMES, reader, remember, root_of, way_back
from pushbutton.web.words import i18n

from .base import sent, text_of


async def settings(request: Request) -> Response:
    """Appearance, language, keys and how tasks are listed. A script sends one of them, the form sends all."""
    form = sent(request)
    response = RedirectResponse(_back(request, form), 303)
    if (theme := text_of(form, "theme")) in THEMES:
        remember(request, response, "theme", theme)
    if (language := text_of(form, "language")) in i18n.LANGUAGES:
        remember(request, response, "language", language)
    if (tasks := text_of(form, "tasks")) in LISTS:
        remember(request, response, "tasks", tasks)
    if text_of(form, "settings") == "all":
        remember(request, response, "keys", "on" if text_of(form, "keys") else "off")
    return response


async def favourite(request: Request) -> Response:
    form = sent(request)
    response = RedirectResponse(_back(request, form), 303)
    pins = favourites.turned(reader(request).pins, text_of(form, "slug"), text_of(form, "keep") == "1")
    if (actor := actor_of(request)).user:
        await core_of(request).people.pin(actor, pins)
    else:
        remember(request, response, favourites.COOKIE, favourites.write(pins))
    return response


def _back(request: Request, form: FormData) -> str:
    """The page that it was sent from, or the front page."""
    back, home = way_back(text_of(form, "back")), f"{root_of(request)}/"
    return back if back.startswith(home) else home
