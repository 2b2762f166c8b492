"""Which files of a folder may hold tasks. Nothing is opened here: names, modes and times tell.

In a folder, and one level below it (there the subfolder is the group): `pushbutton.yaml`, executable files, and
Python files. Hidden files, editors' left-overs and the folders of tools are passed over.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pushbutton.errors import ConfigError
from pushbutton.job.title import title_of

from .reading import Form, Found

__all__ = ["Named", "folders", "named", "scan"]

SKIPPED = frozenset({"__pycache__", "node_modules", "venv", "site-packages"})
_CONFIGS = ("pushbutton.yaml", "pushbutton.yml")


class Named:
    """One path of the command line: a folder, a file, or `file.py:function`."""

    __slots__ = ("function", "path")

    def __init__(self, path: Path, function: str = "") -> None:
        self.path, self.function = path, function


EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO})
"""What the system says when the fault is not the folder's."""


def named(words: Sequence[str | os.PathLike[str]]) -> list[Named]:
    """Raises `ConfigError` for one that does not exist."""
    return [_named(os.fspath(word)) for word in words]


def _absolute(word: str) -> Path:
    return Path(os.path.abspath(Path(word).expanduser()))  # noqa: PTH100 - links stay as they were named


def _named(word: str) -> Named:
    path = _absolute(word)
    if path.exists():
        return Named(path)
    head, colon, function = word.rpartition(":")
    file = _absolute(head)
    if colon and file.is_file():
        return Named(file, function)
    raise ConfigError("There is no such file or folder.", file=word)


def scan(paths: Sequence[Named]) -> list[Found]:
    """Every file that may hold tasks now, each once, in the order of the command line and then by name.

    A Python file that is named itself is read as one, also when its folder is named before: more of it is a task then.
    """
    found: dict[tuple[Path, str], Found] = {}
    for one in paths:
        for file in _folder(one.path, "", 1) if one.path.is_dir() else _file(one):
            key = (file.path, file.function)
            if file.form is Form.NAMED and key in found:
                found[key] = replace(file, group=found[key].group)
            found.setdefault(key, file)
    return list(found.values())


def folders(paths: Sequence[Named]) -> list[Path]:
    """The folders in which a change may concern us; those that exist."""
    watched: dict[Path, None] = {}
    for one in paths:
        if not one.path.is_dir():
            watched[one.path.parent] = None
            continue
        watched[one.path] = None
        watched.update((Path(entry.path), None) for entry in _entries(one.path) if _is_group(entry))
    return [path for path in watched if path.is_dir()]


def _file(one: Named) -> Iterator[Found]:
    try:
        status = one.path.stat()
    except OSError:
        return  # removed since; it may come back
    if one.path.suffix in (".yaml", ".yml"):
        yield Found(one.path, Form.CONFIG, stamp=_stamp(status))
    elif one.path.suffix == ".py":
        yield Found(one.path, Form.NAMED, function=one.function, stamp=_stamp(status))
    else:
        yield Found(one.path, Form.SCRIPT, stamp=_stamp(status))


def _folder(folder: Path, group: str, deeper: int) -> Iterator[Found]:
    below: list[os.DirEntry[str]] = []
    entries = _entries(folder)
    for entry in sorted(entries, key=lambda one: (one.name not in _CONFIGS, one.name)):
        if _is_group(entry):
            below.append(entry)
            continue
        try:
            status = entry.stat()
        except OSError:
            continue  # removed since, or a link to nothing
        if stat.S_ISREG(status.st_mode) and (form := _form(entry.name, status.st_mode)):
            yield Found(Path(entry.path), form, group, stamp=_stamp(status))
    for entry in below if deeper else ():
        yield from _folder(Path(entry.path), title_of(entry.name), deeper - 1)


def _form(name: str, mode: int) -> Form | None:
    if name.startswith((".", "#")) or name.endswith(("~", ".pyc", ".swp", ".tmp")):
        return None
    if name in _CONFIGS:
        return Form.CONFIG
    if mode & 0o111:
        return Form.SCRIPT
    return Form.PYTHON if name.endswith(".py") else None


def _is_group(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir() and not entry.name.startswith(".") and entry.name not in SKIPPED
    except OSError:
        return False


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        if error.errno in EXHAUSTED:
            raise  # what cannot be looked at now is not gone
        return []  # removed since, or not ours to read


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_mode)
