"""The page of a run with thirty steps, 150 updates and 200,000 lines of output, at a desk and on a phone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.acceptance.pages import Reader, axe, browser
from tests.acceptance.serving import Served, until

__all__ = ["browser"]

SOON = 60_000
SIZES: Mapping[str, ViewportSize] = {"desk": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
STATES = ("running", "failed", "succeeded")
SCREENS = 2
"""That one may have to scroll until all is seen that stands on the page before anything is unfolded."""
FAILS_AT = 21
LINES = 200_000
EACH = LINES // 30
TASK = f'''
import time
from pathlib import Path
from typing import Annotated, Literal

from pushbutton import Field, status, step, task

STEPS, UPDATES, LINES = 30, 5, {LINES // 30}
GATE = Path(__file__).parent / "gate"


@task(title="Move the web shop", contact="Platform team <platform@example.org>")
def move(
    end: Literal["well", "badly", "later"] = "well",
    where: Annotated[str, Field(title="Where to")] = "Production",
    version: str = "2.14.3",
    servers: int = 8,
    tell: str = "#releases",
) -> str:
    """Moves the web shop, one server after the other."""
    for number in range(1, STEPS + 1):
        with step(f"Server {{number}}: copy the files"):
            for update in range(UPDATES):
                status(f"Server {{number}}: part {{update + 1}} of {{UPDATES}} is there.")
            first = (number - 1) * LINES
            print("\\n".join(f"file {{first + n}} of the shop was copied" for n in range(LINES)), flush=True)
            if number == {FAILS_AT} and end == "badly":
                raise TimeoutError("the load balancer did not answer within 30 seconds")
            while number == {FAILS_AT} and end == "later" and not GATE.exists():
                time.sleep(0.05)
    return "All servers have the new version."
'''


@dataclass(frozen=True, slots=True)
class Site:
    server: Served
    runs: Mapping[str, int]  # by state


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("long") / "tasks"
    folder.mkdir()
    (folder / "move.py").write_text(TASK)
    with Served(folder) as server:
        runs = {}
        for state, end in (("succeeded", "well"), ("failed", "badly")):
            runs[state] = server.press("move", end=end)
            assert server.finished(runs[state])["state"] == state
        runs["running"] = server.press("move", end="later")
        until(lambda: f"Server {FAILS_AT}: part 5" in server.http.get(f"/runs/{runs['running']}").text, what="its step")
        yield Site(server, runs)
        (folder / "gate").touch()
        server.finished(runs["running"])


def screens(page: Page) -> float:
    high: float = page.evaluate("document.documentElement.scrollHeight / innerHeight")
    return high


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("size", SIZES)
def test_all_that_is_not_folded_fits_on_two_screens(browser, site: Site, size: str, state: str) -> None:
    with Reader(browser, site.server, viewport=SIZES[size]) as reader:
        page = reader.open(f"/runs/{site.runs[state]}")
        expect(page.locator("#out .log")).to_be_attached()
        if page.locator("#out[open]").count():
            expect(page.locator(".log-frame .log li").first).to_be_visible(timeout=SOON)
        assert screens(page) <= SCREENS


def head(page: Page, number: int) -> Locator:
    """The head of a step in the output."""
    return page.locator(".log .fold", has_text=f"Server {number}: copy the files")


def line(page: Page, number: int) -> Locator:
    return page.locator(".log li", has=page.locator(f"a[href='#L{number}']")).locator(".tx")


def numbers(page: Page) -> list[int]:
    """Of the lines that there are rows for."""
    found: list[int] = page.evaluate("[...document.querySelectorAll('.log li')].map(row => row.n).filter(Boolean)")
    return found


@pytest.mark.parametrize("size", SIZES)
def test_of_a_failure_the_lines_of_the_failing_step_are_unfolded_and_those_of_the_others_folded(
    browser, site: Site, size: str
) -> None:
    with Reader(browser, site.server, viewport=SIZES[size]) as reader:
        page = reader.open(f"/runs/{site.runs['failed']}")
        expect(page.locator(".log li.wrong .tx")).to_contain_text("TimeoutError", timeout=SOON)

        def at_its_beginning() -> int:
            page.locator(".log").evaluate("log => { log.scrollTop = 0; }")
            return head(page, 1).count()

        until(at_its_beginning, what="the first step")  # the page leads to the failure once, at a moment of its own
        expect(head(page, 1)).to_contain_text("6,666 lines")
        for number in range(1, 10):
            expect(head(page, number)).to_have_attribute("aria-expanded", "false")
        assert all(number > EACH * (FAILS_AT - 1) for number in numbers(page))
        assert axe(page) == []


def test_a_step_folds_and_unfolds_its_lines_where_it_stands_and_keeps_the_focus(browser, site: Site) -> None:
    with Reader(browser, site.server, viewport=SIZES["desk"]) as reader:
        page = reader.open(f"/runs/{site.runs['succeeded']}")
        page.keyboard.press("o")
        third = head(page, 3)
        expect(third).to_have_attribute("aria-expanded", "false", timeout=SOON)
        third.focus()
        before = third.bounding_box()
        page.keyboard.press("Enter")
        expect(third).to_have_attribute("aria-expanded", "true")
        expect(line(page, 2 * EACH + 1)).to_have_text(f"file {2 * EACH} of the shop was copied", timeout=SOON)
        expect(third).to_be_focused()
        assert third.bounding_box() == before
        expect(head(page, 4)).to_have_count(0)  # it is 6,666 lines further down
        page.keyboard.press("Enter")
        expect(head(page, 4)).to_be_visible()
        expect(third).to_be_focused()
        assert numbers(page) == []


def test_what_leads_to_a_line_unfolds_its_step(browser, site: Site) -> None:
    with Reader(browser, site.server, viewport=SIZES["desk"]) as reader:
        page = reader.open(f"/runs/{site.runs['succeeded']}#L{4 * EACH + 7}")
        expect(line(page, 4 * EACH + 7)).to_be_in_viewport(timeout=SOON)
        page.locator("[data-find]").fill(f"file {9 * EACH + 41} of")
        expect(page.locator(".log li.found .tx")).to_have_text(
            f"file {9 * EACH + 41} of the shop was copied", timeout=SOON
        )
        expect(page.locator(".log li.found")).to_be_in_viewport()
        page.locator("[data-line]").fill("100,000")
        page.keyboard.press("Enter")
        expect(line(page, 100_000)).to_be_in_viewport(timeout=SOON)
        page.locator("#run-steps summary").click()
        page.locator("#run-steps").get_by_role("link", name="Server 25:").click()
        expect(line(page, 24 * EACH + 1)).to_be_in_viewport(timeout=SOON)
        page.get_by_role("button", name="Fold steps").click()
        expect(head(page, 25)).to_have_attribute("aria-expanded", "false")
        assert numbers(page) == []


def test_of_a_run_that_goes_on_all_is_unfolded_and_what_is_folded_by_hand_stays_so(browser, site: Site) -> None:
    with Reader(browser, site.server, viewport=SIZES["desk"]) as reader:
        page = reader.open(f"/runs/{site.runs['running']}#L1")
        expect(line(page, 1)).to_be_visible(timeout=SOON)
        expect(head(page, 1)).to_have_attribute("aria-expanded", "true")
        head(page, 1).click()
        expect(head(page, 2)).to_be_visible()
        expect(line(page, EACH + 1)).to_have_text(f"file {EACH} of the shop was copied", timeout=SOON)
        assert numbers(page)[0] == EACH + 1


def test_steps_over_time_that_come_later_are_unfolded_at_a_desk_and_folded_on_a_phone(browser, site: Site) -> None:
    with Reader(browser, site.server) as reader:
        for size, unfolded in (("desk", True), ("phone", False)):
            page = reader.open(f"/runs/{site.runs['succeeded']}")
            page.set_viewport_size(SIZES[size])
            page.evaluate("""async () => {
                const { morph } = await import(new URL('/static/morph.js', location.href).href);
                const fall = document.querySelector('#run-over-time'), come = fall.cloneNode(true);
                fall.hidden = true; fall.open = false; come.open = true;
                morph(fall, come);
            }""")
            assert page.locator("#run-over-time").evaluate("fall => fall.open") is unfolded
