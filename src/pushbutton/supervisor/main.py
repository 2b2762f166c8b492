"""The supervisor's life: read the spec, start the job, copy what it says to the spool, end it, prove it, say so.

Three facts end a run, and none stands for another: the job's process has ended, its output has ended, its tree is
empty. The run is over when the first and the third are true (or what is left was ended, or is named).

spec (JSON on stdin): run, epoch, argv, cwd, env, tty ([rows, columns] or null), stdin and payload (what the job finds
on its standard input and as descriptor 4, or ""), secrets, token, timeout, grace, linger, background ("end" |
"leave"), output (cap in bytes), hint (path of the server's socket), frozen (SHA-256 of files that must be as they were
approved, by path), files (how many the job may have open, or 0: as many as the server), core (may be missing or null:
as many bytes of a core dump as the server), private (may be missing: whether others are kept from looking into the
supervisor), confine (may be missing or "": the folder that the job is kept from), results (may be missing: from, more
folders whose files it may hand over; closed, the folder in which none may lie; most, their bytes; reader, the user who
has to be able to read them), user (may be missing: name, uid and gid of another user, as whom the job runs), through
(may be missing: words in front of it that make it theirs, where we cannot), room (may be missing: where it has its
files and the way to report).
"""

from __future__ import annotations

import os
import select
import sys
import termios
import time

from . import private, process, slim_json
from .control import Control
from .faults import SpawnError
from .process import boot_id
from .redact import Redactor
from .reported_file import Named
from .reports import Awaited, Reports
from .spool import CHANNEL, CONTROL, EVENTS, FILES, GIVEN, HANDED_OUT, LOG, PROTOCOL, RECEIPTS, Spool

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    import signal
    from typing import Any

    from .results import Results
else:
    import _signal as signal  # what `signal` adds are enums, and 3 ms of a start

CHUNK = 256 << 10
BATCH = 256 << 10
TICK = 0.015  # at most one write to the spool per this many seconds, unless a batch is full
PIPE = 1 << 20
LOOK = 1.0  # how often the tree is written down
SOON = 0.05  # a process that was told the end of its input may ask once more
ASK = 0.1  # how often it is looked for orphans that have not been asked to end
QUIET = 0.5  # after so much silence, what was held back for a secret that may begin with it is let go
SLEEP = 60.0  # at most so long without a look, whatever was asked for: a number may be too large for `poll`
LONGEST = 1e9  # seconds that an order may give
KILLING = 5.0  # how long KILL is repeated before survivors are named
F_SETPIPE_SZ = 1031
FORMAT, PIPE_FORMAT = 0o170000, 0o010000  # as `stat` names them, which is not loaded for this


class Why:
    """The cause of a run's end, as the last record says it. No enum: the module for those costs a start 3 ms."""

    NOTHING = ""  # the job ends by itself
    CANCEL = "cancel"  # somebody stops it
    TIMEOUT = "timeout"  # it takes longer than it may
    SIGNAL = "signal"  # the supervisor was told to end
    BACKGROUND = "background"  # the job has ended; what it left running is ended


class Due:
    """Things that are done when their time has come."""

    TIMEOUT = "timeout"  # stop the job: it takes longer than it may
    LINGER = "linger"  # stop what the job left running
    ASK = "ask"  # ask orphans to end that were not asked yet
    KILL = "kill"  # the grace is over
    AGAIN = "again"  # KILL once more
    GIVE_UP = "give up"  # name the survivors
    RELEASE = "release"  # let go of output that was held back for a secret
    LOOK = "look"  # write the tree down
    INPUT = "input"  # tell processes that wait for input that there is none
    RESULTS = "results"  # look whether files are copied


