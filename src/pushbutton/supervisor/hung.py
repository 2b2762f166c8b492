"""A supervisor that hangs (its disk does not answer, its group of processes is frozen): how to see that from outside,
and how to end its run without it. For the server; it works with supervisors that know nothing of it.
"""

from __future__ import annotations

import os
import signal
import time

from . import orphans, process, slim_json
from .process import Process
from .spool import LOCK

PATIENCE = 5.0
LONGEST = 1000  # bytes of what a lock says
_BOOT = process.boot_id()


def entry(pid: int, timeout: float | None) -> bytes:
    """The content of the lock: the supervisor that has it."""
    now = process.read(pid)
    facts = {"pid": pid, "start": now.start if now else 0, "boot": _BOOT, "timeout": timeout or 0}
    return slim_json.dumps(facts).encode() + b"\n"


def worked(folder: str) -> int | None:
    """How long the supervisor was on a processor, in nanoseconds, as the kernel counts it: more each second while it
    works, whatever it does; None where there is no such count.
    """
    pid = _entry(folder).get("pid")
    if not isinstance(pid, int):
        supervisor = orphans.writer(folder)
        pid = supervisor.pid if supervisor else 0
    try:
        with open(f"/proc/{pid}/schedstat", "rb") as file:
            return int(file.read().split()[0])
    except (OSError, ValueError, IndexError):
        return None


def overtime(folder: str, declared: float | None = None) -> float | None:
    """Seconds since the run's time limit; None where it has none or it is not written down. `declared`: the limit where
    the lock says nothing (of 0.2.0).
    """
    entry = _entry(folder)
    supervisor, timeout = _supervisor(folder), entry.get("timeout") if entry else declared
    if supervisor is None or not isinstance(timeout, int | float) or not timeout:
        return None
    began = supervisor.start / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - began - timeout


def goes_down(folder: str) -> None:
    """TERM for the supervisor itself, which is what it gets when the machine is shut down."""
    if supervisor := _supervisor(folder):
        process.send(supervisor, signal.SIGTERM)


def ask(folder: str) -> None:
    """TERM for every process below the supervisor, once."""
    if supervisor := _supervisor(folder):
        members = process.descendants(supervisor.pid, process.everybody())
        for member in members:
            process.send(member, signal.SIGTERM)
            process.send(member, signal.SIGCONT)
        if by := orphans.through(folder):
            from . import deputy  # noqa: PLC0415  few jobs are another user's

            try:
                os.waitpid(process.aside(deputy.asking(by, members)), 0)
            except OSError:
                pass  # they are made to end later


def end(folder: str, mark: bytes) -> list[str]:
    """End the supervisor and every process below it; "pid name" of each that stays.

    It is stopped first, so that it starts nothing while we look: whatever the job did to hide, its processes are below
    the supervisor as long as that lives. One that cannot even be killed now (it waits for a disk) does nothing any
    more: it dies before its next instruction.
    """
    known = orphans.listed(folder)
    supervisor = _supervisor(folder)
    if supervisor is None:
        return orphans.end_all(known, mark, orphans.through(folder))
    process.send(supervisor, signal.SIGSTOP)
    known |= {(member.pid, member.start) for member in process.stop_all(supervisor.pid)}
    process.send(supervisor, signal.SIGKILL)
    survivors = orphans.end_all(known, mark, orphans.through(folder))
    patience = time.monotonic() + PATIENCE
    while process.living(supervisor.pid, supervisor.start):
        if time.monotonic() > patience:
            return [*survivors, f"{supervisor.pid} {supervisor.name}"]
        time.sleep(0.02)
    return survivors


def _entry(folder: str) -> dict[str, object]:
    try:
        with open(os.path.join(folder, LOCK), encoding="utf-8", errors="replace") as file:
            found = slim_json.loads(file.readline(LONGEST))
    except (OSError, ValueError, RecursionError):
        return {}  # of a server that wrote nothing into it
    return found if isinstance(found, dict) and found.get("boot") == _BOOT else {}


def _supervisor(folder: str) -> Process | None:
    facts = _entry(folder)
    if isinstance(pid := facts.get("pid"), int):
        return process.living(pid, facts.get("start"))
    return orphans.writer(folder)
