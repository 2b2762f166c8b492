"""The job's processes: start one, see them all, end them all, and prove it.

On Linux the supervisor is a child subreaper: whatever the job forks, detaches or orphans becomes our child in the
end, so "we have no children" IS "the tree is empty". Elsewhere there is no such proof; then only the job's process
group is looked after, and `can_verify` is False.
"""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import struct
import sys
import termios

from .faults import SpawnError
from .native import prctl

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    import signal
    from collections.abc import Sequence
    from typing import Any, NoReturn
else:
    import _signal as signal  # what `signal` adds are enums, and 3 ms of a start

PR_SET_CHILD_SUBREAPER = 36
EVENTS_FD = 3  # dash can only redirect to descriptors of one digit
INPUTS_FD = 4


class Process:
    """`start` is the kernel's start time in ticks since boot: with the pid it names one process for good."""

    __slots__ = ("group", "name", "parent", "pid", "session", "start", "state")

    def __init__(self, pid: int, start: int, parent: int, group: int, session: int, state: str, name: str) -> None:
        self.pid, self.start, self.parent, self.group, self.session = pid, start, parent, group, session
        self.state, self.name = state, name


def become_subreaper() -> bool:
    """True where every orphan of the job becomes our child."""
    if sys.platform != "linux":
        return False
    return prctl(PR_SET_CHILD_SUBREAPER, 1) == 0


def spawn(
    argv: list[str],
    *,
    cwd: str,
    env: dict[str, str],
    stdin: int | None,
    output: int,
    events: int,
    inputs: int | None,
    tty: bool,
    files: int,
    core: int,
    rules: int | None = None,
    user: Sequence[Any] | None = None,
) -> int:
    """Start the job in its own session; its pid. Raises `SpawnError` when the kernel refuses.

    The child has `stdin` or else /dev/null as input, `output` as 1 and 2, `events` as 3, `inputs` as 4 if given, and
    nothing else of ours; default signals, none blocked; `files` open at once unless that is 0, core dumps of at most
    `core` bytes; confined by `rules` if given (see `confine`); as `user` if given, (name, uid, gid).
    """
    told, tell = os.pipe()  # closes itself when the exec succeeds
    pid = os.fork()
    if pid == 0:
        become(argv, cwd, env, stdin, output, events, inputs, tty, files, core, rules, tell, user)
    os.close(tell)
    try:
        failure = os.read(told, 4096)
    finally:
        os.close(told)
    if failure:
        os.waitpid(pid, 0)
        raise SpawnError.from_bytes(failure)
    return pid


def aside(argv: list[str]) -> int:
    """Start a program of ours that is no part of the job; its pid."""
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    try:
        return os.posix_spawnp(argv[0], argv, os.environ, setsid=True, file_actions=[(os.POSIX_SPAWN_DUP2, null, 0)])
    finally:
        os.close(null)


