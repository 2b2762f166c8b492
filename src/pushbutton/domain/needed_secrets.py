"""The named secrets that there are or should be, and which tasks need them. No value is looked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from .secret import FromEnvironment, Secret, Stored
from .task import Task


@dataclass(frozen=True, slots=True)
class Needed:
    name: str
    origin: str  # where it comes from, in words
    tasks: tuple[str, ...]  # that need it
    missing: bool = False  # it is not where it should come from, as far as that is known without asking for it
    broken: str = ""  # why its declaration cannot be used; "": it can


def needed(
    tasks: Mapping[str, Task], declared: Mapping[str, Secret], kept: Collection[str], environment: Collection[str]
) -> Sequence[Needed]:
    """By name. `kept`: the stored ones; `environment`: the variables of the server."""
    users: dict[str, list[str]] = {name: [] for name in (*declared, *kept)}
    for slug, task in tasks.items():
        for name in task.secret_names:
            users.setdefault(name, []).append(slug)
    return [_needed(name, tuple(users[name]), declared.get(name), kept, environment) for name in sorted(users)]


def _needed(
    name: str, users: tuple[str, ...], secret: Secret | None, kept: Collection[str], environment: Collection[str]
) -> Needed:
    origin = secret.origin if secret else Stored()
    missing = (isinstance(origin, Stored) and name not in kept) or (
        isinstance(origin, FromEnvironment) and origin.variable not in environment
    )
    return Needed(name, str(origin), users, missing, secret.broken if secret else "")
