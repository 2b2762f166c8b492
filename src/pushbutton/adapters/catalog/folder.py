"""Which files of a folder may hold tasks. Nothing is opened here: names, modes and times tell.

In a folder, and one level below it (there the subfolder is the group): `pushbutton.yaml`, executable files, and
Python files. Left out are hidden files, links to a file that is shown, what `names` tells, and what the folder's
`.pushbuttonignore` leaves out. `skipped` says why a file was left out.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pushbutton.adapters.ignore import NAME, Ignore, read_ignore
from pushbutton.describe.title import title_of
from pushbutton.errors import ConfigError

from .model import Form, Found
from .names import CONFIGS, aside, leftover

__all__ = [
    "EXHAUSTED",
    "Listing",
    "Named",
    "Seen",
    "absolute",
    "concerns",
    "entries",
    "form_of",
    "is_group",
    "merged",
    "named",
    "scan",
    "seen",
]


class Named:
    """One path of the command line: a folder, a file, or `file.py:function`."""

    __slots__ = ("function", "path")

    def __init__(self, path: Path, function: str = "") -> None:
        self.path, self.function = path, function


EXHAUSTED = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO}
    | {errno.ENOTCONN, errno.ECONNABORTED, errno.ECONNREFUSED, errno.ESTALE, errno.ETIMEDOUT}
    | {errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ENETUNREACH, errno.EREMOTEIO}
)
"""The system's errors when the fault is not the folder's: no room for a look, or a drive that is out of reach."""


def named(words: Sequence[str | os.PathLike[str]]) -> list[Named]:
    """Raises `ConfigError` for one that does not exist."""
    return [_named(os.fspath(word)) for word in words]


def absolute(word: str) -> Path:
    """Without a look at it."""
    return Path(os.path.abspath(Path(word).expanduser()))  # noqa: PTH100 - links stay as they were named


def _named(word: str) -> Named:
    path = absolute(word)
    if path.exists():
        return Named(path)
    head, colon, function = word.rpartition(":")
    file = absolute(head)
    if colon and file.is_file():
        return Named(file, function)
    raise ConfigError("There is no such file or folder.", file=word)


@dataclass(frozen=True, slots=True)
class Seen:
    """The content of one path at one moment."""

    root: Path  # the folder that it is or lies in
    files: tuple[Found, ...] = ()  # by name
    folders: tuple[Path, ...] = ()  # in which a change may concern us; those that exist
    links: Mapping[Path, str] = field(default_factory=dict)  # with what they lead to
    real: Mapping[Path, str] = field(default_factory=dict)  # the folders of the files, without links


@dataclass(frozen=True, slots=True)
class Listing:
    """The content at one moment."""

    files: tuple[Found, ...]  # that may hold tasks, each once, in the order of the command line and then by name
    folders: tuple[Path, ...]  # in which a change may concern us; those that exist
    links: Mapping[Path, Path] = field(default_factory=dict)  # those to a file that is shown, which is named


def scan(paths: Sequence[Named]) -> Listing:
    return merged([seen(one) for one in paths])


def seen(one: Named) -> Seen:
    """Raises `OSError` where it cannot be looked at now, which does not mean that it is gone."""
    watched: dict[Path, None] = {}
    links: list[tuple[Path, str]] = []
    if one.path.is_dir():
        root, files = one.path, tuple(_folder(one.path, watched, links))
    else:
        root, files = one.path.parent, tuple(_file(one))
        watched[root] = None
    real = {folder: os.path.realpath(folder) for folder in dict.fromkeys(file.path.parent for file in files)}
    return Seen(root, files, tuple(path for path in watched if path.is_dir()), dict(links), real)


def merged(looks: Sequence[Seen]) -> Listing:
    """A Python file that is named itself is read as one, also when its folder is named before: more of it is a task
    then.
    """
    found: dict[tuple[Path, str], Found] = {}
    links: dict[Path, str] = {}
    real: dict[Path, str] = {}
    for look in looks:
        links |= look.links
        real |= look.real
        for file in look.files:
            key = (file.path, file.function)
            if file.form is Form.NAMED and key in found:
                found[key] = replace(file, group=found[key].group)
            found.setdefault(key, file)
    doubled = dict(_doubled([path for path, _ in found], links, real))
    for path in doubled:
        found.pop((path, ""), None)
    return Listing(tuple(found.values()), tuple(dict.fromkeys(one for look in looks for one in look.folders)), doubled)


def _doubled(shown: Sequence[Path], links: Mapping[Path, str], real: Mapping[Path, str]) -> Iterator[tuple[Path, Path]]:
    """The links to a file that is shown by itself, and that file."""
    own = {f"{real[path.parent]}/{path.name}": path for path in shown if path not in links} if links else {}
    yield from ((path, own[target]) for path, target in links.items() if target in own)


def concerns(path: Path) -> bool:
    """Whether a change of a path that `scan` did not give before may change what it gives."""
    if path.name == NAME:
        return True
    if path.name.startswith("."):
        return False
    try:
        mode = path.stat().st_mode
    except OSError:
        return False  # it came and went
    return stat.S_ISDIR(mode) or form_of(path.name, mode) is not None


def _file(one: Named) -> Iterator[Found]:
    try:
        status = one.path.stat()
    except OSError as error:
        _gone(error)
        return  # it may come back
    if one.path.suffix in (".yaml", ".yml"):
        yield Found(one.path, Form.CONFIG, stamp=_stamp(status))
    elif one.path.suffix == ".py":
        yield Found(one.path, Form.NAMED, function=one.function, stamp=_stamp(status))
    else:
        yield Found(one.path, Form.SCRIPT, stamp=_stamp(status))


def _folder(root: Path, watched: dict[Path, None], links: list[tuple[Path, str]]) -> Iterator[Found]:
    """`watched` and `links` (with their targets) grow meanwhile."""
    ignore = read_ignore(root)
    below: list[os.DirEntry[str]] = []
    watched[root] = None
    for entry in _sorted(root):
        if is_group(entry, ignore):
            below.append(entry)
        elif _wanted(entry.name, entry.name, ignore) and (found := _entry(entry, "")):
            if entry.is_symlink():
                links.append((found.path, os.path.realpath(found.path)))
            yield found
    for folder in below:
        watched[Path(folder.path)] = None
        group, linked = title_of(folder.name, acronyms=False), folder.is_symlink()
        for entry in _sorted(Path(folder.path)):
            if _wanted(entry.name, f"{folder.name}/{entry.name}", ignore) and (found := _entry(entry, group)):
                if linked or entry.is_symlink():
                    links.append((found.path, os.path.realpath(found.path)))
                yield found


def _sorted(folder: Path) -> list[os.DirEntry[str]]:
    return sorted(entries(folder), key=lambda one: (one.name not in CONFIGS, one.name))


def _entry(entry: os.DirEntry[str], group: str) -> Found | None:
    try:
        status = entry.stat()
    except OSError as error:
        _gone(error)
        return None  # or a link to nothing
    form = form_of(entry.name, status.st_mode) if stat.S_ISREG(status.st_mode) else None
    return Found(Path(entry.path), form, group, stamp=_stamp(status)) if form else None


def _wanted(name: str, path: str, ignore: Ignore) -> bool:
    if name.startswith("."):
        return False
    said = ignore.says(path) if ignore.rules else None
    return said is False or not (said or leftover(name))


def form_of(name: str, mode: int) -> Form | None:
    """The kind of a file that is not passed over; None: it holds no task."""
    if name in CONFIGS:
        return Form.CONFIG
    if mode & 0o111:
        return Form.SCRIPT
    return Form.PYTHON if name.endswith(".py") else None


def is_group(entry: os.DirEntry[str], ignore: Ignore) -> bool:
    try:
        if entry.name.startswith(".") or not entry.is_dir():
            return False
    except OSError as error:
        _gone(error)
        return False
    said = ignore.says(entry.name, folder=True) if ignore.rules else None
    return said is False or not (said or aside(entry.name))


def entries(folder: Path) -> list[os.DirEntry[str]]:
    """By name. One that cannot be read has none; raises `OSError` where the system has no room for the look."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        _gone(error)
        return []  # or not ours to read


def _gone(error: OSError) -> None:
    """Whether it was removed since: raises the error where that is not what it says."""
    if error.errno in EXHAUSTED:
        raise error  # what cannot be looked at now is not gone


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_mode)
