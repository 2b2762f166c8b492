"""Look at paths as a server would, without following them and without running anything of theirs."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pushbutton import threads
from pushbutton.domain.problem import Problem
from pushbutton.domain.secret import Secret
from pushbutton.domain.skipped import Skipped
from pushbutton.domain.task import Task
from pushbutton.errors import ConfigError, NoAnswer
from pushbutton.runtime.ports import Patterns

from .assembly import Part, assemble
from .describing import Describer
from .folder import Named, Seen, absolute, merged, named, seen
from .model import Found
from .patterns import doubts as pattern_doubts
from .readers import read
from .sanitise import readable
from .secrets import by_name, doubts
from .shared import channels_of, unknown_channels, with_shared
from .skipped import account

__all__ = ["Examined", "check", "checked", "examined", "look"]


def check(paths: Sequence[str | os.PathLike[str]], patterns: Patterns | None = None) -> list[Problem]:
    """Everything that is wrong, by file and line; empty when all is well. Without `patterns` none is tried.

    Not to be called in a running event loop.
    """
    return asyncio.run(checked(paths, patterns))


async def look(paths: Sequence[str | os.PathLike[str]]) -> tuple[Mapping[str, Task], Mapping[str, Secret]]:
    """The tasks and the declared secrets of these paths, as far as the files tell without being run."""
    parts = await _parts(merged([seen(one) for one in named(paths)]).files)
    return assemble(parts), by_name(secret for part in parts for secret in part.reading.secrets)


@dataclass(frozen=True, slots=True)
class Examined:
    problems: list[Problem]
    tasks: list[Task]
    passed: list[Skipped]
    notes: list[str]  # what was read of scripts, a line each


async def checked(paths: Sequence[str | os.PathLike[str]], patterns: Patterns | None = None) -> list[Problem]:
    """The same, in one."""
    return (await examined(paths, patterns)).problems


async def examined(paths: Sequence[str | os.PathLike[str]], patterns: Patterns | None = None) -> Examined:
    """The problems, the tasks, and the files that were passed over."""
    problems: list[Problem] = []
    existing, looks = [], []
    for path in [os.fspath(path) for path in paths]:
        try:
            one, look = await threads.checking(path, _look, path)
        except ConfigError as error:
            problems.append(Problem(readable(error.file), error.line, 1, error.sentence))
        except NoAnswer:
            problems.append(Problem(readable(str(absolute(path))), 1, 1, NoAnswer.SENTENCE))
        else:
            existing.append(one)
            looks.append(look)
    parts = await _parts(merged(looks).files)
    for part in parts:
        problems += [*([part.reading.whole] if part.reading.whole else []), *part.reading.problems]
    shared = [part.reading.shared for part in parts]
    tasks = with_shared(assemble(parts), shared, {}).values()
    problems += unknown_channels(tasks, channels_of(shared))
    problems += doubts(tasks, by_name(secret for part in parts for secret in part.reading.secrets))
    if patterns:
        for task in tasks:
            problems += await pattern_doubts(task, patterns)
    passed = account(existing, {part.found.path: part.reading for part in parts})
    notes = [note for part in parts for note in part.reading.notes]
    return Examined(sorted(problems, key=lambda one: (one.file, one.line, one.column)), list(tasks), passed, notes)


def _look(path: str) -> tuple[Named, Seen]:
    """Raises `ConfigError` for one that does not exist."""
    one = named([path])[0]
    return one, seen(one)


async def _parts(files: Sequence[Found]) -> list[Part]:
    describer = Describer(sys.executable)
    try:
        return [Part(found, await read(found, execute=False, by=describer)) for found in files]
    finally:
        await describer.close()
