"""Whether a data folder is the one that it was at the last start, or a copy of it.

A copy looks like its original, and so would start everything that waited in it once more. Therefore an empty file named
`home.<nonce>` lies in the folder, and the store keeps the nonce, the file's inode and the moment at which it was made.
At each start the file gets a new name, which leaves the other two; a copy has its own, whatever way it was made, and
where one side alone was put back, the names do not fit. Neither a restart, a restart of the machine, an upgrade nor
another name, owner or mount point changes any of it.

What cannot be seen here is a whole disk that was cloned or set back, under the same path and on the same machine.
"""

from __future__ import annotations

import ctypes
import json
import os
import secrets
import struct
import time
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from pushbutton.domain.audit import SERVER, Act, Deed
from pushbutton.runtime.ports import Store

_HEAD: Final = "home."
_AT_FDCWD: Final = -100
_AT_SYMLINK_NOFOLLOW: Final = 0x100
_STATX_BTIME: Final = 0x800


@dataclass(frozen=True, slots=True)
class _Home:
    now: str  # the nonce in the file's name
    inode: int
    born: int  # nanoseconds since the epoch; 0: the file system does not say
    device: int
    path: str
    machine: str  # its id; "": it has none that means something
    next: str = ""  # the nonce that the file is about to get


async def settle(folder: Path, store: Store, name: str = "") -> tuple[int, str]:
    """Set aside what is under way if this is a copy: how many runs, and why it is one ("": it is none). From here on
    the folder is at home where it is. `name`: which folder it is, where several share the store; while others of them
    are there, the store is none of a copy, and what is under way in their names and in nobody's is theirs. Raises
    `OSError`.
    """
    known, names = _read(await store.home(name)), _names(folder)
    why = _other(folder, known, names)
    aside = Act(SERVER, Deed.SERVER_COPIED, "server", time.time_ns() // 1000, {"why": why}) if why else None
    nonce = secrets.token_hex(16)
    if why or known is None or not names:
        for old in names:
            (folder / old).unlink()
        _make(folder / f"{_HEAD}{nonce}")
        count = await store.settle(_here(folder, nonce), aside, folder=name, only=await _own(store, name))
        return count, why
    # Killed anywhere in between, the name is one of the two that the store has.
    now = names[0].removeprefix(_HEAD)
    await store.settle(_text(replace(known, now=now, next=nonce)), folder=name)
    (folder / names[0]).rename(folder / f"{_HEAD}{nonce}")
    sync(folder)
    await store.settle(_here(folder, nonce), folder=name)
    return 0, ""


async def _own(store: Store, name: str) -> Collection[str]:
    """The names that this folder's worker had, where other nodes are there; none where it is alone."""
    nodes = await store.nodes.all() if name else []
    others = any(node.here for node in nodes if node.folder != name)
    return [node.name for node in nodes if node.folder == name] if others else []


def _other(folder: Path, known: _Home | None, names: list[str]) -> str:
    """Why it is not the folder that the store knows; "" where it is, and where nothing is known yet."""
    if known is None:
        return "its database is older than the folder" if names else ""
    if len(names) != 1 or names[0].removeprefix(_HEAD) not in {known.now, known.next}:
        return "its database and the folder are not of the same moment"
    status = (folder / names[0]).lstat()
    born = _born(folder / names[0])
    if status.st_ino != known.inode or (born and known.born and born != known.born):
        return "its files were copied"
    if status.st_dev != known.device and str(folder.absolute()) != known.path:
        return "it lies on another disk and under another path"
    if known.machine and (machine := _machine()) and machine != known.machine:
        return "it is on another machine"
    return ""


def _read(text: str) -> _Home | None:
    found: Mapping[str, Any] = json.loads(text) if text else {}
    return _Home(**found) if found else None


def _here(folder: Path, nonce: str) -> str:
    file = folder / f"{_HEAD}{nonce}"
    status = file.lstat()
    return _text(_Home(nonce, status.st_ino, _born(file), status.st_dev, str(folder.absolute()), _machine()))


def _text(home: _Home) -> str:
    return json.dumps(asdict(home))


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if entry.name.startswith(_HEAD))


def _make(file: Path) -> None:
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    sync(file.parent)


def sync(folder: Path) -> None:
    """Make the files that were made, renamed or removed in it survive a power cut."""
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _born(file: Path) -> int:
    """When it was made, which nobody can set: a copy in the place of a file that is gone may get its inode."""
    try:
        statx = ctypes.CDLL(None).statx
    except (AttributeError, OSError):  # neither glibc nor musl of these days
        return int(getattr(file.lstat(), "st_birthtime", 0) * 1e9)
    found = ctypes.create_string_buffer(256)
    if statx(_AT_FDCWD, os.fsencode(file), _AT_SYMLINK_NOFOLLOW, _STATX_BTIME, found):
        return 0
    (known,) = struct.unpack_from("=I", found)
    seconds, rest = struct.unpack_from("=qI", found, 80)
    return int(seconds * 1_000_000_000 + rest) if known & _STATX_BTIME else 0


def _machine() -> str:
    """Its id. In a container it is the image's, or nobody's, so it says nothing there."""
    if "container" in os.environ or any(Path(sign).exists() for sign in ("/.dockerenv", "/run/.containerenv")):
        return ""
    try:
        return Path("/etc/machine-id").read_text().strip()
    except OSError:
        return ""
