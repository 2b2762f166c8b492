"""The catalogue, and how every page looks, in a real browser on a real server. A script error, a console error or a
breach of the content policy fails every test here, and so does anything that axe-core finds.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.acceptance.pages import SIZES, Reader, axe, browser, go_on, over, press, site
from tests.acceptance.serving import Served

__all__ = ["browser", "site"]

QUIET = {
    "tasks": "/",
    "nothing found": "/?q=zzzz",
    "every field": "/tasks/upload",
    "history": "/history",
    "no runs": "/history?q=zzzz",
    "no run": "/runs/99999",
}
"""Pages on which nothing happens."""


def test_finding_a_task_while_typing(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/")
        page.keyboard.press("/")
        page.keyboard.type("munch ber")
        expect(page.locator(".task:visible")).to_have_count(1)
        expect(page).to_have_url(re.compile(r"\?q=munch"))
        page.get_by_role("searchbox").fill("deplpy")
        expect(page.locator("#none")).to_contain_text("Did you mean deploy?")
        page.locator("#none a").first.click()
        expect(page.locator(".task h3").first).to_have_text("Deploy the web shop")


def test_a_kept_task_comes_first_at_the_next_visit(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/")
        with page.expect_response("**/favourites"):
            page.get_by_label("Keep “Fail” at the top").click()
        expect(page.get_by_label("Keep “Fail” at the top")).to_have_attribute("aria-pressed", "true")
        page.reload()
        expect(page.locator("section.group").first).to_contain_text("Yours")
        expect(page.locator(".task h3").first).to_have_text("Fail")


def test_the_theme_and_the_language_are_kept(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/history")
        page.get_by_role("button", name="Settings").click()
        with page.expect_response("**/theme"):
            page.get_by_label("Dark").check()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.get_by_label("Language").select_option("de")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("h1")).to_have_text("Verlauf")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_axe_finds_nothing_on_any_page(browser, site, theme, size):
    with Reader(browser, site, viewport=SIZES[size], color_scheme=theme, has_touch=size == "phone") as reader:
        reader.expected = ["status of 404"]
        page = reader.open("/tasks/fail")
        press(page)
        over(page)
        found = {"failed": axe(page)}
        page.goto(f"{site.url}/tasks/report")
        press(page)
        over(page)
        page.locator("#out").evaluate("out => { out.open = true; }")
        expect(page.locator(".log")).to_contain_text("written")
        found["done"] = axe(page)
        page.goto(f"{site.url}/tasks/deploy")
        found["task"] = axe(page)
        page.locator(".gobar .push").click()
        found["question"] = axe(page)
        page.keyboard.press("Escape")
        press(page)
        expect(page.locator("#h-say")).to_have_text("One server is done", timeout=60_000)
        found["running"] = axe(page)
        page.get_by_role("button", name="Stop", exact=True).click()
        found["stop"] = axe(page)
        for name, path in QUIET.items():
            page.goto(f"{site.url}{path}")
            found[name] = axe(page)
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name
            if size == "wide":  # 200 % of a window that is 1280 wide
                page.set_viewport_size({"width": 640, "height": 450})
                assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), (
                    name
                )
                page.set_viewport_size(SIZES[size])
        page.goto(f"{site.url}/")
        page.get_by_role("button", name="Settings").click()
        found["settings"] = axe(page)
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        found["keys"] = axe(page)
        go_on(site)
        assert {name: faults for name, faults in found.items() if faults} == {}


def test_an_empty_catalogue_shows_how_to_begin(browser, tmp_path):
    (tmp_path / "none").mkdir()
    with Served(tmp_path / "none") as server, Reader(browser, server) as reader:
        page = reader.open("/")
        expect(page.locator("main")).to_contain_text("No tasks yet")
        assert axe(page) == []
        expect(page.locator(".way:visible")).to_have_count(1)
        page.get_by_role("radio", name="Script").focus()
        page.keyboard.press("ArrowRight")
        expect(page.locator(".way:visible")).to_contain_text(f"Save this as {tmp_path}/none/hello.py")
        page.get_by_text("Command", exact=True).click()
        expect(page.locator(".way:visible pre")).to_contain_text("tasks:")
        reader.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copy pushbutton.yaml").click()
        expect(page.get_by_role("button", name="Copy pushbutton.yaml")).to_have_text("Copied")
        copied = page.evaluate("navigator.clipboard.readText()")
        (tmp_path / "none" / "pushbutton.yaml").write_text(copied)
        expect(page.locator(".task h3")).to_have_text("Hello", timeout=60_000)


def test_a_task_that_comes_has_its_card_on_the_open_page_and_a_search_is_left_alone(browser, site, tmp_path):
    with Reader(browser, site) as reader:
        page = reader.open("/")
        expect(page.locator(".task")).to_have_count(4)
        (tmp_path / "tasks" / "count.sh").write_text("#!/bin/sh\n# Counts the shelves.\n")
        (tmp_path / "tasks" / "count.sh").chmod(0o755)
        expect(page.locator(".task h3", has_text="Count")).to_be_visible(timeout=60_000)
        page.get_by_role("searchbox").fill("munch")
        expect(page.locator(".task:visible")).to_have_count(1)
        mark = page.locator("#catalogue").get_attribute("data-mark")
        (tmp_path / "tasks" / "count.sh").unlink()
        expect(page.locator("#catalogue")).not_to_have_attribute("data-mark", mark or "", timeout=60_000)
        expect(page.locator(".task:visible")).to_have_count(1)
        page.get_by_role("searchbox").fill("")
        expect(page.locator(".task:visible")).to_have_count(4)


def test_the_ways_to_begin_are_shown_one_at_a_time_without_a_script(browser, tmp_path):
    (tmp_path / "none").mkdir()
    with Served(tmp_path / "none") as server, Reader(browser, server, java_script_enabled=False) as reader:
        page = reader.open("/")
        page.get_by_text("Python function", exact=True).click()
        expect(page.locator(".way:visible pre")).to_contain_text("from pushbutton import")
        expect(page.get_by_role("button", name="Copy")).to_have_count(0)


def test_a_task_is_kept_from_its_own_page_and_the_search_says_what_can_be_found(browser, tmp_path):
    for name in ("send-invoices", "deploy-the-shop", "count-the-shelves", "add", "mend-it", "ring"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    with Served(tmp_path) as server, Reader(browser, server) as reader:
        page = reader.open("/tasks/ring")
        star = page.get_by_label("Keep “Ring” at the top")
        with page.expect_response("**/favourites"):
            star.click()
        expect(star).to_have_attribute("aria-pressed", "true")
        page.reload()
        expect(star).to_have_attribute("aria-pressed", "true")
        assert axe(page) == []
        page.goto(f"{server.url}/")
        expect(page.locator(".task h3").first).to_have_text("Ring")
        expect(page.get_by_role("searchbox")).to_have_attribute("placeholder", "Find a task: shelves, shop, Mend…")
