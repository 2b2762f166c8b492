"""The audit trail's page in a real browser: filters, details, the check, without a script, and nothing for axe-core."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.browser import chromium
from tests.acceptance.pages import SIZES, Reader, axe
from tests.acceptance.serving import Served, until
from tests.acceptance.worlds import script

YAML = "tasks:\n  greet:\n    command: [echo, {word}]\n"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """With two runs that are over, one that goes on, and a task that was changed."""
    folder: Path = tmp_path_factory.mktemp("audit")
    script(folder, "hello.sh", "echo hello\n")
    script(folder, "long.sh", "exec sleep 600\n")
    yaml = folder / "pushbutton.yaml"
    yaml.write_text(YAML.format(word="hello"))
    with Served(folder) as server:
        for _ in range(2):
            server.finished(server.press("hello"))
        server.press("long")
        yaml.write_text(YAML.format(word="a-" + "very-" * 40 + "long-word"))
        until(lambda: server.get("/api/audit?kind=task.changed"), what="the change is recorded")
        yield server


def test_a_record_opens_and_shows_everything_that_is_known(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/audit")
        expect(page).to_have_title("Audit trail · Pushbutton")
        changed = page.locator("tr", has_text="The task “greet” was changed")
        expect(changed.locator("dl")).to_be_hidden()
        changed.locator("summary").click()
        expect(changed.locator("dl")).to_contain_text("task.changed")
        expect(changed.locator("del")).to_contain_text('target.argv: ["echo", "hello"]')
        expect(changed.locator("ins")).to_contain_text("long-word")
        page.get_by_role("link", name="Run 2", exact=True).click()
        page.wait_for_url("**/runs/2")


def test_the_filters_act_in_place_and_by_address(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/")
        page.get_by_role("link", name="Administration").click()
        page.get_by_role("link", name="Audit trail").click()
        page.get_by_label("Kind").select_option("run")
        expect(page.locator("tbody summary")).to_have_count(3)
        expect(page).to_have_url(re.compile(r"/audit\?kind=run$"))
        page.get_by_role("searchbox").fill("run 1")
        expect(page.locator("tbody summary")).to_have_text(["Somebody on this machine pressed “Hello” (run 1)"])
        page.reload()
        expect(page.locator("tbody summary")).to_have_count(1)
        with page.expect_download() as download:
            page.get_by_role("link", name="Save as JSON lines").click()
        assert Path(download.value.path()).read_text().count("\n") == 1
        page.get_by_role("searchbox").fill("run 999")
        expect(page.locator("#results")).to_contain_text("No record looks like that")


def test_the_chain_is_checked_and_everything_works_without_a_script(browser, site):
    with Reader(browser, site, java_script_enabled=False) as reader:
        page = reader.open("/audit?kind=server")
        page.get_by_role("button", name="Check the chain now").click()
        expect(page.locator("#checked")).to_contain_text(re.compile(r"All \d+ records are as they were written\."))
        page.get_by_label("Kind").select_option("task")
        page.get_by_role("button", name="Show these records").click()
        expect(page.locator("tbody summary")).to_have_count(4)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_axe_finds_nothing_and_nothing_is_wider_than_the_page(browser, site, theme, size):
    site.http.post("/api/audit/check")
    with Reader(
        browser, site, viewport=SIZES[size], color_scheme=theme, has_touch=size == "phone", locale="de-DE"
    ) as reader:
        page = reader.open("/audit")
        found = {"closed": axe(page)}
        for summary in page.locator("tbody summary").all():
            summary.click()
        found["open"] = axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        page.goto(f"{site.url}/audit?about=nothing")
        found["nothing"] = axe(page)
        assert {name: faults for name, faults in found.items() if faults} == {}
