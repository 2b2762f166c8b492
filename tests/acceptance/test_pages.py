"""The pages in a real browser on a real server. A script error, a console error or a breach of the content policy fails
every test here, and so does anything that axe-core finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from tests.acceptance.serving import Served

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text("utf-8")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
WATCH = "addEventListener('securitypolicyviolation', e => console.error('CSP', e.violatedDirective, e.blockedURI))"
SIZES: dict[str, ViewportSize] = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}

QUIET = {
    "tasks": "/",
    "nothing found": "/?q=zzzz",
    "every field": "/tasks/upload",
    "history": "/history",
    "no runs": "/history?q=zzzz",
    "no run": "/runs/99999",
}
"""Pages on which nothing happens."""

TASKS = '''
import os
import time
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pushbutton import Field, SecretStr, artifact, progress, status, step, task

HERE = Path(__file__).parent


def wait_for(name):
    while not (HERE / name).exists():
        time.sleep(0.02)


@task(title="Deploy the web shop", group="Deployments", button="Deploy to {where}", confirm="Deploy to {where}?")
def deploy(where: Literal["test", "live"] = "test", servers: Annotated[int, Field(min=1, max=8)] = 2) -> str:
    """Puts a new version on test or live.

    **Nobody** notices.
    """
    with step("Check the version"):
        status("Version 2 passed its tests", level="good")
    with step("Copy the files"):
        progress(1, "1 of 2 servers", of=2)
        status("One server is done")
        wait_for("go-on")
    return "The new version is there"


@task(group="Deployments")
def fail() -> None:
    """Does not work."""
    with step("Ask the load balancer"):
        status("The load balancer did not answer.", level="bad")
        raise SystemExit(3)


@task(group="Reports", title="Münchner Bericht")
def report(month: Literal["August", "September", "October"] = "October", day: date | None = None,
           shelves: tuple[Literal["a", "b"], ...] = (), name: Annotated[str, Field(min_length=3)] = "Bericht") -> str:
    """Writes a report."""
    where = HERE / "report.txt"
    where.write_text("42")
    artifact(where, "The report")
    (HERE / "shelves.csv").write_text("Shelf,Pieces\\nleft,3\\n")
    artifact(HERE / "shelves.csv", "The shelves")
    print("\\x1b[32mwritten\\x1b[0m")
    return "The report is ready"


@task
def upload(sheet: Path, secret: SecretStr, why: Annotated[str, Field(min_length=3)]) -> str:
    """Takes a file."""
    return f"{Path(sheet).read_text().strip()} and {len(secret.get_secret_value())} letters"
'''


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "shop.py").write_text(TASKS)
    with Served(tmp_path / "tasks") as server:
        yield server


class Reader:
    """One person at a browser. Leaving fails on whatever the browser complained about."""

    def __init__(self, browser: Browser, site: Served, **wishes: Any) -> None:
        self.complaints: list[str] = []
        self.expected: list[str] = []
        self.context: BrowserContext = browser.new_context(**{"locale": "en-GB", "viewport": SIZES["wide"]} | wishes)
        self.site = site

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.context.close()
        left = [text for text in self.complaints if not any(known in text for known in self.expected)]
        assert kind or not left, left

    def open(self, path: str) -> Page:
        page = self.context.new_page()
        page.add_init_script(WATCH)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console", lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None
        )
        page.goto(f"{self.site.url}{path}")
        return page


def axe(page: Page) -> list[str]:
    """What axe-core finds, of any level."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document)")["violations"]
    return [f"{rule['id']}: {[node['target'] for node in rule['nodes']]}" for rule in found]


def press(page: Page) -> int:
    """Press the button of the form that is open, answer the question, and give the run's number."""
    page.locator(".gobar .push").click()
    if page.locator("#sure").count():
        page.locator("#sure .push").click()
    page.wait_for_url(re.compile(r"/runs/\d+"))
    return int(page.url.rpartition("/")[2].partition("?")[0])


def over(page: Page) -> None:
    expect(page.locator("#run-state[data-over=yes]")).to_be_visible(timeout=60_000)


