"""Pushbutton inside another application, below a path of that one's choice, in a real browser."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Request, expect

from tests.acceptance.pages import TASKS, Reader, axe, browser, go_on, over, press

__all__ = ["browser"]

APP = """
import sys
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from pushbutton import Pushbutton

buttons = Pushbutton(sys.argv[1], data=sys.argv[2])
app = Starlette(routes=[Mount("/buttons", buttons)], lifespan=buttons.lifespan)
config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="info", timeout_graceful_shutdown=1)
uvicorn.Server(config).run()
"""


class Mounted:
    """Such an application by plain uvicorn, in a process of its own."""

    def __init__(self, url: str, data: Path) -> None:
        self.url, self.data = url, data


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Mounted]:
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    (tasks / "shop.py").write_text(TASKS)
    (tmp_path / "app.py").write_text(APP)
    data = tasks / "data"
    command = [sys.executable, str(tmp_path / "app.py"), str(tasks / "shop.py"), str(data)]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    try:
        found = next(match for line in server.stderr if (match := re.search(r"(http://127\.0\.0\.1:\d+)", line)))
        yield Mounted(f"{found[1]}/buttons", data)
    finally:
        server.terminate()
        server.communicate()


def test_every_page_works_below_a_path(browser, site):
    with Reader(browser, site) as reader:
        foreign: list[str] = []

        def note(request: Request) -> None:
            if "/buttons" not in request.url:
                foreign.append(request.url)

        reader.context.on("request", note)
        page = reader.open("/")
        page.get_by_role("link", name="Deploy the web shop").click()
        page.get_by_label("live").check()
        number = press(page)
        assert page.url == f"{site.url}/runs/{number}"
        expect(page.locator("#h-say")).to_have_text("One server is done", timeout=60_000)
        expect(page.locator("#now a")).to_have_attribute("href", "/buttons/history?state=running")
        page.locator("#out").evaluate("out => { out.open = true; }")
        expect(page.locator(".log .rows, .log-frame").first).to_be_attached()
        assert axe(page) == []
        page.get_by_role("button", name="Stop", exact=True).click()
        page.get_by_role("button", name="Stop the run").click()
        expect(page.locator("#run-state")).to_contain_text("Cancelled", timeout=60_000)
        page.get_by_role("link", name="Run again").click()
        expect(page.locator("main")).to_contain_text(f"Filled in with the inputs of run {number}.")
        page.get_by_role("navigation", name="Where you are").get_by_role("link", name="Deployments").click()
        expect(page.locator(".chip[aria-current]")).to_contain_text("Deployments")
        page.keyboard.type("gh")
        page.wait_for_url("**/buttons/history")
        page.get_by_label("Result").select_option("cancelled")
        page.wait_for_url("**/buttons/history?state=cancelled")
        expect(page.locator("tbody .go")).to_have_attribute("href", f"/buttons/runs/{number}")
        page.get_by_role("button", name="Settings").click()
        page.get_by_label("Language").select_option("de")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("h1")).to_have_text("Verlauf")
        assert page.url == f"{site.url}/history?state=cancelled"
        assert foreign == []


def test_output_artifacts_and_pins_work_below_a_path(browser, site):
    with Reader(browser, site) as reader:
        reader.expected = ["status of 404"]
        page = reader.open("/")
        with page.expect_response("**/buttons/favourites"):
            page.get_by_label("Keep “Fail” at the top").click()
        page.reload()
        expect(page.locator(".task h3").first).to_have_text("Fail")
        page.goto(f"{site.url}/tasks/report")
        press(page)
        over(page)
        page.locator("#out").evaluate("out => { out.open = true; }")
        expect(page.locator(".log")).to_contain_text("written")
        with page.expect_download() as download:
            page.get_by_role("link", name="The report").click()
        assert Path(download.value.path()).read_text() == "42"
        page.goto(f"{site.url}/nowhere")
        page.get_by_role("link", name="Go to the tasks").click()
        page.wait_for_url("**/buttons/")


def test_a_press_without_a_script_works_below_a_path(browser, site):
    go_on(site)
    with Reader(browser, site, java_script_enabled=False) as reader:
        page = reader.open("/tasks/report?name=Bericht")
        page.locator(".gobar .push").click()
        page.wait_for_url(re.compile(r"/buttons/runs/\d+$"))
