"""Stores of earlier releases, as their schema made them, opened by this one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import apsw
import pytest

from pushbutton.adapters import sqlite
from pushbutton.adapters.sql.run_rows import hold_text
from pushbutton.adapters.sqlite import SqliteStore, database
from pushbutton.domain.approval import Hold
from pushbutton.domain.cause import Cause, CauseKind
from pushbutton.domain.offer import Offer
from pushbutton.domain.run import NewRun, Run, RunState
from pushbutton.runtime.ports import Append, RunQuery

RELEASE_0_2 = 6
"""The newest step of its schema."""


@pytest.fixture
def old(tmp_path: Path) -> Iterator[apsw.Connection]:
    """A store of 0.2.0, to be filled."""
    db = apsw.Connection(str(tmp_path / "history.db"))
    folder = resources.files(sqlite) / "schema"
    for step in sorted(file.name for file in folder.iterdir() if file.name[:4].isdigit())[:RELEASE_0_2]:
        db.execute((folder / step).read_text())
    db.execute(f"PRAGMA user_version = {RELEASE_0_2}")
    yield db
    db.close()


def pressed(db: apsw.Connection, task: str, at: int) -> None:
    db.execute(
        "INSERT INTO runs (task, title, state, actor, inputs, pressed_at, started_at, ended_at)"
        " VALUES (?, ?, 'succeeded', 'ada', '{}', ?, ?, ?)",
        (task, task, at, at, at),
    )


def recorded(db: apsw.Connection, verb: str, task: str, at: int, data: str) -> None:
    db.execute(
        "INSERT INTO audit (at, actor, verb, about, address, data, hash) VALUES (?, 'server', ?, ?, '', ?, 'x')",
        (at, verb, f"task {task}", data),
    )


def declared(task: str, group: str) -> str:
    """A record's data, with the declaration as 0.2.0 wrote it."""
    stands = f"group: {json.dumps(group, ensure_ascii=False)}\n" if group else ""
    return json.dumps({"file": "t.py", "text": f'slug: "{task}"\ntitle: "group: \\"No\\""\n{stands}help: "x"\n'})


async def test_old_runs_get_the_group_that_the_trail_says_their_task_stood_in(old, tmp_path):
    recorded(old, "task.added", "payroll", 100, declared("payroll", "HR & Löhne"))
    recorded(old, "task.changed", "payroll", 200, declared("payroll", "Public"))
    recorded(old, "task.removed", "payroll", 300, '{"file":"t.py"}')
    recorded(old, "task.broken", "payroll", 400, declared("payroll", ""))
    recorded(old, "task.added", "payroll2", 100, declared("payroll2", "Elsewhere"))
    for at in (50, 150, 250, 350, 450):
        pressed(old, "payroll", at)
    old.close()
    assert await groups(tmp_path) == ["HR & Löhne", "HR & Löhne", "Public", "Public", ""]


async def test_old_runs_belong_to_no_trace(old, tmp_path):
    pressed(old, "payroll", 50)
    old.close()
    store = SqliteStore(tmp_path / "history.db")
    await store.open()
    assert [run.trace for run in await store.runs(RunQuery())] == [""]
    await store.close()


@pytest.mark.parametrize(
    "data", ["", "{", "[]", '{"text": 7}', '{"text": "slug: x\\ngroup: \\"HR"}', '{"text": "a\\ngroup: nothing\\n"}']
)
async def test_what_the_trail_does_not_tell_leaves_a_run_in_no_group(old, tmp_path, data):
    recorded(old, "task.added", "payroll", 100, data)
    recorded(old, "task.added", "other", 100, declared("other", "Live"))
    pressed(old, "payroll", 150)
    pressed(old, "unknown", 150)
    old.close()
    assert await groups(tmp_path) == ["", ""]


