"""Machines whose clocks are off share a real PostgreSQL: its clock counts."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.postgres import Postgres

from .clocks import off
from .serving import until
from .test_fleet import Working, node
from .worlds import script

TICK = "tick/tick"
FEW = timedelta(seconds=60)
"""How much later than it is due something may be on a busy machine, and much less than a clock is off here."""


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    folder = tmp_path / "tasks"
    folder.mkdir()
    head = "at_once = 20\nschedules = [{every = 1, name = 'tick'}]"
    script(folder, "tick.sh", f'echo "$PUSHBUTTON_DUE $(date +%s)" >> {tmp_path}/ticks\n', head=head)
    script(folder, "short.sh", "echo short")
    return folder


def ticks(folder: Path) -> list[tuple[datetime, datetime]]:
    """When each was due, and when its job ran by the true clock."""
    file = folder / "ticks"
    lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
    return [(datetime.fromisoformat(due), datetime.fromtimestamp(int(at)).astimezone()) for due, at in lines]


def more_ticks(folder: Path, count: int = 3) -> None:
    wanted = len(ticks(folder)) + count
    until(lambda: len(ticks(folder)) >= wanted, what="the schedule goes on")


def holders(postgres: Postgres, address: str) -> dict[str, str]:
    return dict(postgres.sql("SELECT name, holder FROM leases", address))


@pytest.mark.parametrize("by", [600, -600])
def test_a_server_whose_clock_is_off_fires_no_schedule_early_late_or_twice_and_steals_no_lease(
    tmp_path, tasks, address, postgres, by
):
    with node(tmp_path, address, "one", before=off(by), at_once=0) as one, node(tmp_path, address, "two") as two:
        more_ticks(tmp_path)  # the jobs run by the true clock
        before = holders(postgres, address)
        assert before["schedules"] == "one", "it has the leases: it was the first"
        two.restart()
        more_ticks(tmp_path)
        assert holders(postgres, address) == before, "who comes takes none over"
        said = one.err
        one.term()
        until(lambda: holders(postgres, address)["schedules"] == "two", what="it was given back")
        more_ticks(tmp_path)
        one.start()
        more_ticks(tmp_path)
        assert holders(postgres, address)["schedules"] == "two", "who comes takes none over, whatever its clock says"
        assert f"s {'ahead of' if by > 0 else 'behind'} the database's: one goes by" in said
        two.http.post("/api/schedules/pause", json={"reason": "enough"}).raise_for_status()
    found = ticks(tmp_path)
    assert max(Counter(due for due, _ in found).values()) == 1
    assert all(due - timedelta(seconds=1) <= at <= due + FEW for due, at in found), found


def test_clocks_that_are_off_are_shown_and_moments_of_runs_are_told_by_the_databases(tmp_path, tasks, address):
    with (
        node(tmp_path, address, "one", at_once=0) as one,
        node(tmp_path, address, "two", before=off(600), at_once=0) as two,
        Working(tmp_path, address, "three", before=off(-600)),
    ):
        page = one.http.get("/workers").text
        assert page.count("Its clock is off by 10 min") == 2
        one.http.post("/api/schedules/pause", json={"reason": "nothing else"}).raise_for_status()
        begun = datetime.now().astimezone()
        run = two.finished(two.press("short"))
        ended = datetime.now().astimezone()
        moments = [datetime.fromisoformat(run[name]) for name in ("pressed_at", "started_at", "ended_at")]
        moments += [datetime.fromisoformat(event["at"]) for event in two.events(run["number"])]
        few = timedelta(seconds=5)  # more than clocks may differ, and than it takes to be told
        assert all(begun - few <= at <= ended + few for at in moments), (begun, moments, ended)
