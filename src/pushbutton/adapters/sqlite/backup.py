"""A copy of a data folder, taken while a server may use it, and put back into an empty folder.

The database comes first, as of one moment; then what lies beside it. So every run of the copy has its folder, and what
its output and results have more than the database knows of is read from there. Left out are secret inputs, sealed as
they are, and the keys, which are copied to a place of their own or not at all.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import apsw

from pushbutton.errors import StorageFull, StoreError

from .database import translated

__all__ = ["KEYS", "Backup", "finish", "keep_keys", "put_back", "read", "take"]

KEYS: Final = ("server.key", "secret.key")
_DATABASE: Final = "history.db"
_ABOUT: Final = "backup.json"  # written last: without it, the copy is not whole
_RUNS: Final = "runs"
_SECRETS: Final = ".secrets"
_ITS_OWN: Final = frozenset(
    {"lock", "hint", "audit.end", ".gitignore", "readings", f"{_DATABASE}-wal", f"{_DATABASE}-shm", *KEYS}
)
"""Of the folder as it is served now, in no copy; nor is `home.…`, by which a copy is known. `audit.end` notes an end
that the copy does not have; `readings` are made anew.
"""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup's own description."""

    version: str  # of the Pushbutton that took it
    at: str  # RFC 3339
    runs: int
    head: str  # of the audit trail, as `pushbutton audit verify` prints it; "" while nothing is recorded
    without_secrets: tuple[int, ...] = ()  # runs that waited with secret inputs


def take(folder: Path, target: Path) -> tuple[int, tuple[int, ...]]:
    """Copy what can be copied; `finish` makes it whole. How many runs, and which of them waited with secret inputs.
    Raises `StoreError`.
    """
    if not (folder / _DATABASE).is_file():
        raise StoreError(f"There is no {_DATABASE} in {folder}: name the data folder with --data.")
    _empty(target, "A backup")
    if target.resolve().is_relative_to(folder.resolve()):
        raise StoreError(f"{target} lies in the data folder itself: a backup belongs elsewhere.")
    with _writing(target):
        target.mkdir(parents=True, mode=0o700, exist_ok=True)
        target.chmod(0o700)
        numbers, sealed = _snapshot(folder / _DATABASE, target / _DATABASE)
        left = tuple(n for n in numbers if n in sealed or (folder / _RUNS / f"{n}{_SECRETS}").exists())
        runs = {str(number) for number in numbers}
        for entry in _entries(folder):
            if entry.name == _RUNS:
                (target / _RUNS).mkdir(mode=0o700)
                for run in _entries(folder / _RUNS):
                    if run.name in runs:  # younger ones are in no database that goes with them
                        _copy(run, target / _RUNS / run.name)
            elif entry.name not in {*_ITS_OWN, _DATABASE} and not entry.name.startswith("home."):
                _copy(entry, target / entry.name)
    return len(numbers), left


def finish(target: Path, about: Backup) -> None:
    with _writing(target):
        _write(target / _ABOUT, json.dumps(asdict(about), indent=2).encode() + b"\n")


def keep_keys(files: Sequence[Path], target: Path) -> list[str]:
    """Copy those that there are; their names. Raises `StoreError`, also where other keys lie already."""
    found = [file for file in files if file.is_file()]
    with _writing(target):
        target.mkdir(parents=True, mode=0o700, exist_ok=True)
        for file in found:
            place = target / file.name
            if place.exists() and place.read_bytes() != file.read_bytes():
                raise StoreError(f"{place} is another key. It was left as it is: name another folder with --keys.")
        for file in found:
            if not (target / file.name).exists():
                _write(target / file.name, file.read_bytes())
    return [file.name for file in found]


def read(backup: Path) -> Backup:
    """Raises `StoreError` for what is no whole backup, and for a database in it that is damaged."""
    try:
        found: dict[str, Any] = json.loads((backup / _ABOUT).read_text())
        about = Backup(**{**found, "without_secrets": tuple(found["without_secrets"])})
    except FileNotFoundError:
        raise StoreError(f"{backup} is no whole backup: there is no {_ABOUT} in it, which is written last.") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StoreError(f"{backup / _ABOUT} cannot be read ({error}).") from None
    with translated(backup / _DATABASE), closing(_opened(backup / _DATABASE)) as db:
        complaint = db.execute("PRAGMA quick_check(1)").get
        count = db.execute("SELECT count(*) FROM runs").get
    if complaint != "ok" or count != about.runs:
        why = complaint if complaint != "ok" else f"it has {count:,} runs and not {about.runs:,}"
        raise StoreError(f"The {_DATABASE} of {backup} is not as it was when the backup was taken ({why}).")
    return about


def put_back(backup: Path, folder: Path, keys: Sequence[Path]) -> None:
    """Into a folder that is empty or not there. Raises `StoreError`; the database comes last."""
    _empty(folder, "A backup is put back into an empty folder, and so nothing is overwritten:")
    with _writing(folder):
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        for file in keys:
            _write(folder / file.name, file.read_bytes())
        for entry in _entries(backup):
            if entry.name not in {*_ITS_OWN, _ABOUT, _DATABASE} and not entry.name.startswith("home."):
                _copy(entry, folder / entry.name)
        _copy(backup / _DATABASE, folder / _DATABASE)


def _empty(folder: Path, what: str) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StoreError(f"{what} {folder} is there already and not empty: name another.")


def _snapshot(source: Path, target: Path) -> tuple[list[int], set[int]]:
    """All of it as of one moment, but for secret inputs; nobody waits for it. The numbers of its runs, and of those
    that had some.
    """
    with translated(source), closing(_opened(source)) as original, closing(apsw.Connection(str(target))) as copy:
        target.chmod(0o600)
        with copy.backup("main", original, "main") as backup:
            while not backup.done:
                backup.step(-1)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        copy.execute("PRAGMA secure_delete = ON")  # what is taken out is overwritten
        sealed = set[int]()
        if any(column[1] == "sealed" for column in copy.execute("PRAGMA table_info(runs)")):
            taken = copy.execute("UPDATE runs SET sealed = '' WHERE sealed != '' RETURNING id")
            sealed = {row[0] for row in taken}
        return [row[0] for row in copy.execute("SELECT id FROM runs ORDER BY id")], sealed


def _opened(file: Path) -> apsw.Connection:
    db = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)
    db.set_busy_timeout(10_000)
    return db


def _entries(folder: Path) -> Iterator[Path]:
    """Files that grow are copied after those that say how far: `output` comes behind `events`."""
    with suppress(FileNotFoundError):
        yield from sorted(folder.iterdir())


def _copy(source: Path, target: Path) -> None:
    """Folders and plain files, for their owner alone. What goes meanwhile, and what is neither, is passed over."""
    try:
        status = source.lstat()
        mode = status.st_mode
        if stat.S_ISDIR(mode):
            target.mkdir(mode=0o700)
            for entry in _entries(source):
                _copy(entry, target / entry.name)
        elif stat.S_ISREG(mode):
            with source.open("rb") as content:
                fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                with os.fdopen(fd, "wb") as made:
                    shutil.copyfileobj(content, made, 1 << 20)
            target.chmod(mode & 0o600)
            os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))  # how old a file is says when it may go
    except FileNotFoundError:
        return


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Turn an error of the system into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull from error
        raise StoreError(f"{folder} cannot be written ({error.filename or ''}: {error.strerror}).") from None


def _write(file: Path, data: bytes) -> None:
    fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as made:
        made.write(data)
        made.flush()
        os.fsync(made.fileno())
