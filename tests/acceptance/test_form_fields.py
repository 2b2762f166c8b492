"""A form asks for what its author named, whatever it is called, and what stands in its fields is what runs."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.serving import Served
from tests.acceptance.test_pages import Reader, browser, press

__all__ = ["browser"]

OURS = ("csrf", "why", "key", "link", "back", "keep", "theme", "form", "go", "sure", "days", "uses", "note", "fix")
OF_THE_BROWSER = """() => {
    const names = new Set();
    for (let at = document.createElement('form'); at; at = Object.getPrototypeOf(at))
        for (const name of Object.getOwnPropertyNames(at)) names.add(name);
    return [...names, 'isindex'];
}"""


@pytest.fixture(scope="module")
def names(browser: Browser) -> list[str]:
    """Every name that a form answers to by itself, and those of our own fields."""
    page = browser.new_page()
    found = [name for name in page.evaluate(OF_THE_BROWSER) if name.isidentifier() and not keyword.iskeyword(name)]
    page.close()
    assert {"action", "closest", "querySelector", "addEventListener", "nodeName", "toString"} <= set(found)
    return [name for name in dict.fromkeys([*found, *OURS]) if not name.startswith("_")]


@pytest.fixture(scope="module")
def site(names: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("tasks")
    asked = "".join(f"    {name}: str = {name!r},\n" for name in names)
    (folder / "tasks.py").write_text(
        "from typing import Literal\nfrom pushbutton import task\n\n\n"
        f"@task(button='Do {{action}}', confirm='Really {{closest}}?')\ndef everything(\n{asked}) -> None: ...\n\n\n"
        "@task(button='Do {action}')\n"
        "def kinds(action: Literal['start', 'stop'] = 'start', submit: bool = False,\n"
        "          elements: list[Literal['a', 'b']] = ['a'], method: int = 3) -> None: ...\n"
    )
    with Served(folder) as server:
        yield server


def inputs(site: Served, number: int) -> dict[str, object]:
    found = site.http.get(f"/api/runs/{number}").json()["inputs"]
    assert isinstance(found, dict)
    return found


def test_inputs_that_are_named_like_what_a_form_has_are_pressed_on_the_page(browser, site, names):
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/everything")
        page.get_by_label("Action", exact=True).fill("turn")
        expect(page.locator(".gobar .push")).to_have_text("Do turn")
        page.reload()  # what was typed is kept and brought back
        expect(page.get_by_label("Action", exact=True)).to_have_value("turn")
        number = press(page)
        assert inputs(site, number) == {name: name for name in names} | {"action": "turn"}
        page.go_back()
        expect(page.locator(".gobar .push")).to_have_text("Do turn")
        page.get_by_label("Action", exact=True).fill("again")
        assert press(page) > number


def test_choices_ticks_and_numbers_are_pressed_whatever_they_are_called(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/kinds?action=stop&submit=on")
        expect(page.locator(".gobar .push")).to_have_text("Do stop")
        page.get_by_label("b", exact=True).check()
        number = press(page)
        assert inputs(site, number) == {"action": "stop", "submit": True, "elements": ["a", "b"], "method": 3}


def test_inputs_that_are_named_like_what_a_form_has_are_pressed_without_a_script(browser, site, names):
    with Reader(browser, site, java_script_enabled=False) as reader:
        page = reader.open("/tasks/everything")
        page.locator("input[name=press-sure]").check()
        page.locator(".gobar .push").click()
        page.wait_for_url(re.compile(r"/runs/\d+"))
        assert inputs(site, int(page.url.rpartition("/")[2])) == {name: name for name in names}


def test_a_page_that_was_opened_before_an_update_still_presses_what_stands_in_it(site):
    answer = site.http.post("/tasks/kinds", data={"action": "stop", "elements": "b", "method": "7"})
    number = int(answer.headers["location"].rpartition("/")[2])
    assert inputs(site, number) == {"action": "stop", "submit": False, "elements": ["b"], "method": 7}
