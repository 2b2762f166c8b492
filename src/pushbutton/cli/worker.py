"""`pushbutton worker`: runs jobs for servers on other machines, without pages; and looks after who does."""

from __future__ import annotations

import asyncio
import inspect
import json
import signal
import socket
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

from pushbutton import config
from pushbutton.domain.node import NodeKind
from pushbutton.errors import ConfigError

from .help_text import flow
from .moments import shown
from .remote import DEFAULT, Server, Url, segment
from .setting_options import parameters, with_parameters
from .tables import cell, printed, table

__all__ = ["add"]

HELP = """Run jobs for servers on other machines, and look after who does.

\b
  pushbutton worker --key-file server.key --tags gpu             run what needs a worker with this tag, or none
  pushbutton worker list                                         all workers, as a server knows them
  pushbutton worker drain build-gpu                              it takes nothing new, and ends when it is done
  pushbutton worker resume depot-2                               it takes again what comes

A worker shares the database of its servers (PUSHBUTTON_STORE) and the key of the first one. It has a data folder of its
own, and no pages. SIGTERM drains it: it takes nothing new and ends when its last run is over; a second one, or Ctrl+C,
ends it at once. Jobs outlive it either way, and the next worker on its data folder goes on with them.
"""
START = "start"
_SETTINGS = (
    *("store", "data", "name", "tags", "at_once", "key_file", "python", "confine", "job_users", "results_mb"),
    *("contact", "on_failure", "audit_end_file"),
)
LOOK = 0.2
HERE = "127.0.0.1"
PORT = "port"
"""The file in the data folder with the port at which the jobs' reports are taken."""
Name = Annotated[str, typer.Argument(metavar="NAME", help="as “list” names it")]


class _Group(typer.core.TyperGroup):
    """The group whose words begin a worker, where the first one is no command of it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("--help", "-h")):
            args = [START, *args]
        return super().parse_args(ctx, args)


def add(app: typer.Typer, panel: str) -> None:
    own = typer.Typer(help=flow(HELP), cls=_Group, add_completion=False, rich_markup_mode=None)
    own.command(START, help="Run jobs; the word may be left out.")(_command())
    own.command("list", help="List all workers of a server.")(_list)
    own.command("drain", help="Have a worker take nothing new.")(_drain)
    own.command("resume", help="Have it take again what comes.")(_resume)
    app.add_typer(own, name="worker", rich_help_panel=panel)


def _command() -> Any:
    def start(paths: list[str] | None, **given: Any) -> None:
        _start(tuple(paths or ()), given)

    words = Annotated[
        list[str] | None, typer.Argument(metavar="[PATHS]…", help="a folder or files; default: what servers published")
    ]
    first = inspect.Parameter("paths", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=words)
    return with_parameters(start, [first, *parameters(_SETTINGS)])


def _start(paths: tuple[str, ...], given: dict[str, Any]) -> None:
    import uvloop  # noqa: PLC0415  only for what stays

    from . import logs  # noqa: PLC0415

    settings = config.load(**given)
    if not settings.store:
        raise ConfigError(
            "a worker shares the database of its servers: name it in PUSHBUTTON_STORE, as postgresql://user@host/name.",
            file="--store",
        )
    if settings.at_once == 0:
        raise ConfigError("a worker that may have no run does nothing: say 1 or more.", file="--at-once")
    logs.begin()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(paths, given))


async def _run(paths: tuple[str, ...], given: dict[str, Any]) -> None:
    from pushbutton.app import Pushbutton  # noqa: PLC0415  loads every adapter
    from pushbutton.supervisor import private  # noqa: PLC0415
    from pushbutton.web import application, server  # noqa: PLC0415

    app = Pushbutton(*paths, **given)
    app.kind = NodeKind.WORKER
    private.become()
    sock = _listening(app.folder)
    app.url = server.address(sock)  # before anything opens: jobs are told where to report to
    core = await app.open()
    (app.folder / PORT).write_text(str(sock.getsockname()[1]))
    assert app.node  # noqa: S101  it is open
    worker, asked, now = app.node.worker, asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, lambda: now.set() if asked.is_set() else asked.set())
    loop.add_signal_handler(signal.SIGINT, now.set)
    with_tags = f" with {', '.join(sorted(core.tags))}" if core.tags else ""
    _say(f"Worker {core.worker} is ready: {core.at_once} at the same time{with_tags}.", f"Data:  {app.folder}")
    async with server.serving(application.for_jobs(core, app.settings), sock, app.settings):
        while not now.is_set():
            if asked.is_set():
                worker.finish()
            if (asked.is_set() or worker.draining) and worker.idle:
                break
            await asyncio.sleep(LOOK)
    left = not worker.idle
    await app.close()
    _say("Stopped; what runs goes on without it." if left else "Stopped. No job is running.")


def _listening(folder: Path) -> socket.socket:
    """Where jobs of this machine report to: the port of last time, if it can be had, for jobs outlive a worker."""
    from pushbutton.web import server  # noqa: PLC0415

    try:
        return server.listen(HERE, int((folder / PORT).read_text()))
    except (OSError, ValueError, OverflowError):
        return server.listen(HERE, 0)


def _say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)


def _list(
    as_json: Annotated[bool, typer.Option("--json", help="print them as JSON")] = False, server: Url = DEFAULT
) -> None:
    with Server(server) as remote:
        found = remote.get("/api/workers")
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    rows = table("WORKER", "RUNS", "TAGS", "STATE", "VERSION")
    for one in found:
        runs = f"{one['runs']} of {one['room']}"
        rows.add_row(*map(cell, (one["name"], runs, ", ".join(one["tags"]), _state(one), one["version"])))
    printed(rows)


def _state(one: dict[str, Any]) -> str:
    if one["state"] == "away":
        return f"no contact since {shown(one['seen'])}"
    return {"ready": "ready", "draining": "takes nothing new", "stopped": "stopped"}[one["state"]]


def _drain(name: Name, server: Url = DEFAULT) -> None:
    with Server(server) as remote:
        left = remote.post(f"/api/workers/{segment(name)}/drain")["runs"]
    runs = {0: "It has no run.", 1: "1 run is left."}.get(left, f"{left} runs are left.")
    print(f"{name} takes nothing new. {runs}")


def _resume(name: Name, server: Url = DEFAULT) -> None:
    with Server(server) as remote:
        remote.post(f"/api/workers/{segment(name)}/resume")
    print(f"{name} takes again what comes.")
