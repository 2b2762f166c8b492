"""The web: routes put together, and the server that serves them."""

from __future__ import annotations

import contextlib
import logging
import resource
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from pushbutton import __version__
from pushbutton.config import Settings
from pushbutton.domain.networks import networks
from pushbutton.domain.prefix import prefix
from pushbutton.errors import PushbuttonError
from pushbutton.runtime.core import Core
from pushbutton.web.api import output, reference
from pushbutton.web.http import errors
from pushbutton.web.http.auth import Auth
from pushbutton.web.http.connection import Connection
from pushbutton.web.http.forwarded import Proxies
from pushbutton.web.http.hosts import Hosts
from pushbutton.web.http.limits import Crowd
from pushbutton.web.http.link_access import Handed
from pushbutton.web.http.origin_guard import Guard
from pushbutton.web.http.refusals import Refused
from pushbutton.web.live import endpoints, patches
from pushbutton.web.live.stream import Shallow
from pushbutton.web.pages import (
    approvals,
    aside,
    audit,
    base,
    device,
    history,
    link_holder,
    links,
    people,
    profile,
    sign_in,
    task_form,
    tasks,
    tokens,
)
from pushbutton.web.pages import reference as reference_page
from pushbutton.web.pages import run as run_page
from pushbutton.web.pages import settings as settings_page
from pushbutton.web.site import Site

if TYPE_CHECKING:
    from pushbutton.app import Pushbutton

log = logging.getLogger(__name__)

SEND_BUFFER = 128 << 10
"""What the kernel keeps for one client. More would only hide a stalled one, at up to 4 MB each."""
NAMES = frozenset({"localhost"})


def build(core: Core, settings: Settings) -> ASGIApp:
    """The whole web as one ASGI application; in front of it the guard, and what proxies say."""
    app = Starlette()
    app.router.redirect_slashes = False
    app.state.site = site = Site(core, settings, __version__)
    for kind, handler in (
        (PushbuttonError, errors.known),
        (HTTPException, base.missing),
        (Exception, errors.ours),
    ):
        app.add_exception_handler(kind, handler)
    patches.register(site)
    # The streams first: their paths lie below those of the API.
    app.router.routes.extend(endpoints.routes)
    app.router.routes.extend(output.routes)
    app.router.routes.extend(operation.route for operation in reference.operations())
    app.router.routes.extend(reference.routes)
    for page in (
        aside, reference_page, audit, tokens, device, links, link_holder,
        tasks, run_page, history, settings_page, task_form, approvals, sign_in, profile, people,
    ):  # fmt: skip
        app.router.routes.extend(page.routes() if callable(page.routes) else page.routes)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    hosts = Hosts(NAMES | {name.strip() for name in settings.allow_host.split(",") if name.strip()})
    trusted = networks(settings.trust_proxy, where="trust_proxy")
    return Proxies(
        Guard(Shallow(Handed(Refused(Auth(app, core), core), app, core), Crowd(settings.connections)), hosts=hosts),
        trusted=trusted,
        hosts=hosts,
        root_path=prefix(settings.root_path, where="root_path"),
        crowd=Crowd(settings.connections, trusted),
    )


class _Server(uvicorn.Server):
    """Ends its streams in good order before it closes connections."""

    def __init__(self, config: uvicorn.Config, app: Pushbutton) -> None:
        super().__init__(config)
        self._pushbutton = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        (await self._pushbutton.open()).hub.hush()
        await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)  # inherited by what is accepted
    try:
        sock.bind((host, port))
        sock.listen(2048)
    except OSError:
        sock.close()
        raise
    return sock


def address(sock: socket.socket) -> str:
    """Where this machine reaches a listening socket."""
    host, port = sock.getsockname()[:2]
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  what was asked for, not what we choose
    return f"http://[{near}]:{port}" if ":" in near else f"http://{near}:{port}"


def _make_room() -> None:
    """Every watcher takes a descriptor, and the usual limit of 1,024 is there for programs that could not take more."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # a system that promises more than it gives
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def serve(app: Pushbutton, sock: socket.socket, asgi: ASGIApp | None = None) -> None:
    """Serve `app`, or `asgi` which mounts it, until SIGTERM or SIGINT; jobs go on."""
    settings = app.settings
    crowd = Crowd(settings.connections, networks(settings.trust_proxy, where="trust_proxy"))
    config = uvicorn.Config(
        asgi or app,
        loop="none",
        http=type("Connection", (Connection,), {"stall": settings.stall, "direct": asgi is None, "crowd": crowd}),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=asgi is not None,  # ours is `http.forwarded`
        timeout_graceful_shutdown=10,
        timeout_keep_alive=75,
    )
    _make_room()
    with contextlib.closing(sock):
        await _Server(config, app).serve(sockets=[sock])
