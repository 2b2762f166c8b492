"""What somebody asked to be told in the browser is told by one page that is open, once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pushbutton.domain.messages import Wishes

from .entries import COOKIE, put
from .pages import Reader, browser
from .people import Person, people
from .serving import Served, until
from .test_told import KNOWN, allowed
from .worlds import script

__all__ = ["browser"]


@pytest.fixture
def known(tmp_path: Path) -> dict[str, Person]:
    script(tmp_path, "bad.sh", "exit 3")
    script(tmp_path, "good.sh", "true")
    return people(tmp_path / "data", {"pia": ["presser"], "bob": ["presser"]})


@pytest.fixture
def server(tmp_path: Path, known: dict[str, Person]) -> Iterator[Served]:
    put(tmp_path / "data", Wishes("bob", browser=("over",)))
    with Served(tmp_path / "bad.sh", tmp_path / "good.sh", data=tmp_path / "data") as made:
        yield made


def press(server: Served, person: Person, task: str) -> int:
    answer = server.http.post(f"/api/tasks/{task}/runs", json={}, headers=person.headers).raise_for_status()
    number: int = answer.json()["number"]
    return number


def test_what_was_ticked_under_browser_is_told_once_by_one_of_the_pages(browser, server, known):
    with Reader(browser, server, permissions=["notifications"]) as reader:
        reader.context.add_init_script(KNOWN)
        reader.context.add_cookies([{"name": COOKIE, "value": known["pia"].session, "url": server.url}])
        page = reader.open("/profile/messages")
        assert allowed(page)
        expect(page.locator("#in-browser").get_by_text("Allowed here", exact=True)).to_be_visible()
        page.get_by_role("checkbox", name=re.compile("Browser ?: mine fail")).check()
        page.get_by_role("button", name="Keep these choices").click()
        expect(page.get_by_text("Your choices are kept.")).to_be_visible()
        pages = [page, reader.open("/"), reader.open("/history")]
        press(server, known["pia"], "good")
        press(server, known["bob"], "bad")
        number = press(server, known["pia"], "bad")

        def told() -> list[str]:
            return [title for one in pages for title, _ in one.evaluate("told")]

        until(told, what="a notification")
        assert told() == [f"Failed, 2 times in a row: Bad ({number})"]
        page.reload()
        expect(page.locator("#in-browser").get_by_text("Allowed here", exact=True)).to_be_visible()
        assert page.evaluate("told") == []


def test_a_program_with_a_token_is_told_nothing_so(server, known):
    answer = server.http.get("/api/told?since=0", headers=known["pia"].headers)
    assert answer.status_code == 403
