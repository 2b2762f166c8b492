"""`pushbutton serve`: the pages, the API and the runs, in one process. Jobs outlive it."""

from __future__ import annotations

import asyncio
import errno
import inspect
import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pushbutton import config
from pushbutton.domain.networks import of_this_machine
from pushbutton.domain.visible import visible
from pushbutton.errors import ConfigError, Refused, StoreError

if TYPE_CHECKING:
    from pushbutton.app import Pushbutton
    from pushbutton.runtime.ports import Catalog, Supervisors

from .help_text import flow
from .setting_options import parameters, with_parameters

__all__ = ["add"]

HELP = """Serve the tasks of folders and files: pages, API and runs, in one process.

\b
  pushbutton serve                        what lies in this folder
  pushbutton serve tasks/ --port 9000     what lies in tasks/, on another port
  pushbutton serve deploy.py:release      one function of one file

A folder gives a button for every executable file, for every Python function with @task, and for the commands of its
pushbutton.yaml; an edit shows within a second. Ctrl+C stops the server; jobs that run go on, and the next server
finds them again with everything that they said meanwhile.

Where several machines share a store, the folder is published for all of them; without one, what is published is
served.

What an option does not say the environment may, in the variable that is named with it.
"""

_PEOPLE, _NETWORK, _TOLD = "People", "On the network", "Tell other systems"
_PANELS = {
    **dict.fromkeys(("admins", "session"), _PEOPLE),
    **dict.fromkeys(("host", "port", "allow", "trust", "root", "connections", "public", "stall", "ping"), _NETWORK),
    **dict.fromkeys(("webhook", "traces", "metrics"), _TOLD),
    "oidc": "Sign-in with OpenID Connect",
    "ldap": "Sign-in with LDAP",
    "proxy": "Sign-in by a proxy",
}
"""Where an option stands in the help: by the name of its setting, or by that name's first word."""

CONTAINED = "nothing outlives the first process (PID 1) of a container"
INITS = frozenset({"catatonit", "conmon-init", "docker-init", "dumb-init", "podman-init", "tini"})
"""What containers are given as PID 1 to wait for the one program that they are there for."""
MOMENT = 300.0  # seconds; a container is given less time to end, and says how much
LOOK = 0.05
MANY = 1_000_000


def add(app: typer.Typer, panel: str) -> None:
    app.command("serve", help=flow(HELP), rich_help_panel=panel)(_command())


def _command() -> Any:
    """The command with an option for each of `config.Settings`."""

    def serve(paths: list[str] | None, i_know_there_is_no_login: bool, **given: Any) -> None:
        _serve(tuple(paths or []), open_to_all=i_know_there_is_no_login, given=given)

    keyword = inspect.Parameter.KEYWORD_ONLY
    words = Annotated[list[str] | None, typer.Argument(metavar="[PATHS]…", help="folders and files; default: here")]
    no_login = Annotated[
        bool,
        typer.Option(
            "--i-know-there-is-no-login",
            help="let everybody who can reach --host press everything",
            rich_help_panel=_NETWORK,
        ),
    ]
    paths = inspect.Parameter("paths", keyword, default=None, annotation=words)
    last = inspect.Parameter("i_know_there_is_no_login", keyword, default=False, annotation=no_login)
    return with_parameters(serve, [paths, *parameters(panels=_PANELS), last])


def _serve(paths: tuple[str, ...], *, open_to_all: bool, given: dict[str, Any]) -> None:
    import uvloop  # noqa: PLC0415  only for serving

    from . import logs  # noqa: PLC0415

    settings = config.load(**given)
    paths = paths or (() if settings.store else (".",))
    asyncio.run(_reachable(settings, paths))
    if not (open_to_all or of_this_machine(settings.host) or asyncio.run(_closed(paths, given))):
        _private(settings.host)
    logs.begin()
    sock = _listen(settings.host, settings.port)
    if not settings.port:
        given = {**given, "port": sock.getsockname()[1]}
    with sock, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(paths, sock, given))


def _private(host: str) -> None:
    """Raises `Refused` for an address that others can reach."""
    if not of_this_machine(host):
        raise Refused(
            f"{host} can be reached from other machines, and everybody who reaches it could press everything, because "
            "there is no login. Add somebody with “pushbutton user add”, use --host 127.0.0.1, or say "
            "--i-know-there-is-no-login."
        )


async def _reachable(settings: config.Settings, paths: tuple[str, ...]) -> None:
    from pushbutton.app import reachable  # noqa: PLC0415  loads every adapter

    await reachable(settings, paths)


async def _closed(paths: tuple[str, ...], given: dict[str, Any]) -> bool:
    """Whether one has to sign in. Nothing is made for the question."""
    from pushbutton.app import Pushbutton  # noqa: PLC0415  loads every adapter

    return await Pushbutton(*paths, **given).closed()


