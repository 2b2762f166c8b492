"""The time zone of this machine, by its name."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

__all__ = ["here", "known"]

_LOCAL = Path("/etc/localtime")


@cache
def here() -> str:
    """As the variable TZ or the machine's settings name it; UTC where they name none that is known."""
    said = os.environ.get("TZ", "").removeprefix(":")
    if said and known(said):
        return said
    _, _, name = os.path.realpath(_LOCAL).partition("/zoneinfo/")
    return name if name and known(name) else "UTC"


def known(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError
        return False
    except KeyError:
        return False
    return True