def go_on(site: Served) -> None:
    (site.data.parent / "go-on").touch()


def test_a_press_is_watched_to_its_end_without_a_reload(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/")
        page.get_by_role("link", name="Deploy the web shop").click()
        page.get_by_label("live").check()
        expect(page.locator(".gobar .push")).to_have_text("Deploy to live")
        page.locator(".gobar .push").click()
        expect(page.get_by_role("dialog")).to_contain_text("Deploy to live?")
        expect(page.get_by_role("button", name="Go back")).to_be_focused()
        page.locator("#sure .push").click()
        expect(page.locator("#h-say")).to_have_text("One server is done", timeout=60_000)
        expect(page.locator("#run-steps li").nth(1)).to_contain_text("Copy the files")
        expect(page.locator("#run-steps progress")).to_have_attribute("value", "50.0")
        expect(page.locator("#now")).to_have_text("1 running")
        go_on(site)
        expect(page.locator("#h-say")).to_have_text("The new version is there", timeout=60_000)
        expect(page).to_have_title("Succeeded · Deploy the web shop · Pushbutton")
        expect(page.get_by_role("link", name="Run again")).to_be_visible()
        expect(page.get_by_role("button", name="Stop")).to_have_count(0)


def test_two_people_see_the_same_run_and_one_of_them_stops_it(browser, site):
    with Reader(browser, site) as first, Reader(browser, site, locale="de-DE") as second:
        page = first.open("/tasks/deploy")
        number = press(page)
        other = second.open(f"/runs/{number}")
        expect(other.locator("#run-state")).to_contain_text("Läuft", timeout=60_000)
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.get_by_role("button", name="Let it go on")).to_be_focused()
        page.get_by_role("button", name="Stop the run").click()
        for watcher, word in ((page, "Cancelled"), (other, "Angehalten")):
            expect(watcher.locator("#run-state")).to_contain_text(word, timeout=60_000)


def test_who_comes_second_is_told_before_anything_starts(browser, site):
    with Reader(browser, site) as first, Reader(browser, site) as second:
        second.expected = ["status of 409"]
        late = second.open("/tasks/deploy")
        number = press(first.open("/tasks/deploy"))
        expect(late.locator("#busy")).to_contain_text("It is running already.")
        late.get_by_label("live").check()
        late.locator(".gobar .push").click()
        late.locator("#sure .push").click()
        expect(late.locator("#faster")).to_be_focused()
        expect(late.locator("#faster")).to_contain_text("Somebody was faster.")
        expect(late.get_by_role("radio", name="live")).to_be_checked()
        queued = press(late)
        assert queued == number + 1
        expect(late.locator("#run-hero")).to_contain_text("1 run is before this one")
        go_on(site)
        over(late)


