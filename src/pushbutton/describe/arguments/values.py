"""Values while a source is walked through: a plain value as it is, any other as one of these."""

from __future__ import annotations

import ast
from typing import Any

__all__ = [
    "UNKNOWN",
    "Broken",
    "Class",
    "Function",
    "Generic",
    "Instance",
    "Left",
    "Model",
    "Names",
    "Outside",
    "Returned",
    "TooLong",
    "Unknown",
    "Ways",
    "known",
    "merged",
    "same",
    "size",
]

Names = list[dict[str, Any]]
"""The names known at a place: those of the module first, those of the innermost function last."""


Ways = tuple[tuple[int, int], ...]
"""Of each condition that cannot be known and that a place is under: its number, and which of its sides."""


class TooLong(Exception):
    """The walk was given up: the source is too much for it."""


class Left(Exception):
    """The way that is gone ends here: a `raise`, the end of the process."""


class Returned(Left):
    """A `return`."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Broken(Left):
    """`break` or `continue`."""


class Unknown:
    """Only running tells."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


class Outside:
    """Something that an import brings, by its dotted name: "argparse.ArgumentParser"."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Outside) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)


class Function:
    """A function of the file, with the names around it; `of` is what it is a method of."""

    def __init__(self, node: Any, names: list[dict[str, Any]], of: Any = None) -> None:
        self.node, self.names, self.of = node, names, of

    @property
    def name(self) -> str:
        return str(getattr(self.node, "name", ""))


class Class:
    def __init__(self, node: ast.ClassDef, space: dict[str, Any], bases: list[Any]) -> None:
        self.node, self.space, self.bases = node, space, bases

    @property
    def name(self) -> str:
        return self.node.name

    def find(self, name: str) -> Any:
        """None where neither it nor a base that the file defines has it."""
        if name in self.space:
            return self.space[name]
        for base in self.bases:
            found = base.find(name) if isinstance(base, Class) else None
            if found is not None:
                return found
        return None

    def outside(self) -> Outside | None:
        """The first base that an import brings."""
        for base in self.bases:
            found = base.outside() if isinstance(base, Class) else base
            if isinstance(found, Outside):
                return found
        return None


class Instance:
    def __init__(self, made_of: Class) -> None:
        self.made_of = made_of
        self.attributes: dict[str, Any] = {}


class Model:
    """An object of a library: a method `call_x` stands for its method `x`."""

    def attribute(self, name: str) -> Any:
        call = getattr(self, f"call_{name}", None)
        return call if call is not None else UNKNOWN

    def apply(self, made: Any, node: ast.AST) -> Any:
        """The result of a call of the object itself, with `made` (None: with nothing), as decorators are."""
        return UNKNOWN


class Generic:
    """`List[int]`, `Annotated[str, …]`, `str | None`."""

    def __init__(self, of: Outside, parts: tuple[Any, ...]) -> None:
        self.of, self.parts = of, parts


_PLAIN = (str, bytes, int, float, bool, type(None))


def known(value: Any, depth: int = 6) -> bool:
    """Whether it is plain all the way down."""
    if isinstance(value, _PLAIN):
        return True
    if depth and isinstance(value, (list, tuple, set, frozenset)):
        return all(known(item, depth - 1) for item in value)
    if depth and isinstance(value, dict):
        return all(known(key, depth - 1) and known(item, depth - 1) for key, item in value.items())
    return False


def size(value: Any) -> int:
    """How long it is; 1 for what has no length."""
    return len(value) if isinstance(value, (str, bytes, list, tuple, dict, set)) else 1


def same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    return known(one) and known(other) and type(one) is type(other) and bool(one == other)


def merged(found: list[Any]) -> Any:
    """Of several that a name may be, the one that matters here, where there is only one such."""
    models = [one for one in found if isinstance(one, (Model, Instance, Function, Class, Outside))]
    return models[0] if models and all(one is models[0] or one == models[0] for one in models) else UNKNOWN
