"""The base of every library of arguments."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from typing import Any

from .found import Gap, Script
from .machine import Machine
from .values import Ways

__all__ = ["Library"]


class Library(ABC):
    """The findings of a walk through a source for one library. `machine` is set before the walk."""

    def __init__(self) -> None:
        self.machine: Machine | None = None
        self.gaps: list[Gap] = []
        self.left_out = 0

    @abstractmethod
    def outside(self, name: str, node: ast.AST, args: list[Any], kwargs: dict[Any, Any]) -> Any:
        """The result of a call of something imported, as `Calls.outside` says."""

    @abstractmethod
    def script(self) -> Script | None:
        """None: nothing of it is used."""

    def gap(self, node: ast.AST, text: str, name: str = "", about: str = "", *, left_out: bool = False) -> None:
        """Something that the source does not tell, once for each place; the rest as `Gap` has it."""
        found = Gap(getattr(node, "lineno", 1), text, name, about, left_out)
        if found not in self.gaps:
            self.gaps.append(found)

    def lost(self, node: ast.AST, text: str, name: str = "") -> None:
        """The same, and what stands there is left out."""
        self.left_out += 1
        self.gap(node, text, name, left_out=True)

    def perhaps(self, node: ast.AST, own: Ways, called: str, name: str = "") -> bool:
        """Whether the walk is under a condition that cannot be known, beyond those at `own`; that is said then."""
        if self.ways()[: len(own)] == own and len(self.ways()) > len(own):
            self.gap(node, f"whether there is {called} is only known when it runs", name)
            return True
        return False

    def lines(self, begin: int) -> list[int]:
        """Of the gaps since there were `begin` of them."""
        return [gap.line for gap in self.gaps[begin:]]

    def sides(self) -> dict[int, int]:
        """Of each condition that cannot be known, how many sides it has."""
        return self.machine.sides if self.machine is not None else {}

    def ways(self) -> Ways:
        """The sides of conditions that cannot be known on which the walk is now."""
        return self.machine.ways if self.machine is not None else ()
