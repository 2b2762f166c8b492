"""Keep a job out of one folder, by Landlock: what a process may not reach, its children cannot reach either.

Landlock only allows, and what it allows counts for all below. So everything beside the way to the closed folder is
allowed: each entry of `/` but the one that leads there, each entry of that one but the next, and so on. Two things
follow. In the folders on that way no entry can be made, replaced or removed; and an entry that comes there later is out
of reach for a run that is under way. A symbolic link is not followed here, as it could lead into the folder; what
it leads to has its own place in the tree.

A process of the run cannot look into others outside of it either (memory, descriptors, folders, by /proc): the kernel
sees to that. Environments of other processes are an exception for root.
"""

from __future__ import annotations

import os
import struct
import sys

from .native import prctl, syscall

CREATE, ADD, RESTRICT = 444, 445, 446  # system calls, the same on every architecture
PR_SET_NO_NEW_PRIVS = 38
VERSION = 1  # asks `CREATE` which version the kernel has
PATH_BENEATH = 1
LEAST = 3
"""The first that lets files be moved between folders and knows about cutting them short; Linux 6.2."""
ALL = 0x7FFF
EXECUTE, WRITE, READ, LIST, MAKE_FIFO, REMOVE, CUT = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 10, 1 << 5, 1 << 14
OF_A_FILE = EXECUTE | WRITE | READ | CUT


def version() -> int:
    """Of the kernel's Landlock; 0 where there is none."""
    return max(0, syscall(CREATE, None, 0, VERSION))


def possible() -> bool:
    return version() >= LEAST


def rules(closed: str, parts: dict[str, int]) -> int:
    """A descriptor of the rules under which nothing in `closed` (absolute, without links) can be reached but `parts`:
    names of entries of the present folder, with what is allowed there. Raises `OSError`.
    """
    found = syscall(CREATE, struct.pack("=Q", ALL), 8, 0)
    if found < 0:
        raise OSError(f"this kernel has no Landlock of version {LEAST}")
    os.set_inheritable(found, False)
    way = closed.strip("/").split("/")
    folder = "/"
    for name in way:
        _allow(found, folder, LIST)  # names may be read everywhere; so may they by `stat`
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name != name and not entry.is_symlink():
                    _allow(found, entry.path, ALL if entry.is_dir(follow_symlinks=False) else OF_A_FILE)
        folder = os.path.join(folder, name)
    for part, rights in parts.items():
        _allow(found, part, rights)
    return found


def restrict(rules: int) -> None:
    """From now on, for this process and all that it starts. Raises `OSError`.

    Without the right to administer the system, a process has to promise first that it will never get more rights than
    it has: `sudo` and the like fail in it.
    """
    if syscall(RESTRICT, rules, 0) != 0 and (prctl(PR_SET_NO_NEW_PRIVS, 1) != 0 or syscall(RESTRICT, rules, 0) != 0):
        raise OSError("this system refuses Landlock")


def main() -> None:
    """Become the program that the words behind the closed folder name; nothing in that can it reach."""
    closed, *argv = sys.argv[2:]
    try:
        found = rules(closed, {})
        restrict(found)
        os.execvp(argv[0], argv)
    except OSError as error:
        sys.exit(f"{argv[0]} was not started: {error.strerror or error}")


def _allow(rules: int, path: str, rights: int) -> None:
    """A path that has gone meanwhile, or cannot be opened, stays out of reach."""
    try:
        fd = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return
    try:
        syscall(ADD, rules, PATH_BENEATH, struct.pack("=Qi", rights, fd), 0)
    finally:
        os.close(fd)
