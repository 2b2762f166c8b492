"""How every page looks to people who are signed in: whole under a finger, at 390 and 320 pixels."""

from __future__ import annotations

from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.acceptance.office import TITLES, every_page, office
from tests.acceptance.pages import SIZES, axe, browser
from tests.acceptance.test_looks import SMALL, wide

__all__ = ["browser", "office"]


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_on_a_phone_nothing_is_cut_and_a_finger_hits_everything(browser, office, locale):
    phone = {"viewport": SIZES["phone"], "has_touch": True, "is_mobile": True, "locale": locale}
    cut: dict[tuple[str, str, int], object] = {}
    for who, page in every_page(browser, office, **phone):
        if small := page.evaluate(SMALL):
            cut[who, page.url, 390] = small
        for width in (390, 320):
            page.set_viewport_size({"width": width, "height": 844})
            if wide(page):
                cut[who, page.url, width] = "wide"
            bar = "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.outerHTML)"
            if lost := page.locator(".top nav, #now" if width == 390 else "#now").evaluate_all(bar):
                cut[who, f"{page.url} header", width] = lost
        page.set_viewport_size(SIZES["phone"])
    assert cut == {}


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_no_table_cuts_a_short_word_in_two_beside_a_long_one(browser, office, locale):
    """A word that fits into a column of its own is in one piece: its lines are as many as its blanks allow."""
    cut = """all => all.filter(cell => {
        const range = document.createRange(), texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
        for (let text; (text = texts.nextNode());) for (const word of text.data.matchAll(/\\S{1,14}(?=\\s|$)/g)) {
            if (word.index && /\\S/.test(text.data[word.index - 1])) continue;
            range.setStart(text, word.index);
            range.setEnd(text, word.index + word[0].length);
            const tops = [...range.getClientRects()].map(one => one.top);
            if (Math.max(...tops) - Math.min(...tops) > 9) return true;
        }
        return false;
    }).map(cell => cell.innerText)"""
    with office.reader(browser, "ada", viewport=SIZES["wide"], locale=locale) as reader:
        page = reader.open("/people")
        assert page.locator(".table td").evaluate_all(cut) == []
        for path in ("/history", "/audit"):
            page.goto(f"{office.server.url}{path}")
            assert page.locator(".table td").evaluate_all(cut) == []


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_a_phones_bar_keeps_its_logo_and_nothing_in_it_moves_when_something_runs(browser, office, locale):
    phone = {"viewport": SIZES["phone"], "has_touch": True, "is_mobile": True, "locale": locale}
    left_and_right = """() => [...document.querySelectorAll('.brand, .top nav a, .now, .inbox, .me')]
      .filter(one => one.checkVisibility()).map(one => {
        const { left, right } = one.getBoundingClientRect();
        return [left, right];
      })"""
    with office.reader(browser, "abe", **phone) as reader:
        page = reader.open("/inbox")
        expect(page.locator(".now")).to_be_visible()
        expect(page.locator(".brand svg")).to_be_visible()
        expect(page.locator(".top nav a:visible")).to_have_count(2)  # the schedules are in the menu
        expect(page.locator(".top .inbox .count")).to_be_visible()
        busy = page.evaluate(left_and_right)
        assert all(one[1] <= other[0] for one, other in pairwise(busy))
        # At once: the stream may put back at any moment what is taken out here.
        idle = page.evaluate(
            f"() => {{ document.querySelector('#now').replaceChildren(); return ({left_and_right})(); }}"
        )
        assert idle == [*busy[:3], *busy[4:]]


@pytest.mark.parametrize("who", ["ada", "max"])
def test_the_menu_says_whose_it_is_and_leads_where_they_may_go(browser, office, who):
    with office.reader(browser, who, viewport=SIZES["phone"], has_touch=True, is_mobile=True) as reader:
        page = reader.open("/")
        page.locator(".me").click()
        menu = page.locator("#menu")
        expect(menu.locator("b")).to_have_text(TITLES[who])
        links = ["Your account", "Your tokens", "Your links", "Your hooks", "Schedules"]
        links += ["Administration"] * (who == "ada")
        expect(menu.locator(".go-to a")).to_have_text(links)
        assert page.evaluate(SMALL) == []
        assert axe(page) == []
        box = menu.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert not wide(page)


