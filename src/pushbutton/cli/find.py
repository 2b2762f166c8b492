"""The task that `FILE[:name]` means."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path

from pushbutton.adapters.catalog.assembly import Part, assemble
from pushbutton.adapters.catalog.folder import named, scan
from pushbutton.adapters.catalog.model import Form, Found, slug_of
from pushbutton.adapters.catalog.readers import read
from pushbutton.domain.task import Task
from pushbutton.errors import BadInput, NoSuchTask, NotFound, TaskBroken

__all__ = ["find"]


async def find(word: str) -> Task:
    """Raises `NotFound`, `NoSuchTask`, `TaskBroken`, and `BadInput` when the file has several and none is named."""
    file, name = _split(word)
    tasks = await _tasks(file)
    if not tasks:
        raise NotFound(
            f"{file} has no task: a public function, a class with `run`, or make it executable and begin it with #!."
        )
    task = _pick(tasks, name) if name else _only(tasks, word)
    if task.broken:
        raise TaskBroken(word, task.broken)
    return task


def _split(word: str) -> tuple[Path, str]:
    """A file, and the name behind its colon."""
    path = Path(word).expanduser()
    name = ""
    if not path.exists():
        head, _, name = word.rpartition(":")
        path = Path(head).expanduser()
        if not head or not path.exists():
            raise NotFound(f"There is no file {head if head and name.isidentifier() else word}.")
    if path.is_dir():
        raise BadInput(f"{path} is a folder: name one file of it, or serve it with: pushbutton serve {path}")
    return path, name


async def _tasks(file: Path) -> list[Task]:
    paths = named([file])
    parts = [Part(found, await read(found, execute=True)) for found in scan(paths).files]
    tasks = list(assemble(parts).values())
    if not tasks and os.access(file, os.X_OK):
        script = Found(paths[0].path, Form.SCRIPT)
        tasks = list(assemble([Part(script, await read(script, execute=False))]).values())
    return tasks


def _pick(tasks: list[Task], name: str) -> Task:
    for task in tasks:
        if task.slug in (name, slug_of(name)) or task.target.called == name:
            return task
    if len(tasks) == 1 and tasks[0].broken:
        return tasks[0]  # the file as a whole: nobody knows what is in it
    near = get_close_matches(slug_of(name), [task.slug for task in tasks], 1)
    raise NoSuchTask(name, near[0] if near else None)


def _only(tasks: list[Task], word: str) -> Task:
    if len(tasks) > 1:
        names = [task.target.called or task.slug for task in tasks]
        raise BadInput(f"{word} has {len(tasks)} tasks; say which: {', '.join(f'{word}:{name}' for name in names)}")
    return tasks[0]
