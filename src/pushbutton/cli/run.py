"""`pushbutton run FILE`: one run here and now, in the foreground, under the same supervisor as a served one."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pushbutton.errors import ConfigError, InvalidInputs

from .exits import Exit, for_job
from .help_text import flow

if TYPE_CHECKING:
    from pushbutton.domain.task import Command, Task
    from pushbutton.runtime.ports import Record

    from .live import View

__all__ = ["add"]

HELP = """Run a task here and now, without a server: live steps, progress and output, and the job's own exit code.

\b
  pushbutton run deploy.py --env prod --dry-run    the one task of a file
  pushbutton run deploy.py:release --help          what one of several takes
  pushbutton run backup.sh > log                   a script; its output to a file
  pushbutton run pushbutton.yaml:reindex           a command
  pushbutton run unlock.py --password -            a secret from standard input

Everything behind FILE belongs to the task. The job runs as a server would run it: in its own folder, with a small
environment, and with nothing left over when it has ended. Ctrl+C asks it to end, a second Ctrl+C ends it at once.
"""
RUN = 0
"""It belongs to no history, so it has no number of its own."""
LOOK = 0.05
PIECE = 128 << 10
_GUARD = (
    "import os, sys; sys.stdin.buffer.read(); "
    "os.write(os.open(sys.argv[1], os.O_WRONLY | os.O_NONBLOCK), sys.argv[2].encode())"
)
"""Waits until we are gone, however that came, and then asks the supervisor to end the job."""


def add(app: typer.Typer, panel: str) -> None:
    app.command(
        "run",
        help=flow(HELP),
        rich_help_panel=panel,
        context_settings={"allow_interspersed_args": False, "ignore_unknown_options": True},
    )(_run)


def _run(
    file: Annotated[str, typer.Argument(metavar="FILE[:NAME]", help="a Python file, a script or a pushbutton.yaml")],
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[--PARAM VALUE]…", help="what the task is given")
    ] = None,
    python: Annotated[
        str, typer.Option(help="the Python that runs Python tasks (PUSHBUTTON_PYTHON)", show_default=False)
    ] = "",
) -> None:
    python = python or os.environ.get("PUSHBUTTON_PYTHON", "") or sys.executable
    raise typer.Exit(asyncio.run(_main(file, words or [], python)))


async def _main(file: str, words: Sequence[str], python: str) -> int:
    from pushbutton.adapters.patterns import LimitedPatterns  # noqa: PLC0415  what only this command needs
    from pushbutton.domain.command import build  # noqa: PLC0415
    from pushbutton.domain.inputs import parse  # noqa: PLC0415
    from pushbutton.runtime.input_check import fitted  # noqa: PLC0415
    from pushbutton.supervisor import private  # noqa: PLC0415

    from . import live, options  # noqa: PLC0415
    from .find import find  # noqa: PLC0415
    from .safe_text import text  # noqa: PLC0415

    task = await find(file)
    if options.asks_help(task.params, words):
        print(text(_help(file, task)))
        return Exit.OK
    core = private.become()
    raw = _paths(task, options.with_secrets(task.params, options.read(task.params, words)))
    inputs = await fitted(LimitedPatterns(), lambda fits: parse(task.params, raw, form=True, paths=True, fits=fits))
    named = await _named(task)
    order = build(task, inputs, python=python, secrets=named)
    secrets = [*(str(inputs[name]) for name in task.secrets if inputs.get(name)), *named.values()]
    task, closed = _confined(_of_user(task))
    with tempfile.TemporaryDirectory(prefix="pushbutton-run-") as folder:
        return await _Foreground(task, Path(folder), live.view(), core, closed).run(order, secrets)


def _of_user(task: Task) -> Task:
    """A user here may let it run as any user that they may become. Raises `ConfigError`."""
    from pushbutton.adapters import accounts  # noqa: PLC0415  what only this command needs

    if why := accounts.refused(task, None):
        raise ConfigError(why, file=task.source.file, line=task.source.line)
    return task


def _confined(task: Task) -> tuple[Task, Path | None]:
    """The data folder that it must be kept from, if it asks for that; where there is none, it asks for nothing. Raises
    `ConfigError`.
    """
    from pushbutton import config  # noqa: PLC0415  for such tasks only
    from pushbutton.adapters import confinement  # noqa: PLC0415

    data = config.load().folder((str(Path(task.source.file).parent),)) if task.confine else None
    if data is None or not data.exists():
        return replace(task, confine=""), None
    if why := confinement.cannot(data, [task.source.file]):
        raise ConfigError(f"“confine” is not possible here: {why}", file=task.source.file, line=task.source.line)
    return task, data


async def _named(task: Task) -> Mapping[str, str]:
    """The values of its named secrets, from where a server of the same folder would have them."""
    if not task.secret_names:
        return {}
    from pushbutton import config  # noqa: PLC0415  for tasks with secrets only
    from pushbutton.adapters.catalog import look  # noqa: PLC0415
    from pushbutton.adapters.secrets import SecretSources  # noqa: PLC0415
    from pushbutton.assembly import kept_secrets  # noqa: PLC0415

    settings = config.load()
    folder = Path(task.source.file).parent
    _, declared = await look([task.source.file, folder])
    stored = await kept_secrets.beside(settings.folder((str(folder),)), settings)
    return await SecretSources(lambda: declared, stored).resolve(task.secret_names)


def _help(file: str, task: Task) -> str:
    from .options import help_text  # noqa: PLC0415

    text = f"\n{task.help.strip()}\n" if task.help.strip() else ""
    return f"{task.title}\n{text}\nUsage: pushbutton run {file} [--PARAM VALUE]…\n\n{help_text(task.params)}"


def _paths(task: Task, raw: Mapping[str, object]) -> dict[str, object]:
    """Files by their absolute paths, for the job starts in another folder. Raises `InvalidInputs`."""
    found, wrong = dict(raw), {}
    for param in task.params:
        value = raw.get(param.name)
        if param.type == "file" and isinstance(value, str) and value:
            path = Path(value).expanduser().absolute()
            found[param.name] = str(path)
            if not path.is_file():
                wrong[param.name] = "There is no such file."
    if wrong:
        raise InvalidInputs(wrong)
    return found


class _Foreground:
    """`run()` starts the supervisor, shows what it writes, and returns the exit code when nothing is left."""

    def __init__(self, task: Task, folder: Path, view: View, core: int, closed: Path | None = None) -> None:
        from pushbutton.adapters.files import FileFolder  # noqa: PLC0415
        from pushbutton.adapters.in_process import LocalNotifier  # noqa: PLC0415  what only this command needs
        from pushbutton.adapters.output import OutputFiles  # noqa: PLC0415
        from pushbutton.adapters.spools import SpoolFolder, SpoolRecords  # noqa: PLC0415
        from pushbutton.runtime.watch.wakeup import Wakeup  # noqa: PLC0415
        from pushbutton.runtime.watchdog import Liveness  # noqa: PLC0415

        from .live import Decoder  # noqa: PLC0415

        self._task, self._view = task, view
        self._wakeup = Wakeup()
        self._notifier = LocalNotifier(folder / "hint")
        self._spools = SpoolFolder(folder, hint=folder / "hint", core=core, closed=closed)
        self._records = SpoolRecords(folder)
        self._written, self._files = OutputFiles(folder), FileFolder(folder / "uploads", folder)
        self._position = 0  # in the events
        self._shown = 0  # bytes of output
        self._decoder = Decoder(task.encoding)
        self._open_step = ""
        self._supervisor = 0  # its pid, once it was born
        self._asked: list[int] = []  # the signals that we got
        self._told = 0  # how many of them were acted upon
        self._folder = folder.resolve()
        self._liveness = Liveness()
        self._next = 0.0  # when it is looked at again, monotonic
        self._ignoring = False  # it was said that the supervisor does nothing
        self._hung = ""  # why we ended the run without its supervisor
        self._survivors: Sequence[str] = ()

    async def run(self, order: Command, secrets: Sequence[str]) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._ask, number)
        self._listen()
        guard: subprocess.Popen[bytes] | None = None
        try:
            await self._spools.start(_run_value(self._task), self._task, order, secrets, _token())
            guard = self._guard()
            return await self._follow()
        except BaseException:
            await self._end_now()  # our reader has gone, or a fault: the job must not stay behind
            raise
        finally:
            if guard:
                guard.kill()
                guard.communicate()
            self._view.close()
            self._notifier.close()
            self._spools.let_go()

    def _listen(self) -> None:
        try:
            self._notifier.open()
        except OSError:
            return  # a path too long for a socket: looking every 50 ms does as well
        self._notifier.listen(f"run:{RUN}", self._wakeup.wake)

    def _guard(self) -> subprocess.Popen[bytes]:
        control = self._spools.folder(RUN) / "control"
        order = json.dumps({"do": "stop", "by": "the terminal", "grace": self._task.limits.grace})
        return subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _GUARD, control, f"{order}\n"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    async def _follow(self) -> int:
        while True:
            held = self._spools.held(RUN)  # asked before reading: a supervisor that is gone has written its last
            records, self._position = self._records.read(RUN, self._position)
            for record in records:
                await self._show(record)
                if record["k"] == "end":
                    return await self._ended(record)
            await self._output(self._written.size(RUN))
            if not records and (self._hung or not held):
                return await self._gone()
            await self._act()
            await self._watch()
            await self._wakeup.wait(LOOK)

    # -- what it shows

    async def _show(self, record: Record) -> None:
        from pushbutton.runtime.spool_records import read  # noqa: PLC0415  loaded by now

        await self._output(int(record.get("o", 0)))  # what it wrote before it said this
        self._liveness.heard([record])
        if record["k"] == "born":
            self._supervisor = int(record["pid"])
        reading = read([record], self._open_step)
        self._open_step = reading.open_step
        for draft in reading.drafts:
            data = dict(draft.data)
            if draft.kind == "artifact":
                data["path"] = self._kept(Path(str(record["source"])), str(data["name"]))
            self._view.event(draft.kind, data, draft.at / 1e6)

    async def _output(self, upto: int) -> None:
        """In pieces, so that Ctrl+C is heard in between; after the second one the rest is not shown."""
        if upto <= self._shown:
            return
        while self._shown < upto and self._told < 2:
            if not (data := self._written.read(RUN, self._shown, min(PIECE, upto - self._shown))):
                break
            self._shown += len(data)
            self._view.output(self._decoder.feed(data))
            await asyncio.sleep(0)
            await self._act()

    async def _rest(self) -> None:
        """The job writes no more."""
        await self._output(self._written.size(RUN))
        self._view.output(self._decoder.feed(b"", final=True))

    def _kept(self, source: Path, name: str) -> str:
        """Where it was made, if it is there still; what lay in the run's folder, which goes away, comes into ours."""
        from pushbutton.adapters import accounts  # noqa: PLC0415  loaded by now
        from pushbutton.runtime.ports.files import result  # noqa: PLC0415  loaded by now

        own = {self._folder, accounts.room(self._spools.folder(RUN))}
        if source.is_file() and own.isdisjoint(source.parents):
            return str(source)
        path = self._files.place(result(RUN, name))
        target, number = Path.cwd() / path.name, 1
        while target.exists():
            number += 1
            target = target.with_name(f"{path.stem}-{number}{path.suffix}")
        try:
            shutil.move(path, target)
        except OSError as error:
            return f"{path.name} (it could not be kept: {error.strerror})"
        return str(target)

    # -- how it ends

    async def _ended(self, end: Record) -> int:
        from pushbutton.domain.event import Kind  # noqa: PLC0415  loaded by now
        from pushbutton.runtime.spool_records import ending  # noqa: PLC0415

        await self._rest()
        state, reason = ending(end)
        if self._open_step:
            done = "succeeded" if state == "succeeded" else "failed"
            self._view.event(Kind.STEP, {"name": self._open_step, "state": done}, end["t"] / 1e6)
        data: dict[str, Any] = {"state": state.value, "reason": reason, "survivors": end["survivors"]}
        self._view.event(Kind.STATE, data, end["t"] / 1e6)
        if state == "cancelled":
            return 128 + (self._asked or [signal.SIGTERM])[0]
        return for_job(succeeded=state == "succeeded", code=end["code"])

    async def _gone(self) -> int:
        """The supervisor ended without a last word."""
        survivors = self._survivors or await self._spools.clear(RUN)
        await self._rest()
        left = f" Still alive: {', '.join(survivors)}." if survivors else ""
        if self._hung and self._told <= 1:
            late = self._hung == "timeout"
            because = "It took longer than it may" if late else "It was stopped"
            self._view.note(f"{because}: its supervisor did not answer, so both were ended from here.{left}")
            return Exit.FAILED if late or not self._asked else 128 + self._asked[0]
        if self._told > 1:
            self._view.note(f"Ended at once.{left}")
            return 128 + self._asked[0]
        self._view.note(f"Its supervisor was killed; what was left of the job was ended.{left}")
        return Exit.FAILED

    def _ask(self, number: int) -> None:
        self._asked.append(number)
        self._wakeup.wake()

    async def _act(self) -> None:
        """Pass on what we were asked: first to end, then to end at once."""
        if not self._supervisor or self._told == min(2, len(self._asked)):
            return
        from pushbutton.domain.order import Order, OrderKind  # noqa: PLC0415  loaded by now

        if self._told == 0:
            grace = self._task.limits.grace
            self._spools.tell(RUN, [Order(OrderKind.STOP, {"grace": grace, "by": "the terminal"}, n=1)])
            if not self._spools.told(RUN):
                return  # it does not hear yet; again at the next look
            self._told = 1
            self._view.note(f"Asked it to end; it has {grace:g} s. Ctrl+C again ends it at once.")
        else:
            self._told = 2
            await self._end_now()

    async def _watch(self) -> None:
        """As a server does: when the supervisor hangs, ask the job to end in its place, and end both in the end."""
        at, liveness, grace = time.monotonic(), self._liveness, self._task.limits.grace
        if at < self._next or self._hung:
            return
        self._next = at + 1.0
        liveness.look(self._spools.worked(RUN), at)
        if self._told or (self._asked and not self._supervisor):  # one that hangs before it is born hears nothing
            liveness.order(grace=grace)
        if liveness.silent and self._supervisor and (over := self._spools.overtime(RUN)) is not None:
            liveness.overtime(over, grace=grace)
        if liveness.ignoring and not self._ignoring:
            self._ignoring = True
            self._view.note("Its supervisor does not answer; the job itself is asked to end.")
            await self._spools.ask(RUN)
        if liveness.due:
            self._hung = liveness.due
            self._survivors = await self._spools.end(RUN)

    async def _end_now(self) -> None:
        """Supervisor and tree are killed, without a moment for anybody."""
        self._survivors = await self._spools.end(RUN)


def _run_value(task: Task) -> Any:
    from pushbutton.domain.run import Run, RunState  # noqa: PLC0415  what only this command needs
    from pushbutton.runtime.clock import now  # noqa: PLC0415

    return Run(RUN, task.slug, task.title, RunState.RUNNING, 1, "local", {}, now())


def _token() -> str:
    from pushbutton.domain.token import new_token  # noqa: PLC0415  what only this command needs

    return new_token()
