"""Read `pushbutton.yaml`: commands as tasks, and every mistake with its line and column."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from pushbutton.job.kinds import nearest

from .declared import Origin, declare
from .keys import Place, plain
from .reading import Found, Problem, Reading, broken, digest, slug_of
from .secrets import declare_secret
from .shared import declare_shared
from .written import Constructor

__all__ = ["read_config"]

_SHARED = ("env", "groups")
_TABLES = ("tasks", "secrets", *_SHARED)
_LARGEST = 1 << 20
_MOST = 100_000  # keys and values of one task; an alias may stand for any number of them


def read_config(found: Found) -> Reading:
    """Never raises: what is wrong is in the reading."""
    path = found.path
    try:
        content = path.read_bytes()
        tree = _load(content)
    except (MarkedYAMLError, YAMLError, UnicodeDecodeError, OSError, RecursionError, ValueError) as error:
        return Reading(whole=_unreadable(path, error))
    if tree is None:
        return Reading()
    top = _top(path, tree)
    if top is not None:
        return Reading(whole=top)
    tasks, problems = [], []
    secrets = []
    for name, table in tree.get("secrets", {}).items():
        amiss = list(_odd(table, ("secrets", str(name))))
        given = {} if amiss else plain(table)
        line, _ = _position(tree, ("secrets", name))
        secrets.append(declare_secret(path, str(name), line, given, amiss))
        problems += [Problem(str(path), *_position(tree, place), sentence) for place, sentence in amiss]
    for name, table in tree.get("tasks", {}).items():
        at: Place = ("tasks", name)
        line, _ = _position(tree, at)
        wrong: list[tuple[Place, str]] = []
        slug = str(name)
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug):
            wrong.append((at, f"A task's name has only a-z, 0-9 and “-”: write “{slug_of(slug)}”."))
            slug = slug_of(slug)
        origin = Origin(path, slug, slug, line, found.group, digest=digest(content))
        odd = list(_odd(table, at))
        task = declare(origin, {} if odd else plain(table), at, wrong)
        wrong = odd or wrong
        mistakes = [Problem(str(path), *_position(tree, place), sentence) for place, sentence in wrong]
        tasks.append(broken(task, mistakes[0]) if mistakes else task)
        problems += mistakes
    shared: list[tuple[Place, str]] = [
        (place, sentence) for name in _SHARED if name in tree for place, sentence in _odd(tree[name], (name,))
    ]
    said = declare_shared({} if shared else {name: plain(tree[name]) for name in _SHARED if name in tree}, shared)
    problems += [Problem(str(path), *_position(tree, place), sentence) for place, sentence in shared]
    return Reading(tuple(tasks), tuple(problems), secrets=tuple(secrets), shared=said)


def _load(content: bytes) -> Any:
    if len(content) > _LARGEST:
        raise ValueError("it is larger than 1 MiB")
    reader = YAML(typ="rt", pure=True)
    reader.Constructor = Constructor
    return reader.load(content.decode("utf-8-sig"))


def _top(path: Path, tree: Any) -> Problem | None:
    if not isinstance(tree, CommentedMap):
        return Problem(str(path), 1, 1, "It must begin with “tasks:”, and the tasks by name below.")
    for name in tree:
        if name not in _TABLES:
            hint = nearest(str(name), _TABLES)
            return Problem(str(path), *_position(tree, (name,)), f"There is no key “{name}” here.{hint}")
    for name in tree:
        if not isinstance(tree[name], CommentedMap):
            what = "variables" if name == "env" else name
            sentence = f"Below “{name}:” stand the {what}, each by its name."
            return Problem(str(path), *_position(tree, (name,)), sentence)
    return None


def _odd(table: Any, at: Place) -> Iterator[tuple[Place, str]]:
    """Keys that no table of ours can have, and a tree without end."""
    left: list[tuple[Any, Place]] = [(table, at)]
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


def _position(tree: Any, place: Place) -> tuple[int, int]:
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
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        text = (error.problem or error.context or "it is no YAML").partition("\n")[0]
        if text.startswith("found duplicate key"):
            text = re.sub(r'found duplicate key "([^"]*)".*', r"“\1” stands here twice", text)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return Problem(str(path), line, column, f"This is no YAML that can be read: {text}.")
    if isinstance(error, OSError):
        return Problem(str(path), 1, 1, f"It cannot be read: {error.strerror}.")
    return Problem(str(path), 1, 1, f"It cannot be read: {error}.")
