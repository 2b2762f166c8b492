"""Files that are uploaded for an input, before the press: stored under their key, see `domain.upload`."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import AsyncIterator
from typing import Final

from pushbutton import threads
from pushbutton.domain.upload import Upload, given_name, is_key
from pushbutton.errors import BadInput, StorageFull, UploadsFull
from pushbutton.runtime.ports import UPLOADS, Files
from pushbutton.runtime.ports.files import Writing, upload
from pushbutton.sentence import say

LARGEST: Final = 512 << 20
ROOM: Final = 10 << 30
"""Bytes of all files together that no press has used yet."""
MANY: Final = 10_000
"""The number of these files."""
_LOOK: Final = 32 << 20
"""After so many bytes of one file, room is checked again: other files come at the same time."""


async def save(files: Files, name: str, parts: AsyncIterator[bytes]) -> str:
    """The value of the input that takes this file. Raises `BadInput`, `StorageFull`, `UploadsFull`; then nothing is
    kept.
    """
    await threads.bringing(_room, files)
    key = secrets.token_hex(12)
    size, looked, content = 0, 0, hashlib.sha256()
    try:
        async with _written(files, upload(key)) as file:
            async for part in parts:
                size += len(part)
                if size > LARGEST:
                    raise BadInput(say("The file is larger than {n} MB.", n=LARGEST >> 20))
                if size - looked > _LOOK:
                    looked = size
                    await threads.bringing(_room, files)
                await threads.bringing(file.write, part)
                content.update(part)
    except OSError as error:
        raise StorageFull from error
    return Upload(key, content.hexdigest(), given_name(name)).value


@contextlib.asynccontextmanager
async def _written(files: Files, name: str) -> AsyncIterator[Writing]:
    writing = files.put(name)
    file = await threads.bringing(writing.__enter__)
    try:
        yield file
    except BaseException as error:
        await threads.bringing(writing.__exit__, type(error), error, error.__traceback__)
        raise
    await threads.bringing(writing.__exit__, None, None, None)


def _room(files: Files) -> None:
    """Raises `UploadsFull`. What an earlier version stored, whose runs still use it, does not count."""
    sizes = [file.size for file in files.below(UPLOADS) if is_key(file.name.partition("/")[2])]
    if sum(sizes) > ROOM or len(sizes) >= MANY:
        raise UploadsFull(say("{size} GB or {n:,} files", size=ROOM >> 30, n=MANY))
