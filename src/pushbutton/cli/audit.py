"""`pushbutton audit`: the audit trail of a data folder, read from its files, whether a server uses them or not."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pushbutton import config
from pushbutton.domain.audit import Deed, Head, line
from pushbutton.errors import BadInput, StoreError

from .exits import Exit
from .help_text import flow
from .operator import operator
from .store import Store

if TYPE_CHECKING:
    from pushbutton.adapters.sql.store import SqlStore
    from pushbutton.domain.audit import Record
    from pushbutton.runtime.ports.people import Audit

__all__ = ["add"]

HELP = "Check the audit trail, and print it for other programs."
VERIFY = """Check that no record of the audit trail was changed, left out, put in or cut off.

\b
  pushbutton audit verify tasks/                  of what is served from tasks/
  pushbutton audit verify --data /srv/buttons     of a data folder
  pushbutton audit verify copy.db --key old.key   of a backup
  pushbutton audit verify --head 1204:9f3c…       and that record 1204 is the one that was there then

It says the first record that is not as it was written, and exits with 1 then. The head that it prints is worth
keeping somewhere else: with it, also a trail that was put back to an earlier state is found.
"""
EXPORT = """Print the audit trail, oldest first: one JSON object a line, printable ASCII only.

\b
  pushbutton audit export > audit.jsonl
  pushbutton audit export --after 1204 >> audit.jsonl     only what came since
  pushbutton audit export --kind session                  only who came and went
"""
REDACT = """Take a secret out of the records in which it stands. That it was done is a record as well.

\b
  pushbutton audit redact --data /srv/buttons        asks for the secret, and shows nothing of it
  pass show old-hook | pushbutton audit redact tasks/ --yes --why "a webhook's address"

