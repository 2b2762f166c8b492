"""Press later, start now, move: on the pages, in the zone of the one who reads, with and without a script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from .pages import Reader, browser, over
from .serving import Served
from .worlds import script

__all__ = ["browser"]

TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("tasks")
    script(folder, "report.sh", "echo made\n", head='button = "Make the report"')
    with Served(folder) as server:
        yield server


def next_month(clock: str) -> datetime:
    day = (datetime.now(TOKYO) + timedelta(days=30)).date()
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=TOKYO)


def later(page: Page, moment: datetime) -> None:
    page.locator(".later > summary").click()
    expect(page.get_by_label("Day and time")).to_be_hidden()
    page.get_by_label("Another moment").check()
    page.get_by_label("Day and time").fill(f"{moment:%Y-%m-%dT%H:%M}")


def number_of(page: Page) -> int:
    page.wait_for_url(re.compile(r"/runs/\d+$"))
    return int(page.url.rpartition("/")[2])


def stands(server: Served, number: int) -> datetime:
    return datetime.fromisoformat(server.run(number)["not_before"])


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
def test_a_press_for_another_day_waits_for_it_in_the_zone_of_the_reader(browser, server, script):
    moment = next_month("06:30")
    with Reader(browser, server, timezone_id="Asia/Tokyo", java_script_enabled=script) as reader:
        if not script:  # it says the zone on the first page that is opened with one
            reader.context.add_cookies([{"name": "zone", "value": "Asia%2FTokyo", "url": server.url}])
        page = reader.open("/")
        page.goto(f"{server.url}/tasks/report")
        later(page, moment)
        if script:
            expect(page.locator(".gobar .push")).to_have_text(
                re.compile(rf"^\w+,? {moment.day} \w+,? 06:30: Make the report$")
            )
        page.locator(".gobar .push").click()
        number = number_of(page)
        expect(page.locator("#h-say")).to_have_text(f"It starts on {moment.day} {moment:%B} at 06:30.")
    assert stands(server, number) == moment
    server.http.post(f"/api/runs/{number}/cancel")


def test_a_run_is_moved_and_then_started_and_the_open_page_follows(browser, server):
    moment = next_month("22:00")
    number = server.http.post("/api/tasks/report/runs", json={"not_before": moment.isoformat()}).json()["number"]
    with Reader(browser, server, timezone_id="Asia/Tokyo") as reader:
        form = reader.open("/tasks/report")
        expect(form.locator("#next-moments")).to_contain_text(f"on {moment.day} {moment:%B} at 22:00")
        page = reader.open(f"/runs/{number}")
        page.get_by_role("button", name="Start it now, or move it…").click()
        dialog = page.get_by_role("dialog", name="When is this to start?")
        dialog.get_by_label("Another moment").check()
        dialog.get_by_label("Day and time").fill(f"{moment:%Y-%m-%d}T23:15")
        dialog.get_by_role("button", name="Set the start").click()
        expect(page.locator("#h-say")).to_have_text(f"It starts on {moment.day} {moment:%B} at 23:15.")
        expect(page.locator("#run-updates")).to_contain_text("moved it: it starts")
        assert stands(server, number) == moment + timedelta(minutes=75)
        page.get_by_role("button", name="Start it now, or move it…").click()
        dialog.get_by_label("Now", exact=True).check()
        dialog.get_by_role("button", name="Set the start").click()
        over(page)
        expect(page.locator("#run-counts")).to_be_hidden()
        expect(form.locator("#next-moments")).to_be_hidden()


def test_without_a_script_a_wrong_moment_is_said_and_the_question_comes_again(browser, server):
    moment = next_month("06:00").isoformat()
    number = server.http.post("/api/tasks/report/runs", json={"not_before": moment}).json()["number"]
    with Reader(browser, server, java_script_enabled=False) as reader:
        reader.expected = ["422"]
        page = reader.open(f"/runs/{number}")
        page.get_by_role("button", name="Start it now, or move it…").click()
        page.get_by_label("Another moment").check()
        page.get_by_label("Day and time").fill("2020-01-01T06:00")
        page.get_by_role("button", name="Set the start").click()
        expect(page.locator("#problems")).to_contain_text("This moment has gone by.")
        expect(page.get_by_label("Day and time")).to_have_value("2020-01-01T06:00")
        page.get_by_label("Now", exact=True).check()
        page.get_by_role("button", name="Set the start").click()
        over(page)


def test_a_moment_that_has_gone_by_starts_nothing_and_what_was_typed_stays(browser, server):
    before = len(server.get("/api/runs"))
    with Reader(browser, server) as reader:
        reader.expected = ["422"]
        page = reader.open("/tasks/report")
        page.locator(".later > summary").click()
        page.get_by_label("Another moment").check()
        page.get_by_label("Day and time").fill("2020-01-01T06:00")
        page.locator(".gobar .push").click()
        expect(page.locator("#problems")).to_contain_text("This moment has gone by.")
        expect(page.get_by_label("Day and time")).to_have_value("2020-01-01T06:00")
    assert len(server.get("/api/runs")) == before
