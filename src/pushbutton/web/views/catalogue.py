"""Which tasks the front page shows: all where they are few; of many a group at a time, or what a search finds. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Self
from urllib.parse import parse_qs, urlencode

from pushbutton.domain.actor import Actor
from pushbutton.domain.policy import Resource, verbs
from pushbutton.domain.task import Task
from pushbutton.web.http import numbers

from . import find

CARDS: Final = 24
"""Tasks up to which each is a card; of more, each is a row, unless the reader likes it otherwise."""
AT_ONCE: Final = 200
"""Tasks up to which a page shows all; of more, a group at a time."""
ROWS: Final = 100
"""Tasks that are shown at a time of a group that has more."""
FOUND: Final = 50
"""Of what a search finds: with each letter they are drawn anew."""
MANY_GROUPS: Final = 30
"""Groups up to which a page of one of them leads to all others."""

_LONGEST = 100  # characters of a query
_AUDIENCES = 1000


@dataclass(frozen=True, slots=True)
class Selection:
    """A reader's question to the catalogue."""

    query: str = ""
    group: str | None = None  # "": the tasks without one; None: any
    page: int = 1
    kept: tuple[str, ...] = ()  # the reader's own tasks, where the page begins with them

    @classmethod
    def of(cls, asked: Mapping[str, str], pins: Sequence[str] = ()) -> Self:
        """`asked` by the address of a page."""
        query, group = asked.get("q", "").strip()[:_LONGEST], asked.get("group")
        page = min(numbers.whole(asked.get("page", "")) or 1, 10_000)
        return cls(query, group, page, () if query or group is not None or page > 1 else tuple(pins))

    @classmethod
    def named(cls, text: str) -> Self:
        """The selection of a `name`, also of one that somebody made up."""
        found = {key: values[-1] for key, values in parse_qs(text, keep_blank_values=True).items()}
        return cls.of(found, tuple(filter(None, found.get("kept", "").split("."))))

    @property
    def name(self) -> str:
        """For the topic of those who look at the same; nothing of it has a meaning there."""
        kept = {"kept": ".".join(self.kept)} if self.kept else {}
        return urlencode({**self._asked, **({"page": self.page} if self.page > 1 else {}), **kept})

    def turned(self, page: int) -> str:
        """The query of the address of another page of the same."""
        return urlencode({**self._asked, **({"page": page} if page > 1 else {})})

    @property
    def _asked(self) -> Mapping[str, str]:
        return {**({"q": self.query} if self.query else {}), **({} if self.group is None else {"group": self.group})}


@dataclass(frozen=True, slots=True)
class Shown:
    """The tasks that somebody may see, as a page shows them."""

    tasks: tuple[Task, ...] = ()  # in the order of the page
    total: int = 0  # tasks that may be seen
    found: int = 0  # those that were asked for, on all pages
    elsewhere: int = 0  # those in other groups that the query finds, too
    groups: Mapping[str, int] = field(default_factory=dict)  # how many the query finds in each; "": without a group
    page: int = 1
    rows: int = ROWS  # tasks on a page, where there are many

    @property
    def large(self) -> bool:
        """So many that a page shows a group at a time."""
        return self.total > AT_ONCE

    @property
    def named(self) -> Mapping[str, int]:
        """The groups that have a name."""
        return {name: count for name, count in self.groups.items() if name}

    @property
    def others(self) -> int:
        """How many the query finds without a group."""
        return self.groups.get("", 0)

    @property
    def pages(self) -> int:
        return max(1, -(-self.found // self.rows)) if self.large else 1

    @property
    def first(self) -> int:
        """The number of the first task of the page."""
        return (self.page - 1) * self.rows + 1

    @property
    def last(self) -> int:
        return min(self.page * self.rows, self.found)


def selected(tasks: Iterable[Task], selection: Selection, haystack: Callable[[Task], str] = find.haystack) -> Shown:
    """`tasks` in the catalogue's order."""
    every = list(tasks)
    words = find.words(selection.query)
    anywhere = [task for task in every if all(word in haystack(task) for word in words)] if words else every
    groups = {task.group: 0 for task in every}
    for task in anywhere:
        groups[task.group] += 1
    asked = [task for task in anywhere if selection.group in (None, task.group)]
    rows = FOUND if words else ROWS
    whole = Shown(tuple(asked), len(every), len(asked), len(anywhere) - len(asked), groups, rows=rows)
    if not whole.large:
        return whole
    by_slug = {task.slug: task for task in every}
    kept = [by_slug[slug] for slug in selection.kept if slug in by_slug]
    if selection.group is None and not words and any(groups):  # the groups themselves are shown
        return replace(whole, tasks=tuple(kept))
    page = min(selection.page, whole.pages)
    turned = [task for task in asked[(page - 1) * rows : page * rows] if task not in kept]
    return replace(whole, tasks=(*kept, *turned), page=page)


class Marks:
    """Marks that tell whether a page has all tasks as they are now, for everybody with the same rights."""

    def __init__(self) -> None:
        self._tasks: Mapping[str, Task] = {}
        self._known: dict[str, str] = {}  # by audience; of the tasks as they are

    def of(self, every: Mapping[str, Task], seen: Mapping[str, Task], actor: Actor) -> str:
        """`every` task that there is; the actor may see those that are `seen`."""
        if every is not self._tasks:
            self._tasks, self._known = every, {}
        if len(self._known) > _AUDIENCES:
            self._known = {}
        if actor.audience not in self._known:
            said = [
                (
                    slug,
                    task.title,
                    task.group,
                    task.summary,
                    task.broken,
                    sorted(verbs(actor, Resource(slug, task.group))),
                )
                for slug, task in seen.items()
            ]
            self._known[actor.audience] = hashlib.sha256(repr(said).encode()).hexdigest()[:16]
        return self._known[actor.audience]