def _listen(host: str, port: int) -> socket.socket:
    from pushbutton.web.server import listen  # noqa: PLC0415  loads the whole web

    try:
        return listen(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StoreError(
                f"Port {port} of {host} is taken by another program. Choose another with --port, or any free one "
                "with --port 0."
            ) from None
        if error.errno == errno.EACCES:
            raise StoreError(f"Port {port} may not be used by this user. Choose one above 1023 with --port.") from None
        reason = error.strerror or str(error)
        raise ConfigError(f"nobody can listen on {host}, port {port}: {reason}", file="--host") from None
    except OverflowError:
        raise ConfigError(f"{port} is no port: they go from 0 to 65535", file="--port") from None


async def _run(paths: tuple[str, ...], sock: socket.socket, given: dict[str, Any]) -> None:
    from pushbutton.app import Pushbutton  # noqa: PLC0415  loads every adapter
    from pushbutton.domain.run import ACTIVE  # noqa: PLC0415
    from pushbutton.runtime.ports import RunQuery  # noqa: PLC0415
    from pushbutton.supervisor import private  # noqa: PLC0415
    from pushbutton.web import server  # noqa: PLC0415

    class Served(Pushbutton):
        left = 0

        async def close(self) -> None:
            core = await self.open()
            runs = [run.id for run in await core.store.runs(RunQuery(states=ACTIVE, limit=MANY))]
            self.left = len(runs)
            await super().close()
            if first_process():
                await _end_with_us(core.supervisors, runs)

    app = Served(*paths, **given)
    private.become()
    app.url = server.address(sock)  # before anything opens: jobs are told where to report to
    core = await app.open()  # what cannot be opened is said here, before anything is served
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        # The server handles both while it serves, then raises them once more for its caller: that is here.
        signal.signal(number, lambda number, _: asked.append(number))
    serving = asyncio.create_task(server.serve(app, sock, app.settings, app.end_streams))
    if await _answers(sock, serving):
        _welcome(app, core.catalog, closed=core.directory.closed)
        if asked:
            signal.raise_signal(asked[0])  # it came before anybody listened
    await serving
    _farewell(app.left)


def first_process() -> bool:
    """Whether all others end with us: we are PID 1 of a container, or what is does nothing but wait for us."""
    if os.getpid() == 1:
        return True
    try:
        return os.getppid() == 1 and Path("/proc/1/comm").read_text().strip() in INITS
    except OSError:
        return False


async def _end_with_us(supervisors: Supervisors, runs: Sequence[int]) -> None:
    """Give the jobs their moment before the kernel ends them; the next start reads what their supervisors wrote."""
    for run in runs:
        supervisors.goes_down(run)
    for _ in range(int(MOMENT / LOOK)):
        if not any(supervisors.held(run) for run in runs):
            return
        await asyncio.sleep(LOOK)


async def _answers(sock: socket.socket, serving: asyncio.Task[None]) -> bool:
    """Wait for the first answer over the network. False: the server ended instead."""
    address = sock.getsockname()[:2]

    async def ask() -> None:
        reader, writer = await asyncio.open_connection(*address)
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        writer.write(f"GET /api/health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        await reader.read()
        writer.close()

    asking = asyncio.create_task(ask())
    await asyncio.wait({asking, serving}, return_when=asyncio.FIRST_COMPLETED)
    asking.cancel()
    return not serving.done()


def _welcome(app: Pushbutton, catalog: Catalog, *, closed: bool) -> None:
    host, port = app.settings.host, app.settings.port
    if host in {"0.0.0.0", "::"}:  # noqa: S104  asked for with --i-know-there-is-no-login
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104
    lines = [f"Pushbutton is ready: http://{f'[{host}]' if ':' in host else host}:{port}/"]
    lines += _tasks(catalog)
    lines.append(f"Data:  {app.folder}")
    if kept := app.kept_in:
        lines.append(f"Store: {kept}")
    if closed and of_this_machine(app.settings.host):
        lines.append("People sign in.")
    elif closed:
        lines.append("People sign in. Without https in front, whoever listens on the network reads their passwords.")
    elif of_this_machine(app.settings.host):
        lines.append("Nobody has to sign in: everybody on this machine may press everything.")
    else:
        lines.append(f"Nobody has to sign in: everybody who can reach {app.settings.host} may press everything.")
    if app.settings.confine:
        more = " Nothing that they start can change its user (sudo)." if os.geteuid() else ""
        lines.append(f"Jobs cannot reach the data folder.{more}")
    lines.append(
        f"Ctrl+C stops the server and the jobs that run: {CONTAINED}."
        if first_process()
        else "Ctrl+C stops the server; jobs that run go on."
    )
    _say(*lines)


def _tasks(catalog: Catalog) -> Iterator[str]:
    """How many there are, and all mistakes."""
    tasks = catalog.tasks().values()
    broken = [task for task in tasks if task.broken]
    more = " so far; others are still being read" if catalog.reading else ""
    yield f"Tasks: {len(tasks)}{more}" + (f", {len(broken)} of them broken:" if broken else "")
    told = dict.fromkeys(line for task in broken for line in task.broken.splitlines())
    yield from (f"  {visible(line)}" for line in told)
    untold = [one.reason for one in catalog.problems() if not one.warning and one.reason not in told]
    if untold:
        yield "Mistakes that break no task by themselves:"
        yield from (f"  {visible(line)}" for line in untold)


def _farewell(left: int) -> None:
    if left and first_process():
        _say(f"Stopped, and {'1 run' if left == 1 else f'{left} runs'} with it: {CONTAINED}.")
        return
    jobs = {0: "No job is running.", 1: "1 run goes on"}.get(left, f"{left} runs go on")
    _say(
        "Stopped. "
        + (f"{jobs} without it; the next server finds " + ("it" if left == 1 else "them") + "." if left else jobs)
    )


def _say(*lines: str) -> None:
    """Print a line; a reader that has gone (`| head`) ends no server."""
    try:
        print(*lines, sep="\n", flush=True)
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # what it could not write it would try again at the end, and complain
        os.close(nowhere)
