"""Approvals in a real browser: somebody presses, somebody else sees it come and says yes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from .browser import Reader, chromium
from .pages import axe
from .test_approvals import Office

WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
PICTURES = os.environ.get("PUSHBUTTON_TEST_PICTURES", "")
"""A folder for pictures of what was looked at; empty: none are made."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def office(tmp_path) -> Iterator[Office]:
    made = Office(tmp_path)
    with made.server:
        yield made


def reader(browser: Browser, office: Office, name: str, size: ViewportSize = WIDE, theme: str = "light") -> Reader:
    made = Reader(browser, office.server.url, size=size)
    cookies = {**office.who[name].cookie, "theme": theme}
    made.context.add_cookies(
        [{"name": key, "value": value, "url": office.server.url} for key, value in cookies.items()]
    )
    return made


def looked_at(page: Page, name: str) -> None:
    """Nothing that axe-core finds, of any level; nothing wider than the screen."""
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def test_what_waits_is_open_one_at_a_time_and_decided_in_the_inbox_without_another_page(browser, office):
    first, second = (office.press("drop")["number"] for _ in range(2))
    for number in (first, second):
        office.plan(number)  # it is made
    with reader(browser, office, "bob") as bob:
        bob.refused = re.compile("422")
        page = bob.open("/inbox")
        page.evaluate("window.same = true")
        expect(page).to_have_title(re.compile(r"^\(2\) Inbox"))
        expect(page.locator(f"#wait-{second}[open] #run-plan")).to_contain_text("would drop 3 tables")
        page.get_by_label("Your reason").fill("Not yet.")
        page.locator(f"#wait-{first} summary").click()
        expect(page.locator(f"#wait-{first}[open] #run-plan")).to_contain_text("would drop 3 tables")
        expect(page.locator("details.needs[open]")).to_have_count(1)
        expect(page.locator(".push")).to_have_count(1)
        page.locator(f"#wait-{first}").get_by_role("button", name="Reject it").click()
        expect(page.locator(f"#wait-{first} #problems")).to_contain_text("Nothing was decided.")
        page.get_by_label("Your reason").fill("As agreed.")
        page.locator(f"#wait-{first}").get_by_role("button", name=re.compile("Approve")).click()
        expect(page.locator(f"#wait-{first}")).to_have_count(0)
        expect(page.locator("#decided")).to_contain_text("You approved")
        expect(page.locator(f"#wait-{second}[open] #verdict")).to_be_visible()
        expect(page.get_by_label("Your reason")).to_have_value("Not yet.")
        page.locator(f"#wait-{second}").get_by_role("button", name="Reject it").click()
        expect(page.locator("#approvals")).to_contain_text("Nothing waits for you")
        expect(page.locator("#inbox")).to_be_empty()
        assert page.evaluate("window.same"), "it is the same page"
        page.goto(f"{office.server.url}/runs/{first}")
        expect(page.locator("#run-updates")).to_contain_text("Bob approved it: As agreed.")
        page.goto(f"{office.server.url}/approvals")
        page.wait_for_url(re.compile(r"/inbox$"))
        expect(page.locator("#decided")).to_contain_text("You rejected")


