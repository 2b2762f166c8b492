"""The viewer of a page, and their settings: everything about a page that belongs to one browser."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Final
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.domain.actor import Actor
from pushbutton.domain.hook import Hook
from pushbutton.domain.person import Link
from pushbutton.runtime import links
from pushbutton.web.words import i18n
from pushbutton.web.words.formatting import zone

from . import favourites
from .context import actor_of, core_of
from .cookies import liked, liking, secure

THEMES: Final = ("auto", "light", "dark")
LISTS: Final = ("auto", "rows", "cards")
_YEAR = 365 * 86400


@dataclass(frozen=True, slots=True)
class Reader:
    actor: Actor
    language: str
    theme: str
    zone: tzinfo | None  # None: the server's
    keys: bool  # keyboard shortcuts
    pins: tuple[str, ...]
    tasks: str  # how they are shown, one of `LISTS`


def reader(request: Request) -> Reader:
    theme = liked(request, "theme")
    return Reader(
        actor=actor_of(request),
        language=i18n.choose(liked(request, "language"), request.headers.get("accept-language", "")),
        theme=theme if theme in THEMES else "auto",
        zone=zone(unquote(liked(request, "zone"))),
        keys=liked(request, "keys") != "off",
        pins=_pins(request),
        tasks=shape if (shape := liked(request, "tasks")) in LISTS else "auto",
    )


def _pins(request: Request) -> tuple[str, ...]:
    """A person's, on every device; the browser's while nobody signs in."""
    user = core_of(request).directory.all.users.get(actor_of(request).user)
    return user.pins if user else favourites.read(liked(request, favourites.COOKIE))


def root_of(request: Request) -> str:
    """The path below which the pages lie: "" or such as "/buttons"."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def origin(request: Request) -> str:
    """The address of the front page without the last slash, as this browser knows the server."""
    return f"{request.url.scheme}://{request.headers.get('host', '')}{root_of(request)}"


def link_url(request: Request, link: Link) -> str:
    """The address of a hand-over link, as this browser knows the server."""
    return origin(request) + links.path(core_of(request), link.id)


def hook_url(request: Request, hook: Hook) -> str:
    """The address that another system calls, as this browser knows the server."""
    return f"{origin(request)}/hooks/{hook.id}"


def remember(request: Request, response: Response, name: str, value: str) -> None:
    """Keep a setting in the browser for a year."""
    response.set_cookie(
        liking(request.scope, name), value, max_age=_YEAR, path=f"{root_of(request)}/", samesite="lax", httponly=True,
        secure=secure(request.scope),
    )  # fmt: skip


def way_back(path: str) -> str:
    """A path of this server to return to; anything else is the front page."""
    place = path.partition("?")[0]
    steps = place.replace("%2e", ".").replace("%2E", ".").split("/")
    elsewhere = not place.startswith("/") or place.startswith("//") or "\\" in place or ".." in steps or "." in steps
    return "/" if elsewhere or not path.isprintable() else path
