"""Files that people brought for a run: its own copies, which are what was pressed, to the byte, or nothing is started.

A press copies what was uploaded into `in/<input>/<name>` of the run's folder: nobody else reads or writes that file,
and the job finds it under the name that it was given. The input's value holds the SHA-256, which is looked at again
when somebody approves, when somebody looks, and right before the start.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final

from pushbutton import threads
from pushbutton.domain.event import Json
from pushbutton.domain.param import ParamType
from pushbutton.domain.run import Run
from pushbutton.domain.task import Task
from pushbutton.domain.upload import Upload, of_value
from pushbutton.errors import CannotApprove

from .core import Core
from .ports import GIVEN

SALT: Final = ""
"""Among the secret inputs that are kept: no input has this name."""
_CLONE: Final = 0x40049409
"""FICLONE of Linux: a copy that shares its blocks until one of the two is written, on file systems that can."""


def named(task: Task | None, inputs: Mapping[str, Json]) -> dict[str, Upload]:
    """The files among these inputs, by the input's name. Without the task: those that cannot be anything else."""
    files = [param.name for param in task.params if param.type is ParamType.FILE] if task else inputs
    found = {name: of_value(str(inputs[name])) for name in files if inputs.get(name)}
    found = {name: upload for name, upload in found.items() if task or upload.sha256}
    # An input that was text when it was pressed, and is a file by now, may hold any text.
    return {name: upload for name, upload in found.items() if upload.name == PurePosixPath(upload.name).name != ".."}


async def keep(core: Core, task: Task, run: Run, *, other: int = 0, fresh: bool = False) -> dict[str, str]:
    """The paths of the run's own files, by input; those that it does not have yet are copied, from another run with
    the same inputs if one is named. With `fresh` it was just made: what lies in its folder is of another run, which had
    this number before the database was put back to an earlier state.

    Raises `CannotApprove` when one is not what was pressed or is not there any more, and `OSError`.
    """
    found: dict[str, str] = {}
    files = named(task, run.inputs)
    if files and fresh:
        await threads.bringing(shutil.rmtree, core.spools.folder(run.id) / GIVEN, True)
    for name, upload in files.items():
        _frozen(run, upload)
        sources = [path(core, other, name, upload)] if other else []
        sources.append(core.uploads / upload.stored)
        found[name] = await threads.bringing(_own, path(core, run.id, name, upload), sources, upload)
    return found


async def unchanged(core: Core, task: Task, run: Run) -> None:
    """Raises `CannotApprove` unless every file of the run is there as it was pressed."""
    for name, upload in named(task, run.inputs).items():
        _frozen(run, upload)
        if not await threads.bringing(_same, core, run.id, name, upload):
            raise _changed(upload)


async def look(core: Core, run: Run, name: str, upload: Upload) -> Path | None:
    """Where a file of the run can be read, to be shown; None when it is not there as it was pressed. What was found
    once is remembered as long as the file is the same.
    """
    return await threads.bringing(_shown, path(core, run.id, name, upload), upload)


def salted(values: Mapping[str, str]) -> dict[str, str]:
    """Secret inputs of a run to be held, with what goes when they go: nothing can be guessed from `seal` then."""
    return {**values, SALT: secrets.token_hex(16)} if values else {}


def seal(core: Core, values: Mapping[str, str]) -> str:
    """What secret inputs are told apart by. "" for none."""
    text = json.dumps(dict(values), sort_keys=True)
    return hmac.new(core.key, text.encode(), hashlib.sha256).hexdigest() if values else ""


def same_secrets(core: Core, run: Run) -> None:
    """Raises `CannotApprove` unless the secret inputs of a held run are those that it was pressed with."""
    if not run.hold or not run.hold.secrets:
        return
    values = core.spools.take_secrets(run.id)
    if not values:
        raise CannotApprove("Its secret inputs are not kept any more. Press again.")
    if seal(core, values) != run.hold.secrets:
        raise CannotApprove(
            "A secret input is not what it was when this was pressed; nothing was started. Press again."
        )


def path(core: Core, run: int, name: str, upload: Upload) -> Path:
    return core.spools.folder(run) / GIVEN / name / upload.name


def _frozen(run: Run, upload: Upload) -> None:
    if run.hold and not upload.sha256:
        raise CannotApprove("What was brought along was not frozen when this was pressed. Press again.")


def _own(own: Path, sources: list[Path], upload: Upload) -> str:
    if not own.exists():
        for source in sources:
            with contextlib.suppress(FileNotFoundError):
                _copy(source, own)
                break
        else:
            raise CannotApprove(f"“{upload.name}”, which was brought along, is not kept any more. Press again.")
    if upload.sha256 and not _is(own, upload):
        raise _changed(upload)
    return str(own)


def _changed(upload: Upload) -> CannotApprove:
    return CannotApprove(f"“{upload.name}” is not what it was when this was pressed; nothing was started. Press again.")


def _same(core: Core, run: int, name: str, upload: Upload) -> bool:
    own = path(core, run, name, upload)
    return not upload.sha256 or _is(own if own.exists() else core.uploads / upload.stored, upload)


def _is(file: Path, upload: Upload) -> bool:
    try:
        return _digest(file) == upload.sha256
    except OSError:
        return False


def _shown(own: Path, upload: Upload) -> Path | None:
    try:
        status = own.lstat()
        key = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        whole = stat.S_ISREG(status.st_mode) and upload.sha256 in ("", _remembered(own, key))
    except OSError:
        return None
    return own if whole else None


@lru_cache(maxsize=1000)
def _remembered(file: Path, _: tuple[int, ...]) -> str:
    return _digest(file)


def _digest(file: Path) -> str:
    with _opened(file) as opened, os.fdopen(os.dup(opened), "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[int]:
    """A plain file: through no link, and waiting for nobody."""
    fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise FileNotFoundError(file)
        yield fd
    finally:
        os.close(fd)


def _copy(source: Path, target: Path) -> None:
    """Whole or not at all, readable by us alone and written by nobody."""
    with _opened(source) as content:
        for folder in (target.parent.parent.parent, target.parent.parent, target.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = target.parent.parent / f".{secrets.token_hex(8)}"
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400)
        try:
            with os.fdopen(fd, "wb") as made:
                try:
                    fcntl.ioctl(made, _CLONE, content)
                except OSError:
                    with os.fdopen(os.dup(content), "rb") as opened:
                        shutil.copyfileobj(opened, made, 1 << 20)
                made.flush()
                os.fsync(made.fileno())
            draft.rename(target)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
