"""Opening the store on PostgreSQL: its tables are made once, and what cannot be opened is said in a sentence and stays
as it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from typing import Any

import pytest

from pushbutton.domain.run import NewRun
from pushbutton.errors import StoreAway, StoreDamaged, StoreError, StoreInUse, StoreTooNew
from tests.postgres import PASSWORD, Postgres, programs

KEY = b"the key of the tests"
NEW = NewRun("deploy", "Deploy", "ada", {}, 1000)


def store(address: str, key: bytes = KEY, **more: Any) -> Any:
    from pushbutton.adapters.postgres import PostgresStore

    return PostgresStore(address, key, **more)


async def opened(address: str, key: bytes = KEY, **more: Any) -> None:
    one = store(address, key, **more)
    await one.open()
    await one.close()


def content(server: Postgres, address: str) -> str:
    """Everything that is in the database."""
    name = address.partition("@/")[2].partition("?")[0]
    words = [str(programs() / "pg_dump"), "--restrict-key=x", "-d", server.admin(name)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:  # of a version that does not have it
        done = subprocess.run([words[0], *words[2:]], capture_output=True, text=True, check=True)
    return "\n".join(line for line in done.stdout.splitlines() if not line.startswith("\\"))


async def refused(address: str, kind: type[StoreError], says: str, key: bytes = KEY, **more: Any) -> None:
    with pytest.raises(kind, match=says) as told:
        await opened(address, key, **more)
    text = str(told.value)
    assert "\n" not in text
    assert PASSWORD not in text
    assert told.value.__suppress_context__ or not told.value.__context__, "nothing of libpq is shown below it"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("", "begins with postgresql://"),
        ("history.db", "begins with postgresql://"),
        ("mysql://a:secret@b/c", "begins with postgresql://"),
        ("host=a password=secret", "begins with postgresql://"),
        ("postgresql://a:sec/ret@b:x/c", "cannot be read"),
        ("postgresql://a:5/secret@b/c", "cannot be read"),
        ("postgresql://a:secret@b:5432/c?nonsense=1", "cannot be read"),
        ("postgresql://a:sec%zzret@b/c", "cannot be read"),
    ],
)
def test_what_is_no_address_is_said_without_a_word_of_it(address, says, postgres):
    with pytest.raises(StoreError, match=says) as told:
        store(address)
    assert "secret" not in str(told.value)
    assert "ret@" not in str(told.value)


async def test_what_does_not_answer_or_lets_nobody_in_says_why(postgres):
    address = postgres.database()
    await refused(postgres.over_tcp(address, port=1), StoreAway, r"postgresql://buttons@127\.0\.0\.1:1/t\d+ .*refused")
    await refused(postgres.over_tcp(address, password="other"), StoreAway, "password authentication failed")
    await refused(postgres.over_tcp(address, user="nobody2"), StoreAway, "password authentication failed")
    gone = postgres.over_tcp(postgres.address("nothing"))
    await refused(gone, StoreAway, r'database "nothing" does not exist')
    await refused("postgresql://buttons@name.invalid/x", StoreAway, r"name\.invalid")


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"N", bytes(64)])
async def test_what_is_no_postgresql_is_said(answer):
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        writer.close()

    listening = await asyncio.start_server(other, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    await refused(f"postgresql://buttons:secret@127.0.0.1:{port}/x", StoreAway, f"127.0.0.1:{port}/x does not answer")
    listening.close()


@pytest.mark.parametrize("option", ["options=-cnonsense%3D1", "options=-csearch_path%3Dnowhere", "sslmode=require"])
async def test_an_address_that_asks_for_what_is_not_there_is_said(postgres, option):
    address = postgres.over_tcp(postgres.database())
    await refused(f"{address}?{option}", StoreError, "nonsense|may use no schema there|does not support SSL")


async def test_a_table_that_somebody_took_away_is_said_and_nothing_else_is_harmed(postgres):
    address = postgres.database()
    one = store(address)
    await one.open()
    postgres.sql("DROP TABLE bookmarks; ALTER TABLE leases RENAME COLUMN until TO till; ALTER TABLE homes ALTER known "
                 "TYPE BIGINT USING 1", address)  # fmt: skip
    for work in (one.bookmark("x"), one.lease("x", "y", seconds=9), one.settle("text")):
        with pytest.raises(StoreError):
            await work
    assert (await one.press(NEW)).run.id == 1
    await one.close()


async def test_an_older_postgresql_is_named(postgres, monkeypatch):
    from pushbutton.adapters.postgres import schema

    monkeypatch.setattr(schema, "OLDEST", 99)
    address = postgres.database()
    before = content(postgres, address)
    await refused(address, StoreError, r"is PostgreSQL \d+\.\d+: Pushbutton needs 99 or newer\.")
    assert content(postgres, address) == before


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
async def test_a_database_that_does_not_take_every_text_is_named(postgres, encoding):
    name = f"e{encoding.lower()}"
    postgres.sql(f"CREATE DATABASE {name} OWNER buttons TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'")
    await refused(postgres.address(name), StoreError, f"keeps texts as {encoding}")


async def test_a_missing_right_is_named_with_what_gives_it(postgres):
    address = postgres.database(owner="postgres")
    postgres.sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC", address)
    theirs = address.replace("postgres@", "buttons@")
    before = content(postgres, address)
    await refused(theirs, StoreError, r'“buttons” may not make tables .*: GRANT CREATE ON SCHEMA public TO "buttons"')
    assert content(postgres, address) == before
    postgres.sql("GRANT CREATE ON SCHEMA public TO buttons", address)
    await opened(theirs)
    postgres.sql("CREATE ROLE reader LOGIN", address)
    before = content(postgres, address)
    await refused(theirs.replace("buttons@", "reader@"), StoreError, "right is missing|may not read and write")
    postgres.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", address)
    await refused(theirs.replace("buttons@", "reader@"), StoreError, "may not read and write the table “")
    postgres.sql("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM reader; DROP ROLE reader", address)
    assert content(postgres, address) == before


async def test_somebody_elses_tables_are_left_alone(postgres):
    address = postgres.database()
    postgres.sql("CREATE TABLE runs (id INTEGER); INSERT INTO runs VALUES (7)", address)
    before = content(postgres, address)
    await refused(address, StoreDamaged, "holds a table “runs” that is not Pushbutton's")
    assert content(postgres, address) == before


async def test_a_newer_schema_is_left_alone(postgres):
    address = postgres.database()
    await opened(address)
    postgres.sql("UPDATE pushbutton SET step = 9999", address)
    before = content(postgres, address)
    await refused(address, StoreTooNew, r"was written by a newer Pushbutton \(schema 9999, known up to \d+\)")
    assert content(postgres, address) == before


async def test_another_key_is_refused_and_the_right_one_is_taken(postgres):
    address = postgres.database()
    await opened(address)
    before = content(postgres, address)
    await refused(address, StoreError, r"another key than the server\.key of this data folder", key=b"another key")
    assert content(postgres, address) == before
    assert KEY.hex() not in before
    await opened(address)


async def test_a_second_node_of_one_name_is_refused_and_another_name_or_a_command_is_not(postgres, monkeypatch):
    from pushbutton.adapters.postgres import session

    monkeypatch.setattr(session, "HANDOVER", 0.3)
    address = postgres.database()
    first = store(address, node="one")
    await first.open()
    says = r"^The name one at postgresql://.* is in use by another server \(pushbutton \(process \d+ on "
    await refused(address, StoreInUse, says, node="one")
    for number, beside in enumerate((store(address), store(address, node="two")), 1):
        await beside.open()
        assert (await beside.press(NEW)).run.id == number
        await beside.close()
    assert (await first.press(NEW)).run.id == 3
    await first.close()
    await opened(address, node="one")


async def test_a_node_that_was_cut_off_finds_its_name_taken_and_writes_nothing(postgres, monkeypatch):
    from pushbutton.adapters.postgres import session

    monkeypatch.setattr(session, "HANDOVER", 0.3)
    address = postgres.database()
    first = store(address, node="one")
    await first.open()
    name = address.partition("@/")[2].partition("?")[0]
    postgres.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    second = store(address, node="one")
    await second.open()
    with pytest.raises(StoreInUse, match="another server"):
        await first.press(NEW)
    assert (await second.press(NEW)).run.id == 1
    await second.close()
    assert (await first.press(NEW)).run.id == 2
    await first.close()


async def test_servers_that_start_at_once_make_the_tables_once(postgres):
    for _ in range(3):
        address = postgres.database()
        await asyncio.gather(*(opened(address) for _ in range(8)))
        assert postgres.sql("SELECT count(*) FROM pushbutton", address) == [(1,)]


UPGRADE = """
import asyncio, sys
from pushbutton.adapters.postgres import PostgresStore, schema
real = schema.steps()
schema.steps = lambda: {**real, 9000: "CREATE TABLE half (way BIGINT)", 9001: "SELECT pg_advisory_xact_lock(4711)",
                        9002: "ALTER TABLE runs ADD COLUMN more TEXT"}
