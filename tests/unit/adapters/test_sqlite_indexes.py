"""The indexes over some rows are used: SQLite takes one only for a query with its condition word for word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apsw
import pytest

from pushbutton.adapters.sql.run_rows import RUN_COLUMNS
from pushbutton.adapters.sql.statements import ACTIVE_STATES, BUSY_STATES, NEXT_MOMENT, UNFINISHED_STATES, runs
from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.domain.reach import Reach
from pushbutton.domain.run import ACTIVE
from pushbutton.runtime.ports import RunQuery

QUERIES = {
    "runs_active": f"SELECT count(*) FROM runs WHERE state || '' IN ({ACTIVE_STATES}) AND task = 'x'",
    "runs_busy": f"SELECT id FROM runs WHERE state IN ({BUSY_STATES}) AND task = 'x' AND aside = 0 ORDER BY id",
    "runs_aside": f"SELECT id FROM runs WHERE state IN ({UNFINISHED_STATES}) AND aside = 1",
    "runs_unfinished": f"SELECT id FROM runs WHERE state IN ({UNFINISHED_STATES}) AND task = 'x' ORDER BY id",
}


@pytest.mark.parametrize("index", QUERIES)
async def test_what_a_task_has_under_way_is_found_without_counting_through_its_past(tmp_path, index):
    await store_in(tmp_path)
    assert index in plan(tmp_path, QUERIES[index])


async def test_those_of_a_task_in_a_state_that_goes_on_are_listed_without_reading_through_its_past(tmp_path):
    await store_in(tmp_path)
    sql, values = runs(RunQuery(task="x", states=ACTIVE), "LIKE")
    assert "runs_unfinished" in plan(tmp_path, sql, *values)


async def test_the_runs_of_a_task_that_were_pressed_in_other_groups_are_passed_over_without_being_read(tmp_path):
    await store_in(tmp_path)
    seen = RunQuery(task="x", reach=Reach(parts=frozenset({(frozenset({"y", "z"}), frozenset({"x"}))})))
    sql, values = runs(seen, "LIKE")
    only_the_index = sql.replace(RUN_COLUMNS, "id")
    assert only_the_index != sql
    assert "COVERING INDEX runs_by_task (task=?)" in plan(tmp_path, only_the_index, *values)


async def test_the_next_moment_is_found_by_an_index(tmp_path):
    await store_in(tmp_path)
    assert "INDEX runs_moments (not_before>?)" in plan(tmp_path, NEXT_MOMENT, 1)


async def store_in(folder: Path) -> None:
    store = SqliteStore(folder / "history.db")
    await store.open()
    await store.close()


def plan(folder: Path, query: str, *values: Any) -> str:
    db = apsw.Connection(str(folder / "history.db"))
    found = " | ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {query}", values))
    db.close()
    return found
