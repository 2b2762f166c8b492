"""Whoever can write the database, but has no key, cannot change the audit trail unseen; and nobody does by mistake."""

from __future__ import annotations

from typing import Any

import pytest

from pushbutton.domain.actor import LOCAL
from pushbutton.domain.audit import Act
from pushbutton.domain.audit_chain import Fault
from pushbutton.errors import StoreError
from pushbutton.runtime.audit import check

KEY = b"the key of the tests"
COUNT = 8
COLUMNS = ("at", "actor", "verb", "about", "address", "data", "hash")


def store(address: str, **more: Any) -> Any:
    from pushbutton.adapters.postgres import PostgresStore

    return PostgresStore(address, KEY, **more)


async def add(address: str, count: int = COUNT, **more: Any) -> None:
    one = store(address, **more)
    await one.open()
    for number in range(count):
        await one.audit.record(Act("ada", "user.add", f"user u{number}", number, {"n": number}, "10.0.0.1"))
    await one.close()


async def at_rest(address: str, **more: Any) -> Any:
    """Not opened: a check changes nothing."""
    one = store(address, **more)
    try:
        return await check(one.audit)
    finally:
        await one.close()


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit SET actor = 'eve'", "DELETE FROM audit WHERE id = 3", "TRUNCATE audit", "DELETE FROM audit"],
)
async def test_records_are_only_added_also_by_statements_that_touch_none(postgres, statement):
    import psycopg

    address = postgres.empty()
    await add(address)
    with pytest.raises(psycopg.Error, match="the audit trail only grows"):
        postgres.sql(statement, address)
    assert (await at_rest(address)).fault is None


@pytest.mark.parametrize("column", COLUMNS)
async def test_any_other_value_in_any_column_is_found(postgres, column):
    address = postgres.empty()
    await add(address)
    other = "at + 1" if column == "at" else f"{column} || 'x'" if column != "data" else '\'{"n":4,"m":1}\''
    postgres.sql(
        f"DROP TRIGGER audit_is_not_changed ON audit; UPDATE audit SET {column} = {other} WHERE id = 5", address
    )
    found = await at_rest(address)
    assert (found.fault, found.number) == (Fault.CHANGED, 5)


@pytest.mark.parametrize("left", [6, 0])
async def test_what_is_cut_off_stays_known_from_the_note_beside_it(postgres, tmp_path, left):
    address, apart = postgres.empty(), tmp_path / "audit.end"
    await add(address, 6, apart=apart)
    postgres.sql("CREATE TABLE kept AS SELECT * FROM audit_head", address)
    await add(address, 4, apart=apart)
    postgres.sql(
        f"DROP TRIGGER audit_is_not_cut ON audit; DELETE FROM audit WHERE id > {left}; DELETE FROM audit_head;"
        f"INSERT INTO audit_head SELECT * FROM kept WHERE {left} > 0",
        address,
    )
    found = await at_rest(address, apart=apart)
    assert (found.fault, found.number) == (Fault.CUT, left + 1)


async def test_a_secret_is_taken_out_while_a_dump_reads_and_nobody_waits_for_that(postgres):
    import psycopg

    from pushbutton.runtime.audit import holding, redact

    address = postgres.empty()
    one = store(address)
    await one.open()
    await one.audit.record(Act("ada", "user.add", "user u1", 1, {"token": "hunter2secret"}))
    found = await holding(one.audit, "hunter2secret")
    reading = await psycopg.AsyncConnection.connect(address)
    await reading.execute("SELECT count(*) FROM audit")
    # The row is another one; only the table cannot be written anew, and that is said.
    with pytest.raises(StoreError, match=r"was taken out of the records, but .* could not be written anew"):
        await redact(one.audit, LOCAL, "hunter2secret", found)
    await one.audit.record(Act("ada", "user.add", "user u2", 1))
    await reading.close()
    assert (await check(one.audit)).fault is None
    assert "hunter2" not in str(postgres.sql("SELECT * FROM audit", address))
    await one.close()


async def test_a_secret_that_is_taken_out_is_in_no_row_any_more_and_the_trail_only_grows_again(postgres):
    import psycopg

    from pushbutton.runtime.audit import holding, redact

    address = postgres.empty()
    one = store(address)
    await one.open()
    await one.audit.record(Act("ada", "user.add", "user u1", 1, {"token": "hunter2secret"}))
    await redact(one.audit, LOCAL, "hunter2secret", await holding(one.audit, "hunter2secret"))
    assert (await check(one.audit)).fault is None
    await one.close()
    assert "hunter2" not in str(postgres.sql("SELECT * FROM audit", address))
    with pytest.raises(psycopg.Error, match="the audit trail only grows"):
        postgres.sql("UPDATE audit SET actor = 'eve'", address)