def test_a_closed_question_takes_the_focus_from_nobody_who_has_it_by_then(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/deploy")
        page.get_by_label("live").check()
        page.locator(".gobar .push").click()
        expect(page.locator("#sure")).to_be_visible()
        kept = page.evaluate("""async () => {
            const question = document.querySelector('#sure'), field = document.querySelector('#go input[type=radio]');
            const told = new Promise(done => question.addEventListener('close', done));
            question.close();
            field.focus();
            await told;
            return document.activeElement === field;
        }""")
        assert kept


def test_a_failure_says_where_and_what_and_offers_the_same_again(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/fail")
        number = press(page)
        expect(page.locator("#h-say")).to_have_text("It failed at step 1: Ask the load balancer", timeout=60_000)
        expect(page.locator("#run-hero")).to_contain_text("The load balancer did not answer.")
        expect(page.locator("main")).not_to_contain_text("exit code")
        page.get_by_role("link", name="Try again").click()
        expect(page.locator("main")).to_contain_text(f"Filled in with the inputs of run {number}.")


def test_errors_stand_at_their_fields_and_files_and_secrets_stay(browser, site, tmp_path):
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("7 rows")
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/upload")
        page.locator(".gobar .push").click()
        expect(page.locator("#problems")).to_be_focused()
        assert page.locator("[aria-invalid=true]").count() == 3
        page.locator("#problems a").first.click()
        expect(page.locator("#f-sheet")).to_be_focused()
        page.locator("#f-sheet").set_input_files(sheet)
        page.locator("#f-secret").fill("hunter2")
        page.locator("#f-why").fill("ab")
        reader.expected = ["status of 422"]
        page.locator("#f-why").evaluate("field => { delete field.dataset.shortest; }")
        page.locator(".gobar .push").click()
        expect(page.locator("#problems")).to_be_focused()
        page.locator("#problems a").click()
        expect(page.locator("#f-why")).to_be_focused()
        expect(page.locator("#f-why-wrong")).to_contain_text("Write at least 3 characters")
        page.locator("#f-why").fill("because")
        press(page)
        expect(page.locator("#h-say")).to_have_text("7 rows and 7 letters", timeout=60_000)
        expect(page.locator("aside")).to_contain_text("sheet.csv")
        assert "hunter2" not in page.content()


def test_a_file_that_a_run_made_is_downloaded(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/report")
        press(page)
        over(page)
        with page.expect_download() as download:
            page.get_by_role("link", name="The report").click()
        assert Path(download.value.path()).read_text() == "42"
        expect(page.get_by_role("table")).to_contain_text("left")


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


def test_the_keyboard_map(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/report")
        press(page)
        over(page)
        page.keyboard.press("o")
        expect(page.locator(".log")).to_be_focused()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
        page.keyboard.press("Escape")
        page.keyboard.type("gh")
        page.wait_for_url("**/history")
        page.get_by_role("searchbox").fill("gt?")
        expect(page).to_have_url(re.compile("history"))


def test_the_history_is_filtered_in_place_and_by_address(browser, site):
    with Reader(browser, site) as reader:
        page = reader.open("/tasks/report")
        press(page)
        over(page)
        page.goto(f"{site.url}/tasks/fail")
        press(page)
        over(page)
        page.goto(f"{site.url}/history")
        expect(page.locator("tbody .go")).to_have_count(2)
        page.get_by_label("Result").select_option("failed")
        expect(page.locator("tbody .go")).to_have_count(1)
        expect(page).to_have_url(re.compile(r"\?state=failed"))
        page.reload()
        expect(page.locator("tbody .go")).to_have_text("Fail")
        with page.expect_download() as download:
            page.get_by_role("link", name="Save as a table (CSV)").click()
        assert Path(download.value.path()).read_text("utf-8").count("\n") == 2


def test_times_are_told_in_the_readers_zone(browser, site):
    with Reader(browser, site, timezone_id="Asia/Tokyo") as reader:
        page = reader.open("/tasks/report")
        press(page)
        over(page)
        shown = page.locator("#run-facts time").first
        page.clock.set_fixed_time(shown.evaluate("time => time.dateTime"))  # no midnight of Tokyo comes in between
        page.reload()
        there = shown.evaluate("time => new Date(time.dateTime).toLocaleTimeString('en-GB', {timeZone: 'Asia/Tokyo'})")
        expect(shown).to_have_text(f"Today, {there}")


def test_everything_works_without_a_script(browser, site):
    go_on(site)
    with Reader(browser, site, java_script_enabled=False) as reader:
        page = reader.open("/?q=web+shop")
        expect(page.locator(".task")).to_have_count(1)
        page.get_by_role("link", name="Deploy the web shop").click()
        page.get_by_label("live").check()
        page.get_by_role("checkbox", name="Deploy to").check()
        page.locator(".gobar .push").click()
        expect(page.locator("h1")).to_have_text("Deploy the web shop")
        expect(page.locator("#h-say")).to_have_text("The new version is there", timeout=60_000)
        page.goto(f"{site.url}/tasks/report?name=Bericht")
        page.locator("#f-name").fill("")
        press(page)
        page.goto(f"{site.url}/history?q=bericht")
        expect(page.locator("tbody .go")).to_have_count(1)


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