class Supervisor:
    """`run()` is the whole life; every other method is one step of it."""

    def __init__(self, spec: dict[str, Any], folder: str, core: int = 0) -> None:
        """`core`: the limit of core dumps that a job gets where the spec does not say."""
        self.spec, self.core = spec, core
        self.spool = Spool(folder, spec["hint"], spec["output"])
        self.encoding = str(spec.get("encoding", ""))
        self.redact = Redactor(spec["secrets"], spec["token"], self.encoding)
        self.poll = select.poll()
        self.child = 0
        self.code: int | None = None  # of the job's own process, once it has ended
        self.alone = False  # no process of the job is left
        self.why = Why.NOTHING
        self.error = ""
        self.fault: dict[str, object] = {}  # the same as a word and what it is about
        self.verified = False  # whether "we have no children" proves that the tree is empty
        self.ended = False  # the last record is written
        self.asked: set[tuple[int, int]] = set()  # (pid, start) of those that got TERM
        self.survivors: list[process.Process] = []
        self.batch: list[bytes] = []
        self.held = 0  # bytes in `batch`
        self.written = 0.0  # when output was last written, monotonic
        self.reports = Reports(self.redact, self.encoding)
        self.orders = Control()
        self.said_full = False  # it was said that no more reports are taken
        self.results: Results | None = None  # from the first file on that was handed over
        self.through: list[str] = spec.get("through") or []
        self.room: str = spec.get("room") or ""
        self.unasked: list[process.Process] = []  # another user's, whom only a process of theirs may ask to end
        self.helper = 0  # the process that does so, or that ends them
        self.pause = SOON  # before the next look whether a process waits for something to be typed
        self.keyed: set[int] = set()  # terminals at which a key was waited for at the last one
        self.keys = -1  # our side of the terminal that is the job's input
        # the job's sides of its terminals: held open, or their masters would hang up on it
        self.unread = self.unkeyed = -1
        self.deadlines: dict[str, float] = {}  # by `Due`: monotonic seconds
        self.output = self.events = self.channel = self.control = -1
        self.wake, self.waker = os.pipe()
        os.set_blocking(self.wake, False)
        os.set_blocking(self.waker, False)
        signal.set_wakeup_fd(self.waker, warn_on_full_buffer=False)

    def run(self) -> None:
        self.verified = process.become_subreaper()
        self._listen()
        self._start()
        while not self._over():
            self._turn()
        self._drain()
        self._hand_out()
        while self.results and self.results.pending:
            self._turn()
        self._finish()
        while self._left_behind():
            self._turn()
        self._leave_room()

    # -- start

    def _listen(self) -> None:
        self.control = _fifo(CONTROL)
        self.channel = _fifo(os.path.join(self.room, CHANNEL))
        os.makedirs(RECEIPTS, 0o700, exist_ok=True)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)  # only the wake-up pipe matters
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for fd in (self.control, self.channel, self.wake):
            self.poll.register(fd, select.POLLIN)

    def _start(self) -> None:
        spec = self.spec
        me = process.read(os.getpid())
        facts = {"pid": os.getpid(), "start": me.start if me else 0, "boot": boot_id(), "epoch": spec["epoch"]}
        self.spool.record("born", **facts, protocol=PROTOCOL)
        # Without this record on the disk, the job is taken for one that never ran, and is started again.
        if not self.spool.settle():
            self._not_started(SpawnError("full"))
            return
        self.spool.sync()
        if self.redact.unmasked:
            self.spool.record("unmasked", count=self.redact.unmasked)
        try:
            self._spawn()
        except SpawnError as error:
            self._not_started(error)
        except OSError as error:
            self._not_started(SpawnError("system", why=error.strerror))
        else:
            now = process.read(self.child)
            self.spool.record("started", pid=self.child, start=now.start if now else 0)
            if spec["timeout"]:
                self._within(Due.TIMEOUT, spec["timeout"])
            self._within(Due.LOOK, 0.1)
            if spec["tty"]:
                self._within(Due.INPUT, SOON)

    def _not_started(self, error: SpawnError) -> None:
        values = {name: self.redact.clean(value) for name, value in error.values.items()}
        self.error, self.fault = self.redact.clean(str(error)), {"fault": error.fault, "values": values}
        self.code, self.alone = 127, True

    def _spawn(self) -> None:
        """Raises `SpawnError`, `OSError`."""
        spec = self.spec
        self._as_approved()
        self.output, out = self._terminal(spec["tty"]) if spec["tty"] else self._pipe()
        self.events, told = self._pipe()
        stdin = self._memory(spec["stdin"]) if spec["stdin"] else None
        inputs = payload = self._memory(spec["payload"]) if spec["payload"] else None
        if spec["tty"]:
            # Another terminal than that of the output: it controls no process, so that one that reads it in the
            # background, as `timeout` starts others, is not stopped for it.
            self.keys, self.unkeyed = self._terminal(spec["tty"])
            if stdin is None:
                stdin = self.unkeyed
            elif inputs is None:
                inputs = self.unkeyed  # `shells` takes it from there
        rules = self._rules(spec["confine"]) if spec.get("confine") else None
        env = {
            **spec["env"],
            "PUSHBUTTON_EVENTS": str(process.EVENTS_FD),
            "PUSHBUTTON_EVENTS_ID": str(os.fstat(told).st_ino),
            "PUSHBUTTON_CHANNEL": os.path.abspath(os.path.join(self.room, CHANNEL)),
        }
        if payload is not None:
            env["PUSHBUTTON_INPUTS"] = str(process.INPUTS_FD)
        if spec.get("user"):
            self._theirs(out, told)
        core = self.core if spec.get("core") is None else spec["core"]
        try:
            if self.through:
                from . import deputy  # noqa: PLC0415  few jobs are another user's

                order = {**{key: spec[key] for key in ("run", "argv", "cwd", "files")}, "env": env, "core": core}
                fds = {"output": out, "events": told, "stdin": stdin, "inputs": inputs, "rules": rules}
                self.child = deputy.spawn(self.through, order, fds)
                return
            self.child = process.spawn(
                spec["argv"],
                cwd=spec["cwd"],
                env=env,
                stdin=stdin,
                output=out,
                events=told,
                inputs=inputs,
                tty=bool(spec["tty"]),
                files=spec["files"],
                core=core,
                rules=rules,
                user=spec.get("user"),
            )
        finally:
            if spec["tty"]:
                self.unread = out
            for fd in (told, stdin, inputs, rules, None if spec["tty"] else out):
                if fd not in (None, self.unkeyed):
                    os.close(fd)
            for fd in (self.output, self.events, *([self.keys] if spec["tty"] else [])):
                os.set_blocking(fd, False)
                self.poll.register(fd, select.POLLIN)

    def _theirs(self, output: int, events: int) -> None:
        """Another user may open what they write to anew (`/dev/stderr`), as its owner may."""
        if self.spec["tty"]:
            for terminal in (output, self.unkeyed):
                os.fchown(terminal, self.spec["user"][1], -1)
        else:
            os.fchmod(output, 0o666)
        os.fchmod(events, 0o666)

    def _as_approved(self) -> None:
        """As late as can be: a file can only be exchanged in the moment between this look and the start."""
        if not self.spec["frozen"]:
            return
        from hashlib import file_digest  # noqa: PLC0415  for approved runs only

        for path, digest in self.spec["frozen"].items():
            try:
                with open(path, "rb") as file:
                    same = file_digest(file, "sha256").hexdigest() == digest
            except OSError:
                same = False
            if not same:
                raise SpawnError("changed")

    @staticmethod
    def _rules(closed: str) -> int:
        """Raises `SpawnError`: what cannot be kept from the folder is not started."""
        from . import confine  # noqa: PLC0415  few servers ask for it

        own = {FILES: confine.ALL, RECEIPTS: confine.ALL, CHANNEL: confine.READ | confine.WRITE}
        try:
            return confine.rules(closed, {**own, GIVEN: confine.READ | confine.LIST})
        except OSError as error:
            raise SpawnError("closed", folder=closed, why=str(error)) from None

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
    def _memory(text: str) -> int:
        """A descriptor from which the job reads this: memory only, so that no secret touches a disk."""
        fd = (
            os.memfd_create("given") if hasattr(os, "memfd_create") else os.open("given", os.O_CREAT | os.O_RDWR, 0o600)
        )
        if not hasattr(os, "memfd_create"):
            os.unlink("given")
        data = text.encode(errors="surrogateescape")
        while data:
            data = data[os.write(fd, data) :]
        os.lseek(fd, 0, os.SEEK_SET)
        return fd

    # -- one turn of the loop

    def _turn(self) -> None:
        now = time.monotonic()
        due = min((now + SLEEP, *self.deadlines.values()))
        if self.batch:
            due = min(due, self.written + TICK)
        for fd, _ in self.poll.poll(max(0.0, due - now) * 1000):
            if fd == self.output:
                self._read_output()
            elif fd == self.keys:
                self._keep(
                    self.redact.feed(self._read(fd) or b"")
                )  # some write to their input, and some keys have an echo
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
        self._look_at_results()

    def _read_output(self) -> int:
        """So many bytes; 0 when there is nothing more now."""
        data = self._read(self.output)
        if data is None:
            return 0
        if not data:
            self._close_output()
            return 0
        self._keep(self.redact.feed(data))
        self.deadlines.pop(Due.RELEASE, None)
        if self.redact.holds:
            self._within(Due.RELEASE, QUIET)
        return len(data)

    def _catch_up(self) -> None:
        """What the job wrote before it said something is in the pipe when that is read, and goes before it. Bounded by
        what a pipe holds: the job may write on.
        """
        left = PIPE
        while left > 0 and self.output >= 0 and (size := self._read_output()):
            left -= size
            if self.held >= BATCH:
                self._flush()

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
        self._catch_up()
        if not data:
            self.poll.unregister(fd)
            os.close(fd)
            self.events = -1  # the other one has no end: we hold it open ourselves
            self._say(self.reports.finish(fd), by="job")
            return False
        self._say(self.reports.feed(fd, data), by="job")
        return True

    def _say(self, said: list[str | Awaited | Named], *, by: str) -> None:
        if said:
            self._flush()  # so that they stand behind the output which came before them
        for one in said:
            if isinstance(one, str):
                self.spool.record("line", line=one, by=by)
            elif isinstance(one, Awaited):
                self._say_awaited(one, by)
            elif self.ended or (self.reports.full and (by == "http" or (self.results and self.results.many))):
                self._answer(one)  # and nothing is written: a loop must not fill the history
            elif by == "http":
                self._named("refused", one, why="elsewhere")
            else:
                self._hand_over(one)
        if self.reports.full and not self.said_full:
            self.said_full = True
            self.spool.record("deaf", kept=self.reports.taken)

    def _say_awaited(self, said: Awaited, by: str) -> None:
        """Whoever waits has written nothing since: what was taken by now is just what came before the report. Unless
        they waited no longer, or a beginning of a secret is held back.
        """
        waited = self._answer(said) and not self.redact.holds
        if said.line:
            self.spool.record("line", line=said.line, by=by, **({"exact": True} if waited else {}))

    def _hand_over(self, named: Named) -> None:
        if self.results is None:
            from .results import Results  # noqa: PLC0415  most runs hand nothing over

            self.results = Results(self.spec, self.redact.anew, self._nudge)
        self._answer(named, b"+")
        self.results.take(named)
        self._look_at_results()

    def _nudge(self) -> None:
        """From another thread: a file has come to its end."""
        try:
            os.write(self.waker, b"\0")
        except BlockingIOError:
            pass  # there is enough in it to wake us

    def _look_at_results(self) -> None:
        if self.results is None:
            return
        for named, kind, facts in self.results.ready():
            self._named(kind, named, **facts)
            self._answer(named)
        if self.results.pending:
            self._within(Due.RESULTS, LOOK)

    def _named(self, kind: str, named: Named, **facts: object) -> None:
        clean = self.redact.clean
        texts = {name: clean(value) if isinstance(value, str) else value for name, value in facts.items()}
        self.spool.record(kind, path=clean(named.path), title=clean(named.title), **texts)

    def _answer(self, said: Awaited | Named, word: bytes = b".") -> bool:
        """Answer a process that waits: "+" for “heard”, "." for “go on”. False: without its pipe it waits no more."""
        if not said.receipt or "/" in said.receipt:
            return False
        try:
            flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
            fd = os.open(os.path.join(self.room, RECEIPTS, said.receipt), flags)
            try:
                if os.fstat(fd).st_mode & FORMAT != PIPE_FORMAT:  # a job may put there what it may not write to itself
                    return False
                os.write(fd, word)
                return True
            finally:
                os.close(fd)
        except (OSError, ValueError):
            return False

    @staticmethod
    def _read(fd: int) -> bytes | None:
        """None: nothing there now; empty: the end."""
        try:
            return os.read(fd, CHUNK)
        except BlockingIOError:
            return None
        except OSError:
            return b""  # a terminal whose other side is closed says EIO

    def _read_control(self) -> bool:
        """False when there is nothing more now. What was carried out is written down before it is said to be heard."""
        data = self._read(self.control)
        if not data:
            return False
        before = self.orders.heard
        for order in self.orders.feed(data):
            self._carry_out(order)
        if self.orders.heard > before:
            self.spool.record("heard", n=self.orders.heard)
        return True

    def _carry_out(self, order: dict[str, Any]) -> None:
        """An order of an unknown kind counts as heard: no other process could carry it out."""
        if order.get("do") == "stop":
            by = order.get("by")
            self._stop(Why.CANCEL, by=by if isinstance(by, str) else "", grace=_seconds(order.get("grace")))
        elif order.get("do") == "report" and isinstance(lines := order.get("lines"), str):
            self._say(self.reports.feed(self.control, lines.encode(errors="replace") + b"\n"), by="http")

    def _read_signals(self) -> None:
        numbers = self._read(self.wake) or b""  # 0: a file has been copied
        if signal.SIGTERM in numbers or signal.SIGINT in numbers:
            self._stop(Why.SIGNAL, by="the machine's administrator")

    # -- ends

    def _stop(self, why: str, *, by: str = "", grace: float | None = None) -> None:
        """Ask the whole tree to end; what is still there after `grace` seconds is made to."""
        if self.why in {Why.CANCEL, Why.TIMEOUT, Why.SIGNAL} or self.alone or self.ended:
            return
        grace = self.spec["grace"] if grace is None else grace
        self.why = why
        self.spool.record("stop", why=why, by=by, grace=grace)
        self.deadlines.pop(Due.TIMEOUT, None)
        self.deadlines.pop(Due.LINGER, None)
        self._ask(self._members())
        self._signal_group(signal.SIGTERM)
        self._within(Due.KILL, grace)

    def _signal_group(self, number: int) -> None:
        """Where there is no subreaper there may be no /proc: then the job's own process group is what we know of it."""
        if not self.verified and self.code is None and self.child:
            try:
                os.killpg(self.child, number)
            except OSError:
                pass

    def _ask(self, members: list[process.Process]) -> None:
        """TERM, once for each.

        A process that is forked while we look is missed if its parent dies of TERM: it becomes our own child then, and
        is asked a moment later. What a living parent starts now is its clean-up, and is left alone.
        """
        for member in members:
            if (member.pid, member.start) not in self.asked:
                self.asked.add((member.pid, member.start))
                process.send(member, signal.SIGTERM)
                process.send(member, signal.SIGCONT)  # a stopped process would sleep through it
                if self.through:
                    self.unasked.append(member)
        self._have_asked()
        self._within(Due.ASK, ASK)

    def _have_asked(self) -> None:
        """By a process of that user, one after the other: we may not signal another user's processes."""
        if self.through and self.unasked and not self.helper:
            from . import deputy  # noqa: PLC0415  few jobs are another user's

            self.helper, self.unasked = process.aside(deputy.asking(self.through, self.unasked)), []

    def _have_ended(self) -> None:
        if self.through and not self.helper and (members := self._members()):
            from . import deputy  # noqa: PLC0415  few jobs are another user's

            known = [(member.pid, member.start) for member in members]
            mark = f"PUSHBUTTON_SPOOL={self.spec['env'].get('PUSHBUTTON_SPOOL', '')}"
            self.helper = process.aside(deputy.ending(self.through, known, mark))

    def _members(self) -> list[process.Process]:
        """The living processes of the job."""
        everybody = process.everybody()
        own = {self.helper, *(one.pid for one in process.descendants(self.helper, everybody))} if self.helper else ()
        return [one for one in process.descendants(os.getpid(), everybody) if one.pid not in own]

    def _kill(self) -> None:
        """STOP them all until no new one appears, then KILL: a fork in between cannot escape."""
        process.send_all(process.stop_all(os.getpid()), signal.SIGKILL)
        self._signal_group(signal.SIGKILL)
        self._have_ended()
        self.deadlines.setdefault(Due.GIVE_UP, time.monotonic() + KILLING)
        self._within(Due.AGAIN, 0.05)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self.alone = True
                return
            if pid == 0:
                return
            if pid == self.helper:
                self.helper = 0
                self._have_asked()
                continue
            if pid == self.child and self.code is None:
                self.code = os.waitstatus_to_exitcode(status)
                self.spool.record("exit", code=self.code)
                self.deadlines.pop(Due.TIMEOUT, None)
                if not self.why and self.spec["background"] == "end":
                    self._within(Due.LINGER, self.spec["linger"])

    def _keep_time(self) -> None:
        now = time.monotonic()
        for step in [step for step, due in self.deadlines.items() if due <= now]:
            del self.deadlines[step]
            if step == Due.TIMEOUT:
                self._stop(Why.TIMEOUT)
            elif step == Due.LINGER:
                self._stop(Why.BACKGROUND, grace=min(3.0, self.spec["grace"]))
            elif step == Due.ASK and Due.KILL in self.deadlines:
                us = os.getpid()
                self._ask([m for m in self._members() if m.parent == us])
            elif step in {Due.KILL, Due.AGAIN}:
                self._kill()
            elif step == Due.GIVE_UP:
                self.deadlines.pop(Due.AGAIN, None)
                self.survivors = self._members()
            elif step == Due.RELEASE:
                self._keep(self.redact.release())
            elif step == Due.LOOK:
                self._look()
            elif step == Due.INPUT:
                self._end_input()

    def _look(self) -> None:
        members = process.below(os.getpid())
        self.spool.tree(boot_id(), [(member.pid, member.start, member.name) for member in members])
        self.spool.settle()
        self._within(Due.LOOK, LOOK)

    def _end_input(self) -> None:
        """There is no keyboard: a process that waits for a line gets the end of the input, each time that it asks. One
        that waits for a key gets the key that means the same. One key at a time, or those of now would be read later;
        and again and again, for a program that asks for a password drops what was typed before.
        """
        if self.output < 0:
            return
        self.pause = min(2 * self.pause, LOOK)
        for ours, theirs in ((self.output, self.unread), (self.keys, self.unkeyed)):
            try:
                self._end_input_of(ours, theirs)
            except (OSError, termios.error):
                pass  # the terminal is gone
        self._within(Due.INPUT, self.pause)

    def _end_input_of(self, ours: int, theirs: int) -> None:
        mode = termios.tcgetattr(theirs)
        held = select.select([theirs], [], [], 0)[0]  # what was said before is not read yet
        if mode[3] & termios.ICANON:
            self.keyed.discard(theirs)
            if not held:
                os.write(ours, mode[6][termios.VEOF])
                self.pause = SOON
        elif mode[6][termios.VMIN] and not mode[6][termios.VTIME]:
            if theirs in self.keyed and not held:
                os.write(ours, b"\x04")
            self.keyed.add(theirs)

    def _within(self, step: str, seconds: float) -> None:
        self.deadlines[step] = time.monotonic() + seconds

    def _over(self) -> bool:
        if self.code is None:
            return bool(self.survivors)
        return self.alone or bool(self.survivors) or self.spec["background"] == "leave"

    def _drain(self) -> None:
        """Write down what is left in the pipes."""
        for _ in range(2 * PIPE // CHUNK):  # bounded: what is left behind may write for ever
            if self.output < 0 or not self._read_output():
                break
            if self.held >= BATCH:
                self._flush()
        for fd in (self.events, self.channel):
            for _ in range(2 * PIPE // CHUNK):
                if fd < 0 or not self._read_events(fd):
                    break
            self._say(self.reports.finish(fd), by="job")
        for _ in range(2 * PIPE // CHUNK):
            if not self._read_control():
                break

    def _hand_out(self) -> None:
        """Hand out the files in the job's folder for results, by name. One that takes no more reports takes none of
        these.
        """
        folder = os.path.join(self.room, HANDED_OUT)
        try:
            names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
        except OSError:
            return  # the job took it away
        if not names:
            return
        from . import handed_out  # noqa: PLC0415  few jobs use it

        for name in names[: handed_out.MOST]:
            path = os.path.abspath(os.path.join(folder, name))
            if line := handed_out.report(path, (self.spec.get("results") or {}).get("reader")):
                self._say(self.reports.feed(-1, line), by="job")
            else:
                self._hand_over(Named(path, handed_out.title(name)))

    def _finish(self) -> None:
        """The last record. There is no time limit on the disk."""
        if self.results and self.alone:
            self.results.tidy()
        if self.alone:
            self._leave_room()
        self._keep(self.redact.finish())
        self._flush()
        self.spool.sync()
        self.spool.record(
            "end",
            code=self.code,
            why=self.why if self.why != Why.BACKGROUND else "",
            background=self.why == Why.BACKGROUND,
            error=self.error,
            **self.fault,
            survivors=[f"{member.pid} {member.name}" for member in self.survivors],
            verified=self.verified,
            unheard=self.spool.unheard,
            spoiled=self.reports.spoiled,
            bytes=self.spool.size,
            lost=self.spool.lost,
        )
        self.ended = True
        while not self.spool.settle():
            time.sleep(0.2)
        self.spool.sync()
        self.spool.hint()

    def _leave_room(self) -> None:
        if self.room:
            import shutil  # noqa: PLC0415  few jobs have one

            shutil.rmtree(os.path.dirname(self.room), ignore_errors=True)

    def _left_behind(self) -> bool:
        """`background: leave`: the pipe has to be read on, or the processes that were left behind would die of it."""
        if self.spec["background"] == "leave" and not self.alone and self.output >= 0:
            return True
        if self.batch:
            self._flush()
        return False


def _seconds(said: object) -> float | None:
    """The seconds in an order; None for nonsense: NaN would never be over, and a job can write to that FIFO."""
    known = isinstance(said, int | float) and not isinstance(said, bool) and 0 <= said <= LONGEST
    return float(said) if known else None  # type: ignore[arg-type]


def _fifo(name: str) -> int:
    """For reading and writing, so that it never is at its end."""
    if not os.path.exists(name):
        os.mkfifo(name, 0o600)
    return os.open(name, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)


def main() -> None:
    """`spec` on stdin, the spool as working directory, its lock inherited and left open."""
    core = private.become()  # before it knows a secret
    spec = slim_json.loads(sys.stdin.read())
    if not spec.get("private", True):
        private.seen()
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
    Supervisor(spec, os.getcwd(), core).run()
