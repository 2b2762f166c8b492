"""When a supervisor was killed: find what is left of its run, end it, and name what stays.

Nothing proves the tree any more, so everything that points to it is put together: the supervisor's last list, the
run's mark in the environment, the sessions of those, and the descendants of any of them.
"""

from __future__ import annotations

import os
import signal
import sys
import time

from . import process, slim_json
from .process import Process
from .spool import EVENTS, ROOM, TREE, read_records

PATIENCE = 5.0
HEAD = 4096  # bytes of the events in which the first record, `born`, ends


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
        if _is_number(pid) and _is_number(start):
            found.add((int(pid), int(start)))
    return found


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20  # "²" is a digit as well, and no number


def writer(folder: str) -> Process | None:
    """The supervisor that wrote this spool, if it lives. Whether its lock lies here too is another question."""
    try:
        fd = os.open(os.path.join(folder, EVENTS), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        records, _ = read_records(fd, 0, HEAD)
    finally:
        os.close(fd)
    born = next((record for record in records if record["k"] == "born"), None)
    if born is None or born.get("boot") != process.boot_id() or not isinstance(pid := born.get("pid"), int):
        return None
    return process.living(pid, born.get("start"))


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
    """End all that is left of the run; "pid name" of each that stays.

    No process is touched on account of a copied spool (a restored backup, while the original's job goes on): its writer
    lives, and has its lock elsewhere.
    """
    patience = time.monotonic() + PATIENCE
    while writer(folder):
        if time.monotonic() > patience:  # one that is dying has let go of its lock a moment before it is gone
            return []
        time.sleep(0.02)
    return end_all(listed(folder), mark, through(folder))


def through(folder: str) -> list[str]:
    """The words in front of a program that make it the run's user's; none where its user is the server's."""
    try:
        with open(os.path.join(folder, ROOM), encoding="utf-8") as file:
            found = slim_json.loads(file.read())["through"]
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return []
    return [str(word) for word in found] if isinstance(found, list) else []


def _end_as(by: list[str], known: set[tuple[int, int]], mark: bytes) -> None:
    from . import deputy  # noqa: PLC0415  few jobs are another user's

    try:
        os.waitpid(process.aside(deputy.ending(by, known, os.fsdecode(mark))), 0)
    except OSError:
        pass  # then they survive, and are named


def end_all(known: set[tuple[int, int]], mark: bytes, by: list[str] | None = None, *, hold: bool = True) -> list[str]:
    """STOP until no new one appears, KILL, look until they are gone or time is up; "pid name" of those left. `by`:
    words that make a program another user's, which may end what we may not. Without `hold` nothing is stopped before:
    `sudo` stops itself when its child is stopped, and only root could let it go on.
    """
    known = set(known)
    if by:
        _end_as(by, known, mark)  # the mark of another user's processes is theirs to read
    patience = time.monotonic() + PATIENCE
    while True:
        seen: set[tuple[int, int]] = set()
        while new := [p for p in find(known, mark) if (p.pid, p.start) not in seen]:
            if hold:
                process.send_all(new, signal.SIGSTOP)
            seen |= {(p.pid, p.start) for p in new}
        if not seen:
            return []
        known |= seen
        process.send_all(find(known, mark), signal.SIGKILL)
        if by:
            _end_as(by, known, mark)
        if time.monotonic() > patience:
            return [f"{p.pid} {p.name}" for p in find(known, mark)]
        time.sleep(0.02)


def main() -> None:
    """As the other user: see `deputy.ending`."""
    from .deputy import known  # noqa: PLC0415  few jobs are another user's

    end_all(set(known(sys.argv[4:])), os.fsencode(sys.argv[3]), hold=False)
