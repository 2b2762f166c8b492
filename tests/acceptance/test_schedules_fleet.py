"""Schedules on two servers with one real PostgreSQL: each due moment is pressed once, whichever of them is killed."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime
from typing import Any

from .serving import Served, until
from .test_fleet import node
from .worlds import script

ROUNDS = 2
DECLARED, MADE = "tick/declared", "tick/made"


def firings(server: Served, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.get(f"/api/schedules/{name}/firings")
    return found


def goes_on(server: Served, name: str) -> None:
    until(lambda: name in {one["id"] for one in server.get("/api/schedules")}, what=f"{name} is known")
    before = firings(server, name)
    newest = before[0]["due"] if before else ""
    until(lambda: [one for one in firings(server, name) if one["due"] > newest and one["run"]], what=f"{name} goes on")


def test_each_due_moment_is_pressed_once_whichever_of_two_servers_is_killed(tmp_path, address):
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    head = "at_once = 20\nschedules = [{every = 1, catch_up = 'all', name = 'declared'}]"
    script(tasks, "tick.sh", f'echo "$PUSHBUTTON_DUE" >> {tmp_path}/due\n', head=head)
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    with node(tmp_path, address, "one") as one, node(tmp_path, address, "two") as two:
        asked = {"task": "tick", "title": "made", "every": 1, "catch_up": "all"}
        two.http.post("/api/schedules", json=asked).raise_for_status()
        for _ in range(ROUNDS):
            victim, other = chance.sample([one, two], 2)
            goes_on(other, DECLARED)
            goes_on(other, MADE)
            victim.kill9()
            goes_on(other, MADE)
            victim.restart()
        one.http.post("/api/schedules/pause", json={"reason": "enough"}).raise_for_status()
        until(lambda: all(run["over"] for run in one.get("/api/runs?limit=500")), what="all runs are over")
        runs = {run["number"]: run for run in one.get("/api/runs?limit=500")}
        for name in (DECLARED, MADE):
            kept = firings(two, name)
            moments = [datetime.fromisoformat(each["due"]) for each in kept]
            assert moments == sorted(set(moments), reverse=True), seed
            assert all(each["verdict"] in ("pressed", "caught up", "paused", "missed") for each in kept), kept
            numbers = [each["run"] for each in kept if each["run"]]
            assert len(numbers) == len(set(numbers)), seed
            assert all(runs[number]["actor"].startswith(f"schedule:{name}") for number in numbers if number in runs)
        pressed = Counter((run["actor"], run["not_before"]) for run in runs.values())
        assert set(pressed.values()) == {1}, (seed, pressed.most_common(3))
    assert (tmp_path / "due").read_text().split()
