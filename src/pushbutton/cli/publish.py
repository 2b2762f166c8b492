"""`pushbutton publish`: the tasks of a folder become those of every machine that shares a store."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pushbutton import config
from pushbutton.domain.size import size
from pushbutton.errors import ConfigError

from . import safe_text
from .help_text import flow
from .operator import operator
from .store import Store

if TYPE_CHECKING:
    from pushbutton.services.publisher import Published

__all__ = ["add"]

HELP = """Publish a folder of tasks for all machines that share a store.

\b
  pushbutton publish tasks/ --store postgresql://pushbutton@db/pushbutton
  PUSHBUTTON_STORE=… pushbutton publish .      as a step of CI

Servers and workers without a folder of their own have the tasks within a second or two; what was pressed before runs
as it was pressed. What the folder's .pushbuttonignore leaves out stays here, and so do .git, caches and virtual
environments. A content that was published before is published again: that is the way back.
"""
Folder = Annotated[str, typer.Argument(metavar="FOLDER", help="of tasks")]
Data = Annotated[
    str | None,
    typer.Option(help="the data folder in which the store's server.key is (PUSHBUTTON_DATA)", show_default=False),
]

Key = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="the key that the nodes share (PUSHBUTTON_KEY_FILE)", show_default=False),
]


def add(app: typer.Typer, panel: str) -> None:
    app.command("publish", help=flow(HELP), rich_help_panel=panel)(_publish)


def _publish(folder: Folder, data: Data = None, key_file: Key = None, store: Store = None) -> None:
    from pushbutton.app import Pushbutton  # noqa: PLC0415  loads every adapter

    if not config.load(store=store).store:
        raise ConfigError(
            "there is nobody to publish for: name the store that the machines share, here or in PUSHBUTTON_STORE. A "
            "server whose store is in its data folder reads its tasks where they lie.",
            file="--store",
        )
    if not Path(folder).is_dir():
        raise ConfigError("There is no such folder.", file=folder)
    app = Pushbutton(Path(folder).absolute(), data=data, key_file=key_file, store=store)
    for line in _told(folder, asyncio.run(app.publish(operator().name))):
        print(safe_text.text(line))


def _told(folder: str, done: Published) -> list[str]:
    if done.made is None:
        return [f"The tasks of {folder} are published already ({done.digest[:12]})."]
    for task in done.tasks.values():
        for line in task.broken.splitlines():
            print(safe_text.text(f"{task.slug}: {line}"), file=sys.stderr)
    about = f"{done.made.files:,} files, {size(done.made.size)}"
    return [f"Published {folder} as {done.digest[:12]}: {len(done.tasks)} tasks, {about}."]
