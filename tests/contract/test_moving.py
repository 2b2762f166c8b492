"""A whole history goes from one database into another, whatever tables there are, and whenever the move is cut off."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import apsw
import pytest

from pushbutton.adapters.files import FileFolder
from pushbutton.adapters.output import OutputFiles
from pushbutton.adapters.sql import moving
from pushbutton.adapters.sql.moving import Side, Table
from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.adapters.sqlite import moving as sqlite
from pushbutton.errors import StoreError
from tests.contract.conftest import KEY
from tests.contract.machines import machine, made
from tests.contract.test_schemas import POSTGRES_ALONE

MANY = 130
"""Rows of a table: more than are copied at once."""
Opened = Callable[[], Side]


def filled(folder: Path, every: list[Table]) -> None:
    """Rows in every table of the schema, with values of each column's type."""
    with sqlite.written(folder / "one.db") as db:
        db.execute("BEGIN")
        for table in every:
            kinds = [row[2] for row in db.execute(f'PRAGMA table_info("{table.name}")')]
            one = f"({', '.join('?' * len(kinds))})"
            rows = 1 if "one" in table.columns else MANY
            for number in range(1, rows + 1):
                db.execute(
                    f'INSERT OR REPLACE INTO "{table.name}" VALUES {one}',
                    [value(kind, table, name, number) for kind, name in zip(kinds, table.columns, strict=True)],
                )
        db.execute("COMMIT")


def value(kind: str, table: Table, column: str, number: int) -> Any:
    if column == "bytes":
        return f"{number}\0ü".encode()
    if kind == "INTEGER":
        return number
    if kind == "REAL":
        return number / 7
    assert kind == "TEXT", f"{table.name}.{column}: say here what it may hold"
    return f"{table.name} {column} ä {number:03}"


@pytest.fixture
async def every(tmp_path) -> list[Table]:
    store = SqliteStore(tmp_path / "one.db", KEY)
    await store.open()
    await store.close()
    with sqlite.read(tmp_path / "one.db") as db:
        made = sqlite.tables(db)
    filled(tmp_path, made)
    return made


@pytest.fixture
def one(tmp_path, every) -> Iterator[Side]:
    with sqlite.read(tmp_path / "one.db") as side:
        yield side


