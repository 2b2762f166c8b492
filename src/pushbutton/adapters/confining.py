"""Whether jobs can be kept from the data folder here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from pushbutton.errors import ConfigError
from pushbutton.supervisor import confine

__all__ = ["check"]

_WHERE = "--confine"


def check(setting: str, data: Path, paths: Sequence[str]) -> None:
    """Raises `ConfigError` when it is asked for and cannot be."""
    if not setting:
        return
    if setting != "data":
        raise ConfigError(
            f"“{setting}” is not possible: the one thing that jobs can be kept from is “data”.", file=_WHERE
        )
    if not confine.possible():
        raise ConfigError(
            "this system cannot keep jobs from the data folder: it takes Linux 6.2 or newer, with Landlock.",
            file=_WHERE,
        )
    closed = Path(os.path.realpath(data))
    for path in paths or ["."]:
        named = Path(os.path.realpath(path.partition(":")[0]))
        tasks = named if named.is_dir() else named.parent
        if closed.is_relative_to(tasks):
            raise ConfigError(
                f"jobs start in {tasks}, and the data folder lies in it, so they could not be kept from it and still "
                "make files there: choose another place with --data.",
                file=_WHERE,
            )
