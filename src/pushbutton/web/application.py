"""The whole web as one ASGI application: the layers that every request goes through, and behind them the routes."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from pushbutton import __version__
from pushbutton.config import Settings
from pushbutton.domain.networks import networks
from pushbutton.domain.prefix import prefix
from pushbutton.errors import PushbuttonError
from pushbutton.runtime.core import Core

from .api.reference import document
from .http import errors
from .http.auth import Auth
from .http.forwarded import Proxies
from .http.hosts import Hosts
from .http.limits import Crowd
from .http.link_access import LinkAccess
from .http.origin_guard import Guard
from .http.refusals import Refused
from .live import patches
from .live.stream import Shallow
from .pages import base
from .routes import API, REPORTS, ROUTES
from .site import Site

NAMES = frozenset({"localhost"})
NO_ORIGINS: Final[Mapping[str, str]] = MappingProxyType({})


def build(core: Core, settings: Settings, origins: Mapping[str, str] = NO_ORIGINS) -> ASGIApp:
    """`origins`: see `config.origins`."""
    site = _site(core, settings, origins)
    patches.register(site)
    static = Mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    return _layered(_routed(site, [*ROUTES, static]), core, settings)


def for_jobs(core: Core, settings: Settings) -> ASGIApp:
    """The application of a worker, which has no pages: reports of its own jobs."""
    return _layered(_routed(_site(core, settings), REPORTS), core, settings)


def _site(core: Core, settings: Settings, origins: Mapping[str, str] = NO_ORIGINS) -> Site:
    return Site(core, settings, __version__, functools.partial(document, __version__, API), origins)


def _layered(asgi: ASGIApp, core: Core, settings: Settings) -> ASGIApp:
    for layer, given, named in reversed(layers(core, settings)):
        asgi = layer(asgi, *given, **named)
    return asgi


def layers(core: Core, settings: Settings) -> list[Middleware]:
    """The outermost first."""
    hosts = Hosts(NAMES | {name.strip() for name in settings.allow_host.split(",") if name.strip()})
    trusted = networks(settings.trust_proxy, where="trust_proxy")
    root_path = prefix(settings.root_path, where="root_path")
    crowd = Crowd(settings.connections, trusted)
    return [
        Middleware(Proxies, trusted=trusted, hosts=hosts, root_path=root_path, crowd=crowd),
        Middleware(Guard, hosts=hosts),
        Middleware(Shallow, Crowd(settings.connections)),
        Middleware(LinkAccess, core),
        Middleware(Refused, core),
        Middleware(Auth, core),
    ]


def _routed(site: Site, routes: Sequence[BaseRoute]) -> Starlette:
    app = Starlette(
        routes=routes,
        exception_handlers={PushbuttonError: errors.known, HTTPException: base.missing, Exception: errors.ours},
    )
    app.router.redirect_slashes = False
    app.state.site = site
    return app
