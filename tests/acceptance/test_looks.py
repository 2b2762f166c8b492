"""How a page looks where that is easily forgotten: under a finger, in the reader's own colours, with long words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.pages import SIZES, Reader, axe, browser, go_on, over, press
from tests.acceptance.serving import Served, until

__all__ = ["browser"]

LONG = "/srv/shops/" + "a-folder-without-a-blank-" * 8 + "end.py"
TASKS = f'''
import time
from pathlib import Path
from typing import Annotated, Literal

from pushbutton import Field, progress, status, step, task

HERE = Path(__file__).parent
LONG = "{LONG}"


@task(group="Deployments", title="Deploy the web shop to all of the machines", busy="queue")
def deploy(where: Literal["test", "live"] = "test", tick: bool = False) -> str:
    """Puts a new version there. [Why](https://example.org) is written down."""
    with step("Copy the files to every machine"):
        progress(1, "1 of 2", of=2)
        status("It waits")
        while not (HERE / "go-on").exists():
            time.sleep(0.02)
    return "All is well"


@task(group="Reports")
def fail() -> None:
    """Fails over a long word."""
    raise SystemExit(f"There is no {{LONG}}")


@task(group="Reports")
def chatty() -> str:
    """Says a lot, in many steps."""
    for number in range(1, 41):
        with step(f"Shelf {{number}}"):
            for part in range(1, 7):
                status(f"Shelf {{number}}, part {{part}}")
    with step("Wait"):
        while not (HERE / "go-on").exists():
            time.sleep(0.02)
    return "All shelves are counted"


@task(group="Reports")
def silent() -> None:
    """Says nothing."""
'''

SMALL = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')].filter(one =>
  one.checkVisibility() && one.type !== 'hidden' && !one.closest('.log, .prose, .skip, .sr')).map(one => {
    const target = one.closest('.task, .choices label, .tick, tr, label') ?? one;
    const { width, height } = target.getBoundingClientRect();
    return [(one.ariaLabel || one.textContent || one.name).trim(), Math.round(width), Math.round(height)];
  }).filter(([, width, height]) => width < 44 || height < 44)"""
"""What can be pressed and is smaller than a finger; lines of an output and links in the middle of a text may be."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "shop.py").write_text(TASKS)
    (tmp_path / "tasks" / "broken.py").write_text("from pushbutton import task\n\n@task\ndef broken(:\n")
    with Served(tmp_path / "tasks") as server:
        yield server


def wide(page: Page) -> bool:
    """Whether the page can be pushed sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_whatever_a_finger_presses_is_44_pixels_wide_and_high(browser, site, locale):
    phone = {"viewport": SIZES["phone"], "has_touch": True, "is_mobile": True, "locale": locale}
    small: dict[str, list[object]] = {}
    with Reader(browser, site, **phone) as reader:
        reader.expected = ["status of 404"]
        page = reader.open("/tasks/fail")
        number = press(page)
        over(page)
        page.goto(f"{site.url}/tasks/deploy")
        going = press(page)
        expect(page.locator("#h-say")).to_have_text("It waits", timeout=60_000)
        page.goto(f"{site.url}/tasks/deploy")
        waiting = press(page)
        for path in (
            "/", "/?q=dpeloy", "/?group=Reports&q=deploy", "/tasks/deploy", f"/tasks/deploy?from-run={number + 1}",
            "/tasks/broken", f"/runs/{number}", f"/runs/{going}", f"/runs/{waiting}", "/history", "/runs/99999",
        ):  # fmt: skip
            page.goto(site.url + path)
            expect(page.locator("#now")).to_have_text("1 running" if locale == "en-GB" else "1 läuft")
            small[path] = page.evaluate(SMALL)
            for width in (390, 320):
                page.set_viewport_size({"width": width, "height": 844})
                assert not wide(page), (path, width)
            page.set_viewport_size(SIZES["phone"])
        page.goto(f"{site.url}/runs/{going}")
        page.locator("#run-acts button").click()
        small["stop"] = page.evaluate(SMALL)
        page.keyboard.press("Escape")
        page.locator(".me").click()
        small["settings"] = page.evaluate(SMALL)
        go_on(site)
    assert {name: found for name, found in small.items() if found} == {}


def test_a_word_without_an_end_does_not_push_a_page_sideways(browser, site):
    with Reader(browser, site, viewport=SIZES["phone"]) as reader:
        page = reader.open("/tasks/fail")
        press(page)
        over(page)
        expect(page.locator("main")).to_contain_text(LONG)
        assert not wide(page)
        page.goto(f"{site.url}/history")
        expect(page.locator("main")).to_contain_text(LONG)
        assert not wide(page)
        page.goto(f"{site.url}/tasks/broken")
        assert not wide(page)


def test_four_filters_stand_two_by_two_on_a_phone(browser, site):
    with Reader(browser, site, viewport=SIZES["phone"]) as reader:
        page = reader.open("/history")
        tops = page.locator("#filters select").evaluate_all("all => all.map(one => one.getBoundingClientRect().top)")
        assert len(set(tops)) == 2


def test_in_the_readers_own_colours_progress_and_choices_are_seen(browser, site):
    colour = "one => getComputedStyle(one).backgroundColor"
    with Reader(browser, site, forced_colors="active") as reader:
        page = reader.open("/?group=Reports")
        chosen, other = page.locator(".chip[aria-current]"), page.locator(".chip:not([aria-current])").first
        assert chosen.evaluate(colour) != other.evaluate(colour)
        page.goto(f"{site.url}/tasks/deploy")
        press(page)
        bar = page.locator("#run-steps progress")
        expect(bar).to_be_visible(timeout=60_000)
        box = bar.bounding_box()
        assert box
        done, rest = (
            page.screenshot(clip={"x": box["x"] + box["width"] * at, "y": box["y"] + 2, "width": 8, "height": 2})
            for at in (0.2, 0.8)
        )
        assert done != rest
        assert axe(page) == []
        go_on(site)


def test_a_button_that_is_switched_on_looks_like_it(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/fail")
        press(page)
        over(page)
        wrap = page.get_by_role("button", name="Wrap")
        on = wrap.evaluate("one => getComputedStyle(one).backgroundColor")
        wrap.click()
        expect(wrap).to_have_attribute("aria-pressed", "false")
        page.mouse.move(0, 0)
        expect(wrap).not_to_have_css("background-color", on)


def test_an_output_without_a_word_has_no_tools(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/silent")
        press(page)
        over(page)
        page.locator("#out").evaluate("out => { out.open = true; }")
        expect(page.locator(".nothing")).to_have_text("It said nothing.")
        expect(page.locator(".out .tools")).to_be_hidden()


def test_what_runs_says_for_how_long_and_not_how_long_ago(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/deploy")
        press(page)
        expect(page.locator("#h-say")).to_have_text("It waits", timeout=60_000)
        page.goto(f"{site.url}/")
        expect(page.locator("#foot-deploy")).to_contain_text("Running for")
        go_on(site)


def test_a_run_that_says_a_lot_is_folded_and_all_of_it_is_there(browser, site):
    with Reader(browser, site, viewport=SIZES["phone"]) as reader:
        page = reader.open("/tasks/chatty")
        number = press(page)
        expect(page.locator("#run-steps .what", has_text="Wait")).to_be_visible(timeout=60_000)
        expect(page.locator("#run-updates .said p:visible")).to_have_count(4)
        steps = page.locator("#run-steps summary")
        expect(steps).to_have_text("40 done")
        assert page.evaluate("document.documentElement.scrollHeight") < 2500
        steps.click()
        page.locator("#run-updates .earlier summary").click()
        expect(page.locator(".what:visible").first).to_have_text("Shelf 1")
        expect(page.locator("#run-updates .said p:visible").last).to_have_text("Shelf 24, part 3")
        go_on(site)
        over(page)
        expect(page.locator(".what:visible").first).to_have_text("Shelf 1")  # what was folded out stays so
        expect(page.locator("#run-steps summary")).to_have_text("41 done")
        assert axe(page) == []
        page.get_by_role("link", name="All 241 updates").click()
        expect(page.locator(".said p").first).to_have_text("Shelf 1, part 1")
        expect(page.locator(".lead")).to_contain_text("1 to 200 of 241")
        page.get_by_role("link", name="Later updates").click()
        expect(page.locator(".said p").first).to_have_text("Shelf 34, part 3")
        expect(page.locator(".said p").last).to_have_text("All shelves are counted")
        assert not wide(page)
        page.goto(f"{site.url}/runs/{number}")
        page.get_by_role("link", name="Output").click()
        expect(page.locator("#out")).to_have_attribute("open", "")


def test_a_run_that_says_nothing_of_itself_shows_the_last_line_that_it_wrote(browser, site, tmp_path):
    (tmp_path / "tasks" / "copy.sh").write_text(
        '#!/bin/sh\ncd "$(dirname "$0")"\necho \'file <1> of 2\'\necho\nuntil [ -e go-on ]; do sleep 0.05; done\n'
        "echo 'file 2 of 2'\nuntil [ -e end ]; do sleep 0.05; done\n"
    )
    (tmp_path / "tasks" / "copy.sh").chmod(0o755)
    until(lambda: site.http.get("/tasks/copy").status_code == 200, what="the task is read")
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/copy")
        press(page)
        expect(page.locator("#run-hero")).to_contain_text("file <1> of 2", timeout=60_000)
        go_on(site)
        expect(page.locator("#run-hero")).to_contain_text("file 2 of 2", timeout=60_000)
        (tmp_path / "tasks" / "end").touch()
        over(page)
        expect(page.locator("#run-hero")).not_to_contain_text("file 2 of 2")


def test_the_page_of_a_broken_task_sees_by_itself_that_it_is_mended(browser, site, tmp_path):
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/broken")
        expect(page.locator("main")).to_contain_text("cannot be pressed")
        (tmp_path / "tasks" / "broken.py").write_text(
            "from pushbutton import task\n\n@task(confirm='Really?')\ndef broken() -> None: ...\n"
        )
        expect(page.locator("#go")).to_be_visible(timeout=60_000)
        page.locator(".gobar .push").click()
        expect(page.get_by_role("dialog")).to_contain_text("Really?")
