"""Presses for later, on a real server: over a kill, with an order of their moments, from the command line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from .serving import Command, Served, until
from .worlds import script

TOKYO = "Asia/Tokyo"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("tasks")
    script(folder, "report.sh", "echo made\n")
    with Served(folder) as server:
        yield server


def after(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def press(server: Served, moment: str, **headers: str) -> dict[str, Any]:
    answer = server.http.post("/api/tasks/report/runs", json={"not_before": moment}, headers=headers)
    assert answer.status_code == 202, answer.text
    run: dict[str, Any] = answer.json()
    return run


def is_in_time(run: dict[str, Any]) -> bool:
    return datetime.fromisoformat(run["not_before"]) <= datetime.fromisoformat(run["started_at"])


def command(server: Served, *words: str, code: int = 0, zone: str = "UTC") -> str:
    with Command(*words, env={"PUSHBUTTON_SERVER": server.url, "TZ": zone}) as run:
        assert run.wait() == code, run.err.text
    return (run.out.text + run.err.text).strip()


def test_a_run_starts_at_its_moment_though_the_server_was_killed_while_it_waited(server):
    soon, late = press(server, after(3))["number"], press(server, after(3600))["number"]
    server.kill9()
    server.restart()
    ended = server.finished(soon)
    assert (ended["state"], is_in_time(ended)) == ("succeeded", True)
    assert server.run(late)["state"] == "waiting"
    assert server.http.post(f"/api/runs/{late}/cancel").json()["state"] == "cancelled"


def test_a_moment_that_passed_while_no_server_was_there_is_not_lost(server):
    number = press(server, after(1.5))["number"]
    server.kill9()
    moment = datetime.fromisoformat(server_time := after(1.5))
    until(lambda: datetime.now(UTC) > moment, what=f"it is {server_time}")
    server.restart()
    assert server.finished(number)["state"] == "succeeded"


def test_a_moment_is_sent_as_a_time_with_its_offset_or_refused(server):
    for wrong in ("tomorrow 6:00", "2026-12-24T06:00:00", "", 5, "2026-02-30T06:00:00Z"):
        answer = server.http.post("/api/tasks/report/runs", json={"not_before": wrong})
        assert answer.status_code == 400, answer.text
        assert answer.json()["title"].startswith("“not_before” is a time with its offset")
    gone = server.http.post("/api/tasks/report/runs", json={"not_before": "2020-01-01T00:00:00Z"})
    assert (gone.status_code, gone.json()["title"]) == (422, "Nothing was started: This moment has gone by.")


def test_it_is_moved_and_started_by_the_command_line_in_the_zone_of_the_machine(server):
    said = command(server, "press", "report", "--at", "tomorrow 6:00", zone=TOKYO)
    number = said.split(":")[0].removeprefix("Run ")
    run = server.run(int(number))
    assert (run["state"], run["not_before"][11:]) == ("waiting", "21:00:00.000000Z")
    assert "It starts at " in command(server, "runs", zone=TOKYO)
    day = (datetime.now(ZoneInfo(TOKYO)) + timedelta(days=30)).date()
    moved = command(server, "move", number, f"{day} 07:30", zone=TOKYO)
    assert moved == f"Run {number} starts at {day} 07:30."
    assert server.run(int(number))["not_before"] == f"{day - timedelta(days=1)}T22:30:00.000000Z"
    assert command(server, "move", number, "now").startswith(f"Run {number} starts as soon as it can.")
    assert server.finished(int(number))["state"] == "succeeded"
    watched = command(server, "watch", number, zone=TOKYO)
    assert f"It was moved: it starts at {day} 07:30." in watched
    assert "does not wait for a moment" in command(server, "move", number, "now", code=4)


def test_what_is_no_moment_is_a_sentence_and_nothing_is_pressed(server):
    before = len(server.get("/api/runs"))
    said = command(server, "press", "report", "--at", "next week", code=2)
    assert "“next week” is no moment. Write one as 2026-12-24 06:00" in said
    assert "does not exist" in command(
        server, "press", "report", "--at", "2027-03-28 02:30", code=2, zone="Europe/Berlin"
    )
    assert len(server.get("/api/runs")) == before
