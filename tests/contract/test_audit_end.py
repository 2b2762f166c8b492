"""The end of the audit trail: cut, or all of it removed, with an earlier note of the end put back, it stays seen."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import apsw
import pytest

from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.domain.audit import Act, Deed, Record
from pushbutton.domain.audit_chain import Checked, Fault
from pushbutton.domain.person import Snapshot
from pushbutton.domain.run import NewRun, RunState
from pushbutton.errors import StoreDamaged
from pushbutton.runtime.audit import check
from pushbutton.runtime.ports import Append
from pushbutton.runtime.ports.people import AuditQuery, Change

KEY = b"the key of the tests"


@contextlib.asynccontextmanager
async def opened(folder: Path, *, apart: bool = True) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(folder / "history.db", KEY, apart=folder / "audit.end" if apart else None)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def at_rest(folder: Path) -> Checked:
    """As the command line looks: without opening, so that nothing is changed."""
    store = SqliteStore(folder / "history.db", KEY, apart=folder / "audit.end")
    try:
        return await check(store.audit)
    finally:
        await store.close()


async def add(store: SqliteStore, count: int, who: str = "ada") -> None:
    for number in range(count):
        await store.audit.record(Act(who, "user.add", f"user u{number}", number))


def cut(folder: Path, left: int) -> None:
    """With the note of the end as it was then. The file is the same: a server that has it open goes on with it."""
    with contextlib.closing(apsw.Connection(str(folder / "history.db"))) as db:
        for statement in (
            "DROP TRIGGER IF EXISTS audit_is_not_cut",
            f"DELETE FROM audit WHERE id > {left}",
            "DELETE FROM audit_head",
            f"INSERT INTO audit_head SELECT * FROM kept WHERE {left}",
        ):
            db.execute(statement)


def keep_head(folder: Path) -> None:
    with contextlib.closing(apsw.Connection(str(folder / "history.db"))) as db:
        db.execute("CREATE TABLE kept AS SELECT * FROM audit_head")


async def grown(folder: Path) -> None:
    """Ten records, of which whoever cuts keeps the head of the sixth."""
    async with opened(folder) as store:
        await add(store, 6)
    keep_head(folder)
    async with opened(folder) as store:
        await add(store, 4)


@pytest.mark.parametrize("left", [6, 0])
async def test_what_is_missing_is_named_at_rest_and_stays_named_after_the_next_record(tmp_path, left):
    await grown(tmp_path)
    assert (await at_rest(tmp_path)).fault is None
    cut(tmp_path, left)
    found = await at_rest(tmp_path)
    assert (found.fault, found.number) == (Fault.CUT, left + 1)
    assert found.more == ("Up to record 10 it is known from elsewhere that they were there.",)
    async with opened(tmp_path) as store:
        await add(store, 20)
    found = await at_rest(tmp_path)
    assert (found.fault, found.number, found.head.id) == (Fault.BROKEN, left + 1, left + 1)
    assert found.more == ("Up to record 10 there had been others, and they are missing.",)


@pytest.mark.parametrize("left", [6, 0])
async def test_a_server_that_runs_knows_it_by_itself(tmp_path, left):
    async with opened(tmp_path, apart=False) as store:
        await add(store, 6)
        keep_head(tmp_path)
        await add(store, 4)
        cut(tmp_path, left)
        assert ((await check(store.audit)).fault, (await check(store.audit)).number) == (Fault.CUT, left + 1)
        await asyncio.gather(add(store, 3), add(store, 3))
        assert (await check(store.audit)).fault is Fault.BROKEN
        assert len(await store.audit.records(AuditQuery(verb=Deed.AUDIT_BROKEN))) == 1, "said once"


async def test_as_many_records_again_do_not_hide_that_others_were_there(tmp_path):
    await grown(tmp_path)
    shutil.copy(tmp_path / "audit.end", tmp_path / "kept.end")
    cut(tmp_path, 6)
    (tmp_path / "audit.end").unlink()
    async with opened(tmp_path) as store:
        await add(store, 9, "eve")
    shutil.copy(tmp_path / "kept.end", tmp_path / "audit.end")
    found = await at_rest(tmp_path)
    assert (found.fault, found.number) == (Fault.NOTED, 10)


async def test_what_another_process_records_is_no_cut(tmp_path):
    async with opened(tmp_path) as server, opened(tmp_path) as command:
        for _ in range(5):
            await add(server, 2)
            await add(command, 2)
    assert (await at_rest(tmp_path)).fault is None


@pytest.mark.parametrize("note", [None, "", "x", "7:f:f\n", "9" * 5000, "8:" + "a" * 64 + ":" + "b" * 64])
async def test_a_note_that_is_older_or_none_of_ours_is_no_alarm(tmp_path, note):
    await grown(tmp_path)
    if note is None:
        (tmp_path / "audit.end").unlink()
    else:
        (tmp_path / "audit.end").write_text(note)
    async with opened(tmp_path) as store:
        await add(store, 1)
    assert (await at_rest(tmp_path)).fault is None
    assert (tmp_path / "audit.end").read_text().startswith("11:")


async def test_what_was_refused_together_with_others_is_no_cut(tmp_path):
    def refuse(_: Snapshot) -> Change:
        raise StoreDamaged("not this one")

    async with opened(tmp_path) as store:
        results = await asyncio.gather(
            add(store, 1),
            store.people.change(refuse),
            add(store, 1),
            return_exceptions=True,
        )
        assert isinstance(results[1], StoreDamaged)
        await add(store, 1)
        assert (await check(store.audit)).fault is None


WRITES = """
import asyncio, sys
from pathlib import Path
from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.domain.audit import Act

