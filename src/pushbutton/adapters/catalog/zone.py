"""The time zone of this machine, by its name."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from pushbutton.domain.schedule import is_zone

__all__ = ["here"]

_LOCAL = Path("/etc/localtime")


@cache
def here() -> str:
    """As the variable TZ or the machine's settings name it; UTC where they name none that is known."""
    said = os.environ.get("TZ", "").removeprefix(":")
    if said and is_zone(said):
        return said
    _, _, name = os.path.realpath(_LOCAL).partition("/zoneinfo/")
    return name if name and is_zone(name) else "UTC"
