"""Whoever can write the database file, but has no key, cannot change the audit trail unseen."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.domain.actor import LOCAL
from pushbutton.domain.audit import Act, Head, chained, sealed
from pushbutton.domain.audit_chain import Checked, Fault
from pushbutton.domain.event import Json
from pushbutton.errors import StoreDamaged
from pushbutton.runtime import audit
from pushbutton.runtime.audit import check

KEY = b"the key of the tests"
COUNT = 8
COLUMNS = ("at", "actor", "verb", "about", "address", "data", "hash")
Edit = Callable[[sqlite3.Connection], object]


async def write(path: Path, first: int, count: int, key: bytes = KEY) -> None:
    store = SqliteStore(path, key)
    await store.open()
    for number in range(first, first + count):
        act = Act("ada", "user.add", f"user u{number}", number, {"n": number, "a": ["x", None]}, "10.0.0.1")
        await store.audit.record(act)
    await store.close()


async def checked(path: Path, noted: Head | None = None) -> Checked:
    store = SqliteStore(path, KEY)
    # not opened: a check changes nothing
    try:
        return await check(store.audit, noted=noted)
    finally:
        await store.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    path: Path = tmp_path_factory.mktemp("trail") / "history.db"
    asyncio.run(write(path, 1, COUNT))
    return path


@contextlib.contextmanager
def edited(written: Path, *edits: Edit) -> Iterator[Path]:
    """A copy in which somebody dropped the triggers and did this."""
    path = written.with_name("copy.db")
    shutil.copy(written, path)
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript("DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_cut;")
        for edit in edits:
            edit(db)
        db.commit()
    try:
        yield path
    finally:
        for file in path.parent.glob("copy.db*"):
            file.unlink()


def sql(statement: str, *values: object) -> Edit:
    return lambda db: db.execute(statement, values)


def hash_of(written: Path, number: int) -> str:
    with contextlib.closing(sqlite3.connect(written)) as db:
        return str(db.execute("SELECT hash FROM audit WHERE id = ?", (number,)).fetchone()[0])


INSERT = (
    "INSERT INTO audit (id, at, actor, verb, about, address, data, hash) VALUES (?, 1, 'eve', 'x.y', '', '', '{}', 'f')"
)
DOUBLE = "INSERT INTO audit SELECT {}, at, actor, verb, about, address, data, hash FROM audit WHERE id = {}"
MOVE_UP = "UPDATE audit SET id = id + 1000 WHERE id >= {0}", "UPDATE audit SET id = id - 999 WHERE id > 1000"
MOVE_DOWN = "UPDATE audit SET id = id - 1 WHERE id > ?"
FORGED_HEAD = "UPDATE audit_head SET id = ?, hash = (SELECT hash FROM audit WHERE id = ?)"


@pytest.fixture(scope="module")
def redacted(written: Path) -> Path:
    """The same with a record more, out of which and out of another one something was taken."""
    path = written.with_name("redacted.db")
    shutil.copy(written, path)

    async def redact() -> None:
        store = SqliteStore(path, KEY)
        await store.open()
        await store.audit.record(Act("ada", "user.add", "user u3", 9, {"why": "the hook is user u3"}))
        await audit.redact(store.audit, LOCAL, "user u3", await audit.holding(store.audit, "user u3"))
        await store.close()

    asyncio.run(redact())
    return path


@pytest.mark.parametrize(
    ("edits", "fault", "number"),
    [
        ([], None, 0),
        ([sql("UPDATE audit SET actor = 'eve' WHERE id = 3")], Fault.CHANGED, 3),
        ([sql("UPDATE audit SET about = 'user u7' WHERE id = 3")], Fault.CHANGED, 3),
        ([sql("UPDATE audit SET about = '(removed)' WHERE id = 4")], Fault.CHANGED, 4),
        ([sql("UPDATE audit SET about = (SELECT about FROM audit WHERE id = 9) WHERE id = 4")], Fault.CHANGED, 4),
        ([sql("UPDATE audit SET hash = (SELECT hash FROM audit WHERE id = 2) WHERE id = 3")], Fault.CHANGED, 3),
        ([sql("UPDATE audit SET data = replace(data, '\"3\"', '\"4\"') WHERE id = 10")], Fault.CHANGED, 3),
        ([sql("UPDATE audit SET verb = 'audit.check' WHERE id = 10")], Fault.CHANGED, 3),
        ([sql("DELETE FROM audit WHERE id = 10")], Fault.CHANGED, 3),
        ([sql("UPDATE audit SET about = 'user u3' WHERE id = 3")], None, 0),  # as it was written at first
    ],
)
def test_only_what_was_taken_out_by_who_has_the_key_may_be_missing(redacted, edits, fault, number):
    with edited(redacted, *edits) as path:
        result = asyncio.run(checked(path))
    assert (result.fault, result.number) == (fault, number)


def test_nothing_of_what_was_taken_out_is_left_in_the_files(tmp_path):
    path = tmp_path / "history.db"
    secret = "https://hooks.example.com/in/7f3a9c2e51"

    async def work() -> None:
        store = SqliteStore(path, KEY)
        await store.open()
        for number in range(200):  # pages are split, and what was moved lies in what is free then
            held: dict[str, Json] = {"at": f"{secret}/{number}" if number % 3 else "elsewhere", "more": "x" * number}
            await store.audit.record(Act("server", "server.started", "server", number, held))
        await audit.redact(store.audit, LOCAL, secret, await audit.holding(store.audit, secret))
        await store.close()

    asyncio.run(work())
    assert not any(b"7f3a9c2e51" in file.read_bytes() for file in tmp_path.iterdir())
    assert asyncio.run(checked(path)).fault is None


def test_a_record_that_was_changed_does_not_become_right_by_taking_something_out(written):
    async def work(path: Path) -> None:
        store = SqliteStore(path, KEY)
        await store.open()
        found = await audit.holding(store.audit, "user u3")
        with pytest.raises(StoreDamaged, match=r"Record 3 is not as it was written\. Nothing was taken out"):
            await audit.redact(store.audit, LOCAL, "user u3", found)
        with pytest.raises(StoreDamaged, match=r"Record 3 is not as it was written\. Nothing was taken out"):
            await store.audit.redact([3], ["user u3"], Act("ada", "audit.redact", audit.ABOUT, 1))
        await store.close()

    with edited(written, sql('UPDATE audit SET data = \'{"n":"user u3"}\' WHERE id = 3')) as path:
        asyncio.run(work(path))


def test_the_triggers_refuse_to_change_or_cut_the_trail(written):
    path = written.with_name("refusing.db")
    shutil.copy(written, path)
    with contextlib.closing(sqlite3.connect(path)) as db:
        for statement in ("UPDATE audit SET actor = 'eve' WHERE id = 3", "DELETE FROM audit WHERE id = 8"):
            with pytest.raises(sqlite3.IntegrityError, match="only grows"):
                db.execute(statement)


def test_a_trail_that_nobody_touched_is_as_it_was_written(written):
    result = asyncio.run(checked(written))
    assert (result.fault, result.head) == (None, Head(COUNT, hash_of(written, COUNT)))


@pytest.mark.parametrize(
    ("edits", "fault", "number"),
    [
        ([sql("DELETE FROM audit WHERE id = 4")], Fault.MISSING, 4),
        ([sql("DELETE FROM audit WHERE id = 1")], Fault.MISSING, 1),
        ([sql("DELETE FROM audit WHERE id = 4"), sql(MOVE_DOWN, 4)], Fault.CHANGED, 4),
        ([sql(INSERT, 0)], Fault.INSERTED, 0),
        ([sql(INSERT, -(1 << 63))], Fault.INSERTED, -(1 << 63)),
        ([sql(MOVE_UP[0].format(4)), sql(MOVE_UP[1]), sql(INSERT, 4)], Fault.INSERTED, 4),
        ([sql(INSERT, 9)], Fault.INSERTED, 9),
        ([sql(INSERT, (1 << 63) - 1)], Fault.INSERTED, (1 << 63) - 1),
        ([sql(DOUBLE.format(9, 8))], Fault.INSERTED, 9),
        (
            [sql(f"UPDATE audit SET id = {to} WHERE id = {of}") for of, to in ((4, 99), (5, 4), (99, 5))],
            Fault.SWAPPED,
            4,
        ),
        (
            [sql(f"UPDATE audit SET id = {to} WHERE id = {of}") for of, to in ((2, 99), (6, 2), (99, 6))],
            Fault.CHANGED,
            2,
        ),
        ([sql("DELETE FROM audit WHERE id > 5")], Fault.CUT, 6),
        ([sql("DELETE FROM audit WHERE id > 5"), sql(FORGED_HEAD, 5, 5)], Fault.HEAD, 5),
        ([sql("DELETE FROM audit")], Fault.CUT, 1),
        ([sql("DELETE FROM audit"), sql("DELETE FROM audit_head")], Fault.EMPTY, 0),
        ([sql("DELETE FROM audit_head")], Fault.HEAD, 0),
        ([sql("UPDATE audit_head SET id = 7")], Fault.HEAD, 7),
        ([sql("UPDATE audit_head SET hash = 'f'")], Fault.HEAD, 8),
        ([sql("UPDATE audit_head SET seal = 'f'")], Fault.HEAD, 8),
        ([sql("UPDATE audit_head SET seal = x'ff'")], Fault.HEAD, 8),
        ([sql(FORGED_HEAD, 5, 5)], Fault.HEAD, 5),
    ],
)  # fmt: skip
def test_the_first_thing_that_was_done_to_it_is_named(written, edits, fault, number):
    with edited(written, *edits) as path:
        result = asyncio.run(checked(path))
    assert (result.fault, result.number) == (fault, number)


ANY = st.one_of(
    st.none(), st.integers(-(1 << 63), (1 << 63) - 1), st.floats(allow_nan=False), st.text(max_size=20),
    st.binary(max_size=20), st.sampled_from(["{}", "[]", '{"n":1}', "ada", "10.0.0.1", "NaN", '{"n":NaN}', "[" * 9000]),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(number=st.integers(1, COUNT), column=st.sampled_from(COLUMNS), value=ANY)
def test_any_other_value_in_any_column_is_found(written, number, column, value):
    def change(db: sqlite3.Connection) -> None:
        was = db.execute(f"SELECT quote({column}) FROM audit WHERE id = ?", (number,)).fetchone()
        with contextlib.suppress(sqlite3.IntegrityError):  # NULL
            db.execute(f"UPDATE audit SET {column} = ? WHERE id = ?", (value, number))
        assume(was != db.execute(f"SELECT quote({column}) FROM audit WHERE id = ?", (number,)).fetchone())

    with edited(written, change) as path:
        result = asyncio.run(checked(path))
    wanted = Fault.FOREIGN if number == 1 else Fault.CHANGED
    assert (result.fault, result.number, result.head.id) == (wanted, number, number - 1)


@pytest.mark.parametrize("data", ['{"a":["x",null],"n":3} ', '{"n":3,"a":["x",null]}', '{"a":["x",null],"n":3,"n":3}',
                                  '{"a":["x",null],"n":3.0}', '{"a":["\\u0078",null],"n":3}'])  # fmt: skip
def test_the_same_data_written_another_way_is_a_change(written, data):
    with edited(written, sql("UPDATE audit SET data = ? WHERE id = 3", data)) as path:
        result = asyncio.run(checked(path))
    assert (result.fault, result.number) == (Fault.CHANGED, 3)


@pytest.mark.parametrize("cast", ["CAST(actor AS BLOB)", "actor || x'00'", "x'ff'"])
def test_text_as_bytes_is_a_change_and_the_records_can_still_be_read(written, cast):
    with edited(written, sql(f"UPDATE audit SET actor = {cast} WHERE id = 3")) as path:
        assert asyncio.run(checked(path)).number == 3

        async def read() -> list[int]:
            store = SqliteStore(path, KEY)
            found = [record.id for record in await store.audit.chain(None, 99)]
            await store.close()
            return found

        assert asyncio.run(read()) == list(range(1, COUNT + 1))


def test_a_whole_chain_by_somebody_without_the_key_is_found(written):
    def anew(db: sqlite3.Connection) -> None:
        before = Head().hash
        for number in range(1, COUNT + 1):
            act = Act("eve", "user.add", f"user u{number}", number, {}, "")
            before = chained(b"a guess", before, number, act)
            db.execute(
                "UPDATE audit SET actor = 'eve', data = '{}', address = '', hash = ? WHERE id = ?", (before, number)
            )
        head = sealed(b"a guess", COUNT, before)
        db.execute("UPDATE audit_head SET hash = ?, seal = ?", (head.hash, head.seal))

    with edited(written, anew) as path:
        result = asyncio.run(checked(path))
    assert (result.fault, result.number) == (Fault.FOREIGN, 1)


@pytest.mark.parametrize(
    "edits",
    [
        [sql("DELETE FROM audit WHERE id > 5")],
        [sql("DELETE FROM audit WHERE id > 5"), sql(FORGED_HEAD, 5, 5)],
        [sql("DELETE FROM audit"), sql("UPDATE audit_head SET id = 0")],
        [sql("DELETE FROM audit_head")],
        [sql("UPDATE audit_head SET id = 3")],
        [sql("UPDATE audit_head SET id = 'x', hash = x'ff', seal = 5")],
        [sql(f"UPDATE audit_head SET id = {(1 << 63) - 1}")],
        [sql(INSERT, 9)],
        [sql(INSERT, 9), sql(FORGED_HEAD, 9, 9)],
        [sql(INSERT, (1 << 63) - 1)],
        [sql("UPDATE audit SET hash = x'ff' WHERE id = 8")],
    ],
)
def test_what_was_done_to_the_end_stays_seen_when_more_is_recorded(written, edits):
    with edited(written, *edits) as path:
        asyncio.run(write(path, 20, 2))
        result = asyncio.run(checked(path))
    assert result.fault
    assert result.head.id <= COUNT + 2


def test_a_trail_put_back_to_an_earlier_state_is_found_with_the_head_that_was_noted(written):
    noted = Head(COUNT, hash_of(written, COUNT))
    path = written.with_name("later.db")
    shutil.copy(written, path)
    assert asyncio.run(checked(path, noted)).fault is None
    asyncio.run(write(path, 20, 2))
    assert asyncio.run(checked(path, noted)).fault is None
    assert asyncio.run(checked(path, Head(COUNT, "f" * 64))).fault is Fault.NOTED
    later = Head(COUNT + 2, hash_of(path, COUNT + 2))
    result = asyncio.run(checked(written, later))
    assert (result.fault, result.number) == (Fault.CUT, COUNT + 1)


WRITER = """
import asyncio, sys
from pathlib import Path
from tests.contract.test_audit_changed import write
asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2]), 60))
"""


def test_two_processes_that_write_at_once_make_one_chain(tmp_path):
    path = tmp_path / "history.db"
    asyncio.run(write(path, 1, 1))
    root = Path(__file__).parents[2]
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(first)], cwd=root) for first in (100, 200)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    result = asyncio.run(checked(path))
    assert (result.fault, result.head.id) == (None, 121)
