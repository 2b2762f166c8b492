"""Choices that a function tells when the form is opened, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.acceptance.pages import Reader, axe, browser, over, press
from tests.acceptance.serving import Served, until

__all__ = ["browser"]

TASKS = '''
from pathlib import Path
from typing import Annotated

from pushbutton import Field, task


def backups():
    return [(line, f"The backup of {line}") for line in (Path(__file__).parent / "list.txt").read_text().split()]


@task(button="Restore {backup}", confirm="Restore {backup}?")
def restore(backup: Annotated[str, Field(choices=backups)]) -> str:
    """Brings a backup back."""
    return f"{backup} is back"
'''


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "shop.py").write_text(TASKS)
    with Served(tmp_path / "tasks") as server:
        yield server


def offer(site: Served, *names: str) -> None:
    (site.data.parent / "list.txt").write_text("\n".join(names))


def test_the_form_offers_what_the_function_tells_and_names_it_by_its_text(browser, site):
    offer(site, "monday", "tuesday")
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/restore")
        page.get_by_label("The backup of tuesday").check()
        expect(page.locator(".gobar .push")).to_have_text("Restore The backup of tuesday")
        assert axe(page) == []
        press(page)
        over(page)
        expect(page.locator("#h-say")).to_have_text("tuesday is back")


def test_it_works_without_a_script_and_an_address_chooses(browser, site):
    offer(site, *(f"day-{n}" for n in range(9)))
    with Reader(browser, site, java_script_enabled=False) as reader:
        page = reader.open("/tasks/restore?backup=day-7")
        expect(page.locator("select#f-backup")).to_have_value("day-7")
        page.get_by_role("checkbox", name="Restore").check()
        page.locator(".gobar .push").click()
        expect(page.locator("#h-say")).to_have_text("day-7 is back", timeout=60_000)


@pytest.mark.parametrize(
    ("locale", "sentence"), [("en-GB", "could not be found out"), ("de-DE", "ließ sich nicht feststellen")]
)
def test_when_it_fails_the_field_says_so_and_nothing_is_started(browser, site, locale, sentence):
    with Reader(browser, site, locale=locale) as reader:
        page = reader.open("/tasks/restore")
        expect(page.locator("#f-backup-wrong")).to_contain_text(sentence)
        expect(page.locator("#problems")).to_have_count(0)
        assert axe(page) == []
        page.locator(".gobar .push").click()
        expect(page.locator("#f-backup")).to_be_focused()
        assert httpx.get(f"{site.url}/api/runs").json() == []
        offer(site, "monday")
        page.reload()
        expect(page.get_by_label("The backup of monday")).to_be_visible()


def test_what_is_not_offered_any_more_is_refused_at_its_field(browser, site):
    offer(site, "monday", "tuesday")
    with Reader(browser, site) as reader:
        reader.expected = ["status of 422"]
        page = reader.open("/tasks/restore")
        page.get_by_label("The backup of tuesday").check()
        offer(site, "monday")
        until(lambda: len(httpx.get(f"{site.url}/api/tasks/restore").json()["params"][0]["choices"]) == 1, what="fresh")
        page.locator(".gobar .push").click()
        page.locator("#sure .push").click()
        expect(page.locator("#problems")).to_contain_text("Nothing was started.")
        expect(page.locator("#f-backup-wrong")).to_contain_text("Choose one of: monday.")
