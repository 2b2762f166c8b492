"""The port of nodes: who shares this store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from pushbutton.domain.audit import Act
from pushbutton.domain.node import Node


class BeatAnswer(NamedTuple):
    draining: bool  # it is to take nothing new
    ahead: int  # microseconds that its clock was ahead of the store's


class Nodes(Protocol):
    """Implementers guarantee: every moment is told by one clock, the store's. Errors: `StorageFull`, `StoreBusy`."""

    async def join(self, node: Node, *, clock: int) -> None:
        """From now on the node is there, as it says; that one of its name was drained before is forgotten, and so is
        every node that ended or was not heard of for `domain.node.KEPT`. `clock`: its own, in microseconds.

        Raises `NameTaken`, and nothing is changed, where the name is another data folder's that has runs which are not
        over: only that one can say what became of them.
        """
        ...

    async def beat(self, name: str, *, clock: int) -> BeatAnswer | None:
        """A sign of life. None: the node is not known, and has to join again."""
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
