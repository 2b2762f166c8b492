"""Files that people brought for a run: as a page of it shows them."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from pushbutton import threads
from pushbutton.domain.run import Run
from pushbutton.domain.task import Task
from pushbutton.domain.visible import visible
from pushbutton.runtime import input_files
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import Files, Stored

_READ: Final = 8 << 10  # bytes of a text that the page shows
_LINES: Final = 40


@dataclass(frozen=True, slots=True)
class Brought:
    title: str  # the input's
    name: str  # the file's, as it was given
    href: str  # below the root; "": it is not there as it was pressed
    sha256: str
    size: int = 0
    lines: tuple[str, ...] = ()  # its beginning, if it is text
    more: bool = False  # there is more than these


async def files(core: Core, run: Run, task: Task | None) -> Sequence[Brought]:
    """Those of a run, in the order of its inputs."""
    titles = {param.name: param.title for param in task.params} if task else {}
    found = []
    for name, upload in input_files.named(task, run.inputs).items():
        file, title = await input_files.look(core, run, name, upload), titles.get(name, name)
        if file is None and not upload.sha256:
            continue  # of a version that made no copies
        if file is None:
            found.append(Brought(title, visible(upload.name), "", upload.sha256))
            continue
        size, lines, more = await threads.bringing(_begins, core.files, file)
        href = f"/api/runs/{run.id}/inputs/{quote(name)}"
        found.append(Brought(title, visible(upload.name), href, upload.sha256, size, lines, more))
    return found


def _begins(store: Files, file: Stored) -> tuple[int, tuple[str, ...], bool]:
    """Its size, and its first lines if it is text."""
    size = file.size
    try:
        with store.open(file.name) as opened:
            data = opened.read(_READ)
    except OSError:
        return 0, (), False
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(data, final=size <= _READ)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        return size, (), False
    lines = text.splitlines()
    return size, tuple(visible(line) for line in lines[:_LINES]), size > _READ or len(lines) > _LINES
