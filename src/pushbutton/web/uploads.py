"""Files that people bring for an input, before they press: stored under their key, see `domain.upload`."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from pushbutton import threads
from pushbutton.domain.upload import Upload, given_name, is_key
from pushbutton.errors import BadInput, StorageFull, UploadsFull

LARGEST: Final = 512 << 20
ROOM: Final = 10 << 30
"""Bytes of all files together that nobody has pressed with yet."""
MANY: Final = 10_000
"""Of these files."""
_LOOK: Final = 32 << 20
"""After so many bytes of one file it is looked whether there still is room: others come at the same time."""


async def save(folder: Path, name: str, parts: AsyncIterator[bytes]) -> str:
    """The value of the input that takes this file. Raises `BadInput`, `StorageFull`, `UploadsFull`; then nothing is
    kept.
    """
    await threads.bringing(_room, folder)
    place = folder / secrets.token_hex(12)
    size, looked, content = 0, 0, hashlib.sha256()
    try:
        with place.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            async for part in parts:
                size += len(part)
                if size > LARGEST:
                    raise BadInput(f"The file is larger than {LARGEST >> 20} MB.")
                if size - looked > _LOOK:
                    looked = size
                    await threads.bringing(_room, folder)
                await threads.bringing(file.write, part)
                content.update(part)
    except BaseException as error:
        place.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise StorageFull from error
        raise
    return Upload(place.name, content.hexdigest(), given_name(name)).value


def _room(folder: Path) -> None:
    """Raises `UploadsFull`. What an earlier version stored, whose runs still use it, does not count."""
    sizes = []
    for entry in os.scandir(folder):
        if is_key(entry.name):
            with contextlib.suppress(FileNotFoundError):  # somebody pressed with it in this moment
                sizes.append(entry.stat().st_size)
    if sum(sizes) > ROOM or len(sizes) >= MANY:
        raise UploadsFull(f"{ROOM >> 30} GB or {MANY:,} files")