async def main():
    folder = Path(sys.argv[1])
    store = SqliteStore(folder / "history.db", b"the key of the tests", apart=folder / "audit.end")
    await store.open()
    print("open", flush=True)
    while True:
        await asyncio.gather(*(store.audit.record(Act("ada", "user.add", "user u", n)) for n in range(3)))
        print("done", flush=True)

asyncio.run(main())
"""


def test_a_kill_at_any_time_leaves_nothing_that_looks_like_a_cut(tmp_path):
    chance = random.Random(19)
    for _ in range(12):
        with subprocess.Popen([sys.executable, "-c", WRITES, str(tmp_path)], stdout=subprocess.PIPE) as process:
            assert process.stdout
            for _ in range(chance.randrange(1, 30)):
                process.stdout.readline()
            process.kill()
        found = asyncio.run(at_rest(tmp_path))
        assert found.fault in (None, Fault.EMPTY), found.sentence
    assert asyncio.run(broken(tmp_path)) == []


async def broken(folder: Path) -> Sequence[Record]:
    """What the next record finds."""
    async with opened(folder) as store:
        await add(store, 1)
        return await store.audit.records(AuditQuery(verb=Deed.AUDIT_BROKEN))


async def test_runs_whose_press_was_cut_away_are_named_though_every_note_was_put_back(tmp_path):
    async with opened(tmp_path) as store:
        await pressed(store, 2)
    keep_head(tmp_path)
    shutil.copy(tmp_path / "audit.end", tmp_path / "kept.end")
    async with opened(tmp_path) as store:
        await pressed(store, 3)
    cut(tmp_path, 2)
    shutil.copy(tmp_path / "kept.end", tmp_path / "audit.end")
    found = await at_rest(tmp_path)
    assert (found.fault, found.number, found.more) == (Fault.PRESS, 3, ("The same of runs 3, 4, 5.",))
    async with opened(tmp_path) as store:
        await add(store, 3)
    assert (await at_rest(tmp_path)).fault is Fault.PRESS


async def pressed(store: SqliteStore, count: int) -> None:
    for _ in range(count):
        run = (await store.press(NewRun("deploy", "Deploy", "ada", {}, 1))).run
        await store.append(Append(run.id, to=RunState.CANCELLED))


async def test_runs_that_were_removed_after_their_time_are_not_missing(tmp_path):
    async with opened(tmp_path) as store:
        await pressed(store, 4)
        await store.forget([1, 3])
        assert (await check(store.audit)).fault is None
