"""`runtime.ports.Supervisors` and `Records` on a local folder: `runs/<number>/` per run, one process each."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pushbutton
from pushbutton import threads
from pushbutton.domain.environment import LIVE, kept, of_terminal
from pushbutton.domain.event import iso
from pushbutton.domain.order import Order
from pushbutton.domain.run import Run
from pushbutton.domain.task import Command, Task
from pushbutton.runtime.ports import Record
from pushbutton.supervisor import hung, orphans, private, process, spool
from pushbutton.supervisor.redact import Redactor
from pushbutton.supervisor.reported_file import Named
from pushbutton.supervisor.reports import names_file
from pushbutton.supervisor.results import MOST, Results
from pushbutton.supervisor.shells import whole

from . import accounts
from .order_sender import OrderSender

_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from pushbutton.supervisor.main import main; main()"
_SOURCE = str(Path(pushbutton.__file__).parent.parent)

ROOM: Final = 1 << 20
"""Bytes that are free where another run begins."""
ENTRIES: Final = 32
"""The same, of files and folders that can still be made."""
FIRST: Final = 16_384
"""Bytes that a supervisor writes before the job says anything, and more."""


class SpoolFolder:
    def __init__(
        self,
        root: Path,
        *,
        hint: Path,
        url: str = "",
        files: int = 0,
        core: int | None = None,
        closed: Path | None = None,
        results: int = MOST,
        confine: bool = False,
    ) -> None:
        """`closed`: where no file may be handed over from; `root` where it is not given. `results`: bytes of those.
        `confine`: all jobs are kept from it as well, not only those whose task asks for it.
        """
        self.root = root
        self._confine = confine
        self._closed, self._results = str(closed or root), results
        self.files = files  # how many a job may have open; 0: as many as this process
        self._core = core  # bytes that a core dump of a job may have, -1: any; None: as many as of this process
        self._private = private.possible()
        self.url = url  # where jobs may report to; known once the server listens
        self._hint = hint
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._leaving = False
        self._ended: set[tuple[int, int]] = set()  # children that had ended at the last look; only as PID 1
        self._sender = OrderSender()

    def folder(self, run: int) -> Path:
        return self.root / str(run)

    async def start(self, run: Run, task: Task, command: Command, secrets: Sequence[str], token: str) -> None:
        env = self._env(run, command, token)
        argv, stdin = list(command.argv), b""
        if command.script:
            folder, digest = str(Path(argv[0]).parent), command.frozen.get(argv[0], "")
            tty = bool(command.tty and not command.payload)
            argv, stdin = await threads.programs(folder, whole, argv, path=env["PATH"], digest=digest, tty=tty)
        told = {"argv": argv, "stdin": os.fsdecode(stdin), "env": env}
        await threads.starting(self._start, run, task, command, told, secrets, token)

    def _start(
        self,
        run: Run,
        task: Task,
        command: Command,
        told: Mapping[str, Any],
        secrets: Sequence[str],
        token: str,
    ) -> None:
        folder = self.folder(run.id)
        self._sender.hang_up(run.id)
        if stillborn := self._children.pop(run.id, None):
            stillborn.wait()  # of an attempt before: its lock is free, so it is ending or has ended
        _empty(folder)  # of an attempt that never came to start the job
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        (folder / spool.EVENTS).touch(0o600)
        (folder / spool.HANDED_OUT).mkdir(parents=True)
        _need_room(folder)
        for fifo in (spool.CONTROL, spool.CHANNEL):
            os.mkfifo(folder / fifo, 0o600)
        if task.encoding:
            (folder / spool.ENCODING).write_text(task.encoding)
        if command.tty:
            (folder / spool.SCREEN).write_text("{} {}\n".format(*command.tty))
        account = accounts.another(task.user)
        room = accounts.Room(folder, account) if account else None
        if room:
            told = {
                **told,
                "argv": [room.moved(word) for word in told["argv"]],
                "env": room.environment(told["env"], command),
            }
        limits = task.limits
        spec = {
            **told,
            "run": run.id,
            "epoch": run.epoch,
            "cwd": command.cwd,
            "tty": command.tty,
            "payload": room.moved_json(command.payload) if room else command.payload,
            "encoding": task.encoding,
            "secrets": list(secrets),
            "token": token,
            "frozen": dict(command.frozen),
            "timeout": limits.timeout,
            "grace": limits.grace,
            "linger": limits.linger,
            "background": limits.background.value,
            "output": limits.output,
            "files": self.files,
            "core": self._core,
            "private": self._private,
            "hint": os.path.relpath(self._hint, folder),
            "confine": os.path.realpath(self._closed) if self._confine or task.confine else "",
            "results": {
                "from": [*task.results, *([str(room.path / spool.FILES)] if room else [])],
                "closed": self._closed,
                "most": self._results,
                "reader": account.uid if account else None,
            },
            "user": [account.name, account.uid, account.gid] if account else None,
            "through": account.through if account else [],
            "room": str(room.path) if room else "",
        }
        # The lock is taken here and inherited: there is no moment in which the spool looks abandoned.
        lock = os.open(folder / spool.LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            _take(lock)
            child = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _BOOT, _SOURCE, f"pushbutton: supervisor of run {run.id}"],
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[lock],
                start_new_session=True,
            )
            with contextlib.suppress(OSError):  # a full disk: its `born` says the same, but for the time limit
                os.write(lock, hung.entry(child.pid, limits.timeout))
        finally:
            os.close(lock)
        self._children[run.id] = child
        assert child.stdin  # noqa: S101  asked for above
        try:
            child.stdin.write(json.dumps(spec).encode())
            child.stdin.close()
        except BrokenPipeError:
            pass  # it died at birth: the collector finds a free lock and no record
        if self._leaving:
            child.returncode = 0  # the server closed while this was on its way: the supervisor goes on all the same

    def _env(self, run: Run, command: Command, token: str) -> dict[str, str]:
        inherited = kept(os.environ)
        folder = self.folder(run.id)
        # Behind everything else, so that a job finds `pushbutton status` and nothing that it has itself is hidden.
        path = os.pathsep.join([inherited.get("PATH", os.defpath), str(Path(sys.executable).parent)])
        return {
            **inherited,
            "PATH": path,
            **LIVE,
            **of_terminal(command.tty),
            **command.env,
            "PUSHBUTTON_RUN": str(run.id),
            "PUSHBUTTON_TASK": run.task,
            "PUSHBUTTON_ATTEMPT": str(run.cause.attempt),
            **({"PUSHBUTTON_DUE": iso(run.not_before)} if run.not_before is not None else {}),
            "PUSHBUTTON_FILES": str(folder / spool.FILES),
            "PUSHBUTTON_RESULTS": str(folder / spool.HANDED_OUT),
            "PUSHBUTTON_RECEIPTS": str(folder / spool.RECEIPTS),
            "PUSHBUTTON_SPOOL": str(folder),
            "PUSHBUTTON_TOKEN": token,
            **({"PUSHBUTTON_URL": self.url} if self.url else {}),
        }

    def has_room(self) -> bool:
        with contextlib.suppress(OSError):  # then its start says what is wrong
            disk = os.statvfs(self.root)
            return disk.f_bavail * disk.f_frsize >= ROOM and (not disk.f_files or disk.f_favail >= ENTRIES)
        return True

    def tried(self, run: int) -> bool:
        return self.folder(run).exists()

    def held(self, run: int) -> bool:
        return spool.is_held(self.folder(run))

    def tell(self, run: int, orders: Sequence[Order], room: Callable[[], None] | None = None) -> int:
        return self._sender.tell(run, self.folder(run), orders, room)

    def told(self, run: int) -> int:
        return self._sender.told(run)

    def hang_up(self, run: int) -> None:
        self._sender.hang_up(run)

    def names_file(self, line: str) -> bool:
        return names_file(line)

    def worked(self, run: int) -> int | None:
        return hung.worked(str(self.folder(run)))

    def overtime(self, run: int, declared: float | None = None) -> float | None:
        return hung.overtime(str(self.folder(run)), declared)

    def goes_down(self, run: int) -> None:
        if self.held(run):  # a copied folder names another's supervisor
            hung.goes_down(str(self.folder(run)))

    async def ask(self, run: int) -> None:
        if self.held(run):
            await threads.ending(hung.ask, str(self.folder(run)))

    async def end(self, run: int) -> Sequence[str]:
        folder = self.folder(run)
        if not self.held(run):
            return await self.clear(run)  # it has gone in this moment, or this is a copy: its writer is another's
        survivors = await threads.ending(hung.end, str(folder), self._mark(folder))
        await threads.ending(_tidy, folder)
        return survivors

    async def adopt(self, run: int, path: str) -> Record:
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        wanted = {"from": None, "closed": self._closed, "most": self._results}
        results = Results(
            {"cwd": "/", "env": {}, "results": wanted},
            lambda: Redactor([]),  # the values are not known any more
            lambda: _told(loop, done),
            str(self.folder(run)),
        )
        results.take(Named(path))
        while not (found := results.ready()):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), 1)
        ((_, kind, facts),) = found
        return {"k": kind, "path": path, **facts}

    async def clear(self, run: int) -> Sequence[str]:
        folder = self.folder(run)
        survivors = await threads.ending(orphans.end, str(folder), self._mark(folder))
        await threads.ending(_tidy, folder)
        return survivors

    @staticmethod
    def _mark(folder: Path) -> bytes:
        """The mark that every process of the run has in its environment."""
        return f"PUSHBUTTON_SPOOL={folder}".encode()

    def kept(self) -> Sequence[int]:
        return sorted(int(entry.name) for entry in os.scandir(self.root) if entry.name.isdigit())

    async def remove(self, run: int) -> None:
        await threads.ending(_remove, self.folder(run))

    # -- children

    def reap(self) -> None:
        for run, child in list(self._children.items()):
            if child.poll() is not None:
                del self._children[run]
        if os.getpid() == 1:  # orphans become ours, and nobody else reaps them
            ours = {child.pid for child in self._children.values()}
            ended = process.zombies(1)
            for pid, _ in ended & self._ended:  # twice: a parent that waits for its own child has had a second for it
                if pid not in ours:
                    with contextlib.suppress(ChildProcessError):
                        os.waitpid(pid, os.WNOHANG)
            self._ended = ended

    def let_go(self) -> None:
        """The server ends, supervisors go on: forget them without complaint."""
        self._leaving = True
        for run, child in self._children.items():
            if child.poll() is None:
                try:
                    child.wait(0 if self.held(run) else 1)  # who has closed its spool is ending in this moment
                except subprocess.TimeoutExpired:
                    child.returncode = 0
        self._children.clear()


class SpoolRecords:
    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, run: int, position: int) -> tuple[Sequence[Record], int]:
        try:
            fd = os.open(self._root / str(run) / spool.EVENTS, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return [], position
        try:
            return spool.read_records(fd, position)
        finally:
            os.close(fd)


def _need_room(folder: Path) -> None:
    """Raises `OSError` where nothing can be written: its supervisor could not even say that it is there."""
    file = folder / "room-to-write"
    try:
        file.write_bytes(bytes(FIRST))
    finally:
        file.unlink(missing_ok=True)


def _told(loop: asyncio.AbstractEventLoop, done: asyncio.Event) -> None:
    """From another thread."""
    with contextlib.suppress(RuntimeError):  # the server has ended meanwhile
        loop.call_soon_threadsafe(done.set)


def _empty(folder: Path) -> None:
    """Empty it, but for the files that people brought."""
    accounts.leave(folder)
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            if entry.name == spool.GIVEN:
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                Path(entry.path).unlink(missing_ok=True)


def _take(lock: int) -> None:
    """The lock of a spool that nobody has. Somebody may look at it in this moment, which holds it for that long."""
    for _ in range(200):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)
        else:
            return
    raise OSError(errno.EBUSY, "its folder is held by another supervisor")


def _remove(folder: Path) -> None:
    accounts.leave(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _tidy(folder: Path) -> None:
    """Remove the parts of a run outside of its folder."""
    accounts.leave(folder)
    _remove_copy(folder)


def _remove_copy(folder: Path) -> None:
    """A run that was started by version 0.2.0 had a copy of its script beside the original."""
    with contextlib.suppress(OSError):
        if copy := (folder / "copy").read_text():
            Path(copy).unlink(missing_ok=True)
