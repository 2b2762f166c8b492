"""All tasks of all files, each at an address of its own.

The address of a task is made from its own name. Where another has that already, the group, the ending or the file's
name is added: `deploy` in the folders `blog` and `shop` are `/tasks/deploy` and `/tasks/shop-deploy`. Who has an
address keeps it, whatever files come later, also over a restart: that is what `remembered` is for. Without it, the
first in the order of a page has the short one.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from pushbutton.describe.title import title_of
from pushbutton.domain.messages import Channel
from pushbutton.domain.problem import Problem
from pushbutton.domain.secret import Secret
from pushbutton.domain.targets import PythonTarget, ScriptTarget, Target
from pushbutton.domain.task import Source, Task

from .model import FileTasks, Found, broken, slug_of
from .sanitise import readable
from .secrets import by_name, supplied
from .shared import channels_of, with_shared

__all__ = ["Assembly", "Part", "assemble"]

log = logging.getLogger(__name__)

_MOST = 20_000  # addresses that are remembered of files that are not there


@dataclass(frozen=True, slots=True)
class Part:
    """One file."""

    found: Found
    reading: FileTasks
    known: tuple[Task, ...] = ()  # what it held when it was last whole
    secrets: tuple[Secret, ...] = ()
    away: bool = False  # it, or what it held, may be gone: another file may take the addresses of its tasks


class Assembly:
    """`make(parts, kept)` gives the very mapping of the time before where nothing changed."""

    def __init__(
        self,
        remembered: Path | None,
        words: Mapping[str, str],
        refused: Callable[[Task], str] = lambda _: "",
        addresses: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`words`: what the server says of tasks for which nobody says it. `refused`: why a task cannot have here what
        it asks for, as a sentence; nothing where it can. `addresses`: those that it begins with.
        """
        self._path, self._words, self._refused = remembered, words, refused
        self._base = Path()
        self._memory = dict(addresses)  # the address by file and name
        self._tasks: Mapping[str, Task] = MappingProxyType({})

    def open(self, first: Path, folder: Path | None) -> None:
        """`first`: what is served first; `folder`: that which it is or lies in, None where nobody knows yet."""
        self._remembered()
        if folder is None:
            file = any(key.rpartition(":")[0] == first.name for key in self._memory)
            folder = first.parent if file else first
        self._base = folder

    @property
    def addresses(self) -> Mapping[str, str]:
        return self._memory

    def _remembered(self) -> None:
        if self._path is None:
            return
        try:
            found = json.loads(self._path.read_bytes())["addresses"]
            self._memory = {str(key): str(slug) for key, slug in found.items()}
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("the addresses of tasks are made anew, because %s cannot be read: %s", self._path, error)

    def make(
        self, parts: Sequence[Part], kept: Collection[str] | None, unread: Collection[Path] = ()
    ) -> tuple[Mapping[str, Task], Mapping[str, Secret], Mapping[str, Channel]]:
        """`kept`: the names of the stored secrets; None: nobody knows. `unread`: files that are there, too, and folders
        and files that were not looked at.
        """
        memory = dict(self._memory)
        held = set(_below(memory, [os.path.relpath(path, self._base) for path in unread]))
        tasks = assemble(parts, memory, self._base, held)
        declared = MappingProxyType(by_name(secret for part in parts for secret in part.secrets))
        tasks = supplied(tasks, declared, kept)
        tasks = {slug: self._granted(task) for slug, task in tasks.items()}
        shared = [part.reading.shared for part in parts]
        tasks = with_shared(tasks, shared, self._words)
        if tasks != self._tasks or list(tasks) != list(self._tasks):
            self._tasks = MappingProxyType(tasks)
        if memory != self._memory:
            self._remember(memory)
        return self._tasks, declared, channels_of(shared)

    def _granted(self, task: Task) -> Task:
        sentence = self._refused(task)
        return broken(task, [Problem(task.source.file, task.source.line, 1, sentence)]) if sentence else task

    def _remember(self, memory: dict[str, str]) -> None:
        self._memory = dict(list(memory.items())[-_MOST - len(self._tasks) :])
        if self._path is None:
            return
        beside = self._path.with_suffix(".new")
        try:
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                json.dump({"addresses": self._memory}, file, indent=0)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
        except OSError as error:
            log.warning("the addresses of tasks are not kept for the next start: %s", error)


