"""A node: one process of ours, among those that share a database. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pushbutton.job.kinds import is_tag

__all__ = [
    "BEAT",
    "KEPT",
    "SILENCE",
    "SKEW",
    "Lacking",
    "Node",
    "NodeKind",
    "NodeState",
    "lacking",
    "tags_of",
    "wrong_name",
    "wrong_tag",
]

BEAT: Final = 2.0
"""Seconds between two signs of life of a node."""
SILENCE: Final = 12.0
"""Seconds without one after which there is said to be no contact with it. Its runs stay its own all the same."""
SKEW: Final = 2.0
"""Seconds by which a clock may differ from the database's before that is said."""
KEPT: Final = 30 * 86_400.0
"""Seconds for which one that is gone stands in the list."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class NodeKind(StrEnum):
    SERVER = "server"  # pages and the API; runs, too, unless it has no room for any
    WORKER = "worker"  # runs alone


class NodeState(StrEnum):
    READY = "ready"
    DRAINING = "draining"  # it takes nothing new
    AWAY = "away"  # there is no contact with it though it never said that it ends
    STOPPED = "stopped"  # it said so


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    kind: NodeKind
    folder: str = ""  # what its data folder is known by: a name belongs to one folder
    tags: frozenset[str] = frozenset()
    room: int = 0  # runs that it may have at the same time
    version: str = ""
    host: str = ""  # what its machine is called
    started: int = 0  # microseconds, as all moments here, by the database's clock
    seen: int = 0  # its last sign of life
    silent: float = 0.0  # seconds since then
    ahead: float = 0.0  # seconds that its clock was ahead of the database's
    draining: bool = False  # it takes nothing new
    left: bool = False  # it said that it ends

    @property
    def here(self) -> bool:
        """Whether it is there, as far as is known."""
        return not self.left and self.silent <= SILENCE

    @property
    def state(self) -> NodeState:
        if self.left:
            return NodeState.STOPPED
        if not self.here:
            return NodeState.AWAY
        return NodeState.DRAINING if self.draining else NodeState.READY

    @property
    def skewed(self) -> bool:
        return abs(self.ahead) > SKEW

    def takes(self, needed: Collection[str]) -> bool:
        """Whether a run that needs these tags may become its own, sooner or later."""
        return self.here and not self.draining and self.room > 0 and self.tags.issuperset(needed)


def tags_of(text: str) -> frozenset[str]:
    """Of a text in which commas stand between them."""
    return frozenset(filter(None, (tag.strip() for tag in text.split(","))))


def wrong_tag(tag: str) -> bool:
    return not is_tag(tag)


def wrong_name(name: str) -> bool:
    return not _NAME.fullmatch(name)


@dataclass(frozen=True, slots=True)
class Lacking:
    """No worker takes what needs these tags."""

    tags: tuple[str, ...]
    since: int  # microseconds
    gone: tuple[str, ...] = ()  # those that have them, and take nothing now


def lacking(nodes: Iterable[Node], needed: Collection[str], since: int) -> Lacking | None:
    """Why a run that needs these tags, and waits since then, finds no worker; None: there is one."""
    able = [node for node in nodes if node.room > 0 and node.tags.issuperset(needed)]
    if any(node.takes(needed) for node in able):
        return None
    gone = tuple(node.name for node in able)
    return Lacking(tuple(sorted(needed)), max([since, *(node.seen for node in able if not node.here)]), gone)
