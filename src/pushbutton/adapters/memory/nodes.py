"""`runtime.ports.nodes.Nodes` in a plain dictionary."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from pushbutton.domain.audit import Act
from pushbutton.domain.node import KEPT, Node
from pushbutton.errors import NameTaken, NoSuchNode
from pushbutton.runtime.ports.nodes import BeatAnswer

from .people import MemoryAudit

__all__ = ["MemoryNodes"]


class MemoryNodes:
    def __init__(self, audit: MemoryAudit, active: Callable[[str], bool]) -> None:
        """`active`: whether a worker has runs that are not over."""
        self._nodes: dict[str, Node] = {}
        self._audit, self._active = audit, active

    async def join(self, node: Node, *, clock: int) -> None:
        known = self._nodes.get(node.name)
        if known and known.folder != node.folder and self._active(node.name):
            raise NameTaken(node.name)
        now = _now()
        self._nodes = {
            name: kept for name, kept in self._nodes.items() if self._silent(kept).silent <= KEPT or self._active(name)
        }
        fresh = replace(node, started=now, seen=now, draining=False, left=False)
        self._nodes[node.name] = replace(fresh, ahead=(clock - now) / 1_000_000)

    async def beat(self, name: str, *, clock: int) -> BeatAnswer | None:
        if name not in self._nodes:
            return None
        now = _now()
        self._nodes[name] = replace(self._nodes[name], seen=now, ahead=(clock - now) / 1_000_000)
        return BeatAnswer(self._nodes[name].draining, clock - now)

    async def leave(self, name: str) -> None:
        if known := self._nodes.get(name):
            self._nodes[name] = replace(known, seen=_now(), left=True)

    async def drain(self, name: str, act: Act, *, on: bool = True) -> None:
        self._nodes[name] = replace(self._known(name), draining=on)
        self._audit.add(act)

    async def all(self) -> Sequence[Node]:
        return [self._silent(self._nodes[name]) for name in sorted(self._nodes)]

    def _known(self, name: str) -> Node:
        if name not in self._nodes:
            raise NoSuchNode(name)
        return self._nodes[name]

    @staticmethod
    def _silent(node: Node) -> Node:
        return replace(node, silent=max(0, _now() - node.seen) / 1_000_000)


def _now() -> int:
    return time.time_ns() // 1000
