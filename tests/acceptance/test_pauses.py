"""A task that is paused, and everything: what is pressed meanwhile, what starts, and what pages say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from .pages import SIZES, Reader, axe, browser
from .serving import Served
from .worlds import script

__all__ = ["browser"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    head = 'title = "Roll back the web shop"\ncontact = "Sam Okoro <sam@example.org>"\n'
    head += 'rate = {all = "5 per hour", person = "2 per day"}\nschedules = [{every = 3600, name = "hourly"}]'
    script(tasks, "back.sh", "true\n", head=head)
    script(tasks, "other.sh", "true\n")
    with Served(tasks) as server:
        yield server


def press(server: Served, task: str) -> httpx.Response:
    return server.http.post(f"/api/tasks/{task}/runs", json={})


def test_a_paused_task_takes_no_press_and_says_why_until_somebody_resumes_it(server):
    body = {"until": "2100-01-01T08:00:00Z", "reason": "2.14.2 cannot be put back"}
    paused = server.http.post("/api/tasks/back/pause", json=body)
    assert paused.json() == {"until": "2100-01-01T08:00:00.000000Z", "reason": body["reason"], "actor": "local"}
    assert server.http.get("/api/tasks/back").json()["paused"] == paused.json()
    refused = press(server, "back")
    assert refused.status_code == 409
    assert refused.json()["title"] == (
        "“Roll back the web shop” is paused until 2100-01-01 08:00 UTC, so nothing was started. "
        "The reason: 2.14.2 cannot be put back"
    )
    assert press(server, "other").status_code == 202
    [schedule] = server.http.get("/api/schedules").json()
    assert schedule["paused"] == paused.json()
    assert server.http.post("/api/tasks/back/pause", json={"until": "2001-01-01T08:00:00Z"}).status_code == 400
    assert server.http.post("/api/tasks/back/resume").status_code == 204
    assert server.http.get("/api/tasks/back").json()["paused"] is None
    assert server.finished(press(server, "back").json()["number"])["state"] == "succeeded"
    verbs = [one["verb"] for one in server.http.get("/api/audit").json()]
    assert {"task.pause", "task.resume"} <= set(verbs)


def test_while_everything_is_paused_presses_are_kept_also_over_a_restart_and_start_afterwards(server):
    assert server.http.post("/api/pause", json={"reason": "the database is being moved"}).status_code == 200
    numbers = [press(server, task).json()["number"] for task in ("back", "other")]
    server.restart()
    assert {server.run(number)["state"] for number in numbers} == {"waiting"}
    assert "Everything is paused." in server.http.get("/").text
    assert server.http.post("/api/resume").status_code == 204
    assert {server.finished(number)["state"] for number in numbers} == {"succeeded"}
    assert "Everything is paused." not in server.http.get("/").text


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_the_button_of_a_paused_task_says_so_and_who_looks_after_it_ends_that(browser, server, size):
    with Reader(browser, server, viewport=SIZES[size]) as reader:
        page = reader.open("/tasks/back")
        expect(page.locator("#how-often")).to_contain_text("2 times a day for each person")
        page.get_by_text("Pause this task…").click()
        page.get_by_label("How long", exact=True).select_option("For a day")
        page.locator("#look-after").get_by_label("Reason").fill("2.14.2 cannot be put back")
        page.get_by_role("button", name="Pause this task").click()
        button = page.locator(".gobar .push")
        expect(button).to_contain_text("Paused until tomorrow at")
        expect(button).to_be_disabled()
        expect(page.locator("#paused")).to_contain_text("2.14.2 cannot be put back")
        server.http.post("/api/pause", json={"reason": "The database is being moved"})
        page.reload()
        expect(page.locator("#halted")).to_contain_text("Everything is paused. The database is being moved")
        assert axe(page) == []
        page.get_by_role("button", name="End the pause").click()
        expect(page.locator("#halted")).to_have_count(0)
        page.goto(f"{server.url}/tasks/back")
        page.get_by_role("button", name="Resume this task").click()
        expect(page.locator(".gobar .push")).to_be_enabled()
