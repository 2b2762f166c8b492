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
import signal
import struct
import sys
import termios
from collections import namedtuple

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    from typing import NoReturn

PR_SET_CHILD_SUBREAPER = 36
EVENTS_FD = 3  # dash can only redirect to descriptors of one digit
INPUTS_FD = 4


class Process(namedtuple("Process", "pid start parent group session state name")):  # noqa: PYI024  see above
    """`start` is the kernel's start time in ticks since boot: with the pid it names one process for good."""

    __slots__ = ()
    pid: int
    start: int
    parent: int
    group: int
    session: int
    state: str
    name: str


class SpawnError(Exception):
    """The job could not be started; the message is a sentence for the page."""


def become_subreaper() -> bool:
    """True where every orphan of the job becomes our child."""
    if sys.platform != "linux":
        return False
    import ctypes  # noqa: PLC0415  only Linux pays for it

    return bool(ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def spawn(
    argv: list[str],
    *,
    cwd: str,
    env: dict[str, str],
    output: int,
    events: int,
    inputs: int | None,
    tty: bool,
    files: int,
) -> int:
    """Start the job in its own session; its pid. Raises `SpawnError` when the kernel refuses.

    The child has /dev/null as input, `output` as 1 and 2, `events` as 3, `inputs` as 4 if given, and nothing
    else of ours; default signals, none blocked; `files` open at once unless that is 0.
    """
    told, tell = os.pipe()  # closes itself when the exec succeeds
    pid = os.fork()
    if pid == 0:
        _become(argv, cwd, env, output, events, inputs, tty, files, tell)
    os.close(tell)
    try:
        failure = os.read(told, 4096)
    finally:
        os.close(told)
    if failure:
        os.waitpid(pid, 0)
        raise SpawnError(failure.decode(errors="replace"))
    return pid


def _become(
    argv: list[str],
    cwd: str,
    env: dict[str, str],
    output: int,
    events: int,
    inputs: int | None,
    tty: bool,
    files: int,
    tell: int,
) -> NoReturn:
    try:
        os.setsid()
        if tty:
            fcntl.ioctl(output, termios.TIOCSCTTY, 0)
        # Move what we need out of the way of 0 to 4 first, so that no dup2 overwrites another's source.
        output, events, tell = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (output, events, tell))
        if inputs is not None:
            inputs = fcntl.fcntl(inputs, fcntl.F_DUPFD_CLOEXEC, 10)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
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
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
        try:
            os.chdir(cwd)
        except OSError as error:
            raise SpawnError(
                f"The folder {cwd} in which it should start cannot be entered: {error.strerror}."
            ) from None
        try:
            os.execvpe(argv[0], argv, env)
        except OSError as error:
            raise SpawnError(_why_not(argv[0], error)) from None
        except ValueError as error:
            raise SpawnError(f"It could not be started: {error}.") from None
    except BaseException as error:  # noqa: BLE001  this process must not return into the supervisor's code
        os.write(tell, (str(error) or type(error).__name__).encode(errors="replace")[:4000])
    os._exit(127)


def _why_not(program: str, error: OSError) -> str:
    if error.errno == errno.ENOENT and os.path.exists(program):
        return f"{program} could not be started: the program that its first line (#!) names does not exist."
    if error.errno == errno.ENOENT:
        return f"{program} could not be started: there is no such program."
    if error.errno == errno.EACCES:
        return f"{program} could not be started: it is not executable, or its folder is closed to us."
    if error.errno == errno.ENOEXEC:
        return f"{program} could not be started: it has no first line (#!) that says which program runs it."
    return f"{program} could not be started: {error.strerror}."


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
    """Signal all of them, whole process groups in one step: nobody can fork between the signals of a group.

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
    """Stop every process below `of`, looking again until nobody new appears: who is stopped cannot fork.

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
