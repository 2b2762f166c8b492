"""What a task is, down to the bytes that it runs: the same before an approval and after it, or nothing is started.

Part of it are the whole declaration, and the content of the file that is run. Of a command, that of every file that it
names; what stands beside it in the same configuration file is no part of it. Not part of it is what the program itself
reads when it runs: modules that it imports, data, the network.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from pushbutton import threads
from pushbutton.domain.command import holes
from pushbutton.domain.task import CommandTarget, Task

_PLACES = ("source", "digest", "broken")
"""Of a task: where it is declared, and what is known of its file from reading it. The file itself is read again."""
_UNREADABLE = "unreadable"


async def frozen(task: Task) -> str:
    """A hash. Reads files in a thread; one that cannot be read counts as such."""
    return (await threads.programs(_frozen, task))[0]


async def with_files(task: Task) -> tuple[str, Mapping[str, str]]:
    """The same hash, and of the files that it covers, by path, the SHA-256 of what was read for it."""
    return await threads.programs(_frozen, task)


def _frozen(task: Task) -> tuple[str, dict[str, str]]:
    # What can be chosen is told anew whenever somebody asks; what was chosen is frozen with the inputs.
    params = tuple(replace(param, choices=()) if param.choices_from else param for param in task.params)
    declared = {name: value for name, value in asdict(replace(task, params=params)).items() if name not in _PLACES}
    whole = hashlib.sha256(json.dumps(declared, sort_keys=True, default=str).encode())
    contents = [(str(path), _content(path)) for path in files(task)]
    for path, content in contents:
        whole.update(f"\0{path}\0{content}".encode())
    return whole.hexdigest(), {path: content for path, content in contents if not content.startswith(_UNREADABLE)}


def files(task: Task) -> Iterator[Path]:
    """The files that a run of it starts, as far as its declaration names them."""
    if not isinstance(task.target, CommandTarget):
        yield Path(task.target.file)
        return
    program, *words = task.target.argv
    if found := shutil.which(program, path=None) if "/" not in program else program:
        yield Path(task.cwd, found)
    for word in words:
        path = Path(task.cwd, word)
        if not holes(word) and path.is_file():
            yield path


def _content(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"{_UNREADABLE} {error.errno}"
