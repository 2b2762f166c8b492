"""The port of nodes: who shares this store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pushbutton.domain.audit import Act
from pushbutton.domain.node import Node


class Nodes(Protocol):
    """Implementers guarantee: every moment is told by one clock, the store's. Errors: `StorageFull`, `StoreBusy`."""

    async def join(self, node: Node, *, clock: int) -> None:
        """From now on the node is there, as it says; that one of its name was drained before is forgotten, and so is
        every node that ended or was not heard of for `domain.node.KEPT`. `clock`: its own, in microseconds.

        Raises `NameTaken`, and nothing is changed, where the name is another data folder's that has runs which are not
        over: only that one can say what became of them.
        """
        ...

    async def beat(self, name: str, *, clock: int) -> bool | None:
        """A sign of life. Whether the node is to take nothing new; None: it is not known, and has to join again."""
        ...

    async def leave(self, name: str) -> None:
        """It ends, and says so."""
        ...

    async def drain(self, name: str, act: Act, *, on: bool = True) -> None:
        """Have it take nothing new, or again what comes; with its record. Raises `NoSuchNode`."""
        ...

    async def all(self) -> Sequence[Node]:
        """By name."""
        ...