def _below(memory: Mapping[str, str], places: Sequence[str]) -> Iterator[str]:
    """The addresses of these files, and of what lies in these folders."""
    known = set(places)
    for key, slug in memory.items() if known else ():
        file = Path(key.rpartition(":")[0])
        over = {str(place) for place in (file, *file.parents)} - ({"."} if file.parts[:1] == ("..",) else set())
        if not known.isdisjoint(over):
            yield slug


@dataclass(frozen=True, slots=True)
class _Wish:
    """A task that has no address yet."""

    task: Task
    found: Found
    key: str  # by which its address is remembered; "": not at all
    away: bool = False


def assemble(
    parts: Iterable[Part], memory: dict[str, str] | None = None, base: Path = Path(), held: Collection[str] = ()
) -> dict[str, Task]:
    """All tasks by slug, in the order of a page: those without a group, then group by group. `memory` is what addresses
    they had, and becomes what they have; its keys are paths seen from `base`. What is `held` is given to nobody.
    """
    memory = {} if memory is None else memory
    owners = {slug: key for key, slug in memory.items()}
    wishes = list(_wishes(parts, base))
    given: dict[str, _Wish] = {}
    for wish in wishes:
        slug = memory.get(wish.key, "")
        if slug and not wish.away:
            given.setdefault(slug, wish)
    placed = {id(wish) for wish in given.values()}
    for wish in wishes:
        fresh = wish.key and not wish.away and id(wish) not in placed
        if fresh and wish.task.slug not in given and wish.task.slug not in held:
            given[wish.task.slug] = wish
            placed.add(id(wish))
    for wish in wishes:
        if wish.away:
            given.setdefault(memory.get(wish.key, wish.task.slug), wish)
        elif id(wish) not in placed:
            given[_free(wish, given, held)] = wish
    slugs = {id(wish): slug for slug, wish in given.items()}
    tasks = []
    for wish in wishes:
        if slug := slugs.get(id(wish), ""):
            tasks.append(_placed(wish, slug, given.get(wish.task.slug)))
            if wish.key and not wish.away and memory.get(wish.key) != slug:
                memory.pop(owners.get(slug, ""), None)  # of a file that is gone
                memory[wish.key] = slug
    return {task.slug: task for task in sorted(tasks, key=lambda task: task.group.casefold())}


def _wishes(parts: Iterable[Part], base: Path) -> Iterator[_Wish]:
    """Every task once, those of files that nobody can read at the end."""
    seen = set()
    unknown = []
    for part in parts:
        tasks: Sequence[Task] = part.reading.tasks
        path = part.found.path
        if part.reading.whole is not None:
            tasks = [broken(replace(task, broken=""), part.reading.mistakes) for task in part.known]
            if not tasks:
                title, source = title_of(readable(path.stem)), Source(readable(str(path)))
                task = Task(slug_of(path.stem), title, _target(path), source, group=readable(part.found.group))
                unknown.append(_Wish(broken(task, part.reading.mistakes), part.found, "", away=part.away))
        for task in tasks:
            if (task.slug, task.source) not in seen:  # a function may be named beside its folder
                seen.add((task.slug, task.source))
                key = f"{os.path.relpath(path, base)}:{task.slug}"
                yield _Wish(task, part.found, key, away=part.away)
    yield from unknown


def _free(wish: _Wish, given: Mapping[str, _Wish], held: Collection[str]) -> str:
    """An address of its own."""
    path, name = wish.found.path, wish.task.slug

    def free(slug: str) -> bool:
        return slug not in given and slug not in held

    if free(name):
        return name
    other = given.get(name)
    by_group = f"{path.parent.name}-{name}" if wish.found.group else ""
    by_file = f"{name}-{path.suffix[1:]}" if not wish.key or wish.task.target.alone else f"{path.stem}-{name}"
    same = other is not None and other.found.path.parent == path.parent
    words = [by_file, by_group] if same else [by_group, by_file]
    words += [f"{path.parent.name}-{by_file}"]
    for word in words:
        if word and free(slug := slug_of(word)):
            return slug
    number = 2
    while not free(f"{name}-{number}"):
        number += 1
    return f"{name}-{number}"


def _placed(wish: _Wish, slug: str, other: _Wish | None) -> Task:
    task = wish.task
    if slug == task.slug:
        return task
    if other and other.task.title == task.title and other.task.group == task.group:
        task = replace(task, title=f"{task.title} ({wish.found.path.suffix[1:] or wish.found.path.name})")
    return replace(task, slug=slug)


def _target(path: Path) -> Target:
    file = readable(str(path))
    return PythonTarget(file, "") if path.suffix == ".py" else ScriptTarget(file)
