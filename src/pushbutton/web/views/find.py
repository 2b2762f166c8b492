"""Finding a task by what it says. The same rule runs in the page while somebody types (`static/page.js`)."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Final

from pushbutton.domain.task import Task

_MANY: Final = 6
_EXAMPLES: Final = 3


def fold(text: str) -> str:
    """Small letters without accents: what is compared."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text)
    return "".join(char for char in plain if not unicodedata.combining(char)).casefold()


def haystack(task: Task) -> str:
    return fold(f"{task.title} {task.group} {task.summary} {task.slug}")


def words(query: str) -> list[str]:
    """The words of a search: a task that is found has each of them somewhere in its texts."""
    return fold(query).split()


class Haystacks:
    """The text of each task that is compared, made once; for thousands that takes longer than the search."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Task, str]] = {}
        self._tasks: Mapping[str, Task] = {}

    def over(self, tasks: Mapping[str, Task]) -> None:
        """These are the tasks now."""
        if tasks is not self._tasks:
            self._tasks, self._made = tasks, {slug: one for slug, one in self._made.items() if slug in tasks}

    def of(self, task: Task) -> str:
        known = self._made.get(task.slug)
        if known is None or known[0] is not task:
            known = self._made[task.slug] = task, haystack(task)
        return known[1]


def examples(tasks: Sequence[Task]) -> list[str]:
    """Up to three words by which something is found, shown in a field that is still empty: the last longer word of a
    title, first of one task of each group. Nothing where all tasks are seen at a glance.
    """
    if len(tasks) < _MANY:
        return []
    first: dict[str, Task] = {}
    for task in tasks:
        first.setdefault(task.group, task)
    said = (re.findall(r"\w{4,}", task.title)[-1:] for task in chain(first.values(), tasks))
    found: dict[str, None] = {}
    while len(found) < _EXAMPLES and (words := next(said, None)) is not None:
        found |= dict.fromkeys(words)
    return list(found)


def meant(query: str, tasks: Iterable[Task]) -> str:
    """A word of the tasks' titles that looks like the query, or ""."""
    said = {word for task in tasks for word in re.findall(r"\w{3,}", f"{task.title} {task.group}")}
    known = {fold(word): word for word in said}
    near = difflib.get_close_matches(fold(query).strip(), known, n=1, cutoff=0.7)
    return known[near[0]].lower() if near else ""
