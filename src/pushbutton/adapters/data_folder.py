"""The folder in which a server keeps everything: made for its owner alone, held by one server at a time."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pushbutton import threads
from pushbutton.errors import NoAnswer, StorageFull, StoreDamaged, StoreError, StoreInUse

log = logging.getLogger(__name__)

KEY: Final = 32  # bytes


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn an error of the system into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StorageFull from error
        raise StoreDamaged(
            f"{folder} cannot be written ({error.strerror}). Give it to the user that runs this server, or choose "
            "another folder with --data."
        ) from None


async def answering(path: str) -> None:
    """Raises `StoreError` where the folder does not answer in which the data would lie."""
    try:
        await threads.checking(path, os.path.isdir, path)
    except NoAnswer as error:
        raise StoreError(f"{error} The data folder would lie there: choose another place with --data.") from None


def make(folder: Path, *inside: Path) -> list[Path]:
    """The folder and those in it, closed to others. Those that are not ours stay as they are: a volume may belong to
    another user and let us in by a group. Raises `OSError`.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in inside:
        path.mkdir(exist_ok=True, mode=0o700)
    open_to_others = []
    for path in (folder, *inside):
        mode = path.stat().st_mode
        if mode & 0o077:
            try:
                path.chmod(mode & 0o700)
            except PermissionError:
                open_to_others.append(path)
            else:
                log.info("%s was open to others (%o); now it is its owner's alone", path, mode & 0o777)
    (folder / ".gitignore").write_text("*\n")
    return open_to_others


def worker_name(folder: Path) -> str:
    """The name of this worker: once it is kept the same after a restart, whatever the machine is called then."""
    with contextlib.suppress(FileNotFoundError):
        return (folder / "worker").read_text()
    return f"{socket.gethostname()}-{secrets.token_hex(4)}"


def keep_worker_name(folder: Path, name: str) -> None:
    (folder / "worker").write_text(name)


def key(folder: Path) -> bytes:
    """The key that signs the audit trail, links and forms. It lies beside the database, not in it."""
    file = folder / "server.key"
    with contextlib.suppress(FileExistsError):
        fd = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "w") as made:
            made.write(secrets.token_hex(KEY))
            made.flush()
            os.fsync(made.fileno())
    return bytes.fromhex(file.read_text())


def shared_key(file: Path) -> bytes:
    """The same, of another data folder. Raises `StoreError`."""
    try:
        found = bytes.fromhex(file.read_text())
    except OSError as error:
        raise StoreError(f"The key {file} cannot be read: {error.strerror}.") from None
    except ValueError:
        found = b""
    if len(found) != KEY:
        raise StoreError(
            f"{file} is no key of a server: with a store, --key-file names the server.key in the data folder of its "
            "first node."
        )
    return found


def lock(folder: Path) -> int:
    """Held while this server lives. Raises `StoreInUse` with the holder's pid."""
    fd = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.read(fd, 100).decode(errors="replace").strip()
        os.close(fd)
        raise StoreInUse(str(folder), f"another server ({holder})" if holder else "another server") from None
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"process {os.getpid()}\n".encode(), 0)
    return fd
