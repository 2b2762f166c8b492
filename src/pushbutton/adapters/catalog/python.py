"""The tasks of a Python file, as `pushbutton.describe.describe` tells them."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pushbutton import threads
from pushbutton.domain.interpreter import module_command
from pushbutton.domain.param import Choice, Param, ParamType
from pushbutton.domain.problem import Problem
from pushbutton.domain.targets import PythonTarget
from pushbutton.domain.task import Source, Task
from pushbutton.job.kinds import nearest

from .build import built
from .describing import Describer
from .model import FileTasks, Form, Found, broken, digest, faults, slug_of

__all__ = ["LIMIT", "is_script", "read_python"]

LIMIT = 10.0
"""Seconds that reading one file may take."""

_IMPORTS_US = re.compile(rb"^[ \t]*(?:from[ \t]+pushbutton\b|import[ \t][^#\n]*\bpushbutton\b)", re.MULTILINE)
_HEAD = 64 << 10  # bytes within which a file imports us


def is_script(path: Path) -> bool:
    """Whether a Python file that somebody names is what it is in a folder: a script, and no file of functions."""
    try:
        with path.open("rb") as file:
            content = file.read(_HEAD)
        return content.startswith(b"#!") and os.access(path, os.X_OK) and not _IMPORTS_US.search(content)
    except OSError:
        return False


async def read_python(
    found: Found, *, execute: bool, python: str = sys.executable, limit: float = LIMIT, by: Describer | None = None
) -> FileTasks:
    """Never raises. `execute` allows to run the file where its source alone does not tell a type, by `python`. `by`
    reads it and goes on; without one, a process is started for this file alone.
    """
    path = found.path
    try:
        content = await threads.catalogue("reading", path.read_bytes)
    except OSError as error:
        return FileTasks(whole=Problem(str(path), 1, 1, f"It cannot be read: {error.strerror}."))
    if found.form is Form.PYTHON and not _IMPORTS_US.search(content):
        return FileTasks()
    describer = by or Describer(python)
    try:
        every = found.form is Form.NAMED
        main = every and not found.function  # one that is named itself need not be called anywhere
        answer = await describer.describe(path, every=every, main=main, execute=execute, limit=limit)
    finally:
        if by is None:
            await describer.close()
    if isinstance(answer, str):
        return FileTasks(whole=Problem(str(path), 1, 1, answer))
    if answer["error"]:
        return FileTasks(whole=_problem(path, answer["error"]))
    return _reading(found, answer, digest(content), python)


def _reading(found: Found, answer: Mapping[str, Any], content: str, python: str) -> FileTasks:
    path = found.path
    problems = [_problem(path, place, warning=True) for place in answer["warnings"]]
    described = answer["tasks"]
    if found.function:
        names = [one["name"] for one in described]
        described = [one for one in described if one["name"] == found.function]
        if not described:
            sentence = f"There is no task named “{found.function}” in it.{nearest(found.function, names)}"
            return FileTasks(whole=Problem(str(path), 1, 1, sentence))
    tasks = []
    for one in described:
        task = _task(found, one, content, python)
        mistakes = _mistakes(path, one, task)
        problems += mistakes
        tasks.append(broken(task, mistakes) if mistakes else task)
    return FileTasks(tuple(tasks), tuple(problems))


def _mistakes(path: Path, one: Mapping[str, Any], task: Task) -> list[Problem]:
    found = [_problem(path, place) for place in one["errors"]]
    places: Mapping[str, Any] = one["places"]
    for key, sentence in faults(task, one["doubted"]) if one["doubted"] is not None else []:
        of = key if key in places else ".".join(key.split(".")[:2])
        line, column = places.get(of, (one["line"], 1))
        found.append(_problem(path, {"line": line, "column": column, "sentence": sentence}))
    return sorted(found, key=lambda problem: (problem.line, problem.column))


def _task(found: Found, one: Mapping[str, Any], content: str, python: str) -> Task:
    bare = Task(
        slug=slug_of(one["name"]),
        title=one["title"],
        target=PythonTarget(str(found.path), one["name"]),
        source=Source(str(found.path), one["line"]),
        help=one["help"],
        group=found.group,
        params=tuple(_param(param, str(found.path), python) for param in one["params"]),
        cwd=str(found.path.parent),
        digest=content,
    )
    return built(bare, one["options"])


def _param(given: Mapping[str, Any], path: str, python: str) -> Param:
    values = dict(given)
    if function := values.get("choices_from"):
        values["choices_from"] = module_command(python, "describe.offer", path, function)
    values["type"] = ParamType(values["type"])
    values["of"] = ParamType(values.get("of", "str"))
    offered = values.get("choices", ())
    values["choices"] = tuple(Choice(one["value"], one["label"], one.get("help", "")) for one in offered)
    return Param(**values)


def _problem(path: Path, place: Mapping[str, Any], *, warning: bool = False) -> Problem:
    sentence = str(place["sentence"]).rstrip(".")
    ending = "" if sentence.endswith("?") else "."
    return Problem(str(path), place["line"], place["column"], sentence[:1].upper() + sentence[1:] + ending, warning)