“(removed)” stands in its place then; everything else stays, the chain can be checked as before, and heads that were
noted before still match. Give the text as it stands there, or a part of it that stands nowhere else. Change the
secret all the same: exports and backups still hold it.
"""
FILE, KEY = "history.db", "server.key"
_PAGE = 1000
_LISTED = 10

Where = Annotated[str, typer.Argument(metavar="[PATH]", help="what is served, a data folder or a database file")]
Data = Annotated[str | None, typer.Option(help="the data folder", show_default=False)]
EndFile = Annotated[
    str | None,
    typer.Option("--audit-end-file", help="as for serve; default: audit.end beside history.db", show_default=False),
]


def add(app: typer.Typer, panel: str) -> None:
    audit = typer.Typer(no_args_is_help=True)
    audit.command("verify", help=flow(VERIFY))(_verify)
    audit.command("export", help=flow(EXPORT))(_export)
    audit.command("redact", help=flow(REDACT))(_redact)
    app.add_typer(audit, name="audit", help=HELP, rich_help_panel=panel)


def _verify(
    path: Where = ".",
    data: Data = None,
    store: Store = None,
    key: Annotated[str | None, typer.Option(help=f"file with the key; default: {KEY} beside the database")] = None,
    head: Annotated[str | None, typer.Option(metavar="N:HASH", help="a record and its hash, noted before")] = None,
    end_file: EndFile = None,
) -> None:
    noted = _noted(head) if head else None
    kept = _kept(path, data, store, end_file)
    secret = _key(Path(key) if key else kept.folder / KEY)

    async def check() -> bool:
        from pushbutton.runtime.audit import check  # noqa: PLC0415  loads the whole runtime

        async with _trail(kept, secret) as trail:
            checked = await check(trail, noted=noted)
        print(" ".join([checked.sentence, *checked.more]))
        if checked.head.id:
            print(f"{'Up to there it is right. ' if checked.fault else ''}Head: {checked.head.note}")
        return not checked.fault

    if not asyncio.run(check()):
        raise typer.Exit(Exit.FAILED)


def _export(
    path: Where = ".",
    data: Data = None,
    store: Store = None,
    after: Annotated[int, typer.Option(help="only records behind this one", show_default=False)] = 0,
    kind: Annotated[str, typer.Option(help="only these: run, session, task, …", show_default=False)] = "",
) -> None:
    kinds = {deed.partition(".")[0] for deed in Deed}
    if kind and kind not in kinds:
        raise BadInput(f"“{kind}” is no kind. There are: {', '.join(sorted(kinds))}.")

    async def export() -> None:
        async with _trail(_kept(path, data, store, None)) as trail:
            seen: int | None = after or None
            while page := await trail.chain(seen, _PAGE):
                seen = page[-1].id
                for record in page:
                    if not kind or record.act.verb.partition(".")[0] == kind:
                        print(line(record))

    asyncio.run(export())


def _redact(
    path: Where = ".",
    data: Data = None,
    store: Store = None,
    key: Annotated[str | None, typer.Option(help=f"file with the key; default: {KEY} beside the database")] = None,
    why: Annotated[
        str, typer.Option(help="why, for those who read the trail; nothing secret", show_default=False)
    ] = "",
    end_file: EndFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask whether it is meant", show_default=False)] = False,
) -> None:
    from pushbutton.runtime.audit import holding, redact  # noqa: PLC0415  loads the whole runtime

    kept = _kept(path, data, store, end_file)
    secret_key = _key(Path(key) if key else kept.folder / KEY)
    asks = sys.stdin.isatty()
    secret = typer.prompt("What is to be taken out (it is not shown)", hide_input=True) if asks else sys.stdin.read()
    secret = secret.rstrip("\r\n")
    if not (asks or yes):
        raise BadInput("Say --yes as well: where the secret comes from a program, nobody can be asked.")
    if why and secret in why:
        raise BadInput("--why holds the secret itself.")

    async def work() -> None:
        trail = _store(kept, secret_key)
        await trail.open()
        try:
            found = await holding(trail.audit, secret)
            if not found:
                print("It stands in no record.")
                return
            print(f"It stands in {_count(found)}: {_listed(found)}.")
            if not yes and not typer.confirm("Take it out? It cannot be put back."):
                raise typer.Abort
            await redact(trail.audit, operator(), secret, found, why=why)
            head = await trail.audit.head()
            print(f"It was taken out; record {head.id} says so. Exports and backups still hold it: change it there.")
        finally:
            await trail.close()

    asyncio.run(work())


def _count(records: Sequence[Record]) -> str:
    return f"{len(records):,} records" if len(records) > 1 else "1 record"


def _listed(records: Sequence[Record]) -> str:
    named = [f"{record.id} ({record.act.verb})" for record in records[:_LISTED]]
    return ", ".join(named) + (", …" if len(records) > _LISTED else "")


@dataclass(frozen=True, slots=True)
class _Kept:
    """Where the trail is."""

    folder: Path  # with the key
    file: Path | None  # None: in the database that the settings name
    apart: Path | None  # where its end is noted; None for nowhere
    address: str = field(repr=False)


def _kept(path: str, data: str | None, store: str | None, end_file: str | None) -> _Kept:
    """The database that is meant. Raises `StoreError` when there is none."""
    here = Path(path)
    if data is None and store is None and here.is_file() and here.suffix == ".db":
        return _in_file(here.absolute(), end_file)
    settings = config.load(data=data, store=store, audit_end_file=end_file)
    known = data is None and any((here / name).exists() for name in (FILE, KEY))
    folder = here if known else settings.folder((path,))
    if settings.store:
        return _Kept(folder, None, settings.end_path(folder), settings.store)
    if not (folder / FILE).exists():
        raise StoreError(
            f"There is no {FILE} in {folder}: name the data folder with --data, or its database with --store."
        )
    return _in_file((folder / FILE).absolute(), end_file)


def _in_file(file: Path, end_file: str | None) -> _Kept:
    """A copy of a database under another name has no note apart: that one is of the one in use."""
    settings = config.load(audit_end_file=end_file)
    apart = settings.end_path(file.parent) if settings.audit_end_file or file.name == FILE else None
    return _Kept(file.parent, file, apart, "")


def _store(kept: _Kept, key: bytes) -> SqlStore:
    if kept.file:
        from pushbutton.adapters.sqlite import SqliteStore  # noqa: PLC0415  loads SQLite

        return SqliteStore(kept.file, key, apart=kept.apart)
    from pushbutton.adapters.postgres import PostgresStore  # noqa: PLC0415  only where it is asked for

    return PostgresStore(kept.address, key, apart=kept.apart)


def _key(file: Path) -> bytes:
    try:
        return bytes.fromhex(file.read_text())
    except FileNotFoundError:
        raise StoreError(
            f"{file} is missing, and without the key nothing can be checked; name it with --key."
        ) from None
    except (OSError, ValueError) as error:
        raise StoreError(f"{file} holds no key that can be read ({error}).") from None


def _noted(text: str) -> Head:
    if not re.fullmatch(r"[1-9][0-9]{0,17}:[0-9a-f]{64}", text):
        raise BadInput("Say --head as verify printed it: the record's number, a colon and its hash.")
    number, _, digest = text.partition(":")
    return Head(int(number), digest)


@asynccontextmanager
async def _trail(kept: _Kept, key: bytes = b"") -> AsyncIterator[Audit]:
    """Read only: nothing is upgraded, and a server may write meanwhile."""
    store = _store(kept, key)
    try:
        yield store.audit
    finally:
        await store.close()
