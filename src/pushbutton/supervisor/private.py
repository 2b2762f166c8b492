"""A process that holds secrets is closed to others: not its memory, environment or descriptors can be read, and no core
dump of it is written. Otherwise other programs of the same user could look into it, and jobs are such programs.

A program that it starts is as open as any other: the kernel opens it again when it begins.
"""

from __future__ import annotations

import resource
import sys

from .native import prctl

__all__ = ["become", "possible", "seen"]

PR_SET_DUMPABLE = 4
_MOUNTS = "/proc/self/mounts"


def become() -> int:
    """From now on. The soft limit of core dumps that it had until now, which is its children's to have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    if sys.platform == "linux":
        prctl(PR_SET_DUMPABLE, 0)
    return soft


def seen() -> None:
    """By its own user again; core dumps are not written all the same."""
    if sys.platform == "linux":
        prctl(PR_SET_DUMPABLE, 1)


def possible(mounts: str = _MOUNTS) -> bool:
    """Whether its own user can still see that such a process is there, and whether it works: not where `/proc` is
    mounted with `hidepid`, which takes a process that may not be looked into for another user's.
    """
    try:
        with open(mounts, encoding="utf-8", errors="replace") as file:
            lines = [line.split(" ") for line in file]
    except OSError:
        return True
    own = [fields[3].split(",") for fields in lines if len(fields) > 3 and fields[1:3] == ["/proc", "proc"]]
    shown = ("hidepid=0", "hidepid=off")
    return not own or not any(option.startswith("hidepid=") and option not in shown for option in own[-1])
