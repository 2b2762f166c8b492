"""`pushbutton move`: a run to another moment, or a whole history into a database and back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pushbutton import config
from pushbutton.errors import BadInput, ConfigError

from .help_text import flow
from .moments import shown, written
from .remote import DEFAULT, Server, Url
from .store import without_password

if TYPE_CHECKING:
    from pushbutton.assembly.moving import Moved
    from pushbutton.config import Settings

__all__ = ["add"]

MOVE = """Start a run that waits for its moment at another one, or now; or move a whole history.

\b
  pushbutton move 42 "tomorrow 6:00"       or "2026-12-24 06:00", "18:30", a time with its offset (RFC 3339)
  pushbutton move 42 now

\b
  pushbutton move --from .pushbutton --to postgresql://      of a data folder into the database of PUSHBUTTON_STORE
  pushbutton move --from postgresql:// --to .pushbutton      and back

A history is moved while no server runs on either side. Killed anywhere, the same command goes on. Outputs, files and
keys stay in the data folder, which goes on being the server's.
"""
_STORE: Final = ("postgresql://", "postgres://")
_ONE = "Name a run and a moment, or both --from and --to."

From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="DIR|ADDRESS",
        help="where the history is; “postgresql://” alone: the database of PUSHBUTTON_STORE",
        show_default=False,
        callback=without_password,
    ),
]
To = Annotated[
    str | None,
    typer.Option(
        "--to", metavar="DIR|ADDRESS", help="where it is moved", show_default=False, callback=without_password
    ),
]
Key = Annotated[
    str | None,
    typer.Option(help="the file with the key that all nodes share (PUSHBUTTON_KEY_FILE)", show_default=False,
                 metavar="FILE"),
]  # fmt: skip


def add(app: typer.Typer, panel: str) -> None:
    app.command("move", help=flow(MOVE), rich_help_panel=panel)(_move)


def _move(
    run: Annotated[int | None, typer.Argument(metavar="[RUN]", help="its number", show_default=False)] = None,
    moment: Annotated[
        str | None, typer.Argument(metavar="[MOMENT]", help="when it starts: a moment, or “now”", show_default=False)
    ] = None,
    source: From = None,
    target: To = None,
    key_file: Key = None,
    server: Url = DEFAULT,
) -> None:
    match run, moment, source, target:
        case int(), str(), None, None:
            _run(run, moment, server)
        case None, None, str(), str():
            _history(source, target, key_file)
        case _:
            raise BadInput(_ONE)


def _run(run: int, moment: str, server: str) -> None:
    to = None if moment.strip().lower() == "now" else written(moment)
    with Server(server) as remote:
        moved = remote.post(f"/api/runs/{run}/move", {"not_before": to})
    if to is None:
        print(f"Run {run} starts as soon as it can. See it: pushbutton watch {run}")
    else:
        print(f"Run {run} starts at {shown(moved['not_before'])}.")


def _history(source: str, target: str, key_file: str | None) -> None:
    into = target.startswith(_STORE)
    if source.startswith(_STORE) == into:
        raise BadInput("A history is moved from a data folder into a database, or from a database into a data folder.")
    settings = _settings(target if into else source, key_file)
    from pushbutton.assembly import moving  # noqa: PLC0415  loads the whole runtime

    folder = Path(source if into else target).absolute()
    if into:
        moved = asyncio.run(moving.into_database(folder, settings, _said))
        _tell(moved, moved.database)
        print(
            f"In {folder} stay the outputs and files of runs, what was brought for them, server.key: "
            f"it goes on being the server's data folder, with the address in PUSHBUTTON_STORE. Its "
            f"{moving.ASIDE} is not used any more: remove it when you are sure."
        )
    else:
        moved = asyncio.run(moving.into_folder(folder, settings, _said))
        _tell(moved, str(folder))
        print(
            f"A server of {folder} begins without PUSHBUTTON_STORE from now on. Outputs and files of runs are there; "
            f"{moved.files:,} of them were brought from the database. What is in {moved.database} is not used any "
            "more: drop that database when you are sure."
        )


def _settings(address: str, key_file: str | None) -> Settings:
    """With the address of the database, which may be that of the environment."""
    alone = address in _STORE
    settings = config.load(store=None if alone else address, key_file=key_file)
    if not settings.store:
        raise ConfigError(
            "which database? Put its address into PUSHBUTTON_STORE or into a file that PUSHBUTTON_STORE_FILE names.",
            file="store",
        )
    return settings


def _said(table: str, rows: int) -> None:
    print(f"{table}: {rows:,}", flush=True)


def _tell(moved: Moved, where: str) -> None:
    if moved.rows:
        print(f"All {sum(moved.rows.values()):,} rows of {len(moved.rows)} tables are in {where}, and were compared.")
    else:
        print(f"Everything was in {where} already.")
    if moved.secrets:
        print(f"{moved.secrets:,} stored secret{'' if moved.secrets == 1 else 's'} came along.")
    print(f"Its audit trail: {moved.trail.sentence}")
    if moved.trail.head.id:
        print(f"Head of its audit trail: {moved.trail.head.note}")
