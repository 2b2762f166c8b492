"""What a job, and the reading of an author's file, inherit of the server's environment."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["KEPT", "inherited", "kept"]

KEPT = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "SSH_AUTH_SOCK", "VIRTUAL_ENV")
"""These, and LC_*. The rest may hold secrets and stays with the server."""


def inherited(name: str) -> bool:
    return name in KEPT or name.startswith("LC_")


def kept(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if inherited(name)}
