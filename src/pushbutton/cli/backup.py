"""`pushbutton backup` and `pushbutton restore`: a copy of a data folder, while a server uses it, and back again."""

from __future__ import annotations

import asyncio
import os
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pushbutton import __version__, config
from pushbutton.domain.audit import Head
from pushbutton.errors import StoreError

from .help_text import flow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pushbutton.domain.audit_chain import Checked

__all__ = ["add"]

BACKUP = """Copy a data folder to DIR, whether a server uses it or not: everything as it was at one moment.

\b
  pushbutton backup /backup/monday tasks/             of what is served from tasks/
  pushbutton backup /backup/monday --data /srv/data   of a data folder
  pushbutton backup /backup/monday --keys /safe       and its keys, to another place

DIR is made, for its owner alone. Not in it: the keys, which --keys copies to a place of their own, and secret inputs of
runs that wait. The head of the audit trail, which this prints, is worth keeping elsewhere.
"""
RESTORE = """Put a backup back into a data folder that is empty or not there yet.

\b
  pushbutton restore /backup/monday tasks/ --keys /safe
  pushbutton restore /backup/monday --data /srv/data --keys /safe

The backup is checked first: the database, and the audit trail with its key up to the head that was noted. What waited
in it starts only when somebody releases it: pushbutton release.
"""

Paths = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PATHS]…", help="those that are served; default: here", show_default=False),
]
Data = Annotated[str | None, typer.Option(help="the data folder (PUSHBUTTON_DATA)", show_default=False)]
Key = Annotated[
    str | None,
    typer.Option(
        help="the file with the key of stored secrets (PUSHBUTTON_KEY_FILE)", show_default=False, metavar="FILE"
    ),
]


@contextmanager
def _for_the_owner_alone() -> Iterator[None]:
    """What is written meanwhile is closed to everybody else; who calls this from a program keeps their own habit."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def add(app: typer.Typer, panel: str) -> None:
    app.command("backup", help=flow(BACKUP), rich_help_panel=panel)(_backup)
    app.command("restore", help=flow(RESTORE), rich_help_panel=panel)(_restore)


@_for_the_owner_alone()
def _backup(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="the backup; made anew")],
    paths: Paths = None,
    data: Data = None,
    keys: Annotated[Path | None, typer.Option(metavar="DIR", help="copy the keys to this folder")] = None,
    key_file: Key = None,
) -> None:
    from pushbutton.adapters.sqlite import backup  # noqa: PLC0415  loads SQLite

    settings = config.load(data=data, key_file=key_file)
    folder = settings.folder(tuple(paths or ["."]))
    if settings.store or (folder / "store").exists():
        raise StoreError(
            f"The history of {folder} is in PostgreSQL: back it up with pg_dump, and the folder beside it "
            "(docs/howto/fleet.md)."
        )
    target = target.absolute()
    runs, left = backup.take(folder, target)
    own = [folder / backup.KEYS[0], settings.key_path or folder / backup.KEYS[1]]
    checked = _checked(target, own[0])
    at = datetime.now(UTC).isoformat(timespec="seconds")
    head = checked.head.note if checked.head.id else ""
    backup.finish(target, backup.Backup(__version__, at, runs, head, left))
    print(f"{target} holds {runs:,} {'run' if runs == 1 else 'runs'} of {folder}.")
    if checked.fault:
        print(f"Its audit trail is not as it was written, as it is where it comes from: {checked.sentence}")
    if head:
        print(f"Head of its audit trail, worth keeping elsewhere: {head}")
    if keys:
        kept = backup.keep_keys(own, keys.absolute())
        print(f"The keys ({', '.join(kept)}) are in {keys.absolute()}: keep them apart from the backup.")
    else:
        print(f"Not in it, and needed to restore it: {', '.join(str(file) for file in own if file.is_file())}")
    _say(left)


@_for_the_owner_alone()
def _restore(
    source: Annotated[Path, typer.Argument(metavar="DIR", help="the backup")],
    paths: Paths = None,
    data: Data = None,
    keys: Annotated[Path | None, typer.Option(metavar="DIR", help="the folder in which its keys are")] = None,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="they are lost: links, second factors and the trail begin anew")
    ] = False,
    key_file: Key = None,
) -> None:
    from pushbutton.adapters.sqlite import backup  # noqa: PLC0415  loads SQLite

    settings = config.load(data=data, key_file=key_file)
    folder, source = settings.folder(tuple(paths or ["."])), source.absolute()
    about = backup.read(source)
    found = [(keys or source).absolute() / name for name in backup.KEYS]
    if not found[0].is_file() and not without_keys:
        raise StoreError(
            f"There is no {backup.KEYS[0]} in {found[0].parent}: name its folder with --keys, or say --without-keys if "
            "it is lost."
        )
    if found[0].is_file():
        checked = _checked(source, found[0], about.head)
        if checked.fault:
            raise StoreError(f"The audit trail of {source} does not fit: {checked.sentence} Nothing was restored.")
    backup.put_back(source, folder, [file for file in found if file.is_file()])
    print(f"{folder} is as it was at {about.at}, with {about.runs:,} {'run' if about.runs == 1 else 'runs'}.")
    if (folder / "secrets.json").exists() and not found[1].is_file() and not settings.key_path:
        print(f"{backup.KEYS[1]} was not found: kept secrets cannot be read without it.")
    print("What had not ended in it starts only when somebody releases it: pushbutton release")
    _say(about.without_secrets)


def _say(left: Sequence[int]) -> None:
    if left:
        numbers = ", ".join(str(number) for number in left)
        print(
            f"Secret inputs are in no backup: these runs waited with some, and fail where they are released: {numbers}"
        )


def _checked(folder: Path, key: Path, noted: str = "") -> Checked:
    """The audit trail of a backup, read with this key."""
    from pushbutton.adapters.sqlite import SqliteStore  # noqa: PLC0415  loads SQLite
    from pushbutton.runtime.audit import check  # noqa: PLC0415  loads the whole runtime

    try:
        secret = bytes.fromhex(key.read_text())
    except (OSError, ValueError) as error:
        raise StoreError(f"{key} holds no key that can be read ({error}).") from None
    number, _, digest = noted.partition(":")

    async def read() -> Checked:
        store = SqliteStore(folder / "history.db", secret)
        try:
            return await check(store.audit, noted=Head(int(number), digest) if noted else None)
        finally:
            await store.close()

    return asyncio.run(read())
