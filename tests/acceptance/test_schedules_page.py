"""The page of schedules in a real browser: what presses by itself, its pauses, and for whom they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.pages import SIZES, Reader, axe, browser
from tests.acceptance.people import Person, people
from tests.acceptance.serving import Served, until
from tests.acceptance.worlds import script

__all__ = ["browser"]

OFTEN, NIGHTLY = "#tick--often", "#report--nightly"


class Office(NamedTuple):
    server: Served
    people: dict[str, Person]

    def reader(self, browser: Any, who: str, **wishes: Any) -> Reader:
        reader = Reader(browser, self.server, **wishes)
        cookie = {"name": "pushbutton", "value": self.people[who].session, "url": self.server.url}
        reader.context.add_cookies([cookie])  # type: ignore[list-item]
        return reader

    def schedule(self, name: str) -> dict[str, Any]:
        answer = self.server.http.get(f"/api/schedules/{name}", headers=self.people["ada"].headers)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def resume(self, *paths: str) -> None:
        for path in paths:
            self.server.http.post(f"/api/schedules{path}/resume", headers=self.people["ada"].headers).raise_for_status()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder: Path = tmp_path_factory.mktemp("office")
    tasks = folder / "tasks"
    tasks.mkdir()
    script(tasks, "tick.sh", "echo tick\n", head="schedules = [{every = 1, name = 'often'}]")
    head = "schedules = [{cron = '0 3 * * *', zone = 'Europe/Berlin', name = 'nightly'}]"
    script(tasks, "report.sh", "echo made\n", head=head)
    script(tasks, "plain.sh", "echo plain\n", head='title = "Plain"')
    grants = {
        "ada": ["admin"], "own": ["viewer"], "vic": ["viewer"], "out": [],
    }  # fmt: skip
    known = people(folder / "data", grants)
    put_rights(folder / "data")
    with Served(tasks, data=folder / "data") as server:
        yield Office(server, known)


def put_rights(data: Path) -> None:
    """Somebody who looks after one task, and somebody who sees nothing but a task without a schedule."""
    from pushbutton.domain.policy import Grant
    from tests.acceptance.people import written

    written(data, Grant("user:own", "admin", "task:report"), Grant("user:out", "viewer", "task:plain"))


@pytest.fixture
def office(server: Office) -> Iterator[Office]:
    yield server
    server.resume("", "/tick/often", "/report/nightly")


def unfold(page: Page, row: str) -> None:
    page.locator(row).locator("summary").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with a script", "without"])
def test_a_schedule_is_paused_with_a_reason_and_resumed(browser, office, scripts):
    with office.reader(browser, "own", java_script_enabled=scripts) as reader:
        page = reader.open("/schedules")
        expect(page.get_by_role("button", name="Pause all")).to_have_count(0)
        unfold(page, NIGHTLY)
        row = page.locator(NIGHTLY)
        row.get_by_label("Reason").fill("stock-taking <b>")
        row.get_by_role("button", name="Pause").click()
        page.wait_for_url(re.compile(r"/schedules$"))
        expect(row.locator(".at")).to_have_text("paused")
        expect(row).to_contain_text("Paused: stock-taking <b>")
        assert office.schedule("report/nightly")["paused"]["reason"] == "stock-taking <b>"
        row.get_by_role("button", name="Resume").click()
        expect(row.locator(".at time")).to_have_attribute("datetime", re.compile(r"^\d{4}-"))
        expect(row).not_to_contain_text("stock-taking")
    assert office.schedule("report/nightly")["paused"] is None


@pytest.mark.parametrize("scripts", [True, False], ids=["with a script", "without"])
def test_an_administrator_pauses_all_and_everybody_is_told(browser, office, scripts):
    with office.reader(browser, "ada", java_script_enabled=scripts) as admin, office.reader(browser, "vic") as viewer:
        page = admin.open("/schedules")
        page.locator("#pause-all summary").click()
        page.locator("#pause-all").get_by_label("Reason").fill("the disks are moved")
        page.get_by_role("button", name="Pause all").click()
        expect(page.locator("#all-paused")).to_contain_text("All schedules are paused. Nothing is pressed by itself.")
        expect(page.locator(".schedules .at")).to_have_text(["paused", "paused"])
        theirs = viewer.open("/schedules")
        expect(theirs.locator("#all-paused")).to_contain_text("the disks are moved")
        expect(theirs.get_by_role("button", name=re.compile("Resume"))).to_have_count(0)
        page.get_by_role("button", name="Resume all").click()
        expect(page.locator("#all-paused")).to_have_count(0)
        expect(page.locator(".schedules .at time")).to_have_count(2)


def test_who_may_not_sees_no_button_and_is_refused(browser, office):
    with office.reader(browser, "vic") as reader:
        reader.expected = ["status of 403"]
        page = reader.open("/schedules")
        unfold(page, NIGHTLY)
        expect(page.locator(".schedules h2")).to_have_count(2)
        expect(page.locator(NIGHTLY).get_by_role("button")).to_have_count(0)
        expect(page.get_by_label("Reason")).to_have_count(0)
        csrf = page.locator("meta[name=csrf]").get_attribute("content")
        for path in ("/schedules/report/nightly/pause", "/schedules/pause"):
            answer = page.request.post(f"{office.server.url}{path}", form={"csrf": csrf})
            assert answer.status == 403, path
    assert office.schedule("report/nightly")["paused"] is None
    with office.reader(browser, "own") as reader:
        page = reader.open("/schedules")
        unfold(page, OFTEN)
        expect(page.locator(OFTEN).get_by_label("Reason")).to_have_count(0)


def test_who_sees_no_schedule_gets_no_link_and_reads_where_one_is_declared(browser, office):
    with office.reader(browser, "out") as reader:
        page = reader.open("/")
        expect(page.locator(".top nav a")).to_have_text(["Tasks", "History"])
        page.goto(f"{office.server.url}/schedules")
        expect(page.locator("main")).to_contain_text("in the head of a script")
        expect(page.locator("main")).not_to_contain_text("nightly")
        assert axe(page) == []


def test_a_row_has_its_next_moments_with_their_offset_and_what_became_of_the_last(browser, office):
    def pressed() -> bool:
        return bool((office.schedule("tick/often")["last"] or {}).get("run"))

    until(pressed, what="a moment was pressed")
    with office.reader(browser, "vic", timezone_id="Europe/Berlin") as reader:
        page = reader.open("/")
        page.get_by_role("link", name="Schedules").click()
        ticks, nightly = page.locator(OFTEN), page.locator(NIGHTLY)
        expect(page.locator(".schedules > li").first).to_have_id("tick--often")
        expect(ticks).to_contain_text("every 1 s")
        expect(nightly).to_contain_text("0 3 * * * Europe/Berlin")
        expect(nightly.locator(".at")).to_have_text(re.compile("at 03:00$"))
        unfold(page, NIGHTLY)
        moments = nightly.locator("section").first.locator("li")
        expect(moments).to_have_text([re.compile(r"^\d+ \w+ \d{4}, 03:00:00 UTC\+0[12]:00$")] * 5)
        expect(nightly).to_contain_text("No moment has come yet.")
        unfold(page, OFTEN)
        assert 1 <= ticks.locator("section").last.locator("li").count() <= 10
        ticks.locator(".last a").click()
        page.wait_for_url(re.compile(r"/runs/\d+$"))


def test_the_page_of_a_task_has_its_next_moments(browser, office):
    with office.reader(browser, "ada", timezone_id="Europe/Berlin") as reader:
        page = reader.open("/tasks/report")
        card = page.locator("#next-moments")
        expect(card.locator("li")).to_contain_text(["at 03:00"])
        card.get_by_role("link", name="All schedules").click()
        page.locator(NIGHTLY).get_by_role("link", name="report").click()
        page.goto(f"{office.server.url}/tasks/plain")
        expect(page.locator("#next-moments")).to_be_hidden()


def test_on_a_phone_the_menu_leads_there(browser, office):
    with office.reader(browser, "vic", viewport=SIZES["phone"], locale="de-DE") as reader:
        page = reader.open("/")
        page.locator(".me").click()
        page.locator("#menu").get_by_role("link", name="Zeitpläne").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Zeitpläne")
        expect(page.locator(OFTEN)).to_contain_text("alle 1 s")


@pytest.fixture
def removing(office: Office) -> Iterator[None]:
    """What people made is gone afterwards."""
    yield
    headers = office.people["ada"].headers
    for one in office.server.http.get("/api/schedules", headers=headers).json():
        if one["maker"]:
            office.server.http.delete(f"/api/schedules/{one['id']}", headers=headers).raise_for_status()


@pytest.mark.usefixtures("removing")
@pytest.mark.parametrize("scripts", [True, False], ids=["with a script", "without"])
def test_one_is_made_looked_at_changed_and_removed_by_its_form(browser, office, scripts):
    with office.reader(browser, "ada", java_script_enabled=scripts, timezone_id="Europe/Berlin") as reader:
        reader.expected = ["status of 422"]
        page = reader.open("/tasks/plain/schedule")
        page.get_by_label("Name").fill("Rehearse the backup")
        page.get_by_label("Every month").check()
        page.get_by_label("On", exact=True).select_option("the last Sunday")
        page.get_by_label("At", exact=True).fill("02:30")
        page.get_by_label("Time of").fill("Mars/Base")
        page.get_by_role("button", name="Keep this schedule").click()
        expect(page.locator("#problems")).to_contain_text("Nothing was kept.")
        expect(page.get_by_label("Time of")).to_have_attribute("aria-invalid", "true")
        page.get_by_label("Time of").fill("Europe/Berlin")
        page.get_by_role("button", name="Show the next moments").click()
        expect(page.locator(".moments li")).to_have_count(5)
        expect(page.locator(".moments b")).to_have_text([re.compile(r"^Sunday .*, 0[23]:[03]0$")] * 5)
        page.get_by_role("button", name="Keep this schedule").click()
        page.wait_for_url(re.compile("/schedules/plain/rehearse-the-backup$"))
        expect(page.locator("#rule")).to_contain_text("on the last Sunday of each month at 02:30")
        page.get_by_label("Every day").check()
        expect(page.get_by_label("On", exact=True)).to_be_hidden()
        page.get_by_role("button", name="Keep this schedule").click()
        expect(page.locator("#rule")).to_contain_text("every day at 02:30")
        assert office.schedule("plain/rehearse-the-backup")["cron"] == "30 2 * * *"
        page.locator("#remove summary").click()
        page.get_by_role("button", name="Remove the schedule").click()
        page.wait_for_url(re.compile("/schedules$"))
        expect(page.locator(".schedules h2")).to_have_text(["Tick", "Report"])


@pytest.mark.usefixtures("removing")
@pytest.mark.parametrize("scripts", [True, False], ids=["with a script", "without"])
def test_the_form_of_a_task_makes_one_in_place_of_a_press(browser, office, scripts):
    with office.reader(browser, "ada", java_script_enabled=scripts, timezone_id="Europe/Berlin") as reader:
        page = reader.open("/tasks/plain")
        page.locator(".later summary").click()
        page.get_by_label("Every…").check()
        page.get_by_label("How often").select_option("Mondays to Fridays")
        page.locator("#schedule-at").fill("07:00")
        if scripts:
            expect(page.locator(".push")).to_contain_text("Mondays to Fridays, 07:00: Plain")
        page.locator(".push").click()
        page.wait_for_url(re.compile("/schedules/plain/by-ada$"))
    made = office.schedule("plain/by-ada")
    assert (made["cron"], made["maker"], made["last"]) == ("0 7 * * 1-5", "ada", None)


def test_one_of_a_file_says_which_and_is_paused_there_and_not_changed(browser, office):
    with office.reader(browser, "own") as reader:
        page = reader.open("/schedules/report/nightly")
        expect(page.locator("#in-a-file")).to_contain_text("report.sh, line")
        expect(page.get_by_role("button", name="Keep this schedule")).to_have_count(0)
        page.locator("#pause summary").click()
        page.get_by_role("button", name="Pause", exact=True).click()
        page.goto(f"{office.server.url}/schedules/report/nightly")
        page.get_by_role("button", name="Resume").click()
    assert office.schedule("report/nightly")["paused"] is None


def test_who_may_not_press_the_task_is_offered_no_form(browser, office):
    with office.reader(browser, "vic") as reader:
        reader.expected = ["status of 403"]
        page = reader.open("/tasks/plain")
        answer = page.request.get(f"{office.server.url}/tasks/plain/schedule")
        assert answer.status == 403


def test_the_calendar_is_whose_address_it_is_and_is_taken_back(browser, office):
    with office.reader(browser, "vic") as reader:
        page = reader.open("/schedules")
        page.get_by_role("button", name="Subscribe").click()
        address = page.get_by_label("Address").input_value()
    http = office.server.http
    calendar = http.get(address)
    assert calendar.headers["content-type"].startswith("text/calendar")
    assert calendar.text.startswith("BEGIN:VCALENDAR")
    assert "SUMMARY:Report (nightly)" in calendar.text
    token = address.rpartition("/")[2].removesuffix(".ics")
    headers = {"authorization": f"Bearer {token}"}
    assert http.post("/api/tasks/report/runs", json={"inputs": {}}, headers=headers).status_code == 403
    powerful = office.people["ada"].token
    assert http.get(f"/calendar/{powerful}.ics").status_code == 404, "one that may press is no address"
    assert http.get("/calendar/local.ics").status_code == 404
    with office.reader(browser, "vic") as reader:
        reader.open("/schedules").get_by_role("button", name="Subscribe").click()
        assert http.get(address).status_code == 404, "the one before counts no more"


def test_what_needs_a_look_is_on_top_and_the_days_lead_to_the_agenda(browser, office):
    office.server.http.post(
        "/api/schedules/report/nightly/pause", json={"reason": "stock-taking"}, headers=office.people["ada"].headers
    ).raise_for_status()
    with office.reader(browser, "vic") as reader:
        page = reader.open("/schedules")
        expect(page.locator(".look")).to_contain_text("stock-taking")
        expect(page.locator("#week .lane[role=img]")).to_have_count(7)
        expect(page.locator("#week [role=img] .band")).to_have_count(7)
        expect(page.locator("#agenda details.day")).to_have_count(5)
        assert axe(page) == []


def test_a_run_that_was_pressed_for_later_stands_among_the_days_and_in_the_calendar(browser, office):
    at = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    sent = {"not_before": at.isoformat()}
    headers = office.people["ada"].headers
    answer = office.server.http.post("/api/tasks/plain/runs", json=sent, headers=headers).raise_for_status()
    number = answer.json()["number"]
    with office.reader(browser, "ada", timezone_id="UTC") as reader:
        page = reader.open("/schedules")
        entry = page.locator("#agenda li").filter(has_text="once, pressed by")
        expect(entry.get_by_role("link", name="Plain")).to_have_attribute("href", f"/runs/{number}")
        expect(page.locator("#week .week circle.once")).to_have_count(1)
        page.get_by_role("button", name="Subscribe").click()
        feed = page.get_by_label("Address").input_value()
        text = page.request.get(feed).text().replace("\r\n ", "")
        assert f"/runs/{number}" in text
        assert f"DTSTART:{at:%Y%m%dT%H%M%SZ}" in text
    with office.reader(browser, "vic") as reader:
        expect(reader.open("/schedules").get_by_text("once, pressed by")).to_have_count(1)
    office.server.http.post(f"/api/runs/{number}/cancel", headers=headers).raise_for_status()


def test_one_is_made_that_leaves_out_holidays_and_keeps_the_calendar_that_came_with_it(browser, office, tmp_path):
    calendar = tmp_path / "closed.ics"
    calendar.write_text("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\nEND:VCALENDAR\n")
    with office.reader(browser, "ada") as reader:
        reader.expected = ["422 (Unprocessable Entity)"]
        page = reader.open("/tasks/plain/schedule")
        page.get_by_label("Name").fill("Careful")
        page.get_by_text("If something comes between").click()
        page.get_by_label("Not on public holidays of").fill("DE-QQ")
        page.get_by_role("button", name="Keep this schedule").click()
        expect(page.get_by_text("The public holidays of “DE-QQ” are not known")).to_be_visible()
        page.get_by_label("Not on public holidays of").fill("DE-BY")
        page.get_by_role("button", name="Keep this schedule").click()
        page.wait_for_url("**/schedules/plain/careful")
        assert office.schedule("plain/careful")["blackout"] == "holidays:DE-BY"
        page.get_by_label("Not on public holidays of").fill("")
        page.get_by_label("Or not within the entries of a calendar").set_input_files(calendar)
        page.get_by_role("button", name="Keep this schedule").click()
        until(lambda: office.schedule("plain/careful")["blackout"] == "calendar", what="the calendar is kept")
        page.get_by_role("button", name="Keep this schedule").click()
        expect(page.get_by_label("Without the calendar that it has")).to_be_visible()
        assert office.schedule("plain/careful")["blackout"] == "calendar"
        page.get_by_label("Without the calendar that it has").check()
        page.get_by_role("button", name="Keep this schedule").click()
        until(lambda: not office.schedule("plain/careful")["blackout"], what="the calendar is gone")


def test_one_that_is_late_needs_a_look_until_a_run_has_succeeded(browser, tmp_path):
    head = "schedules = [{every = 2, name = 'often', late = '1 s'}]"
    script(tmp_path, "shaky.sh", f"test -e {tmp_path}/good\n", head=head)
    with Served(tmp_path / "shaky.sh") as server:
        until(lambda: server.get("/api/schedules/shaky/often")["late_since"], what="it is late")
        with Reader(browser, server) as reader:
            look = reader.open("/schedules").get_by_role("region", name="Needs a look")
            expect(look.get_by_text("Late", exact=True)).to_be_visible()
            expect(look).to_contain_text("and no run has succeeded since")
        (tmp_path / "good").touch()
        until(lambda: not server.get("/api/schedules/shaky/often")["late_since"], what="it is late no more")
