"""What tells somebody who is not looking: a notification of the browser at a run's end, and keys that can be silent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.pages import Reader, browser, go_on, over, press
from tests.acceptance.serving import Served, until

__all__ = ["browser"]

TASKS = '''
import time
from pathlib import Path

from pushbutton import progress, status, task

HERE = Path(__file__).parent


@task
def wait() -> str:
    """Waits."""
    status("It waits")
    progress(40)
    while not (HERE / "go-on").exists():
        time.sleep(0.02)
    return "It has waited"
'''

KNOWN = """
window.told = [];
const real = Notification;
window.Notification = class { constructor(title, more) { told.push([title, more.body]); }
  static permission = 'granted'; static requestPermission() { return real.requestPermission(); } };
"""
"""A headless browser shows no notifications: what would be shown is written down. The shell says “denied” whatever was
granted, so `allowed` asks what it says of permissions.
"""


def allowed(page: Page) -> bool:
    return bool(
        page.evaluate("navigator.permissions.query({ name: 'notifications' }).then(it => it.state)") == "granted"
    )


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "shop.py").write_text(TASKS)
    with Served(tmp_path / "tasks") as server:
        yield server


def test_who_wants_to_is_told_by_the_browser_when_a_run_is_over(browser, site):
    with Reader(browser, site, permissions=["notifications"]) as reader:
        reader.context.add_init_script(KNOWN)
        page = reader.open("/tasks/wait")
        assert allowed(page)
        press(page)
        tell = page.get_by_label("Tell me in the browser")
        tell.check()
        page.reload()
        expect(tell).to_be_checked()
        others = [reader.open("/"), reader.open("/history")]
        page.close()
        go_on(site)
        until(lambda: [one for page in others for one in page.evaluate("told")], what="a notification")
        assert [one for page in others for one in page.evaluate("told")] == [["Wait", "It has waited"]]


def test_a_run_that_ended_while_no_page_was_open_is_told_of_with_the_next_one(browser, site):
    with Reader(browser, site, permissions=["notifications"]) as reader:
        reader.context.add_init_script(KNOWN)
        page = reader.open("/tasks/wait")
        assert allowed(page)
        press(page)
        page.get_by_label("Tell me in the browser").check()
        page.goto("about:blank")
        go_on(site)
        until(lambda: site.http.get("/api/runs/1").json()["over"], what="the end")
        page = reader.open("/")
        until(lambda: page.evaluate("told.length"), what="a notification")
        page.reload()
        assert page.evaluate("told") == []


def test_a_tab_says_how_far_it_is_how_it_ended_and_that_the_connection_is_lost(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/wait")
        press(page)
        picture = page.locator("link[rel=icon]")
        expect(page).to_have_title("40 % · Wait · Pushbutton")
        expect(picture).to_have_attribute("href", re.compile(r"/static/tab/run-40\.svg"))
        reader.expected = ["ERR_INTERNET_DISCONNECTED", "Failed to load resource", "ERR_FAILED", "ERR_ABORTED"]
        site.kill9()
        expect(page).to_have_title("Connection lost · Wait")
        expect(picture).to_have_attribute("href", re.compile(r"/static/tab/halted\.svg"))
        site.restart()
        expect(page).to_have_title("40 % · Wait · Pushbutton")
        go_on(site)
        over(page)
        expect(page).to_have_title("Succeeded · Wait · Pushbutton")
        expect(picture).to_have_attribute("href", re.compile(r"/static/tab/succeeded\.svg"))


def test_who_forbade_it_is_told_what_to_do_and_nothing_is_ticked(browser, site):
    with Reader(browser, site, permissions=[]) as reader:
        page = reader.open("/tasks/wait")
        press(page)
        tell = page.get_by_label("Tell me in the browser")
        tell.click()
        alert = page.get_by_role("alert").filter(has_text="Allow notifications for it first.")
        expect(alert).to_be_visible()
        expect(tell).not_to_be_checked()
        expect(page.locator("#say")).to_have_text("It waits")  # what a run says in the meantime does not take its place
        expect(alert).to_be_visible()
        go_on(site)


def test_keys_that_are_turned_off_do_nothing(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/")
        page.get_by_role("button", name="Settings").click()
        page.get_by_role("checkbox", name="Keyboard shortcuts").uncheck()
        page.get_by_role("button", name="Save").click()
        expect(page.locator("body")).to_have_attribute("data-keys", "off")
        page.keyboard.press("?")
        page.keyboard.press("/")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_role("searchbox")).not_to_be_focused()
