"""Which runs somebody may see, in a form that a store can ask by.

A run belongs to two places: where its task stands now, and where it stood when the run was pressed. Both have to allow
it, so a task that moves to another group, or a name that is used again there, brings its past to nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from .actor import EVERYWHERE, Actor, Rights, Verb


@dataclass(frozen=True, slots=True)
class Reach:
    """Runs of the tasks in `whole`, and of the others in `tasks` those that were pressed in one of their groups."""

    whole: frozenset[str] = frozenset()
    parts: frozenset[tuple[frozenset[str], frozenset[str]]] = field(default=frozenset())
    """Each: (groups, tasks). A task is in one of them at most."""

    @classmethod
    def over(cls, actor: Actor, slugs: Iterable[str]) -> Self:
        """`slugs`: tasks that the actor may see where they stand now."""
        parts: dict[frozenset[str] | None, set[str]] = {}
        by_groups = [_groups(rights) for rights in (actor.rights, actor.within) if rights is not None]
        named = [_named(rights) for rights in (actor.rights, actor.within) if rights is not None]
        for slug in slugs:
            groups: frozenset[str] | None = None  # whichever
            for own, named_tasks in zip(by_groups, named, strict=True):
                if own is not None and slug not in named_tasks:
                    groups = own if groups is None else groups & own
            parts.setdefault(groups, set()).add(slug)
        whole = frozenset(parts.pop(None, ()))
        return cls(whole, frozenset((groups, frozenset(found)) for groups, found in parts.items() if groups))

    @property
    def tasks(self) -> frozenset[str]:
        """All of them."""
        return self.whole.union(*(tasks for _, tasks in self.parts))

    def groups(self, task: str) -> frozenset[str] | None:
        """In which of them a run of the task has to be pressed; None: in whichever."""
        if task in self.whole:
            return None
        return next((groups for groups, tasks in self.parts if task in tasks), frozenset())

    def holds(self, task: str, group: str) -> bool:
        """Whether a run that was pressed while its task stood in the group is among them."""
        groups = self.groups(task)
        return groups is None or group in groups


def _groups(rights: Rights) -> frozenset[str] | None:
    """Those that the rights name; None: they count everywhere."""
    where = {right.where for right in rights if right.verb is Verb.SEE}
    return None if EVERYWHERE in where else _after("group:", where)


def _named(rights: Rights) -> frozenset[str]:
    return _after("task:", {right.where for right in rights if right.verb is Verb.SEE})


def _after(kind: str, where: Iterable[str]) -> frozenset[str]:
    return frozenset(place.removeprefix(kind) for place in where if place.startswith(kind) and place != kind)
