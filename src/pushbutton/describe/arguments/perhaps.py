"""Arguments that are declared under conditions which only running tells."""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import replace

from .found import Argument
from .library import Library
from .values import Ways

__all__ = ["Perhaps"]


class Perhaps:
    """Of one parser: on which sides of such conditions its arguments are. What it is under itself does not count."""

    def __init__(self, library: Library) -> None:
        self._library, self._own = library, library.ways()
        self._places: dict[int, list[Ways]] = {}
        self._nodes: dict[int, ast.AST] = {}

    def here(self) -> Ways:
        """Where the walk is now."""
        ways, same = self._library.ways(), 0
        while same < min(len(ways), len(self._own)) and ways[same] == self._own[same]:
            same += 1
        return ways[same:]

    def declared(self, made: Argument, others: list[Argument], node: ast.AST) -> bool:
        """Remember where it is declared. Whether one of `others` is the same on another side of a condition: that one
        stands for both then, as far as they are alike.
        """
        here = self.here()
        for one in others:
            if _alike(one, made) and any(_apart(here, place) for place in self._places.get(id(one), ())):
                self._places[id(one)].append(here)
                self._in_common(one, made, others, node)
                return True
        self._places[id(made)], self._nodes[id(made)] = [here], node
        return False

    def tell(self, arguments: Collection[Argument]) -> None:
        """Name those that are only there on some sides."""
        for one in arguments:
            if not _cover(self._places.get(id(one), [()]), self._library.sides()):
                one.required = False
                text = f"whether there is {one.flag or one.name} is only known when it runs"
                self._library.gap(self._nodes[id(one)], text, one.name)

    def _in_common(self, one: Argument, other: Argument, others: list[Argument], node: ast.AST) -> None:
        called = one.flag or one.name
        first, second = replace(one, line=0, help=""), replace(other, line=0, help="")
        if first == second:
            return
        if _shape(first) != _shape(second):
            others.remove(one)
            self._library.lost(node, f"what {called} takes is only known when it runs; it is left out", one.name)
            return
        if one.choices != other.choices:
            one.choices = ()
            self._library.gap(node, f"the choices of {called} are only known when it runs", one.name, "choices")
        if (one.default, one.unknown, one.required) != (other.default, other.unknown, other.required):
            one.default, one.unknown, one.required = None, True, False
            self._library.gap(node, f"the default of {called} is only known when it runs", one.name, "default")


def _shape(one: Argument) -> Argument:
    """Without what a form can leave open."""
    return replace(one, choices=(), default=None, unknown=False, required=False)


def _alike(one: Argument, other: Argument) -> bool:
    return bool(set(one.flags) & set(other.flags)) or (not one.flags and not other.flags and one.name == other.name)


def _apart(one: Ways, other: Ways) -> bool:
    """Whether no run goes by both."""
    sides = dict(other)
    return any(sides.get(number, side) != side for number, side in one)


def _cover(places: Collection[Ways], sides: dict[int, int]) -> bool:
    """Whether every run goes by one of them."""
    if () in places:
        return True
    for number in {place[0][0] for place in places}:
        inner = [[place[1:] for place in places if place[0] == (number, side)] for side in range(sides[number])]
        if all(one and _cover(one, sides) for one in inner):
            return True
    return False
