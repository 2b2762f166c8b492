"""Look at paths as a server would, without following them and without running anything of theirs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pushbutton.domain.secret import Secret
from pushbutton.domain.task import Task
from pushbutton.errors import ConfigError

from .folder import named, scan
from .reading import Problem
from .reload import assemble, read
from .secrets import by_name, doubts
from .sound import readable

__all__ = ["check", "look"]


def check(paths: Sequence[str | os.PathLike[str]]) -> list[Problem]:
    """Everything that is wrong, by file and line; empty when all is well. Not to be called in a running event loop."""
    return asyncio.run(_check(paths))


async def look(paths: Sequence[str | os.PathLike[str]]) -> tuple[Mapping[str, Task], Mapping[str, Secret]]:
    """The tasks and the declared secrets of these paths, as far as the files tell without being run."""
    files = [(await read(found, execute=False), (), found.path) for found in scan(named(paths))]
    return assemble(files), by_name(secret for reading, _, _ in files for secret in reading.secrets)


async def _check(paths: Sequence[str | os.PathLike[str]]) -> list[Problem]:
    problems: list[Problem] = []
    existing = []
    for path in paths:
        try:
            existing += named([path])
        except ConfigError as error:
            problems.append(Problem(readable(error.file), error.line, 1, error.sentence))
    files = []
    for found in scan(existing):
        reading = await read(found, execute=False)
        problems += [*([reading.whole] if reading.whole else []), *reading.problems]
        files.append((reading, (), found.path))
    tasks = assemble(files).values()
    problems += [_clash(task) for task in tasks if "each have a task named" in task.broken]
    problems += doubts(tasks, by_name(secret for reading, _, _ in files for secret in reading.secrets))
    return sorted(problems, key=lambda one: (one.file, one.line, one.column))


def _clash(task: Task) -> Problem:
    return Problem(str(Path(task.source.file)), task.source.line, 1, task.broken)
