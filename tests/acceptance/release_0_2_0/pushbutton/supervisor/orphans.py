"""When a supervisor was killed: find what is left of its run, end it, and name what stays.

Nothing proves the tree any more, so everything that points to it is put together: the supervisor's last list, the
run's mark in the environment, the sessions of those, and whoever descends from any of them.
"""

from __future__ import annotations

import os
import signal
import time

from . import process
from .process import Process
from .spool import EVENTS, TREE, read_records

PATIENCE = 5.0


def listed(folder: str) -> set[tuple[int, int]]:
    """(pid, start) of the last list that was written; none of another boot, whose numbers mean others now."""
    try:
        with open(os.path.join(folder, TREE), encoding="utf-8", errors="replace") as file:
            boot, *lines = file.read().split("\nend\n")[0].splitlines() or [""]
    except OSError:
        return set()
    if boot != process.boot_id():
        return set()
    found = set()
    for line in lines:
        pid, _, rest = line.partition(" ")
        start = rest.partition(" ")[0]
        if pid.isdigit() and start.isdigit():
            found.add((int(pid), int(start)))
    return found


def copied(folder: str) -> bool:
    """Whether the supervisor that wrote this lives: its lock lies elsewhere then, and this is a copy of its spool."""
    try:
        fd = os.open(os.path.join(folder, EVENTS), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        records, _ = read_records(fd, 0)
    finally:
        os.close(fd)
    born = next((record for record in records if record["k"] == "born"), None)
    if born is None or born.get("boot") != process.boot_id():
        return False
    writer = process.read(int(str(born["pid"])))
    return writer is not None and writer.start == born["start"] and writer.state != "Z"


def marked(pid: int, mark: bytes) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return mark in file.read().split(b"\0")
    except OSError:
        return False


def find(known: set[tuple[int, int]], mark: bytes) -> list[Process]:
    """The living processes of the run, ourselves never among them."""
    among = process.everybody()
    members = {p.pid: p for p in among.values() if (p.pid, p.start) in known or marked(p.pid, mark)}
    # A session whose leader is ours is ours; the leader's pid is the session's number.
    sessions = {p.pid for p in members.values()}
    members |= {p.pid: p for p in among.values() if p.session in sessions}
    for member in list(members.values()):
        members |= {p.pid: p for p in process.descendants(member.pid, among)}
    members.pop(os.getpid(), None)
    return [p for p in members.values() if p.state != "Z"]


def end(folder: str, mark: bytes) -> list[str]:
    """STOP until nobody new appears, KILL, look until they are gone or patience is; "pid name" of who stays.

    Nobody is touched on account of a copied spool (a restored backup, while the original's job goes on).
    """
    patience = time.monotonic() + PATIENCE
    while copied(folder):
        if time.monotonic() > patience:  # one that is dying has let go of its lock a moment before it is gone
            return []
        time.sleep(0.02)
    known = listed(folder)
    patience = time.monotonic() + PATIENCE
    while True:
        seen: set[tuple[int, int]] = set()
        while new := [p for p in find(known, mark) if (p.pid, p.start) not in seen]:
            process.send_all(new, signal.SIGSTOP)
            seen |= {(p.pid, p.start) for p in new}
        if not seen:
            return []
        known |= seen
        process.send_all(find(known, mark), signal.SIGKILL)
        if time.monotonic() > patience:
            return [f"{p.pid} {p.name}" for p in find(known, mark)]
        time.sleep(0.02)
