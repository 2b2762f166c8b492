"""A folder of tasks as a bundle: the same bytes on every machine, whatever lies around them there.

Left out is what the folder's `.pushbuttonignore` leaves out, what belongs to version control, what tools made and can
make again (caches, virtual environments, `node_modules`), what editors left, and a data folder of Pushbutton. `!` in
`.pushbuttonignore` takes one of these in again, but never a data folder: its keys are nobody's business.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pushbutton.adapters.ignore import NAME, Ignore, read_ignore
from pushbutton.domain.bundle import (
    MOST_BYTES,
    MOST_ENTRIES,
    BadBundle,
    Entry,
    EntryKind,
    digest_of,
    head,
    in_order,
    leaves,
    parsed,
)
from pushbutton.domain.size import size
from pushbutton.errors import ConfigError

__all__ = ["Packed", "pack", "packed_whole", "stamp"]

_TOOLS: Final = frozenset(
    {
        *(".git", ".hg", ".svn", ".jj", ".bzr", "CVS"),
        *("__pycache__", "__pypackages__", "node_modules", "bower_components"),
        *(".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".tox", ".nox", ".eggs", ".direnv"),
        *(".pushbutton", ".DS_Store", "Thumbs.db"),
    }
)
_LEFT_BEHIND: Final = re.compile(r".*\.py[co]|.*~|#.*#|\.#.*|\..*\.sw[a-p]|4913")
"""By editors and by Python. What a person may have named so (`.bak`, `.sample`) goes along."""
_ENVIRONMENT: Final = "pyvenv.cfg"
_DATA: Final = "server.key"
_LARGEST: Final = 3  # files that are named where it is too much


@dataclass(frozen=True, slots=True)
class Packed:
    digest: str
    content: bytes
    files: int


def pack(folder: Path) -> Packed:
    """Blocks. Raises `ConfigError` for what cannot be packed, with one sentence that names it."""
    return _packed(folder, list(_entries(folder, read_ignore(folder))))


def packed_whole(folder: Path) -> Packed:
    """The same with nothing left out: of a folder that was made from a bundle, that bundle."""
    return _packed(folder, list(_entries(folder, None)))


def stamp(folder: Path) -> int:
    """A number that is another one when anything changed that is packed; as cheap as a look at each name."""
    found = []
    for entry in _entries(folder, read_ignore(folder)):
        status = (folder / entry.path).lstat()
        of_file = (status.st_mode, status.st_size, status.st_mtime_ns, status.st_ino)
        found.append((entry, () if entry.kind is EntryKind.FOLDER else of_file))
    return hash(tuple(found))


def _packed(folder: Path, found: list[Entry]) -> Packed:
    if len(found) > MOST_ENTRIES:
        raise ConfigError(f"there are more than {MOST_ENTRIES:,} files and folders; {_ADVICE}", file=str(folder))
    if sum(entry.size for entry in found) > MOST_BYTES:
        raise ConfigError(_too_much(found), file=str(folder))
    entries, contents = [], []
    for entry in in_order(found):
        if entry.kind in (EntryKind.FILE, EntryKind.PROGRAM):
            contents.append(_read(folder / entry.path))
            entry = Entry(entry.path, entry.kind, len(contents[-1]))  # noqa: PLW2901  it may have grown
        entries.append(entry)
    content = head(entries) + b"".join(contents)
    try:
        parsed(content)  # what others would refuse is not sent
    except BadBundle as error:
        raise ConfigError(f"this cannot be published: {error}.", file=str(folder)) from None
    return Packed(digest_of(content), content, len(contents))


_ADVICE: Final = f"leave out with {NAME} what no task needs."


def _too_much(found: list[Entry]) -> str:
    largest = sorted(found, key=lambda entry: -entry.size)[:_LARGEST]
    named = ", ".join(f"{entry.path} ({size(entry.size)})" for entry in largest)
    total = size(sum(entry.size for entry in found))
    return f"there is {total} in it, and {MOST_BYTES // 1_000_000} MB can be published: {_ADVICE} The largest: {named}."


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(f"this cannot be read ({error.strerror}); {_ADVICE}", file=str(path))


def _entries(root: Path, ignore: Ignore | None, above: str = "") -> Iterator[Entry]:
    """`ignore` None: everything."""
    place = root / above
    try:
        with os.scandir(place) as entries:
            here = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise _unreadable(place, error) from None
    for entry in here:
        path = f"{above}/{entry.name}" if above else entry.name
        folder = entry.is_dir(follow_symlinks=False)
        if ignore is not None and _left_out(entry, path, ignore, folder=folder):
            continue
        if folder:
            yield Entry(path, EntryKind.FOLDER)
            yield from _entries(root, ignore, path)
        elif entry.is_symlink():
            yield _link(root, above, path)
        elif entry.is_file(follow_symlinks=False):
            status = entry.stat(follow_symlinks=False)
            program = stat.S_IMODE(status.st_mode) & 0o111
            yield Entry(path, EntryKind.PROGRAM if program else EntryKind.FILE, status.st_size)
        # A pipe, a socket or a device holds nothing that could be sent.


def _left_out(entry: os.DirEntry[str], path: str, ignore: Ignore, *, folder: bool) -> bool:
    if folder and Path(entry.path, _DATA).is_file():
        return True
    said = ignore.says(path, folder=folder)
    if said is not None:
        return said
    return entry.name in _TOOLS or (
        Path(entry.path, _ENVIRONMENT).is_file() if folder else bool(_LEFT_BEHIND.fullmatch(entry.name))
    )


def _link(root: Path, above: str, path: str) -> Entry:
    """Raises `ConfigError` for one that leads out of the folder: elsewhere there would be something else."""
    place = root / path
    try:
        target = str(place.readlink())
    except OSError as error:
        raise _unreadable(place, error) from None
    real, inside = Path(os.path.realpath(place)), Path(os.path.realpath(root))
    if target.startswith("/"):
        named = Path(os.path.normpath(target))
        base = next((base for base in (root.absolute(), inside) if named.is_relative_to(base)), None)
        target = os.path.relpath(named.relative_to(base), above or ".") if base else target
    if not real.is_relative_to(inside) or leaves(above, target):
        raise ConfigError(
            f"this is a link to {real}, which is not in the folder, so other machines would not have it: copy it here, "
            f"or leave the link out with {NAME}.",
            file=str(place),
        )
    return Entry(path, EntryKind.LINK, target=target)
