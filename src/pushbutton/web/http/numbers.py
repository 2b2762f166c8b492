"""Whole numbers that come from outside: a path, a query, a topic, a form. No longer than any of ours can be."""

from __future__ import annotations

import re

from starlette.requests import Request

from pushbutton.errors import NoSuchRun

_WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)


def whole(text: str) -> int | None:
    """None for anything else."""
    return int(text) if _WHOLE.fullmatch(text) else None


def number_of(text: str) -> int:
    """A run's number. Raises `NoSuchRun` for anything else, also where a zero stands before it."""
    found = whole(text)
    if not found or text.startswith("0"):
        raise NoSuchRun(text[:40])
    return found


def run_of(request: Request) -> int:
    """The number of the run in the path. Raises `NoSuchRun`."""
    return number_of(request.path_params["number"])
