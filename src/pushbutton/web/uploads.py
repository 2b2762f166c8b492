"""Files that people bring for an input: stored as `<random>-<name>`, which is the input's value."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from pushbutton.errors import BadInput, StorageFull

LARGEST = 512 << 20
LONGEST_NAME = 200


async def save(folder: Path, name: str, parts: AsyncIterator[bytes]) -> str:
    """The value of the input that takes this file. Raises `BadInput`, `StorageFull`; then nothing is kept."""
    safe = safe_name(name)
    place = folder / f"{secrets.token_hex(12)}-{safe}"
    size = 0
    try:
        with place.open("xb") as file:
            async for part in parts:
                size += len(part)
                if size > LARGEST:
                    raise BadInput(f"The file is larger than {LARGEST >> 20} MB.")
                await asyncio.to_thread(file.write, part)
    except BaseException as error:
        place.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise StorageFull from error
        raise
    return place.name


def safe_name(name: str) -> str:
    """The last part of whatever path a browser sent, without what could surprise a shell or a folder."""
    last = PurePosixPath(PureWindowsPath(name).name).name
    kept = "".join(char if char.isalnum() or char in "._- " else "_" for char in last).strip(" .")
    # A file's name has at most 255 bytes; its end is kept, because that says what it is.
    return kept.encode()[-LONGEST_NAME:].decode(errors="ignore").lstrip("- ") or "file"
