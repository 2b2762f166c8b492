"""Whether a database can be our store, and its tables: made, and brought up to date, once, whoever else starts now."""

from __future__ import annotations

import hashlib
import hmac
from functools import cache
from importlib import resources
from typing import Final

from pushbutton.adapters.sql.moving import MARK
from pushbutton.errors import StoreDamaged, StoreError, StoreTooNew

from .address import Address
from .link import Link
from .locks import MOVE, PEN

__all__ = ["OLDEST", "OURS", "prepare", "steps"]

OLDEST: Final = 13
_BEGIN: Final = f"""BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SET LOCAL lock_timeout = 0;
SET LOCAL statement_timeout = 0;
SELECT pg_advisory_xact_lock({PEN})"""
_TABLES: Final = (
    "SELECT c.relname FROM pg_class AS c WHERE c.relkind IN ('r', 'p', 'v') AND c.relnamespace ="
    " current_schema()::regnamespace"
)
OURS: Final = (
    *("runs", "events", "meta", "joined", "people", "audit", "audit_head", "homes", "bookmarks", "leases", "orders"),
    *("limits", "nodes", "turns", "pushbutton", "pieces", "sizes", "secrets"),
)


@cache
def steps() -> dict[int, str]:
    """The schema's history by number, oldest first."""
    folder = resources.files(__package__) / "schema"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return {int(file.name[:4]): file.read_text() for file in files}


def prepare(link: Link, address: Address, key: bytes, *, moving: bool = False) -> None:
    """One transaction: killed anywhere, nothing of it is there. Raises `StoreError`; the database is then as it was.

    `moving`: also where a history is only partly there, see `sql.moving`.
    """
    _can_be_ours(link, address)
    if not moving and not link.execute(f"SELECT to_regclass('{MARK}') IS NULL").get:
        raise StoreError(
            f"{address.shown} holds a part of a history that is being moved there: go on with the same pushbutton move "
            "until it says that everything is there, or make the database anew."
        )
    if not moving and not link.execute(f"SELECT pg_try_advisory_lock_shared({MOVE})").get:
        raise StoreError(
            f"A history is being moved out of {address.shown} or into it: begin when that pushbutton move has ended."
        )
    link.execute(f"SELECT pg_advisory_unlock_shared({MOVE})")
    link.execute(_BEGIN)
    try:
        _bring_up_to_date(link, address)
        _may_write(link, address)
        _same_key(link, address, key)
        link.execute("DELETE FROM turns WHERE at < now() - interval '30 days'")  # of processes that were killed
    except BaseException:
        if not link.gone:
            link.execute("ROLLBACK")
        raise
    link.execute("COMMIT")


def _can_be_ours(link: Link, address: Address) -> None:
    version = link.raw.info.server_version
    if version < OLDEST * 10_000:
        raise StoreError(
            f"{address.shown} is PostgreSQL {version // 10_000}.{version % 10_000}: Pushbutton needs {OLDEST} or newer."
        )
    encoding = link.execute("SHOW server_encoding").get
    if encoding != "UTF8":
        raise StoreError(
            f"The database {address.shown} keeps texts as {encoding}, which does not take every text: make one with "
            "“createdb --template template0 --encoding UTF8”."
        )
    if link.execute("SELECT pg_is_in_recovery()").get:
        raise StoreError(f"{address.shown} is a standby, which cannot be written: name the primary server.")
    if link.execute("SELECT current_schema()").get is None:
        raise StoreError(
            f"The user of {address.shown} may use no schema there: GRANT USAGE, CREATE ON SCHEMA public TO that user."
        )


def _bring_up_to_date(link: Link, address: Address) -> None:
    there = {row[0] for row in link.execute(_TABLES)}
    found, known = 0, steps()
    newest = max(known)
    if "pushbutton" in there:
        found = int(link.execute("SELECT step FROM pushbutton").get or 0)
    elif others := sorted(there.intersection(OURS)):
        raise StoreDamaged(
            f"{address.shown} holds a table “{others[0]}” that is not Pushbutton's. Nothing was changed: give it a "
            "database of its own."
        )
    if found > newest:
        raise StoreTooNew(address.shown, found, newest)
    if found == newest:
        return
    if not link.execute("SELECT has_schema_privilege(current_schema(), 'CREATE')").get:
        user, schema = link.execute("SELECT current_user, current_schema()").fetchone() or ("", "")
        raise StoreError(
            f"The user “{user}” may not make tables in {address.shown}: "
            f'GRANT CREATE ON SCHEMA {schema} TO "{user}", or make it the owner of the database.'
        )
    for number, step in known.items():
        if number > found:
            link.execute(step)
    link.execute(
        "INSERT INTO pushbutton (one, step) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET step = excluded.step",
        (newest,),
    )


def _may_write(link: Link, address: Address) -> None:
    rights = ("SELECT", "INSERT", "UPDATE", "DELETE")
    test = " AND ".join(f"has_table_privilege(c.oid, '{right}')" for right in rights)
    missing = link.execute(f"{_TABLES} AND c.relname IN ({', '.join('?' * len(OURS))}) AND NOT ({test})", OURS).get
    if missing:
        raise StoreError(
            f"The user of {address.shown} may not read and write the table “{missing}”: make it the owner of the "
            "tables, or GRANT it all rights on them."
        )


def _same_key(link: Link, address: Address, key: bytes) -> None:
    """The key is not there, and nothing of it can be found out from what is."""
    if not key:
        return
    digest = hmac.new(key, b"the key of a store", hashlib.sha256).hexdigest()
    known = link.execute("SELECT digest FROM pushbutton").get
    if not known:
        link.execute("UPDATE pushbutton SET digest = ?", (digest,))
    elif not hmac.compare_digest(known, digest):
        raise StoreError(
            f"{address.shown} was written with another key than the server.key of this data folder. Nothing was "
            "changed: name the server.key of the first node's data folder with --key-file, or its folder with --data."
        )
