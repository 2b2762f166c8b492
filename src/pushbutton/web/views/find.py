"""Finding a task by what it says. The same rule runs in the page while somebody types (`static/page.js`)."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from pushbutton.domain.task import Task

_MANY: Final = 6


def fold(text: str) -> str:
    """Small letters without accents: what is compared."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(char for char in plain if not unicodedata.combining(char)).casefold()


def haystack(task: Task) -> str:
    return fold(f"{task.title} {task.group} {task.summary} {task.slug}")


def matches(task: Task, query: str) -> bool:
    """Every word of the query is somewhere in what the task says of itself."""
    text = haystack(task)
    return all(word in text for word in fold(query).split())


def examples(tasks: Sequence[Task]) -> list[str]:
    """Up to three words by which something is found, shown in a field that is still empty: the last longer word of a
    title, first of one task of each group. Nothing where all tasks are seen at a glance.
    """
    if len(tasks) < _MANY:
        return []
    first = {task.group: task for task in reversed(tasks)}
    words = [re.findall(r"\w{4,}", task.title)[-1:] for task in (*sorted(first.values(), key=tasks.index), *tasks)]
    return list(dict.fromkeys(word for found in words for word in found))[:3]


def meant(query: str, tasks: Iterable[Task]) -> str:
    """A word of the tasks' titles that looks like the query, or ""."""
    words = {fold(word): word for task in tasks for word in re.findall(r"\w{3,}", f"{task.title} {task.group}")}
    near = difflib.get_close_matches(fold(query).strip(), words, n=1, cutoff=0.7)
    return words[near[0]].lower() if near else ""