async def test_numbers_go_on_behind_those_that_were_given_also_where_their_rows_are_gone(old, tmp_path):
    for at in (1, 2, 3):
        pressed(old, "payroll", at)
        old.execute("INSERT INTO events (run, task, at, kind, data) VALUES (?, 'payroll', 1, 'state', '{}')", (at,))
    old.execute("DELETE FROM runs WHERE id > 1")
    old.execute("DELETE FROM events WHERE id > 1")
    old.close()
    store = SqliteStore(tmp_path / "history.db")
    await store.open()
    assert await store.last_event() == 3
    run = (await store.press(NewRun("payroll", "Payroll", "ada", {}, 5))).run
    assert (run.id, await store.last_event()) == (4, 4)
    await store.close()


@pytest.mark.parametrize(
    ("actor", "cause"),
    [
        ("ada", Cause()),
        ("local", Cause()),
        ("token:ada/nightly", Cause(CauseKind.TOKEN)),
        ("link:k3/ada", Cause(CauseKind.LINK)),
        ("run:41", Cause(CauseKind.RUN, 41)),
        ("run:", Cause()),
        ("run:4x", Cause()),
        ("token:", Cause()),
    ],
)
async def test_an_old_run_has_the_cause_that_its_actor_tells(old, tmp_path, actor, cause):
    pressed(old, "payroll", 1)
    old.execute("UPDATE runs SET actor = ?", (actor,))
    old.close()
    [run] = await runs(tmp_path)
    assert (run.cause, run.digest) == (cause, "")


async def test_an_old_run_that_was_approved_has_the_task_as_which_it_was_pressed(old, tmp_path):
    pressed(old, "payroll", 1)
    old.execute("UPDATE runs SET hold = ?", (hold_text(Hold(1, 24.0, 5, "ada", "the digest")),))
    old.close()
    assert [run.digest for run in await runs(tmp_path)] == ["the digest"]


def waiting(db: apsw.Connection, task: str, state: str = "waiting", worker: str = "") -> None:
    db.execute(
        "INSERT INTO runs (task, title, state, epoch, worker, actor, inputs, pressed_at)"
        " VALUES (?, ?, ?, ?, ?, 'ada', '{}', 1)",
        (task, task, state, int(state == "running"), worker),
    )


async def test_old_runs_that_wait_pass_the_gate_in_their_order_and_need_nothing_of_it(old, tmp_path):
    waiting(old, "payroll", "running", "w")
    for task in ("payroll", "report", "report", "payroll"):
        waiting(old, task)
    waiting(old, "report", "held")
    old.close()
    found = (await runs(tmp_path))[1:5]
    assert {(run.tags, run.locks, run.not_before) for run in found} == {(frozenset(), frozenset(), None)}
    store = SqliteStore(tmp_path / "history.db")
    await store.open()
    given = [await store.claim(Offer("w", most), at=2, token="") for most in (1, 3, 3)]
    assert [run and run.id for run in given] == [None, 3, None], "one of a task at a time, and what runs has its slot"
    await store.append(Append(1, epoch=1, to=RunState.SUCCEEDED))
    await store.allow({"payroll": 2})
    given = [await store.claim(Offer("w", 9), at=2, token="") for _ in range(3)]
    assert [run and run.id for run in given] == [2, 5, None]
    await store.close()


async def groups(folder: Path) -> list[str]:
    """Of all runs, oldest first."""
    return [run.group for run in await runs(folder)]


async def runs(folder: Path) -> list[Run]:
    """Oldest first."""
    store = SqliteStore(folder / "history.db")
    await store.open()
    found = list(await store.runs(RunQuery()))
    await store.close()
    return found[::-1]


async def test_an_upgrade_is_whole_or_was_none(old, tmp_path, monkeypatch):
    """Whichever of its steps does not go through, what is there is as the earlier release left it."""
    steps = [*database._steps(), "CREATE TABLE half (way INTEGER)", "CREATE TABLE nonsense ("]
    monkeypatch.setattr(database, "_steps", lambda: steps)
    tables = "SELECT count(*) FROM sqlite_master"
    before = old.execute(tables).get
    store = SqliteStore(tmp_path / "history.db")
    with pytest.raises(apsw.SQLError):
        await store.open()
    assert old.execute("PRAGMA user_version").get == RELEASE_0_2
    assert old.execute(tables).get == before
