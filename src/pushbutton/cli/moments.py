"""Moments on the command line: as people write them, in this machine's zone."""

from __future__ import annotations

import time
from datetime import datetime

from pushbutton.domain import moment
from pushbutton.domain.event import iso

__all__ = ["shown", "written"]


def written(text: str) -> str:
    """A written moment, as the API takes it. Raises `BadInput`."""
    return iso(moment.read(text, time.time_ns() // 1000))


def shown(iso: str) -> str:
    """A moment of the API: "2026-12-24 06:00", with seconds where there are some."""
    local = datetime.fromisoformat(iso).astimezone()
    return local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")
