"""Read `pushbutton.yaml`: commands as tasks, and every mistake with its line and column."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from pushbutton.domain.problem import Problem
from pushbutton.domain.task import Task
from pushbutton.job.kinds import nearest

from .from_table import Origin, declare
from .model import FileTasks, Found, broken, digest, slug_of
from .schema import KeyPath, plain
from .secrets import declare_secret
from .shared import declare_shared
from .yaml_fault import yaml_fault
from .yaml_numbers import Constructor

__all__ = ["read_config"]

_SHARED = ("env", "groups", "tell", "channels", "locks")
_TABLES = ("tasks", "secrets", *_SHARED)
_LARGEST = 1 << 20
_MOST = 100_000  # keys and values of one task; an alias may stand for any number of them


def read_config(found: Found) -> FileTasks:
    """Never raises: what is wrong is in the reading."""
    path = found.path
    try:
        content = path.read_bytes()
        tree = _load(content)
    except (YAMLError, UnicodeDecodeError, OSError, RecursionError, ValueError) as error:
        return FileTasks(whole=_unreadable(path, error))
    if tree is None:
        return FileTasks()
    if not isinstance(tree, CommentedMap):
        sentence = "It must begin with “tasks:”, and the tasks by name below."
        return FileTasks(whole=Problem(str(path), 1, 1, sentence))
    wrong = list(_top(tree))
    tables = {name: tree[name] for name in _TABLES if isinstance(tree.get(name), CommentedMap)}
    tasks, secrets = [], []
    beyond = list(wrong)  # what concerns no task
    for name, table in tables.get("secrets", {}).items():
        amiss = list(_odd(table, ("secrets", str(name))))
        given = {} if amiss else plain(table)
        line, _ = _position(tree, ("secrets", name))
        secrets.append(declare_secret(path, str(name), line, given, amiss))
        beyond += amiss
    problems = []
    for name, table in tables.get("tasks", {}).items():
        task, amiss = _task(found, name, table, _position(tree, ("tasks", name))[0], digest(content))
        mistakes = _problems(path, tree, amiss)
        tasks.append(broken(task, mistakes) if mistakes else task)
        problems += mistakes
    shared = {name: tables[name] for name in _SHARED if name in tables}
    odd = [mistake for name, table in shared.items() for mistake in _odd(table, (name,))]
    lines = {name: _position(tree, ("channels", name))[0] for name in shared.get("channels", {})}
    said = declare_shared({} if odd else plain(shared), odd, path, lines)
    problems = [*_problems(path, tree, [*beyond, *odd]), *problems]
    if wrong:  # a misspelt “tasks:” may hold any of them
        return FileTasks(whole=problems[0], problems=tuple(problems[1:]))
    return FileTasks(tuple(tasks), tuple(problems), secrets=tuple(secrets), shared=said)


def _task(found: Found, name: Any, table: Any, line: int, content: str) -> tuple[Task, list[tuple[KeyPath, str]]]:
    """The task, and what is wrong with it."""
    at: KeyPath = ("tasks", name)
    wrong: list[tuple[KeyPath, str]] = []
    slug = str(name)
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug):
        wrong.append((at, f"A task's name has only a-z, 0-9 and “-”: write “{slug_of(slug)}”."))
        slug = slug_of(slug)
    odd = list(_odd(table, at))
    origin = Origin(found.path, slug, slug, line, found.group, digest=content)
    task = declare(origin, {} if odd else plain(table), at, wrong)
    return task, odd or wrong


def _problems(path: Path, tree: Any, wrong: Iterable[tuple[KeyPath, str]]) -> list[Problem]:
    return [Problem(str(path), *_position(tree, place), sentence) for place, sentence in wrong]


def _load(content: bytes) -> Any:
    if len(content) > _LARGEST:
        raise ValueError("it is larger than 1 MiB")
    reader = YAML(typ="rt", pure=True)
    reader.Constructor = Constructor
    return reader.load(content.decode("utf-8-sig"))


def _top(tree: CommentedMap) -> Iterator[tuple[KeyPath, str]]:
    for name in tree:
        if name not in _TABLES:
            yield (name,), f"There is no key “{name}” here.{nearest(str(name), _TABLES)}"
        elif not isinstance(tree[name], CommentedMap):
            what = {"env": "variables", "tell": "occasions"}.get(name, name)
            yield (name,), f"Below “{name}:” stand the {what}, each by its name."


def _odd(table: Any, at: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Keys that no table of ours can have, and a tree without end."""
    left: list[tuple[Any, KeyPath]] = [(table, at)]
    for _ in range(_MOST):
        if not left:
            return
        node, place = left.pop()
        if isinstance(node, Mapping):
            for key, item in node.items():
                if isinstance(key, str | int | float | dt.date):
                    left.append((item, (*place, key)))  # type: ignore[arg-type]  # as the reader's own table has it
                else:
                    yield (*place, key), "A key here must be text: put it in quotes."
        elif isinstance(node, list | tuple):
            left += [(item, (*place, index)) for index, item in enumerate(node)]
    yield at, "It holds itself, or more than anybody can look through."


def _position(tree: Any, place: KeyPath) -> tuple[int, int]:
    """Line and column of a key or an item, from 1; of the nearest thing above it that has one."""
    line, column = 1, 1
    for part in place:
        try:
            if isinstance(tree, CommentedMap):
                at = tree.lc.key(part)
            elif isinstance(tree, CommentedSeq):
                at = tree.lc.item(part)
            else:
                break
            line, column = at[0] + 1, at[1] + 1
            tree = tree[part]
        except (KeyError, IndexError, TypeError, AttributeError):
            break
    return line, column


def _unreadable(path: Path, error: Exception) -> Problem:
    if isinstance(error, OSError):
        return Problem(str(path), 1, 1, f"It cannot be read: {error.strerror}.")
    return Problem(str(path), *yaml_fault(error))
