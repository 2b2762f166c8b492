"""The supervisor's life: read the spec, start the job, copy what it says to the spool, end it, prove it, say so.

Three facts end a run, and none stands for another: the job's process has ended, its output has ended, its tree is
empty. The run is over when the first and the third are true (or what is left was ended, or is named).

spec (JSON on stdin): run, epoch, argv, cwd, env, tty ([rows, columns] or null), payload, secrets, token, timeout,
grace, linger, background ("end" | "leave"), output (cap in bytes), hint (path of the server's socket), remove (a file
to remove at the end, or ""), files (how many the job may have open, or 0: as many as the server).
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time

from . import process
from .process import boot_id
from .redact import Redactor
from .reports import Reports
from .spool import CHANNEL, CONTROL, EVENTS, LOG, Spool

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    from typing import Any

CHUNK = 256 << 10
BATCH = 256 << 10
TICK = 0.015  # at most one write to the spool per this many seconds, unless a batch is full
PIPE = 1 << 20
LOOK = 1.0  # how often the tree is written down
ASK = 0.1  # how often it is looked for orphans that have not been asked to end
QUIET = 0.5  # after so much silence, what was held back for a secret that may begin with it is let go
KILLING = 5.0  # how long KILL is repeated before survivors are named
F_SETPIPE_SZ = 1031


class Supervisor:
    """`run()` is the whole life; every other method is one step of it."""

    def __init__(self, spec: dict[str, Any], folder: str) -> None:
        self.spec = spec
        self.spool = Spool(folder, spec["hint"], spec["output"])
        self.redact = Redactor(spec["secrets"], spec["token"])
        self.poll = select.poll()
        self.child = 0
        self.code: int | None = None  # of the job's own process, once it has ended
        self.alone = False  # no process of the job is left
        self.why = ""  # what ends the run: cancel, timeout, signal; background: what the job left behind is ended
        self.error = ""
        self.verified = False  # whether "we have no children" proves that the tree is empty
        self.ended = False  # the last record is written
        self.asked: set[tuple[int, int]] = set()  # (pid, start) of who got TERM
        self.survivors: list[process.Process] = []
        self.batch: list[bytes] = []
        self.held = 0  # bytes in `batch`
        self.written = 0.0  # when output was last written, monotonic
        self.reports = Reports(self.redact)
        self.deaf = False  # it was said that no more reports are taken
        self.unread = -1  # the job's side of its terminal: held open, or its master would hang up on the job
        self.deadlines: dict[str, float] = {}  # by step: timeout, linger, kill, again, give up, look
        self.output = self.events = self.channel = self.control = -1
        self.wake, wake = os.pipe()
        os.set_blocking(self.wake, False)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)

    def run(self) -> None:
        self.verified = process.become_subreaper()
        self._listen()
        self._start()
        while not self._over():
            self._turn()
        self._finish()
        while self._left_behind():
            self._turn()

    # -- start

    def _listen(self) -> None:
        self.control = _fifo(CONTROL)
        self.channel = _fifo(CHANNEL)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)  # only the wake-up pipe matters
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for fd in (self.control, self.channel, self.wake):
            self.poll.register(fd, select.POLLIN)

    def _start(self) -> None:
        spec = self.spec
        me = process.read(os.getpid())
        self.spool.record("born", pid=os.getpid(), start=me.start if me else 0, boot=boot_id(), epoch=spec["epoch"])
        # Without this record on the disk, the job is taken for one that never ran, and is started again.
        if not self.spool.settle():
            self._not_started("The disk is full, so it was not started.")
            return
        self.spool.sync()
        try:
            self._spawn()
        except process.SpawnError as error:
            self._not_started(self.redact.clean(str(error)))
        except OSError as error:
            self._not_started(f"It could not be started: {error.strerror}.")
        else:
            now = process.read(self.child)
            self.spool.record("started", pid=self.child, start=now.start if now else 0)
            if spec["timeout"]:
                self._within("timeout", spec["timeout"])
            self._within("look", 0.1)

    def _not_started(self, error: str) -> None:
        self.error, self.code, self.alone = error, 127, True

    def _spawn(self) -> None:
        """Raises `SpawnError`, `OSError`."""
        spec = self.spec
        self.output, out = self._terminal(spec["tty"]) if spec["tty"] else self._pipe()
        self.events, told = self._pipe()
        inputs = self._inputs(spec["payload"]) if spec["payload"] else None
        env = {
            **spec["env"],
            "PUSHBUTTON_EVENTS": str(process.EVENTS_FD),
            "PUSHBUTTON_CHANNEL": os.path.abspath(CHANNEL),
        }
        if inputs is not None:
            env["PUSHBUTTON_INPUTS"] = str(process.INPUTS_FD)
        try:
            self.child = process.spawn(
                spec["argv"],
                cwd=spec["cwd"],
                env=env,
                output=out,
                events=told,
                inputs=inputs,
                tty=bool(spec["tty"]),
                files=spec["files"],
            )
        finally:
            if spec["tty"]:
                self.unread = out
            for fd in (told, inputs, None if spec["tty"] else out):
                if fd is not None:
                    os.close(fd)
            for fd in (self.output, self.events):
                os.set_blocking(fd, False)
                self.poll.register(fd, select.POLLIN)

    @staticmethod
    def _pipe() -> tuple[int, int]:
        ends = os.pipe()
        if sys.platform == "linux":
            import fcntl  # noqa: PLC0415

            try:
                fcntl.fcntl(ends[0], F_SETPIPE_SZ, PIPE)
            except OSError:
                pass  # the user's share of pipe memory is used up: a small pipe works as well
        return ends

    @staticmethod
    def _terminal(size: list[int]) -> tuple[int, int]:
        ours, theirs = os.openpty()
        process.set_size(theirs, size[0], size[1])
        return ours, theirs

    @staticmethod
    def _inputs(payload: str) -> int:
        """A descriptor from which the job reads its inputs: memory only, so that no secret touches a disk."""
        fd = (
            os.memfd_create("inputs")
            if hasattr(os, "memfd_create")
            else os.open("inputs", os.O_CREAT | os.O_RDWR, 0o600)
        )
        if not hasattr(os, "memfd_create"):
            os.unlink("inputs")
        data = payload.encode(errors="surrogateescape")
        while data:
            data = data[os.write(fd, data) :]
        os.lseek(fd, 0, os.SEEK_SET)
        return fd

    # -- one turn of the loop

    def _turn(self) -> None:
        now = time.monotonic()
        due = min(self.deadlines.values(), default=now + 60)
        if self.batch:
            due = min(due, self.written + TICK)
        for fd, _ in self.poll.poll(max(0.0, due - now) * 1000):
            if fd == self.output:
                self._read_output()
            elif fd in {self.events, self.channel}:
                self._read_events(fd)
            elif fd == self.control:
                self._read_control()
            else:
                self._read_signals()
        if self.batch and (self.held >= BATCH or time.monotonic() - self.written >= TICK):
            self._flush()
        self._reap()
        self._keep_time()

    def _read_output(self) -> bool:
        """False when there is nothing more now."""
        data = self._read(self.output)
        if data is None:
            return False
        if not data:
            self._close_output()
            return False
        self._keep(self.redact.feed(data))
        self.deadlines.pop("release", None)
        if self.redact.holds:
            self._within("release", QUIET)
        return True

    def _keep(self, data: bytes) -> None:
        if data:
            self.batch.append(data)
            self.held += len(data)

    def _close_output(self) -> None:
        self.poll.unregister(self.output)
        os.close(self.output)
        self.output = -1
        self._keep(self.redact.finish())

    def _flush(self) -> None:
        data, self.batch, self.held = b"".join(self.batch), [], 0
        self.spool.write(data)
        self.written = time.monotonic()

    def _read_events(self, fd: int) -> bool:
        data = self._read(fd)
        if data is None:
            return False
        if not data:
            self.poll.unregister(fd)
            os.close(fd)
            self.events = -1  # the other one has no end: we hold it open ourselves
            return False
        self._say(self.reports.feed(fd, data))
        return True

    def _say(self, lines: list[str]) -> None:
        if lines:
            self._flush()  # so that they stand behind the output which came before them
        for line in lines:
            self.spool.record("line", line=line)
        if self.reports.deaf and not self.deaf:
            self.deaf = True
            self.spool.record("deaf", kept=self.reports.taken)

    @staticmethod
    def _read(fd: int) -> bytes | None:
        """None: nothing there now; empty: the end."""
        try:
            return os.read(fd, CHUNK)
        except BlockingIOError:
            return None
        except OSError:
            return b""  # a terminal whose other side is closed says EIO

    def _read_control(self) -> None:
        for line in (self._read(self.control) or b"").splitlines():
            try:
                order = json.loads(line)
            except ValueError:
                continue
            if isinstance(order, dict) and order.get("do") == "stop":
                grace = order.get("grace")
                self._stop(
                    "cancel", by=str(order.get("by", "")), grace=grace if isinstance(grace, int | float) else None
                )

    def _read_signals(self) -> None:
        numbers = self._read(self.wake) or b""
        if signal.SIGTERM in numbers or signal.SIGINT in numbers:
            self._stop("signal", by="the machine's administrator")

    # -- ends

    def _stop(self, why: str, *, by: str = "", grace: float | None = None) -> None:
        """Ask the whole tree to end; what is still there after `grace` seconds is made to."""
        if self.why in {"cancel", "timeout", "signal"} or self.alone or self.ended:
            return
        grace = self.spec["grace"] if grace is None else grace
        self.why = why
        self.spool.record("stop", why=why, by=by, grace=grace)
        self.deadlines.pop("timeout", None)
        self.deadlines.pop("linger", None)
        self._ask(process.descendants(os.getpid(), process.everybody()))
        self._signal_group(signal.SIGTERM)
        self._within("kill", grace)

    def _signal_group(self, number: int) -> None:
        """Where there is no subreaper there may be no /proc: then the job's own process group is what we know of it."""
        if not self.verified and self.code is None and self.child:
            try:
                os.killpg(self.child, number)
            except OSError:
                pass

    def _ask(self, members: list[process.Process]) -> None:
        """TERM, once for each.

        Who is forked while we look is missed if its parent dies of it: it becomes our own child then, and is asked a
        moment later. What a living parent starts now is its tidying up, and is left alone.
        """
        for member in members:
            if (member.pid, member.start) not in self.asked:
                self.asked.add((member.pid, member.start))
                process.send(member, signal.SIGTERM)
                process.send(member, signal.SIGCONT)  # a stopped process would sleep through it
        self._within("ask", ASK)

    def _kill(self) -> None:
        """STOP them all until nobody new appears, then KILL: a fork in between cannot escape."""
        process.send_all(process.stop_all(os.getpid()), signal.SIGKILL)
        self._signal_group(signal.SIGKILL)
        self.deadlines.setdefault("give up", time.monotonic() + KILLING)
        self._within("again", 0.05)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self.alone = True
                return
            if pid == 0:
                return
            if pid == self.child and self.code is None:
                self.code = os.waitstatus_to_exitcode(status)
                self.spool.record("exit", code=self.code)
                self.deadlines.pop("timeout", None)
                if not self.why and self.spec["background"] == "end":
                    self._within("linger", self.spec["linger"])

    def _keep_time(self) -> None:
        now = time.monotonic()
        for step in [step for step, due in self.deadlines.items() if due <= now]:
            del self.deadlines[step]
            if step == "timeout":
                self._stop("timeout")
            elif step == "linger":
                self._stop("background", grace=min(3.0, self.spec["grace"]))
            elif step == "ask" and "kill" in self.deadlines:
                us = os.getpid()
                self._ask([m for m in process.descendants(us, process.everybody()) if m.parent == us])
            elif step in {"kill", "again"}:
                self._kill()
            elif step == "give up":
                self.deadlines.pop("again", None)
                self.survivors = process.descendants(os.getpid(), process.everybody())
            elif step == "release":
                self._keep(self.redact.release())
            elif step == "look":
                self._look()

    def _look(self) -> None:
        members = process.descendants(os.getpid(), process.everybody())
        self.spool.tree(boot_id(), [(member.pid, member.start, member.name) for member in members])
        self.spool.settle()
        self._within("look", LOOK)

    def _within(self, step: str, seconds: float) -> None:
        self.deadlines[step] = time.monotonic() + seconds

    def _over(self) -> bool:
        if self.code is None:
            return bool(self.survivors)
        return self.alone or bool(self.survivors) or self.spec["background"] == "leave"

    def _finish(self) -> None:
        """Write down what is left in the pipes, then the last record. There is no time limit on the disk."""
        for _ in range(2 * PIPE // CHUNK):  # bounded: what is left behind may write for ever
            if self.output < 0 or not self._read_output():
                break
            if self.held >= BATCH:
                self._flush()
        for fd in (self.events, self.channel):
            for _ in range(2 * PIPE // CHUNK):
                if fd < 0 or not self._read_events(fd):
                    break
            self._say(self.reports.finish(fd))
        self._keep(self.redact.finish())
        self._flush()
        if self.spec["remove"]:
            try:
                os.unlink(self.spec["remove"])
            except OSError:
                pass
        self.spool.sync()
        self.spool.record(
            "end",
            code=self.code,
            why=self.why if self.why != "background" else "",
            background=self.why == "background",
            error=self.error,
            survivors=[f"{member.pid} {member.name}" for member in self.survivors],
            verified=self.verified,
            unheard=self.spool.unheard,
            bytes=self.spool.size,
            lost=self.spool.lost,
        )
        self.ended = True
        while not self.spool.settle():
            time.sleep(0.2)
        self.spool.sync()
        self.spool.hint()

    def _left_behind(self) -> bool:
        """`background: leave`: somebody must go on emptying the pipe, or what was left behind would die of it."""
        if self.spec["background"] == "leave" and not self.alone and self.output >= 0:
            return True
        if self.batch:
            self._flush()
        return False


def _fifo(name: str) -> int:
    """For reading and writing, so that it never is at its end."""
    if not os.path.exists(name):
        os.mkfifo(name, 0o600)
    return os.open(name, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)


def main() -> None:
    """`spec` on stdin, the spool as working directory, its lock inherited and left open."""
    spec = json.load(sys.stdin)
    null = os.open(os.devnull, os.O_RDWR)
    log = os.open(LOG, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    for fd, target in ((null, 0), (log, 1), (log, 2)):
        os.dup2(fd, target)
    for name in os.listdir("/dev/fd"):
        try:
            os.set_inheritable(int(name), int(name) < 3)  # above all the lock: the job must not hold it
        except OSError:
            pass  # the listing's own descriptor
    os.stat(EVENTS)  # made by the server: if it is not there, this is no spool
    Supervisor(spec, os.getcwd()).run()