def test_the_presser_waits_and_the_approver_sees_it_come_and_says_yes(browser, office):
    with reader(browser, office, "ada") as ada, reader(browser, office, "bob") as bob:
        inbox = bob.open("/inbox")
        expect(inbox.locator("#approvals")).to_contain_text("Nothing waits for you")
        expect(inbox.locator("#inbox")).to_be_empty()
        press = ada.open("/tasks/drop")
        expect(press.locator("#go")).to_contain_text("Somebody else has to approve it before it starts.")
        press.locator(".gobar .push").click()
        press.wait_for_url(re.compile(r"/runs/\d+"))
        expect(press.locator("#h-say")).to_have_text("It waits for one approval.")
        expect(press.locator("#run-hero")).to_contain_text("Bob or Cleo can give it.")
        expect(press.locator("#run-state")).to_contain_text("Needs approval")
        expect(press.locator("#verdict")).to_have_count(0)
        expect(press.locator("header [href$=inbox]")).to_have_count(0)

        expect(inbox.locator("#inbox")).to_contain_text("1")
        inbox.locator("#approvals summary").click()
        inbox.locator("#approvals .facts a").click()
        expect(inbox.locator("#run-plan")).to_contain_text("would drop 3 tables")
        expect(inbox.locator("#run-plan input[name=plan]")).to_have_value(office.plan(1))
        inbox.get_by_label("Your reason").fill("As agreed in the meeting.")
        inbox.get_by_role("button", name=re.compile("Approve")).click()
        for page in (press, inbox):
            expect(page.locator("#run-state")).to_contain_text("Succeeded", timeout=60_000)
            expect(page.locator("#run-updates")).to_contain_text("Bob approved it: As agreed in the meeting.")
        expect(inbox.locator("#inbox")).to_be_empty()
        expect(inbox.locator("#verdict")).to_be_hidden()
        expect(press.locator("#run-facts")).to_contain_text("As agreed in the meeting.")


def test_the_badge_counts_what_waits_for_this_person_and_not_for_others_with_the_same_rights(browser, office):
    number = office.press("both")["number"]
    with reader(browser, office, "bob") as bob, reader(browser, office, "cleo") as cleo:
        mine, theirs = bob.open("/"), cleo.open("/")
        for page in (mine, theirs):
            expect(page.locator("#inbox")).to_contain_text("1")
        office.approve(number)
        expect(mine.locator("#inbox")).to_be_empty()
        expect(theirs.locator("#inbox")).to_contain_text("1")


def test_what_was_typed_stays_while_somebody_else_approves_and_the_form_goes_when_it_is_decided(browser, office):
    number = office.press("both")["number"]
    with reader(browser, office, "cleo") as cleo:
        page = cleo.open(f"/runs/{number}")
        page.get_by_label("Your reason").fill("half a senten")
        office.approve(number, why="I looked at it")
        expect(page.locator("#run-hero")).to_contain_text("I looked at it")
        expect(page.get_by_label("Your reason")).to_have_value("half a senten")
        expect(page.get_by_label("Your reason")).to_be_focused()
        office.ask("bob", "POST", f"/api/runs/{number}/reject", {"why": "on second thoughts"})
        expect(page.locator("#run-state")).to_contain_text("Cancelled")
        expect(page.locator("#verdict")).to_be_hidden()


def test_a_plan_that_comes_while_the_page_is_open_is_the_one_that_is_approved(browser, office):
    (office.folder / "slow").touch()
    number = office.press("drop")["number"]
    with reader(browser, office, "bob") as bob:
        page = bob.open(f"/runs/{number}")
        expect(page.locator("#run-plan")).to_contain_text("It is being made")
        (office.folder / "slow").unlink()
        expect(page.locator("#run-plan")).to_contain_text("A dry run says that this would be done:", timeout=60_000)
        page.get_by_role("button", name=re.compile("Approve")).click()
        expect(page.locator("#run-state")).to_contain_text("Succeeded", timeout=60_000)
    assert office.wrote("dropped") == [str(number)]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_every_page_of_an_approval_can_be_read_by_everybody(browser, office, size, theme):
    plan, both = office.press("drop")["number"], office.press("both")["number"]
    gone = office.press("deploy", where="live")["number"]
    office.plan(plan)
    office.approve(both, why="Looks right to me.")
    office.ask("bob", "POST", f"/api/runs/{gone}/reject", {"why": "Not on a Friday."})
    shot = f"{'wide' if size is WIDE else 'phone'}-{theme}"
    with reader(browser, office, "cleo", size, theme) as cleo:
        for name, path in {
            "inbox": "/inbox", "plan": f"/runs/{plan}", "both": f"/runs/{both}", "rejected": f"/runs/{gone}",
        }.items():  # fmt: skip
            looked_at(cleo.open(path), f"{name}-{shot}")
    with reader(browser, office, "ada", size, theme) as ada:
        for name, path in {"task": "/tasks/drop", "presser": f"/runs/{both}", "nothing": "/inbox"}.items():
            looked_at(ada.open(path), f"{name}-{shot}")