async def main():
    store = PostgresStore(sys.argv[1], b"the key of the tests")
    await store.open()
    await store.close()
    print("made", flush=True)
asyncio.run(main())
"""


@pytest.mark.parametrize("what", ["process", "database"])
async def test_an_upgrade_that_is_killed_in_the_middle_leaves_the_old_schema_and_the_next_one_goes_on(what):
    import psycopg

    with Postgres() as server:
        address = server.database()
        await opened(address)
        before = content(server, address)
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory' AND query LIKE '%4711%'"
        held = psycopg.connect(address)
        held.execute("SELECT pg_advisory_lock(4711)")
        upgrading = await asyncio.create_subprocess_exec(sys.executable, "-c", UPGRADE, address)
        while not server.sql(waits):  # noqa: ASYNC110  another program's doing
            await asyncio.sleep(0.01)
        if what == "process":
            upgrading.kill()
        else:
            server.stop()
            server.start()
        with contextlib.suppress(psycopg.Error):
            held.close()
        await upgrading.wait()
        await opened(address)
        if what == "process":
            assert content(server, address) == before
        done = await asyncio.create_subprocess_exec(
            sys.executable, "-c", UPGRADE, address, stdout=asyncio.subprocess.PIPE
        )
        assert (await done.communicate())[0] == b"made\n"
        assert server.sql("SELECT step FROM pushbutton", address) == [(9002,)]
        await refused(address, StoreTooNew, "schema 9002")
