"""Why files beside the tasks are none: for `check`, and for a page for administrators.

Accounted for is what somebody may have meant as a task: what may be executed, begins with `#!`, or has the ending of a
script. Folders that are passed over whole are one entry. Files are opened here, so this is for a thread.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pushbutton.adapters.ignore import Ignore, read_ignore
from pushbutton.domain.skipped import Skipped
from pushbutton.sentence import say

from .folder import Named, entries, form_of
from .model import FileTasks
from .names import aside, leftover
from .sanitise import readable

__all__ = ["account"]

_DEEPEST = 6  # folders
_MOST = 50_000  # entries that are looked at
_ENDINGS = frozenset({".sh", ".bash", ".zsh", ".ksh", ".ps1", ".bat", ".cmd", ".pl", ".rb"})
_LANGUAGES = frozenset(
    {"", ".py", ".js", ".mjs", ".ts", ".lua", ".php", ".awk", ".tcl", ".exp", ".r", ".jl", ".groovy"}
)
_BEGINS = (b"#!", b"\xef\xbb\xbf#!", b"\xff\xfe#\0!\0", b"\xfe\xff\0#\0!")


def account(paths: Sequence[Named], readings: Mapping[Path, FileTasks]) -> list[Skipped]:
    """`readings`: what the files were that `scan` found, by path."""
    return [one for named in paths if named.path.is_dir() for one in _Folder(named.path, readings).passed()]


class _Folder:
    def __init__(self, root: Path, readings: Mapping[Path, FileTasks]) -> None:
        self._root, self._readings = root, readings
        self._ignore: Ignore = read_ignore(root)
        self._left = _MOST

    def passed(self) -> Iterator[Skipped]:
        yield from self._in(self._root, "", 0)

    def _in(self, folder: Path, prefix: str, depth: int) -> Iterator[Skipped]:
        for entry in entries(folder):
            self._left -= 1
            if self._left < 0 or entry.name.startswith("."):
                continue
            name = f"{prefix}{entry.name}"
            try:
                if entry.is_dir():
                    yield from self._folder(entry, name, depth)
                elif why := self._why(entry, name, depth):
                    path = readable(entry.path)
                    mend = f"chmod +x {shlex.quote(path)}" if why == _NOT_EXECUTABLE else ""
                    yield Skipped(path, why, mend)
            except OSError:
                continue  # removed since, or not ours to read

    def _folder(self, entry: os.DirEntry[str], name: str, depth: int) -> Iterator[Skipped]:
        said = self._ignore.says(name, folder=True)
        why = _IGNORED if said else "" if said is False else aside(entry.name)
        if why:
            yield Skipped(f"{readable(entry.path)}/", why)
        elif depth < _DEEPEST and not (depth and entry.is_symlink()):
            yield from self._in(Path(entry.path), f"{name}/", depth + 1)

    def _why(self, entry: os.DirEntry[str], name: str, depth: int) -> str:
        """Why the file is no task; "": it is one, or nobody would take it for one."""
        status = entry.stat()
        path, executable = Path(entry.path), bool(status.st_mode & 0o111)
        if not stat.S_ISREG(status.st_mode):
            return ""
        reading = self._readings.get(path)
        if reading is not None and (reading.passed or reading.tasks or reading.whole):
            return reading.passed
        if not executable and path.suffix not in _ENDINGS | _LANGUAGES:
            return ""  # data: there may be very many, and none is opened
        begins = _first(path).startswith(_BEGINS)
        started = path.suffix == ".py" and depth < 2 and reading is not None and _is_started(path)
        if not (executable and path.suffix != ".py") and not begins and not started and path.suffix not in _ENDINGS:
            return ""
        said = self._ignore.says(name)
        if said:
            return _IGNORED
        if said is None and (why := leftover(entry.name)):
            return why
        if depth > 1:
            return say("it lies deeper than one folder")
        if form_of(entry.name, status.st_mode) and reading is None:
            return say("it is a link to a file that is shown") if path.is_symlink() else ""
        if started or executable:
            return say("it has neither a first line with “#!” nor a function with @task")
        return _NOT_EXECUTABLE if begins else say("it neither begins with “#!” nor may be executed")


_IGNORED = say("“.pushbuttonignore” leaves it out")
_NOT_EXECUTABLE = say("it begins with “#!”, but may not be executed")


def _first(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8)


def _is_started(path: Path) -> bool:
    """Whether a Python file does something when it is started."""
    with path.open("rb") as file:
        return b"__main__" in file.read(1 << 20)
