"""A bundle: a folder of tasks as one piece of bytes, which is the same on every machine; and its publishing.

    {"pushbutton bundle":1,"entries":[["deploy.sh","x",120],["lib","d",0],["lib/log.sh","f",80],["now","l","lib"]]}
    …the contents of the files, one after the other, in the same order

The first line lists the entries in the order of the bytes of their paths. Of a file's mode it says whether it can be
executed, and nothing else: what else there is differs between two checkouts. A bundle is known by its SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from typing import Any, Final, TypeVar

from .audit import Act, Deed
from .event import Json

__all__ = [
    "MOST_BYTES",
    "MOST_ENTRIES",
    "BadBundle",
    "Bundled",
    "Entry",
    "EntryKind",
    "Publishing",
    "Tasks",
    "compared",
    "digest_of",
    "head",
    "parsed",
    "portable",
]

T = TypeVar("T")

MOST_BYTES: Final = 64_000_000
"""Of all files together."""
MOST_ENTRIES: Final = 50_000
_LONGEST_HEAD: Final = 16_000_000
_LONGEST_NAME: Final = 255  # bytes; no usual file system takes more
_LONGEST_PATH: Final = 2000
_FORMAT: Final = 1

Tasks = Mapping[str, str]
"""The hash of each task's declaration (`domain.task_text`), by slug."""


class EntryKind(StrEnum):
    FILE = "f"
    PROGRAM = "x"  # a file that can be executed
    FOLDER = "d"
    LINK = "l"


@dataclass(frozen=True, slots=True)
class Entry:
    path: str  # from the folder on, with “/” between its parts
    kind: EntryKind
    size: int = 0  # of a file
    target: str = ""  # of a link: seen from where it lies


@dataclass(frozen=True, slots=True)
class Bundled:
    """Where a task of a bundle lies here."""

    bundle: str  # its digest
    root: str  # the folder in which it is unpacked, absolute


@dataclass(frozen=True, slots=True)
class Publishing:
    """From its moment on, the tasks of this bundle are those that can be pressed."""

    bundle: str  # the digest
    at: int  # microseconds since the epoch
    actor: str
    folder: str = ""  # that it was made of, for people
    files: int = 0
    size: int = 0  # bytes of the bundle
    tasks: Tasks = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)  # of tasks, see `adapters.catalog.assembly`
    number: int = 0  # 1, 2, 3, …; 0: it is not published yet

    def act(self, before: Publishing | None) -> Act:
        """For the audit trail: with what came, went and changed since the one before."""
        found: dict[str, Json] = dict(compared(before.tasks if before else {}, self.tasks))
        data: dict[str, Json] = {"folder": self.folder, "files": self.files, "size": self.size, **found}
        return Act(self.actor, Deed.BUNDLE_PUBLISH, f"bundle {self.bundle}", self.at, data)


class BadBundle(Exception):
    """Why these bytes are no bundle, as the end of a sentence."""


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def in_order(entries: Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: os.fsencode(entry.path))


def head(entries: Sequence[Entry]) -> bytes:
    """The first line of a bundle of these entries, which are in order."""
    rows = [[one.path, one.kind.value, one.target if one.kind is EntryKind.LINK else one.size] for one in entries]
    return json.dumps({"pushbutton bundle": _FORMAT, "entries": rows}, separators=(",", ":")).encode() + b"\n"


def parsed(content: bytes) -> tuple[list[Entry], int]:
    """The entries, and where the contents begin. What is returned can be unpacked: no name leaves the folder, no entry
    lies in anything but a folder that was named before, sizes add up. Where links lead has to be looked at on the
    disk. Raises `BadBundle`.
    """
    end = content.find(b"\n", 0, _LONGEST_HEAD)
    if end < 0:
        raise BadBundle("it has no list of what is in it")
    try:
        whole = json.loads(content[:end])
        version, rows = whole["pushbutton bundle"], whole["entries"]
        entries = [_entry(*row) for row in rows] if version == _FORMAT else []
    except (ValueError, TypeError, KeyError, RecursionError):
        raise BadBundle("the list of what is in it cannot be read") from None
    if version != _FORMAT:
        raise BadBundle("it was made by another version of Pushbutton")
    _fit_together(entries, len(content) - end - 1)
    return entries, end + 1


