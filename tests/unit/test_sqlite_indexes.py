"""The indexes over some rows are used: SQLite takes one only for a query with its condition word for word."""

from __future__ import annotations

import apsw
import pytest

from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.adapters.sqlite.store import _ACTIVE, _BUSY, _UNFINISHED

QUERIES = {
    "runs_active": f"SELECT count(*) FROM runs WHERE state IN ({_ACTIVE}) AND task = 'x'",
    "runs_busy": f"SELECT id FROM runs WHERE state IN ({_BUSY}) AND task = 'x' ORDER BY id",
    "runs_unfinished": f"SELECT id FROM runs WHERE state IN ({_UNFINISHED}) AND task = 'x' ORDER BY id",
}


@pytest.mark.parametrize("index", QUERIES)
async def test_what_a_task_has_under_way_is_found_without_counting_through_its_past(tmp_path, index):
    store = SqliteStore(tmp_path / "history.db")
    await store.open()
    await store.close()
    db = apsw.Connection(str(tmp_path / "history.db"))
    plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {QUERIES[index]}"))
    db.close()
    assert index in plan
