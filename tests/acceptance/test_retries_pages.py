"""A series of tries on its pages: what stands there while one waits, that it goes on while one watches, and the row of
it in the history; with and without a script.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .pages import SIZES, Reader, axe, browser, over
from .serving import Served
from .worlds import script

__all__ = ["browser"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("tasks")
    script(folder, "ask.sh", 'echo asked; test "$PUSHBUTTON_ATTEMPT" = 3 || exit 4\n',
           head='title = "Ask the order service"\nretry = {times = 3, wait = "1 h"}')  # fmt: skip
    with Served(folder) as server:
        yield server


def waiting(server: Served) -> tuple[int, int]:
    """A run that failed, and its next try, which waits."""
    first = server.press("ask")
    return first, server.finished(first)["next"]


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
def test_a_failed_try_says_when_the_next_one_is_and_begins_it_now(browser, server, script):
    first, second = waiting(server)
    with Reader(browser, server, java_script_enabled=script) as reader:
        page = reader.open(f"/runs/{first}")
        expect(page.locator("#h-say")).to_contain_text("It failed, and tries again in")
        expect(page.locator("#run-state")).to_have_text("1st try failed")
        tries = page.get_by_role("region", name="Tries").get_by_role("listitem")
        expect(tries).to_have_count(2)
        expect(tries.nth(1)).to_contain_text("if you let it")
        assert page.locator(".push:visible").count() == 1
        page.get_by_role("button", name="Try now").click()
        page.wait_for_url(f"**/runs/{second}")
        server.finished(second)
        if not script:
            page.reload()
        expect(page.locator("#h-say")).to_contain_text("It failed, and tries again in")
        expect(page.locator("#run-hero")).to_contain_text("The next try is the last one.")
        expect(tries).to_have_count(3)
        page.get_by_role("button", name="Give up").click()
        page.wait_for_url(f"**/runs/{server.run(second)['next']}")
        expect(page.locator("#h-say")).to_contain_text("took it back before it started.")
    assert server.run(server.run(second)["next"])["state"] == "cancelled"


def test_an_open_page_of_an_earlier_try_follows_the_others_to_the_end(browser, server):
    first, second = waiting(server)
    with Reader(browser, server) as reader:
        page = reader.open(f"/runs/{first}")
        expect(page.locator("#run-state")).to_have_attribute("data-over", "no")
        server.http.post(f"/api/runs/{second}/move", json={"not_before": None}).raise_for_status()
        third = server.finished(second)["next"]
        expect(page.get_by_role("region", name="Tries").get_by_role("listitem")).to_have_count(3)
        server.http.post(f"/api/runs/{third}/move", json={"not_before": None}).raise_for_status()
        expect(page.locator("#run-tries li").nth(2)).to_contain_text("Succeeded at")
        over(page)
        page.get_by_role("link", name="Go to the last try").click()
        expect(page.locator("#run-state")).to_have_text("Succeeded")
        expect(page.get_by_label("Where you are")).to_contain_text(f"Run {third}, 3rd try")


def test_a_form_that_is_sent_twice_leads_to_the_newest_try_of_its_own_press(browser, server):
    with Reader(browser, server) as reader:
        page = reader.open("/tasks/ask")
        form = page.locator("form:has(.gobar)").evaluate("form => Object.fromEntries(new FormData(form))")
        first = reader.context.request.post(f"{server.url}/tasks/ask", form=form).url
        second = server.finished(int(first.rpartition("/")[2]))["next"]
        again = reader.context.request.post(f"{server.url}/tasks/ask", form=form).url
    assert again == f"{server.url}/runs/{second}"
    server.http.post(f"/api/runs/{second}/cancel")


def test_a_waiting_try_is_begun_from_its_own_page(browser, server):
    _, second = waiting(server)
    with Reader(browser, server) as reader:
        page = reader.open(f"/runs/{second}")
        expect(page.locator("#h-say")).to_contain_text("The 2nd try starts in")
        page.get_by_role("button", name="Try now").click()
        expect(page.locator("#run-state")).to_have_text("2nd try failed")
        page.get_by_role("button", name="Give up").click()


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
def test_the_history_has_one_row_for_a_series_which_unfolds(browser, server, script):
    first, second = waiting(server)
    with Reader(browser, server, java_script_enabled=script) as reader:
        page = reader.open("/history")
        row = page.get_by_role("row").filter(has=page.get_by_role("cell", name=str(second), exact=True))
        expect(row).to_contain_text("2nd try")
        expect(page.get_by_role("cell", name=str(first), exact=True)).to_have_count(0)
        row.locator("summary").click()
        row.get_by_role("link", name="1st try").click()
        page.wait_for_url(f"**/runs/{first}")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_it_is_readable_for_everybody(browser, server, size, colours):
    first, second = waiting(server)
    with Reader(browser, server, viewport=SIZES[size], color_scheme=colours) as reader:
        for path in (f"/runs/{first}", f"/runs/{second}", "/history"):
            page = reader.open(path)
            if path == "/history":
                page.locator(".before summary").first.click()
            assert axe(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
