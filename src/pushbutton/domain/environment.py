"""The part of the server's environment that a job, and the reading of an author's file, inherit."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["KEPT", "LIVE", "inherited", "kept", "of_terminal"]

KEPT = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "SSH_AUTH_SOCK", "VIRTUAL_ENV")
"""These, and LC_*. The rest may hold secrets and stays with the server."""


def inherited(name: str) -> bool:
    return name in KEPT or name.startswith("LC_")


def kept(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if inherited(name)}


_PAGERS = ("PAGER", "GIT_PAGER", "MANPAGER", "SYSTEMD_PAGER", "BAT_PAGER", "DELTA_PAGER", "AWS_PAGER", "GH_PAGER")


LIVE = {"PYTHONUNBUFFERED": "1"}
"""Otherwise Python writes into a pipe in blocks of 8 kB, and what a script prints is not seen while it runs."""


def of_terminal(size: tuple[int, int] | None) -> dict[str, str]:
    """The variables that tell a job of its terminal, (rows, columns). A pager would wait for a key, so it gets none."""
    if size is None:
        return {"TERM": "dumb"}
    return {"TERM": "xterm-256color", **dict.fromkeys(_PAGERS, "cat")}
