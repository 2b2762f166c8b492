"""Pressing a button and watching its run in a real browser on a real server, up to the history. A script error, a
console error or a breach of the content policy fails every test here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import expect

from tests.acceptance.pages import Reader, browser, go_on, over, press, site

__all__ = ["browser", "site"]


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
        page.clock.set_fixed_time(datetime.now(UTC))  # the second key is in time, however slow the machine is
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
