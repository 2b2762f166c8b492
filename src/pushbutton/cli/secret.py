"""`pushbutton secret`: keep named secrets, beside a server that runs or without one."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pushbutton import config
from pushbutton.domain.audit import Deed, act
from pushbutton.domain.needed_secrets import Needed, needed
from pushbutton.domain.secret import Stored
from pushbutton.errors import BadInput
from pushbutton.job.kinds import is_variable
from pushbutton.runtime.clock import now

from . import safe_text
from .help_text import flow
from .operator import operator
from .store import Store

if TYPE_CHECKING:
    from pushbutton.adapters.secrets import Stored as Keeper
    from pushbutton.config import Settings

__all__ = ["add"]

HELP = """Keep named secrets for jobs: encrypted, in the data folder of a server, or in the database of all nodes.

\b
  pushbutton secret set DB_PASSWORD            asks for the value, and shows nothing of it
  pass show db | pushbutton secret set DB_PASSWORD tasks/
  pushbutton secret list tasks/                names, where they come from, who needs them

A task names what it needs (secrets: [DB_PASSWORD]) and finds it in its environment. Where a value lies elsewhere, in a
file or a password manager, pushbutton.yaml says so.
"""
SET = """Keep a secret, in the place of what was there. Its value comes from standard input, or is asked for.

\b
  pushbutton secret set DB_PASSWORD
  pushbutton secret set TLS_KEY tasks/ < key.pem
"""
LIST = """List the secrets that are declared, kept or needed: no values.

\b
  pushbutton secret list tasks/
"""
REMOVE = """Forget a secret that is kept. Runs that have begun have it already.

\b
  pushbutton secret remove DB_PASSWORD
"""
ROTATE = """Make a new key, and keep all secrets under it. A server that runs finds it by itself.

\b
  pushbutton secret rotate
"""

Name = Annotated[str, typer.Argument(metavar="NAME", help="as the variable in which jobs find it")]
Paths = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PATHS]…", help="those that are served; default: here", show_default=False),
]
Data = Annotated[str | None, typer.Option(help="the server's data folder (PUSHBUTTON_DATA)", show_default=False)]
Key = Annotated[
    str | None, typer.Option(help="the file with the key (PUSHBUTTON_KEY_FILE)", show_default=False, metavar="FILE")
]


def add(app: typer.Typer, panel: str) -> None:
    group = typer.Typer(help=flow(HELP), no_args_is_help=True, rich_markup_mode="rich")
    group.command("set", help=flow(SET))(_set)
    group.command("list", help=flow(LIST))(_list)
    group.command("remove", help=flow(REMOVE))(_remove)
    group.command("rotate", help=flow(ROTATE))(_rotate)
    app.add_typer(group, name="secret", rich_help_panel=panel)


def _set(name: Name, paths: Paths = None, data: Data = None, key_file: Key = None, store: Store = None) -> None:
    from pushbutton.adapters.secrets import SecretSources, is_short  # noqa: PLC0415  loads what asks for values

    if not is_variable(name):
        raise BadInput(f"“{name}” cannot be the name of a secret: use letters, digits and “_”, as for a variable.")
    where, kept, settings = _kept(paths, data, key_file, store)
    folder = settings.folder(tuple(paths or ["."]))
    value = _ask(name) if sys.stdin.isatty() else sys.stdin.buffer.read()
    if not folder.exists():  # as a server would make it
        folder.mkdir(parents=True, mode=0o700)
        (folder / ".gitignore").write_text("*\n")
    asyncio.run(SecretSources(dict, kept).put(name, value))
    _record(paths, data, key_file, store, Deed.SECRET_SET, f"secret {name}")
    print(f"“{name}” is kept in {where}.")
    if is_short(value):
        print("It is too short to be masked: what a job writes of it is shown as it is.")


def _ask(name: str) -> bytes:
    value: str = typer.prompt(f"Value of {name} (it is not shown)", hide_input=True, confirmation_prompt=True)
    return value.encode(errors="surrogateescape")


def _list(
    paths: Paths = None,
    data: Data = None,
    key_file: Key = None,
    store: Store = None,
    as_json: Annotated[bool, typer.Option("--json", help="print a list of objects")] = False,
) -> None:
    from pushbutton.adapters.catalog import look  # noqa: PLC0415  loads the readers

    _, kept, _ = _kept(paths, data, key_file, store)
    tasks, declared = asyncio.run(look(paths or ["."]))
    # The environment is that of this command, which need not be the server's.
    rows = [(one.name, _origin(one), list(one.tasks)) for one in needed(tasks, declared, kept.names(), os.environ)]
    if as_json:
        print(json.dumps([dict(zip(("name", "from", "tasks"), row, strict=True)) for row in rows], indent=2))
        return
    for name, origin, users in rows:
        print(safe_text.text(f"{name:<24} {origin:<40} {', '.join(users)}".rstrip()))
    if not rows:
        print("There are none.")


def _origin(one: Needed) -> str:
    if one.broken:
        return f"declared wrongly: {one.broken}"
    return "nowhere: it is not kept" if one.missing and one.origin == str(Stored()) else one.origin


def _remove(name: Name, paths: Paths = None, data: Data = None, key_file: Key = None, store: Store = None) -> None:
    where, kept, _ = _kept(paths, data, key_file, store)
    kept.remove(name)
    _record(paths, data, key_file, store, Deed.SECRET_REMOVE, f"secret {name}")
    print(f"“{name}” is no longer kept in {where}.")


def _rotate(paths: Paths = None, data: Data = None, key_file: Key = None, store: Store = None) -> None:
    _, kept, _ = _kept(paths, data, key_file, store)
    count = kept.rotate()
    _record(paths, data, key_file, store, Deed.SECRET_ROTATE, "the stored secrets")
    print(f"{count} secret{'' if count == 1 else 's'} under a new key. Copies of the old one open old backups only.")


def _record(
    paths: list[str] | None, data: str | None, key_file: str | None, store: str | None, deed: Deed, about: str
) -> None:
    """In the audit trail; never a value."""
    from pushbutton.app import Pushbutton  # noqa: PLC0415  loads every adapter

    asyncio.run(
        Pushbutton(*(paths or ["."]), data=data, key_file=key_file, store=store).record(
            act(operator(), deed, about, now())
        )
    )


def _kept(
    paths: list[str] | None, data: str | None, key_file: str | None, store: str | None
) -> tuple[str, Keeper, Settings]:
    """What is kept for the server that `serve` with the same words is, and where."""
    from pushbutton.assembly import kept_secrets  # noqa: PLC0415  loads every adapter

    settings = config.load(data=data, key_file=key_file, store=store)
    folder = settings.folder(tuple(paths or ["."]))
    where = "the database of all nodes" if settings.store else str(folder)
    return where, asyncio.run(kept_secrets.beside(folder, settings)), settings