def _entry(path: Any, kind: Any, more: Any) -> Entry:
    """Raises `ValueError` for what has not the form of one."""
    known = EntryKind(kind)
    if known is EntryKind.LINK:
        if not isinstance(path, str) or not isinstance(more, str):
            raise ValueError
        os.fsencode(more)
        return Entry(path, known, target=more)
    if not isinstance(path, str) or type(more) is not int:
        raise ValueError
    return Entry(path, known, size=more)


def _fit_together(entries: Sequence[Entry], size: int) -> None:
    """Raises `BadBundle`."""
    if len(entries) > MOST_ENTRIES:
        raise BadBundle(f"it holds more than {MOST_ENTRIES:,} files and folders")
    if size > MOST_BYTES:
        raise BadBundle(f"it is larger than {MOST_BYTES // 1_000_000} MB")
    seen: dict[str, EntryKind] = {}
    for entry in entries:
        _name_fits(entry.path)
        above = entry.path.rpartition("/")[0]
        if entry.path in seen or (above and seen.get(above) is not EntryKind.FOLDER):
            raise BadBundle(f"“{_shown(entry.path)}” is in it twice, or lies in no folder")
        seen[entry.path] = entry.kind
        if entry.size < 0 or (entry.kind is EntryKind.FOLDER and entry.size):
            raise BadBundle(f"“{_shown(entry.path)}” has a size that cannot be")
        if entry.kind is EntryKind.LINK and leaves(above, entry.target):
            raise BadBundle(f"the link “{_shown(entry.path)}” leads out of it")
    if list(entries) != in_order(entries):
        raise BadBundle("what is in it is not in order")
    if sum(entry.size for entry in entries) != size:
        raise BadBundle("it is not as long as its files are")


def _name_fits(path: str) -> None:
    parts = path.split("/")
    try:
        encoded = [os.fsencode(part) for part in parts]
    except UnicodeEncodeError:
        raise BadBundle("a name in it is none that a file can have") from None
    if any(part in ("", ".", "..") for part in parts) or "\0" in path:
        raise BadBundle(f"the name “{_shown(path)}” leaves it")
    if max(map(len, encoded)) > _LONGEST_NAME or sum(map(len, encoded)) + len(parts) > _LONGEST_PATH:
        raise BadBundle(f"the name “{_shown(path)}” is too long")


def leaves(folder: str, target: str) -> bool:
    """Whether a link in a folder of the bundle leads out of it, as far as its words tell."""
    if not target or target.startswith("/") or "\0" in target:
        return True
    depth = len(folder.split("/")) if folder else 0
    for part in target.split("/"):
        depth += -1 if part == ".." else 0 if part in ("", ".") else 1
        if depth < 0:
            return True
    return False


def _shown(path: str) -> str:
    return path[:200].encode(errors="replace").decode()


def compared(before: Tasks, after: Tasks) -> dict[str, list[str]]:
    """Which tasks came, went and changed; without those words of which there are none."""
    found = {
        "added": sorted(after.keys() - before.keys()),
        "changed": sorted(slug for slug in after.keys() & before.keys() if after[slug] != before[slug]),
        "removed": sorted(before.keys() - after.keys()),
    }
    return {word: slugs for word, slugs in found.items() if slugs}


def portable(value: T, at: Bundled | None) -> T:
    """The same value, with paths in the bundle seen from its folder: so it is equal on every machine."""
    return _without(value, at.root) if at else value


def _without(value: Any, root: str) -> Any:
    if type(value) is str:
        return "." if value == root else value.replace(f"{root}/", "")
    if type(value) in (tuple, list):
        return type(value)(_without(one, root) for one in value)
    if isinstance(value, Mapping):
        return {_without(name, root): _without(one, root) for name, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        held = {spec.name: getattr(value, spec.name) for spec in fields(value) if spec.init}
        other = {name: moved for name, one in held.items() if (moved := _without(one, root)) is not one}
        return replace(value, **other) if other else value
    return value