def test_a_run_says_who_looks_and_calls_the_reader_you(browser, office):
    run = office.path("/runs/{going}")
    with office.reader(browser, "pia") as first, office.reader(browser, "abe", locale="de-DE") as second:
        mine = first.open(run)
        watching = mine.locator("#run-facts div", has_text="Watching")
        expect(watching.locator("dd .small")).to_have_text("You")
        theirs = second.open(run)
        expect(watching.locator("dd .small")).to_have_text("Aiko Mori and You", use_inner_text=True)
        expect(watching.locator(".face")).to_have_text(["AM", "PW"])
        expect(watching.locator(".face").first).to_have_attribute("title", "Aiko Mori")
        told = theirs.locator("#run-facts .faces + .small")
        expect(told).to_have_text("Sie und Pia Sandström-Wolkenstein", use_inner_text=True)
        theirs.close()
        expect(watching.locator("dd .small")).to_have_text("You")


def test_people_are_named_by_their_titles_and_tokens_by_whose_they_are(browser, office):
    with office.reader(browser, "ada") as reader:
        page = reader.open("/history")
        expect(page.locator("#results")).to_contain_text("Pia Sandström-Wolkenstein’s token “all”")
        page.goto(f"{office.server.url}{office.path('/runs/{failed}')}")
        expect(page.locator("#run-lead")).to_contain_text("Ada Lovelace’s token “all” pressed the button")
        page.goto(f"{office.server.url}/audit")
        expect(page.locator(".trail")).to_contain_text("Ada Lovelace made the link")
        page.goto(f"{office.server.url}/profile/tokens?all=1")
        expect(page.locator("#tokens")).to_contain_text("all Pia Sandström-Wolkenstein")
        page.goto(f"{office.server.url}{office.path('/history?q=%23{failed}')}")
        expect(page.locator("#jump")).to_contain_text("Fail")
        expect(page.locator("#results")).to_contain_text("No other run looks like that")
    table = office.server.http.get("/history.csv", headers=office.people["ada"].headers).text
    assert "token:pia/all" in table


def test_who_may_not_is_told_whom_to_ask(browser, office):
    with office.reader(browser, "vic") as reader:
        page = reader.open("/")
        expect(page.locator("#foot-deploy")).to_contain_text("View only")
        page.goto(f"{office.server.url}/tasks/deploy")
        expect(page.locator("main")).to_contain_text("To press it yourself, ask Ada Lovelace.")
        expect(page.locator("#busy")).not_to_contain_text("press:")
        page.goto(f"{office.server.url}/tasks/deploy/hand-over")
        expect(page.locator("main")).to_contain_text("If you need it, ask Ada Lovelace.")
        page.goto(f"{office.server.url}{office.path('/runs/{failed}')}")
        expect(page.locator("#run-hero")).to_contain_text("For help, ask Ada Lovelace.")
    with office.reader(browser, "ada") as reader:
        page = reader.open(office.path("/runs/{failed}"))
        expect(page.locator("#run-hero")).to_contain_text("It failed")
        expect(page.locator("#run-hero")).not_to_contain_text("ask")


def test_who_can_approve_gets_to_the_form_from_the_first_screen_of_a_phone(browser, office):
    phone = {"viewport": SIZES["phone"], "has_touch": True, "is_mobile": True}
    with office.reader(browser, "abe", **phone) as reader:
        page = reader.open(office.path("/runs/{held}"))
        link = page.get_by_role("link", name="Decide")
        expect(link).to_be_in_viewport(ratio=1)
        link.click()
        expect(page.locator("#verdict .push")).to_be_in_viewport(ratio=1)
    with office.reader(browser, "vic", **phone) as reader:
        page = reader.open(office.path("/runs/{held}"))
        expect(page.locator("#run-hero")).to_contain_text("It waits for one approval.")
        expect(page.get_by_role("link", name="Decide")).to_have_count(0)


def test_without_a_script_stop_asks_before_it_stops(browser, office):
    number = office.press("pia", "deploy")  # it waits behind the other one
    run = f"{office.server.url}/runs/{number}"
    with office.reader(browser, "pia", java_script_enabled=False) as reader:
        page = reader.open(f"/runs/{number}")
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_role("heading", name="Stop this run?")).to_be_visible()
        page.get_by_role("link", name="Let it go on").click()
        assert page.url == run
        expect(page.locator("#run-state")).to_have_text("Waiting")
        page.get_by_role("button", name="Stop").click()
        page.get_by_role("button", name="Stop the run").click()
        assert page.url == run
        expect(page.locator("#h-say")).to_contain_text("Pia Sandström-Wolkenstein took it back before it started.")
