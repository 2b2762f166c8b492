"""Both SQL databases have the same tables, columns and indexes, whatever steps made them."""

from __future__ import annotations

import re

import apsw
import pytest

from pushbutton.adapters.sqlite import SqliteStore

POSTGRES_ALONE = {"pushbutton", "turns", "pieces", "sizes", "secrets"}
KINDS = {"INTEGER": "bigint", "TEXT": "text", "REAL": "double precision", "BLOB": "bytea"}
Table = dict[str, tuple[str, bool]]


def in_sqlite(db: apsw.Connection) -> tuple[dict[str, Table], set[str]]:
    names = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    tables = {}
    for name in (name for name in names if not name.startswith("sqlite_")):
        columns = list(db.execute(f"PRAGMA table_info({name})"))
        tables[name] = {column[1]: (KINDS[column[2]], bool(column[3] or column[5])) for column in columns}
    indexes = {str(row[0]) for row in db.execute("SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql <> ''")}
    return tables, {alike(text) for text in indexes}


def alike(index: str) -> str:
    """Its definition, in the words that both have."""
    text = re.sub(r"::\w+(\[\])?|[()\[\]\"]|\bUSING btree\b|\b\w+\.(?=\w)", " ", index)
    text = re.sub(r"= ANY\s+ARRAY", "IN ", text)
    return " ".join(text.replace(",", " ").split())


@pytest.fixture
async def both(tmp_path, postgres):
    from pushbutton.adapters.postgres import PostgresStore

    address = postgres.empty()
    for store in (SqliteStore(tmp_path / "history.db"), PostgresStore(address)):
        await store.open()
        await store.close()
    db = apsw.Connection(str(tmp_path / "history.db"))
    yield in_sqlite(db), address
    db.close()


async def test_tables_have_the_same_columns_and_indexes(both, postgres):
    (tables, indexes), address = both
    rows = postgres.sql(
        "SELECT table_name, column_name, data_type, is_nullable, collation_name FROM information_schema.columns"
        " WHERE table_schema = current_schema()",
        address,
    )
    there: dict[str, Table] = {}
    for table, column, kind, nullable, collation in rows:
        if table not in POSTGRES_ALONE:
            there.setdefault(table, {})[column] = (kind, nullable == "NO")
        assert kind != "text" or collation == "C", f"{table}.{column}"
    assert there == tables
    made = postgres.sql(
        "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() AND indexname NOT LIKE '%_pkey'", address
    )
    assert {alike(text) for (text,) in made} == indexes
