"""Whether jobs can be kept from the data folder here, and how other programs of theirs are."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pushbutton
from pushbutton import threads
from pushbutton.errors import ConfigError, NoAnswer
from pushbutton.supervisor import confine

__all__ = ["BESIDE", "cannot", "check", "kept_from", "looked"]

BESIDE = "name a folder elsewhere for what is published, with --bundles or PUSHBUTTON_BUNDLES."
_WHERE = "--confine"
_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from pushbutton.supervisor.confine import main; main()"
_SOURCE = str(Path(pushbutton.__file__).parent.parent)


def check(setting: str, data: Path, paths: Sequence[str]) -> None:
    """Raises `ConfigError` when it is asked for and cannot be."""
    if not setting:
        return
    if setting != "data":
        raise ConfigError(
            f"“{setting}” is not possible: the one thing that jobs can be kept from is “data”.", file=_WHERE
        )
    if sentence := cannot(data, paths):
        raise ConfigError(sentence, file=_WHERE)


async def looked(setting: str, data: Path, paths: Sequence[str]) -> str:
    """The answer of `cannot`, after `check`. A path that does not answer is left out: the data folder does, so it is
    not in it.
    """
    found = ""
    for path in paths or ["."]:
        with contextlib.suppress(NoAnswer):
            await threads.opening(path, check, setting, data, [path])
            found = found or await threads.opening(path, cannot, data, [path])
    return found


def cannot(data: Path, paths: Sequence[str]) -> str:
    """Why jobs of these paths cannot be kept from the data folder, as a sentence; nothing where they can."""
    if not confine.possible():
        return "this system cannot keep jobs from the data folder: it takes Linux 6.2 or newer, with Landlock."
    closed = Path(os.path.realpath(data))
    for path in paths or ["."]:
        named = Path(os.path.realpath(path.partition(":")[0]))
        tasks = named if named.is_dir() else named.parent
        if closed.is_relative_to(tasks):
            return (
                f"jobs start in {tasks}, and the data folder lies in it, so they could not be kept from it and still "
                "make files there: choose another place with --data."
            )
        if tasks.is_relative_to(closed):
            return f"jobs start in {tasks}, which lies in the data folder: {BESIDE}"
    return ""


def kept_from(data: Path) -> tuple[str, ...]:
    """Words in front of a program that is not to reach the data folder, and so nothing that it starts."""
    return (sys.executable, "-I", "-S", "-c", _BOOT, _SOURCE, os.path.realpath(data))
