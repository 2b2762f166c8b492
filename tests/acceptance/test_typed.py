"""What somebody typed is theirs: a search goes on from where its address began, a form outlives a reload."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.acceptance.pages import Reader, axe, browser, press
from tests.acceptance.serving import Served

__all__ = ["browser"]

TASKS = '''
from pathlib import Path
from typing import Annotated, Literal

from pushbutton import Field, SecretStr, task


@task(group="Roads", title="Fix the Hauptstraße")
def fix(where: Literal["test", "live"], secret: SecretStr | None = None, note: str = "") -> None:
    """Holes."""


@task(group="Roads", title="Sweep")
def sweep() -> None:
    """Dust."""


@task(group="Reports", title="Write the report", button="Write {name}")
def report(name: str = "", sheet: Annotated[Path | None, Field(max_length=2_000_000)] = None) -> None:
    """Numbers."""
'''


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "roads.py").write_text(TASKS)
    with Served(tmp_path / "tasks") as server:
        yield server


def test_a_search_that_came_by_its_address_goes_on_over_all_tasks(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/?q=sweep")
        found = page.locator(".task:visible")
        expect(found).to_have_count(1)
        page.get_by_role("searchbox").fill("report")
        expect(found).to_have_text(re.compile("Write the report"))
        expect(page.locator("#none")).to_be_hidden()
        page.get_by_role("searchbox").fill("")
        expect(found).to_have_count(3)
        page.goto(f"{site.url}/?q=zzzz&group=Roads")
        page.get_by_role("searchbox").fill("holes")
        expect(found).to_have_count(1)
        expect(page).to_have_url(re.compile("group=Roads"))


def test_a_search_within_a_group_leads_to_what_other_groups_have(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/?group=Roads")
        page.get_by_role("searchbox").fill("report")
        expect(page.locator("#none")).to_contain_text("Nothing in Roads matches “report”")
        expect(page.locator("#none")).not_to_contain_text("Did you mean")
        assert axe(page) == []
        page.get_by_role("link", name="Show the one in another group").click()
        expect(page.locator(".task:visible")).to_have_count(1)


@pytest.mark.parametrize("query", ["hauptstraße", "HAUPTSTRASSE"])
def test_a_sharp_s_is_found_while_typing_as_by_address(browser, site, query):
    with Reader(browser, site) as reader:
        page = reader.open("/")
        page.get_by_role("searchbox").fill(query)
        expect(page.locator(".task:visible")).to_have_count(1)
        page.reload()
        expect(page.locator(".task:visible")).to_have_count(1)


def test_what_was_typed_outlives_a_reload_and_the_way_back_but_a_secret_does_not(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/fix")
        page.get_by_label("live").check()
        page.get_by_label("Secret").fill("hunter2")
        page.get_by_label("Note").fill("before winter")
        page.locator("#press-why").evaluate("field => { field.closest('details').open = true; }")
        page.locator("#press-why").fill("Ice")
        page.reload()
        for _ in range(2):
            expect(page.get_by_label("live")).to_be_checked()
            expect(page.get_by_label("Note")).to_have_value("before winter")
            expect(page.locator("#press-why")).to_be_visible()
            expect(page.locator("#press-why")).to_have_value("Ice")
            expect(page.get_by_label("Secret")).to_have_value("")
            assert "hunter2" not in page.evaluate("JSON.stringify({...sessionStorage})")
            press(page)
            page.go_back()
        page.goto(f"{site.url}/tasks/fix")
        expect(page.get_by_label("Note")).to_have_value("")


def test_the_size_of_a_file_is_written_for_the_reader(browser, site, tmp_path):
    (tmp_path / "sheet.csv").write_bytes(b"7" * 2_540_000)
    with Reader(browser, site, locale="de-DE") as reader:
        page = reader.open("/tasks/report")
        page.locator("#f-sheet").set_input_files(tmp_path / "sheet.csv")
        page.locator(".gobar .push").click()
        said = "Diese Datei hat 2,5 MB; höchstens 2,0 MB werden angenommen."
        expect(page.locator("#f-sheet-wrong")).to_have_text(said)


def test_an_upload_shows_how_far_it_is(browser, site, tmp_path):
    (tmp_path / "sheet.csv").write_bytes(b"7" * 1_900_000)
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/report")
        slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 1_000_000}
        reader.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
        page.locator("#f-sheet").set_input_files(tmp_path / "sheet.csv")
        bar = page.get_by_role("progressbar", name="Upload of Sheet")
        page.evaluate(
            """() => {
              window.seen = [];
              const bar = document.querySelector('#f-sheet ~ progress');
              new MutationObserver(() => { if (!bar.hidden) seen.push(bar.value); }).observe(bar, { attributes: true });
            }"""
        )
        page.locator(".gobar .push").click()
        expect(bar).to_be_visible()
        expect(page.locator(".gobar .push")).to_have_text("Starting…")
        between = "seen.some(value => value > 0 && value < 100)"
        assert page.evaluate(
            f"new Promise(done => {{ const look = () => {between} ? done(true) : setTimeout(look, 5); look(); }})"
        )
        page.wait_for_url(re.compile(r"/runs/\d+"))
        expect(page.locator("aside")).to_contain_text("sheet.csv")