@pytest.fixture(params=["sqlite", "postgres"])
async def two(request, tmp_path) -> Any:
    """A database with tables and nothing in them."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            store = SqliteStore(tmp_path / "two.db", KEY)
            await store.open()
            await store.close()
            yield stack.enter_context(sqlite.written(tmp_path / "two.db"))
        else:
            server = request.getfixturevalue("postgres")
            from pushbutton.adapters.postgres import Address
            from pushbutton.adapters.postgres.moving import connected

            yield stack.enter_context(connected(Address.of(server.database()), KEY))


def nothing(table: str, rows: int) -> None:
    assert table
    assert rows


def test_every_table_has_a_key_and_comes_behind_those_that_it_refers_to(one, every):
    assert [table.name for table in every if not table.key] == []
    names = [table.name for table in every]
    assert names.index("runs") < names.index("events")


def test_every_table_of_the_schema_is_moved_with_every_row(one, two, every):
    assert moving.is_empty(two, every)
    counts = moving.move(one, two, every, nothing)
    assert moving.equal(one, two, every)
    for table in every:
        there = {tuple(row) for row in one.execute(table.select)}
        assert {tuple(row) for row in two.execute(table.select)} == there
        assert len(there) == counts[table.name] >= 1
    assert not moving.is_empty(two, every)


def test_no_table_of_postgres_is_left_behind(every, postgres):
    from pushbutton.adapters.postgres import Address
    from pushbutton.adapters.postgres.moving import connected

    address = postgres.database()
    with connected(Address.of(address), KEY):
        made = postgres.sql("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()", address)
    assert {name for (name,) in made} - POSTGRES_ALONE == {table.name for table in every}


def test_and_back_it_is_what_it_was(one, two, every, tmp_path):
    moving.move(one, two, every, nothing)
    (tmp_path / "back.db").write_bytes((tmp_path / "one.db").read_bytes())
    with sqlite.written(tmp_path / "back.db") as back:
        for table in reversed(every):
            back.empty(table)
        moving.move(two, back, every, nothing)
        assert moving.equal(one, back, every)


class Cut(Exception):
    pass


class Mortal:
    """Ends at some statement, as a process does that is killed: what was not committed is not there."""

    def __init__(self, side: Side, left: int) -> None:
        self._side, self._left, self.name = side, left, side.name

    def execute(self, sql: str, values: Any = (), /) -> Any:
        if self._left == 0:
            if sql == "COMMIT" or sql.startswith("INSERT"):
                self._side.execute("ROLLBACK")
            raise Cut
        self._left -= 1
        return self._side.execute(sql, values)

    def empty(self, table: Table) -> None:
        self._side.empty(table)


def test_cut_off_at_any_statement_it_goes_on(one, two, every):
    dice = random.Random(7)
    for life in itertools.count():
        try:
            moving.move(one, Mortal(two, dice.randrange(1, 20 + 20 * life)), every, nothing)
            break
        except Cut:
            continue
    assert life > 5
    assert moving.equal(one, two, every)


def test_what_became_of_the_source_between_two_tries_is_moved_as_well(one, two, every, tmp_path):
    moving.move(one, two, every, nothing)
    db = apsw.Connection(str(tmp_path / "one.db"))
    db.execute("UPDATE runs SET state = 'changed' WHERE id = 3; DELETE FROM events WHERE id = 5")
    db.execute("INSERT INTO bookmarks VALUES ('new', 9)")
    db.close()
    moving.move(one, two, every, nothing)
    assert moving.equal(one, two, every)


def test_a_source_that_goes_on_changing_is_said_and_not_believed(one, two, every, tmp_path):
    def changes(table: str, rows: int) -> None:
        nothing(table, rows)
        db.execute("UPDATE runs SET ordered = ordered + 1")

    db = apsw.Connection(str(tmp_path / "one.db"))
    moving.move(one, two, every, changes)
    assert not moving.equal(one, two, every)
    db.close()


def test_a_text_that_not_every_database_takes_is_moved_without_that(one, two, every, tmp_path):
    db = apsw.Connection(str(tmp_path / "one.db"))
    db.execute("UPDATE runs SET why = ? WHERE id = 1", ("a\0b",))
    db.close()
    moving.move(one, two, every, nothing)
    assert two.execute("SELECT why FROM runs WHERE id = 1").get == "a␀b"


def test_a_half_moved_history_is_no_store(postgres, every):
    import asyncio

    from pushbutton.adapters.postgres import Address, PostgresStore
    from pushbutton.adapters.postgres.moving import connected

    address = postgres.database()
    with connected(Address.of(address), KEY) as side:
        side.mark("/srv/data/history.db")
        assert side.comes_from() == "/srv/data/history.db"
    with pytest.raises(StoreError, match="a part of a history"):
        asyncio.run(PostgresStore(address, KEY).open())
    with connected(Address.of(address), KEY) as side:
        side.unmark()
        assert side.comes_from() == ""


async def test_what_other_machines_wrote_and_people_brought_comes_along_into_a_folder(tmp_path, postgres):
    from pushbutton.adapters.postgres import Address
    from pushbutton.adapters.postgres.moving import connected

    address, alone = await made(postgres.empty()), tmp_path / "alone"
    whole = bytes(range(256)) * 2500  # more than two blocks
    async with machine(tmp_path / "one", address, "one") as one:
        one.begin(7)
        end = one.shipper.follow(7)
        one.write(7, whole)
        (one.runs / "7" / "results").mkdir()
        (one.runs / "7" / "results" / "a.csv").write_bytes(b"1,2")
        await one.shipper.handed_over(7, ["a.csv"])
        await one.shipper.settled(7)
        end()
        with one.files.put("uploads/u/sheet.csv") as draft:
            draft.write(b"3;4")
    (alone / "runs" / "8").mkdir(parents=True)
    with connected(Address.of(address), b"") as side:
        assert side.bring_files(alone) == 3
        assert side.bring_files(alone) == 0
    assert OutputFiles(alone / "runs").read(7, 0, 1 << 20) == whole
    here = FileFolder(alone / "uploads", alone / "runs")
    assert [here.place(name).read_bytes() for name in ("results/7/a.csv", "uploads/u/sheet.csv")] == [b"1,2", b"3;4"]


async def test_no_node_begins_while_a_history_is_moved(postgres):
    from pushbutton.adapters.postgres import Address, PostgresStore
    from pushbutton.adapters.postgres.moving import connected

    address = await made(postgres.empty())
    moved = pytest.raises(StoreError, match="A history is being moved out of")
    with connected(Address.of(address), b""), moved:
        await PostgresStore(address, node="one").open()
    store = PostgresStore(address, node="one")
    await store.open()
    await store.close()
