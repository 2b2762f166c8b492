"""From files of another tool to a `pushbutton.yaml` that the catalogue accepts, and what was not taken."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from pushbutton.adapters.catalog.config import read_config
from pushbutton.adapters.catalog.model import Form, Found, slug_of
from pushbutton.errors import BadInput, ConfigError, NotFound
from pushbutton.job.kinds import nearest

from .kind import KINDS, Draft, Left, Source, Task, Timed, joined
from .script_text import LONGEST
from .write import written

__all__ = ["Moved", "move", "opened"]

_WARNING = (
    "Its schedules count as soon as this file is served, beside those of the source: "
    "switch the source off first, or start with: pushbutton schedule pause all"
)
_LARGEST = 8 << 20
_OF_NO_FILE = re.compile(r"(?<!\\)(?:\\\\)*\\(?:x00|ud[89a-f])")
"""In the `repr` of a text: what neither a file nor a command line can hold."""
_PLACE = re.compile(r"^pushbutton\.yaml line \d+: ")


@dataclass(frozen=True, slots=True)
class Moved:
    text: str  # of the file; empty where nothing could be taken
    tasks: int
    left: tuple[Left, ...]
    warning: str = ""  # before all else: it presses by itself


def opened(path: str) -> Source:
    """The file; “-” is standard input. Raises `NotFound`, `BadInput` and `ConfigError`."""
    if path == "-":
        return _source("standard input", sys.stdin.buffer.read(_LARGEST + 1))
    try:
        with Path(path).open("rb") as file:
            return _source(path, file.read(_LARGEST + 1))
    except FileNotFoundError:
        raise NotFound(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise BadInput(f"{path} is a folder: name a file of it.") from None
    except OSError as error:
        raise ConfigError(f"It cannot be read: {error.strerror}.", file=path) from None


def _source(name: str, content: bytes) -> Source:
    source = Source(name, "")
    if not content.strip():
        raise source.wrong("It is empty.")
    if len(content) > _LARGEST:
        raise source.wrong("It is larger than 8 MiB: name a smaller one.")
    if b"\0" in content:
        raise source.wrong("It is no text.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise source.wrong("It is not written in UTF-8: save it as such.", line) from None
    return Source(name, text.replace("\r\n", "\n").replace("\r", "\n"))


def move(kind: str, sources: Sequence[Source]) -> Moved:
    """Raises `BadInput` for a kind that there is not, `ConfigError` for a file that is not of it."""
    if kind not in KINDS:
        raise BadInput(f"There is no kind “{kind}”; there are: {', '.join(KINDS)}.{nearest(kind, list(KINDS))}")
    row = KINDS[kind]
    read = import_module(f"{__package__}.{row.module}").read
    draft: Draft = read(sources) if row.more else joined([_named(read(source), source.name) for source in sources])
    left = list(draft.left)
    tasks: dict[str, Task] = {}
    for task in draft.tasks:
        if _OF_NO_FILE.search(repr(task)):
            left.append(_out(task, "it holds a NUL, or half a character: no command line can.", sources))
        elif any(len(str(item).encode()) > LONGEST for item in task.command):
            left.append(_out(task, "its command is too long for a command line.", sources))
        else:
            tasks[_free(slug_of(task.slug or task.name), tasks)] = _by_hand(task, _asked_for(task))
    head = f"From {', '.join(source.name for source in sources)}, by: pushbutton import {kind}"
    text = written(tasks, draft.secrets, _headed(head, tasks))
    wrong = _mistakes(text) if tasks else {}
    if any(_presses_itself(tasks[slug]) for slug in wrong):
        tasks = {slug: _by_hand(task, wrong.get(slug, "")) for slug, task in tasks.items()}
        text = written(tasks, draft.secrets, _headed(head, tasks))
        wrong = _mistakes(text)
    if wrong:
        left += [_out(tasks[slug], sentence, sources) for slug, sentence in wrong.items()]
        tasks = {slug: task for slug, task in tasks.items() if slug not in wrong}
        text = written(tasks, draft.secrets, _headed(head, tasks))
    left += [_untimed(task, one, sources) for task in tasks.values() for one in task.schedules if one.why]
    order = [source.name for source in sources]
    left.sort(key=lambda one: (order.index(one.file) if one.file in order else 0, one.line))
    warning = _WARNING if any(map(_presses_itself, tasks.values())) else ""
    return Moved(text if tasks else "", len(tasks), tuple(left), warning)


def _presses_itself(task: Task) -> bool:
    return any(not one.why for one in task.schedules)


def _headed(head: str, tasks: Mapping[str, Task]) -> str:
    return f"{head}\n{_WARNING}" if any(map(_presses_itself, tasks.values())) else head


def _by_hand(task: Task, why: str) -> Task:
    """With comments in place of its schedules, where there is a reason."""
    if not why:
        return task
    why = f"{why[:1].lower()}{why[1:]}".rstrip(".")
    return replace(task, schedules=tuple(replace(one, why=one.why or why) for one in task.schedules))


def _asked_for(task: Task) -> str:
    """A value that only somebody who presses can give."""
    for param in task.params:
        if (param.type == "file" or param.choices_from) and param.default is None and param.required is not False:
            return f"“{param.name}” has to be filled in"
    return ""


def _untimed(task: Task, one: Timed, sources: Sequence[Source]) -> Left:
    what = f"“{task.name}” is not pressed by itself ({one.written}): {one.why}."
    return Left(one.line or task.line, what, "Write “schedules” by hand.", task.file or sources[0].name)


def _named(draft: Draft, file: str) -> Draft:
    tasks = tuple(replace(task, file=task.file or file) for task in draft.tasks)
    return replace(draft, tasks=tasks, left=tuple(replace(one, file=one.file or file) for one in draft.left))


def _out(task: Task, why: str, sources: Sequence[Source]) -> Left:
    what = f"“{task.name}” is left out: {why[:1].lower()}{why[1:]}"
    return Left(task.line, what, "Write this task by hand.", task.file or sources[0].name)


def _free(slug: str, taken: Container[str]) -> str:
    number, found = 1, slug
    while found in taken:
        number += 1
        found = f"{slug}-{number}"
    return found


def _mistakes(text: str) -> dict[str, str]:
    """The catalogue's findings, by the slug of the task; one sentence each. Nothing is run."""
    with tempfile.TemporaryDirectory(prefix="pushbutton-import-") as folder:
        path = Path(folder, "pushbutton.yaml")
        path.write_text(text, "utf-8")
        reading = read_config(Found(path, Form.CONFIG))
    if reading.whole:
        raise ConfigError(f"What was read cannot be written down: {reading.whole.sentence}", file="pushbutton.yaml")
    return {task.slug: _PLACE.sub("", task.broken.splitlines()[0]) for task in reading.tasks if task.broken}
