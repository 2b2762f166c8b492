"""Who an authority outside says that somebody is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    name: str
    title: str = ""
    email: str = ""
    groups: frozenset[str] = frozenset()
    source: str = ""
