"""The digest of a task, down to the bytes that it runs: the same before an approval and after it, or nothing starts.

It covers the whole declaration, and the content of the file that is run. Of a command, that of every file that it
names; what stands beside it in the same configuration file is no part of it. Nor is whom to ask and what a failure
means, where its group or the server says so and not the task itself. Not part of it is what the program itself reads
when it runs: modules that it imports, data, the network. Of a published task, paths count as seen from its folder, and
files of the machine do not count: it has the same hash wherever its bundle is unpacked.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from pushbutton import threads
from pushbutton.domain.bundle import portable
from pushbutton.domain.task import Task
from pushbutton.domain.task_text import stated
from pushbutton.errors import NoAnswer

_PLACES = frozenset(
    {
        *("source", "digest", "broken", "arguments", "inherited", "bundled"),
        *("schedules", "on_file", "locks", "rate", "keep", "tell", "say_output"),
    }
)
"""Of a task: where it is declared and lies, what is known of its file from reading it (the file itself is read again),
when it is pressed or waits for others, and who is told of it: none of it is what a press of it does.
"""
_FIRST = frozenset(
    {
        *("slug", "title", "target", "help", "group", "button", "confirm", "params", "reason", "dry_run", "approval"),
        *("cwd", "env", "named_secrets", "tty", "limits"),
        *("timeout", "grace", "linger", "output", "at_once", "busy", "background", "approvers", "expires"),
        *("file", "name", "logging", "passing", "shebang", "argv"),
        *("type", "label", "required", "default", "choices", "choices_from", "min", "max", "min_length", "max_length"),
        *("pattern", "multiline", "dash", "when", "value"),
    }
)
"""What was there when the first hash was made. What came later counts only where it is not as it is by default: a task
that says nothing of it has the hash that it had before the upgrade.
"""
_UNREADABLE = "unreadable"
PATIENCE = 2.0  # seconds for which a press waits for a disk
FRESH = 1.0  # seconds
HUNG = 60.0  # seconds until a disk that did not answer is asked again: each time may cost a thread
_KEPT = 1000


class _Known(NamedTuple):
    task: Task
    until: float
    digest: str


_known: dict[str, _Known] = {}
"""By slug."""


async def frozen(task: Task) -> str:
    """A hash. Reads files in a thread; one that cannot be read counts as such. Raises `NoAnswer`."""
    return (await threads.hashing(place(task), _frozen, task))[0]


async def pressed_as(task: Task) -> str:
    """The same hash for history, as it was within the last second: many presses at once read the files once. "": they
    could not be read in time, which holds up no press.
    """
    at = asyncio.get_running_loop().time()
    known = _known.get(task.slug)
    if known is None or known.task is not task or at > known.until:
        digest = ""
        with contextlib.suppress(TimeoutError, NoAnswer):
            async with asyncio.timeout(PATIENCE):
                digest = await frozen(task)
        if len(_known) >= _KEPT:
            _known.clear()
        known = _known[task.slug] = _Known(task, at + (FRESH if digest else HUNG), digest)
    return known.digest


async def with_files(task: Task) -> tuple[str, Mapping[str, str]]:
    """The same hash, and of the files that it covers, by path, the SHA-256 of what was read for it."""
    return await threads.hashing(place(task), _frozen, task)


def place(task: Task) -> str:
    """The folder that it lies in; of a command, the one that it starts in."""
    return next((str(Path(file).parent) for file in task.target.files.sure), task.cwd)


def _frozen(task: Task) -> tuple[str, dict[str, str]]:
    # The choices are asked for anew each time; what was chosen is frozen with the inputs.
    params = tuple(replace(param, choices=()) if param.choices_from else param for param in task.params)
    unsaid: dict[str, Any] = dict.fromkeys(task.inherited, "")
    declared = _plain(portable(replace(task, params=params, **unsaid), task.bundled))
    whole = hashlib.sha256(json.dumps(declared, sort_keys=True, default=str).encode())
    contents = [(str(path), _content(path)) for path in files(task)]
    for path, content in contents:
        whole.update(f"\0{portable(path, task.bundled)}\0{content}".encode())
    return whole.hexdigest(), {path: content for path, content in contents if not content.startswith(_UNREADABLE)}


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if is_dataclass(value):
        first = {spec.name: getattr(value, spec.name) for spec in fields(value) if spec.name in _FIRST}
        held = {**first, **dict(stated(value))}
        return {name: _plain(one) for name, one in held.items() if name not in _PLACES}
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple | list) else value


def files(task: Task) -> Iterator[Path]:
    """The files that a run of it starts, as far as its declaration names them; of a bundle, those that lie in it."""
    found = _named(task)
    return (path for path in found if path.is_relative_to(task.bundled.root)) if task.bundled else found


def _named(task: Task) -> Iterator[Path]:
    named = task.target.files
    yield from map(Path, named.sure)
    if found := shutil.which(named.program) if named.program and "/" not in named.program else named.program:
        yield Path(task.cwd, found)
    paths = (Path(task.cwd, word) for word in named.perhaps)
    yield from (path for path in paths if os.path.isfile(path))  # noqa: PTH113  any word, also one too long for a name


def _content(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"{_UNREADABLE} {error.errno}"
