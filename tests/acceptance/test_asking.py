"""What a form asks before a press, in a real browser: a reason, a dry run, inputs that depend on others."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.acceptance.pages import SIZES, Reader, axe, browser, go_on, over, press
from tests.acceptance.serving import Served

__all__ = ["browser"]

TASKS = '''
import time
from pathlib import Path
from typing import Annotated, Literal

from pushbutton import Field, status, task

HERE = Path(__file__).parent


@task(title="Deploy", button="Deploy to {where}", confirm="Deploy to {where}?", reason="required")
def deploy(*, where: Literal["test", "live"] = "test",
           approver: Annotated[str, Field(when={"where": "live"})], dry_run: bool = True) -> str:
    """Puts a new version there."""
    return f"{'would go' if dry_run else 'is'} on {where}, said {approver}"


@task
def wait() -> None:
    """Waits."""
    status("It waits")
    while not (HERE / "go-on").exists():
        time.sleep(0.02)
'''


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "shop.py").write_text(TASKS)
    (tmp_path / "tasks" / "broken.py").write_text("from pushbutton import task\n\n@task\ndef broken(:\n")
    with Served(tmp_path / "tasks") as server:
        yield server


def test_a_field_is_shown_and_required_only_while_another_one_says_so(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/deploy")
        approver = page.get_by_label("Approver")
        expect(approver).to_be_hidden()
        page.get_by_label("live").check()
        expect(approver).to_be_visible()
        page.get_by_label("Why now?").fill("A test")
        page.locator(".gobar .push").click()
        expect(approver).to_be_focused()
        expect(page.locator("#f-approver-wrong")).to_have_text("Fill this in.")
        approver.fill("Maya")
        page.get_by_label("test", exact=True).check()
        expect(approver).to_be_hidden()
        page.locator(".gobar .push").click()
        expect(page.locator("#sure-facts")).not_to_contain_text("Approver")
        page.locator("#sure .push").click()
        expect(page.locator("#h-say")).to_have_text("is on test, said None", timeout=60_000)


def test_a_required_reason_is_asked_for_and_shown(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/deploy")
        page.locator(".gobar .push").click()
        expect(page.get_by_label("Why now?")).to_be_focused()
        expect(page.locator("#press-why-wrong")).to_have_text("Fill this in.")
        reader.expected = ["status of 422"]
        page.get_by_label("Why now?").fill("   ")
        page.locator(".gobar .push").click()
        page.locator("#sure .push").click()
        expect(page.locator("#problems")).to_contain_text("Say why: it is shown in the history.")
        page.locator("#problems a").click()
        expect(page.get_by_label("Why now?")).to_be_focused()
        page.get_by_label("Why now?").fill("It is late")
        press(page)
        expect(page.locator("#run-facts")).to_contain_text("It is late")


def test_a_dry_run_is_a_button_of_its_own_and_says_so_everywhere(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/deploy")
        expect(page.get_by_role("checkbox", name="Dry run")).to_have_count(0)
        page.get_by_label("Why now?").fill("A test")
        page.get_by_role("button", name="Dry run").click()
        expect(page.locator("#h-say")).to_have_text("would go on test, said None", timeout=60_000)
        expect(page.locator("#run-state")).to_have_text("Dry run, all well")
        for path in ("/history", "/tasks/deploy", "/"):
            page.goto(f"{site.url}{path}")
            expect(page.locator("main")).to_contain_text("Dry run, all well")


def test_all_of_it_works_without_a_script(browser, site):
    with Reader(browser, site, java_script_enabled=False) as reader:
        reader.expected = ["status of 422"]
        page = reader.open("/tasks/deploy")
        expect(page.get_by_label("Approver")).to_be_visible()
        expect(page.locator("main")).to_contain_text("Only for live.")
        page.get_by_label("live").check()
        page.get_by_label("Why now?").fill("A test")
        page.get_by_role("checkbox", name="Deploy to").check()
        page.locator(".gobar .push").click()
        expect(page.locator("#f-approver-wrong")).to_have_text("Fill this in.")
        page.get_by_label("Approver").fill("Maya")
        page.get_by_role("button", name="Dry run").click()
        expect(page.locator("#h-say")).to_have_text("would go on live, said Maya", timeout=60_000)


def test_where_nobody_signs_in_a_run_says_how_many_browsers_look_at_it(browser, site):
    with Reader(browser, site) as first, Reader(browser, site, locale="de-DE") as second:
        page = first.open("/tasks/wait")
        number = press(page)
        expect(page.locator("#run-facts")).to_contain_text("Only this browser", timeout=60_000)
        other = second.open(f"/runs/{number}")
        expect(page.locator("#run-facts")).to_contain_text("2 browsers, this one among them")
        expect(other.locator("#run-facts")).to_contain_text("2 Browser, dieser eingeschlossen")
        other.close()
        expect(page.locator("#run-facts")).to_contain_text("Only this browser")
        go_on(site)
        over(page)
        expect(page.locator("#run-facts")).not_to_contain_text("Watching")


def test_a_broken_task_says_file_line_and_reason_in_the_catalogue(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/")
        expect(page.locator(".task[data-broken]")).to_contain_text("broken.py line 4:")


def test_an_address_that_leads_nowhere_is_a_page_for_people(browser, site):
    with Reader(browser, site, locale="de-DE") as reader:
        reader.expected = ["status of 404"]
        page = reader.open("/nowhere")
        expect(page.locator("h1")).to_have_text("Hier ist nichts")
        assert page.request.get(f"{site.url}/api/nowhere").headers["content-type"] == "application/problem+json"


STILL, OWN_COLOURS = {"reduced_motion": "reduce"}, {"forced_colors": "active", "reduced_motion": "no-preference"}


@pytest.mark.parametrize("wish", [STILL, OWN_COLOURS], ids=["still", "forced"])
@pytest.mark.parametrize("size", list(SIZES))
def test_axe_finds_nothing_for_who_wants_less_motion_or_own_colours(browser, site, wish, size):
    with Reader(browser, site, viewport=SIZES[size], **wish) as reader:
        page = reader.open("/tasks/deploy")
        page.get_by_label("live").check()
        found = {"task": axe(page)}
        page.goto(f"{site.url}/tasks/wait")
        press(page)
        expect(page.locator("#h-say")).to_have_text("It waits", timeout=60_000)
        found["running"] = axe(page)
        if wish is STILL:
            endless = "one => one.playState === 'running' && one.effect.getTiming().iterations > 1"
            assert page.evaluate(f"document.getAnimations().filter({endless}).length") == 0
        go_on(site)
        over(page)
        found["over"] = axe(page)
        for path in ("/", "/history"):
            page.goto(f"{site.url}{path}")
            found[path] = axe(page)
        assert {name: faults for name, faults in found.items() if faults} == {}


def test_programs_are_asked_for_the_reason_too(site):
    refused = httpx.post(f"{site.url}/api/tasks/deploy/runs", json={"inputs": {}})
    assert (refused.status_code, refused.json()["fields"]) == (422, {"why": "Say why: it is shown in the history."})
    command = [sys.executable, "-m", "pushbutton", "press", "deploy", "--server", site.url]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 2
    assert "--why: Say why: it is shown in the history." in said.stderr
    pressed = subprocess.run([*command, "--why", "A test"], capture_output=True, text=True, check=True)
    assert "Run 1: " in pressed.stdout
