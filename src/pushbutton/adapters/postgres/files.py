"""`runtime.ports.Files` of a node: what lies in its own folders is read there, the rest in `pieces`.

What people bring goes into `pieces`, so it is there for whichever machine runs it; that one makes its job a file of it.
What runs hand over was sent there by the machine that has it.
"""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from pushbutton.adapters.files import FileFolder
from pushbutton.domain.pieces import BLOCK, cut
from pushbutton.runtime.ports import UPLOADS, Disk, Stored, Taken

from .pieces import Kept, Piece, Pieces, Place

__all__ = ["NodeFiles"]

_DRAFT: Final = "drafts"
"""Where a file lies until it is whole. What a killed process has left there goes after a day."""


class NodeFiles:
    def __init__(self, own: FileFolder, pieces: Pieces) -> None:
        self._own, self._pieces = own, pieces

    @contextlib.contextmanager
    def put(self, name: str) -> Iterator[_Draft]:
        place = self._place(name)
        if self.find(name):
            raise FileExistsError(name)
        self._pieces.tidy(0, _DRAFT)
        draft = _Draft(self._pieces, Place(0, f"{_DRAFT}/{name}"))
        try:
            yield draft
            draft.end()
            self._pieces.rename(draft.place, place)
        except BaseException:
            self._pieces.remove(*draft.place)
            raise

    def copy(self, source: str, target: str) -> None:
        if self._pieces.copy(self._place(source), self._place(target)):
            return
        with self._own.open(source) as content:  # of before this folder was one of many
            sent = _Draft(self._pieces, self._place(target))
            shutil.copyfileobj(content, sent, BLOCK)
            sent.end()

    def open(self, name: str) -> io.BufferedReader:
        with contextlib.suppress(FileNotFoundError):
            return self._own.open(name)
        if kept := self._kept(name):
            return io.BufferedReader(_Content(self._pieces, self._place(name), kept.size), BLOCK)
        raise FileNotFoundError(name)

    def find(self, name: str) -> Stored | None:
        if here := self._own.find(name):
            return here
        kept = self._kept(name)
        return _stored(name, kept) if kept else None

    def below(self, folder: str) -> Sequence[Stored]:
        here = self._own.below(folder)
        known = {file.name for file in here}
        place = self._place(folder)
        kept = self._pieces.below(place.run, f"{place.name}/")
        names = {f"{folder}{found.name.removeprefix(place.name)}": file for found, file in kept.items()}
        return [*here, *(_stored(name, file) for name, file in names.items() if name not in known)]

    def touch(self, name: str) -> None:
        try:
            self._own.touch(name)
        except FileNotFoundError:
            if not self._pieces.touch(self._place(name)):
                raise

    def remove(self, name: str) -> None:
        self._own.remove(name)
        self._pieces.remove(*self._place(name), below=True)

    def renew(self, run: int) -> None:
        """A file in the database belongs to the run in the database."""
        self._own.renew(run)

    def disk(self) -> Disk:
        return self._own.disk()

    def taken(self, seconds: float) -> Taken:
        return self._own.taken(seconds)

    def place(self, name: str) -> Path:
        here = self._own.place(name)
        if not here.exists() and self._kept(name):
            with self.open(name) as content, self._own.made(name) as file:
                shutil.copyfileobj(content, file, BLOCK)
        return here

    def _kept(self, name: str) -> Kept | None:
        place = self._place(name)
        return self._pieces.kept([place]).get(place)

    def _place(self, name: str) -> Place:
        """Raises `FileNotFoundError` where there can be none of this name."""
        self._own.place(name)
        kind, *rest = name.split("/")
        return Place(0, name) if kind == UPLOADS else Place(int(rest[0]), "/".join([kind, *rest[1:]]))


class _Draft:
    """Sends what is written, a block at a time."""

    def __init__(self, pieces: Pieces, place: Place) -> None:
        self.place = place
        self._pieces, self._sent, self._rest = pieces, 0, bytearray()

    def write(self, data: bytes, /) -> int:
        self._rest += data
        whole = len(self._rest) - len(self._rest) % BLOCK
        if whole:
            self._send(whole)
        return len(data)

    def end(self) -> None:
        self._send(len(self._rest))

    def _send(self, size: int) -> None:
        begin, end = self._sent, self._sent + size
        found = [Piece(self.place, a, bytes(self._rest[a - begin : b - begin])) for a, b in cut(begin, end)]
        self._pieces.put(found, {self.place: end})
        del self._rest[:size]
        self._sent = end


class _Content(io.RawIOBase):
    def __init__(self, pieces: Pieces, place: Place, size: int) -> None:
        super().__init__()
        self._pieces, self._place, self._size, self._at = pieces, place, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        self._at = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        """Raises `OSError` where it is gone meanwhile."""
        room = memoryview(buffer).cast("B")
        if self._at >= self._size:
            return 0
        part = self._pieces.part(self._place, self._at)[: len(room)]
        if not part:
            raise OSError(f"{self._place.name} is not kept any more")
        room[: len(part)] = part
        self._at += len(part)
        return len(part)


def _stored(name: str, kept: Kept) -> Stored:
    return Stored(name, kept.size, kept.since / 1_000_000, f"{kept.since}-{kept.size}")