def become(
    argv: list[str],
    cwd: str,
    env: dict[str, str],
    stdin: int | None,
    output: int,
    events: int,
    inputs: int | None,
    tty: bool,
    files: int,
    core: int,
    rules: int | None,
    tell: int,
    user: Sequence[Any] | None = None,
) -> NoReturn:
    """Of a process that is the job's own by now. `tell` hears what is wrong, and its end when the job has begun."""
    try:
        if os.getsid(0) != os.getpid():
            os.setsid()
        if tty:
            fcntl.ioctl(output, termios.TIOCSCTTY, 0)
        # Move what we need out of the way of 0 to 4 first, so that no dup2 overwrites another's source.
        output, events, tell = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (output, events, tell))
        if inputs is not None:
            inputs = fcntl.fcntl(inputs, fcntl.F_DUPFD_CLOEXEC, 10)
        os.dup2(os.open(os.devnull, os.O_RDONLY) if stdin is None else fcntl.fcntl(stdin, fcntl.F_DUPFD_CLOEXEC, 10), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.dup2(events, EVENTS_FD)
        if inputs is not None:
            os.dup2(inputs, INPUTS_FD)
        for number in range(1, signal.NSIG):
            try:
                signal.signal(number, signal.SIG_DFL)
            except (OSError, ValueError):
                pass  # KILL, STOP and the C library's own
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        if files:
            _limit(resource.RLIMIT_NOFILE, files)
        _limit(resource.RLIMIT_CORE, core)
        if user:
            os.initgroups(user[0], user[2])
            os.setgid(user[2])
            os.setuid(user[1])
        try:
            os.chdir(cwd)
        except OSError as error:
            raise SpawnError("folder", folder=cwd, why=error.strerror) from None
        if rules is not None:
            from . import confine  # noqa: PLC0415  loaded only where there are rules

            try:
                confine.restrict(rules)
            except OSError as error:
                raise SpawnError("confine", why=str(error)) from None
        try:
            os.execvpe(argv[0], argv, env)
        except OSError as error:
            raise _why_not(argv[0], error) from None
        except ValueError as error:
            raise SpawnError("system", why=str(error)) from None
    except BaseException as error:  # noqa: BLE001  this process must not return into the supervisor's code
        known = error if isinstance(error, SpawnError) else SpawnError("other", why=str(error) or type(error).__name__)
        os.write(tell, known.to_bytes())
    os._exit(127)


def _limit(of: int, soft: int) -> None:
    hard = resource.getrlimit(of)[1]
    if hard != resource.RLIM_INFINITY and not 0 <= soft <= hard:
        soft = hard  # another program lowered it on the way
    resource.setrlimit(of, (soft, hard))


def _why_not(program: str, error: OSError) -> SpawnError:
    if error.errno == errno.ENOENT:
        return SpawnError("interpreter" if os.path.exists(program) else "missing", program=program)
    if error.errno == errno.EACCES:
        return SpawnError("access", program=program)
    if error.errno == errno.ENOEXEC:
        return SpawnError("format", program=program)
    return SpawnError("program", program=program, why=error.strerror)


def set_size(fd: int, rows: int, columns: int) -> None:
    """Tell the terminal `fd` how large it is."""
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def read(pid: int) -> Process | None:
    """The process `pid` as it is now; None if there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            line = file.read()
    except OSError:
        return None
    head, _, tail = line.rpartition(b")")  # a name may hold spaces and brackets
    fields = tail.split()
    return Process(
        pid=pid,
        start=int(fields[19]),
        parent=int(fields[1]),
        group=int(fields[2]),
        session=int(fields[3]),
        state=fields[0].decode(),
        name=head.partition(b"(")[2].decode(errors="replace"),
    )


def living(pid: int, start: object) -> Process | None:
    """Exactly this process, unless it has ended."""
    now = read(pid)
    return now if now is not None and now.start == start and now.state != "Z" else None


def everybody() -> dict[int, Process]:
    """Every process of the machine that we may see, by pid."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (process := read(int(entry))):
            found[process.pid] = process
    return found


def descendants(of: int, among: dict[int, Process]) -> list[Process]:
    """The living processes below `of`, parents before children. Zombies are left out: they are dead already."""
    children: dict[int, list[Process]] = {}
    for process in among.values():
        children.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    todo = [of]
    while todo:
        for child in children.get(todo.pop(), ()):
            todo.append(child.pid)
            if child.state != "Z":
                found.append(child)
    return found


def zombies(of: int) -> set[tuple[int, int]]:
    """(pid, start) of its children that have ended and were not waited for."""
    found = (read(pid) for pid in _children(of))
    return {(one.pid, one.start) for one in found if one and one.state == "Z"}


def below(of: int) -> list[Process]:
    """The same as the kernel's own lists tell it, without a look at anybody else's: what it takes does not grow with
    the machine. Processes that come or go meanwhile may be missed, so nothing is proved by it.
    """
    if not os.path.exists(f"/proc/self/task/{os.getpid()}/children"):
        return descendants(of, everybody())  # a kernel without these lists
    found: list[Process] = []
    todo = [of]
    while todo:
        for pid in _children(todo.pop(0)):
            todo.append(pid)
            child = read(pid)
            if child and child.state != "Z":
                found.append(child)
    return found


def _children(pid: int) -> list[int]:
    """Of all of its threads."""
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found += map(int, file.read().split())
    except OSError:
        pass  # it has gone
    return found


def send(process: Process, number: int) -> bool:
    """Signal exactly this process, never another that got its pid meanwhile. False: it is gone, or not ours."""
    try:
        fd = os.pidfd_open(process.pid)
    except OSError:
        return False
    try:
        now = read(process.pid)  # read after the pidfd was opened: if this is it, the pidfd is it
        if now is None or now.start != process.start:
            return False
        signal.pidfd_send_signal(fd, number)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(fd)


def send_all(members: list[Process], number: int) -> None:
    """Signal all of them, whole process groups in one step: no process can fork between the signals of a group.

    The groups are the job's own: it was started in a session of its own, and no group spans two sessions.
    """
    for group in {member.group for member in members} - {0, 1, os.getpgrp()}:
        try:
            os.killpg(group, number)
        except OSError:
            pass
    for member in members:
        send(member, number)


def stop_all(of: int, rounds: int = 100) -> list[Process]:
    """Stop every process below `of`, looking again until no new one appears: a stopped process cannot fork.

    Killing from one snapshot misses what is forked meanwhile; after this, nothing is.
    """
    stopped: dict[tuple[int, int], Process] = {}
    for _ in range(rounds):
        new = [p for p in descendants(of, everybody()) if (p.pid, p.start) not in stopped]
        if not new:
            break
        send_all(new, signal.SIGSTOP)
        stopped |= {(p.pid, p.start): p for p in new}
    return list(stopped.values())


def boot_id() -> str:
    """Changes with every start of the machine; empty where the system has none."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return ""
