"""Files that were uploaded for a run: its own copies. Unless they are what was pressed, to the byte, nothing starts.

A press copies what was uploaded to a file that only this run uses, and the job finds it under the name that it was
given. The input's value holds the SHA-256, which is checked again at each approval, at each download, and right before
the start.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from pushbutton import threads
from pushbutton.domain.event import Json
from pushbutton.domain.param import ParamType
from pushbutton.domain.run import Run
from pushbutton.domain.task import Task
from pushbutton.domain.upload import Upload, of_value
from pushbutton.errors import CannotApprove
from pushbutton.sentence import say

from .core import Core
from .ports import Files, Stored
from .ports import files as stored

_REMEMBERED: Final = 1000
"""Files whose digest is not taken again while they are the same."""


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
    this number before the database was put back to an earlier state. Of such a one there are no paths yet: another
    machine may run it.

    Raises `CannotApprove` when one is not what was pressed or is not there any more, and `OSError`.
    """
    found: dict[str, str] = {}
    files = named(task, run.inputs)
    if files and fresh:
        await threads.bringing(core.files.renew, run.id)
    for name, upload in files.items():
        _frozen(run, upload)
        sources = [stored.given(other, name, upload.name)] if other else []
        sources.append(stored.upload(upload.stored))
        own = stored.given(run.id, name, upload.name)
        found[name] = await threads.bringing(_own, core.files, own, sources, upload, here=not fresh)
    return found


async def unchanged(core: Core, task: Task, run: Run) -> None:
    """Raises `CannotApprove` unless every file of the run is there as it was pressed."""
    for name, upload in named(task, run.inputs).items():
        _frozen(run, upload)
        if not await threads.bringing(_same, core.files, run.id, name, upload):
            raise _changed(upload)


async def look(core: Core, run: Run, name: str, upload: Upload) -> Stored | None:
    """A file of the run, to be shown; None when it is not there as it was pressed."""
    return await threads.bringing(_shown, core.files, stored.given(run.id, name, upload.name), upload)


def _frozen(run: Run, upload: Upload) -> None:
    if run.hold and not upload.sha256:
        raise CannotApprove(say("What was brought along was not frozen when this was pressed. Press again."))


def _own(store: Files, own: str, sources: list[str], upload: Upload, *, here: bool) -> str:
    try:
        there = store.find(own)
    except stored.NoPlainFile:
        raise _changed(upload) from None
    if not there:
        for source in sources:
            with contextlib.suppress(FileNotFoundError):
                store.copy(source, own)
                break
        else:
            raise CannotApprove(
                say("“{name}”, which was brought along, is not kept any more. Press again.", name=upload.name)
            )
    place = str(store.place(own)) if here else ""  # first: what the job gets is what is looked at
    if upload.sha256 and not _is(store, own, upload):
        raise _changed(upload)
    return place


def _changed(upload: Upload) -> CannotApprove:
    return CannotApprove(
        say("“{name}” is not what it was when this was pressed; nothing was started. Press again.", name=upload.name)
    )


def _same(store: Files, run: int, name: str, upload: Upload) -> bool:
    if not upload.sha256:
        return True
    own = stored.given(run, name, upload.name)
    try:
        return _is(store, own if store.find(own) else stored.upload(upload.stored), upload)
    except OSError:
        return False


def _is(store: Files, name: str, upload: Upload) -> bool:
    try:
        return _digest(store, name) == upload.sha256
    except OSError:
        return False


_digests: OrderedDict[tuple[str, str], str] = OrderedDict()


def _shown(store: Files, name: str, upload: Upload) -> Stored | None:
    try:
        found = store.find(name)
        if found and upload.sha256 and _remembered(store, found) != upload.sha256:
            return None
    except OSError:
        return None
    return found


def _remembered(store: Files, found: Stored) -> str:
    key = (str(store.place(found.name)), found.mark)
    if key not in _digests:
        _digests[key] = _digest(store, found.name)
        while len(_digests) > _REMEMBERED:
            _digests.popitem(last=False)
    return _digests[key]


def _digest(store: Files, name: str) -> str:
    with store.open(name) as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
