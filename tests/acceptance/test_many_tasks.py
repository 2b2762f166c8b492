"""Hundreds of tasks in a real browser: a group at a time, a search over all, rows, keys, and rows that go on living."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.acceptance.pages import SIZES, Reader, axe, browser
from tests.acceptance.serving import Served, until

__all__ = ["browser"]

GROUPS = ("access", "data-fixes", "reports")
WAITS = "#!/bin/sh\n# Counts what lies on the shelves.\nuntil [ -e {go} ]; do sleep 0.05; done\n"


def script(folder: Path, name: str, text: str = "#!/bin/sh\n# Does it once.\n") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def served(folder: Path, count: int) -> Iterator[Served]:
    tasks = folder / "tasks"
    for number in range(count):
        script(tasks / GROUPS[number % 3], f"job-{number}.sh")
    script(tasks / "reports", "count-shelves.sh", WAITS.format(go=folder / "go"))
    with Served(tasks, data=folder / "data") as server:
        until(lambda: len(server.http.get("/api/tasks").json()) == count + 1, what="all tasks", seconds=120)
        yield server


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from served(tmp_path_factory.mktemp("many"), 240)


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from served(tmp_path_factory.mktemp("some"), 40)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en-GB", "de-DE"])
def test_every_view_of_many_tasks_is_for_everybody(browser, many, size, theme, language):
    with Reader(browser, many, viewport=SIZES[size], color_scheme=theme, locale=language) as reader:
        page = reader.open("/")
        for path in ("/", "/?group=Access", "/?q=job+2", "/?group=Reports&q=zzz"):
            page.goto(many.url + path)
            assert axe(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"], path
            if size == "wide" and "q=" not in path:
                assert page.evaluate("document.documentElement.scrollHeight") <= 3 * SIZES[size]["height"], path


def test_a_group_at_a_time_and_a_search_over_all_from_within_one(browser, many):
    with Reader(browser, many) as reader:
        page = reader.open("/")
        found = page.locator("#found .task")
        expect(found).to_have_count(0)
        page.get_by_role("link", name="Reports 81").click()
        expect(found).to_have_count(81)
        assert {row.evaluate("row => row.offsetHeight") for row in found.all()[:5]} == {44}
        page.get_by_role("searchbox").fill("job 23")
        expect(found).to_have_count(13)
        expect(page).to_have_url(re.compile(r"/\?q=job\+23$"))
        chips = page.locator("#groups .chip")
        expect(chips).to_have_text(["All 13", "Access 4", "Data fixes 4", "Reports 5"])
        chips.nth(3).click()
        expect(found).to_have_count(5)
        expect(page.get_by_role("searchbox")).to_have_value("job 23")
        page.get_by_role("searchbox").fill("shelfs")
        expect(page.locator("#none")).to_contain_text("Did you mean shelves?")
        page.get_by_role("searchbox").fill("")
        expect(page.get_by_role("link", name="Reports 81")).to_be_visible()


def test_arrows_and_enter_lead_from_a_search_to_a_task(browser, many):
    with Reader(browser, many) as reader:
        page = reader.open("/")
        page.keyboard.press("/")
        page.keyboard.type("job 239")
        page.keyboard.press("Enter")
        page.wait_for_url("**/tasks/job-239")
        page.go_back()
        page.get_by_role("searchbox").fill("job 23")
        rows = page.locator("#found .task h3 a")
        expect(rows).to_have_count(13)
        page.get_by_role("searchbox").press("ArrowDown")
        expect(rows.nth(0)).to_be_focused()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        expect(rows.nth(2)).to_be_focused()
        first, second = rows.nth(0).bounding_box(), rows.nth(1).bounding_box()
        assert first
        assert second
        assert (second["x"], second["y"]) == (first["x"], first["y"] + 44)
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowUp")
        expect(page.get_by_role("searchbox")).to_be_focused()


def test_rows_of_a_group_and_of_a_search_live_and_what_is_hidden_is_left_alone(browser, many, tmp_path):
    with Reader(browser, many) as reader:
        group, other, search = reader.open("/?group=Reports"), reader.open("/?group=Access"), reader.open("/")
        search.get_by_role("searchbox").fill("count")
        feet = [page.locator("#foot-count-shelves") for page in (group, search)]
        expect(feet[1]).to_have_text(re.compile("Not run yet"))
        run = many.press("count-shelves")
        for foot in feet:
            expect(foot).to_have_text(re.compile("Running"), timeout=60_000)
        for page in (group, other, search):
            expect(page.locator("#running")).to_contain_text("Count shelves", timeout=60_000)
        expect(other.locator(".task")).to_have_count(80)
        (many.data.parent / "go").touch()
        many.finished(run)
        for foot in feet:
            expect(foot).to_have_text(re.compile("Succeeded"), timeout=60_000)
        expect(other.locator("#foot-count-shelves")).to_have_count(0)
        # A task that comes changes the numbers of every page that is open.
        script(many.data.parent / "tasks" / "access", "zz-late.sh")
        try:
            expect(other.locator(".task")).to_have_count(81, timeout=60_000)
            expect(group.get_by_role("link", name="Access 81")).to_be_visible(timeout=60_000)
        finally:
            (many.data.parent / "tasks" / "access" / "zz-late.sh").unlink()
        expect(other.locator(".task")).to_have_count(80, timeout=60_000)


def test_groups_and_searches_work_without_a_script(browser, many):
    with Reader(browser, many, java_script_enabled=False) as reader:
        page = reader.open("/")
        page.get_by_role("link", name="Access 80").click()
        expect(page.locator(".task")).to_have_count(80)
        page.get_by_role("searchbox").fill("job")
        page.get_by_role("button", name="Find").click()
        expect(page.locator(".task")).to_have_count(50)
        for first in (51, 101, 151, 201):
            page.get_by_role("link", name="Next").click()
            expect(page.locator(".pages")).to_contain_text(f"{first} to ")
        expect(page.locator(".pages")).to_contain_text("201 to 240 of 240")
        expect(page.locator(".task")).to_have_count(40)
        page.get_by_role("button", name="Cards").click()
        expect(page.locator(".dense")).to_have_count(0)
        page.get_by_role("button", name="Rows").click()
        expect(page.locator(".dense .task")).to_have_count(40)


def test_groups_of_rows_fold_stay_folded_and_open_for_what_is_found(browser, some):
    with Reader(browser, some) as reader:
        page = reader.open("/")
        rows = page.locator(".task:visible")
        expect(rows).to_have_count(41)
        page.get_by_role("heading", name="Access").click()
        expect(rows).to_have_count(27)
        page.reload()
        expect(rows).to_have_count(27)
        page.get_by_role("searchbox").fill("job 3")
        expect(rows).to_have_count(13)
        expect(page.locator("#groups .chip")).to_have_text(["All 13", "Access 5", "Data fixes 4", "Reports 4"])
        expect(page.locator("details.group h2").first).to_have_text(re.compile("Access 5"))
        page.locator("#groups .chip").nth(1).click()
        expect(rows).to_have_count(5)
        page.go_back()
        page.get_by_role("searchbox").fill("")
        expect(rows).to_have_count(27)


def test_the_search_stays_in_sight_and_hides_no_row_that_has_the_focus(browser, some):
    with Reader(browser, some, viewport={"width": 1280, "height": 500}) as reader:
        page = reader.open("/")
        page.mouse.wheel(0, 700)
        page.wait_for_function("scrollY > 300")
        box = page.get_by_role("searchbox").bounding_box()
        assert box
        assert 60 <= box["y"] <= 80
        row = page.locator(".task h3 a").first
        row.focus()
        place = row.bounding_box()
        assert place
        assert place["y"] >= box["y"] + box["height"]


def test_a_key_leads_anywhere_and_starts_nothing(browser, some):
    with Reader(browser, some) as reader:
        page = reader.open("/history")
        page.keyboard.press("Control+k")
        palette = page.get_by_role("dialog", name="Go to…")
        expect(palette.get_by_role("link", name="Tasks", exact=True)).to_be_visible()
        expect(palette.get_by_role("textbox")).to_be_focused()
        assert axe(page) == []
        page.keyboard.type("job 12")
        expect(palette.locator("a")).to_have_text([re.compile("Job 12")])
        page.keyboard.press("ArrowDown")
        expect(palette.locator("a")).to_be_focused()
        page.keyboard.press("ArrowUp")
        expect(palette.get_by_role("textbox")).to_be_focused()
        page.keyboard.press("Escape")
        expect(palette).to_be_hidden()
        page.get_by_role("link", name="Go to…").click()
        expect(palette.get_by_role("textbox")).to_have_value("")
        page.keyboard.type("job 7")
        page.keyboard.press("Enter")
        page.wait_for_url("**/tasks/job-7")
        assert some.http.get("/api/runs").json() == []


def test_the_places_are_a_page_without_a_script_and_in_german(browser, some):
    with Reader(browser, some, java_script_enabled=False, locale="de-DE") as reader:
        page = reader.open("/")
        page.get_by_role("link", name="Gehe zu …").click()
        page.get_by_role("searchbox").fill("verl")
        page.get_by_role("button", name="Suchen").click()
        page.locator("main").get_by_role("link", name="Verlauf").click()
        page.wait_for_url("**/history")
