"""How every page looks to people who are signed in: whole under a finger, at 390 and 320 pixels, and to axe-core."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.routing import Route

from pushbutton.domain.person import Invite, User
from pushbutton.domain.policy import Grant
from pushbutton.domain.token import hashed, new_token
from pushbutton.testing import opened
from pushbutton.web.application import build
from tests.acceptance.entries import DAY, a_session, put
from tests.acceptance.pages import SIZES, Reader, axe, browser
from tests.acceptance.people import Person, people
from tests.acceptance.serving import PATIENCE, Served, until
from tests.acceptance.test_looks import LONG, SMALL, wide

__all__ = ["browser"]

TITLES = {
    "ada": "Ada Lovelace",
    "pia": "Pia Sandström-Wolkenstein",
    "vic": "Victor Hugo",
    "abe": "Aiko Mori",
    "max": "M" * 60,
}
TASKS = f'''
import time
from pathlib import Path
from typing import Literal

from pushbutton import progress, status, step, task

HERE = Path(__file__).parent


@task(group="Deployments", title="Deploy the web shop", confirm="Deploy to {{where}}?")
def deploy(where: Literal["test", "live"] = "test", version: str = "2.14.3") -> None:
    """Puts a new version there."""
    with step("Copy the files"):
        progress(5, "5 of 8", of=8)
        status("5 of 8 servers are done")
        while not (HERE / "go-on").exists():
            time.sleep(0.02)


@task(group="Deployments", title="Switch the database over", approvals=1)
def switch(server: str = "db-2") -> None:
    """Makes another machine the main one."""


@task(group="Deployments")
def fail() -> None:
    """Fails over a long word."""
    raise SystemExit("There is no {LONG}")


@task(group="Reports")
def report(month: Literal["September", "October"] = "October") -> str:
    """Adds up a month."""
    return "Sent"
'''

NO_PAGES = {"/history.csv", "/audit.csv", "/audit.jsonl", "/signin/elsewhere", "/signin/return"}
"""Addresses outside of the API that answer a GET with something else."""

PAGES: Mapping[str, list[tuple[str, str]]] = {
    "/": [("ada", "/"), ("vic", "/"), ("max", "/?q=zzz")],
    "/api": [("ada", "/api")],
    "/aside": [("ada", "/aside")],
    "/approvals": [("abe", "/approvals"), ("ada", "/approvals")],
    "/audit": [("ada", "/audit")],
    "/confirm": [("ada", "/confirm"), ("ada", "/confirm?code={code}")],
    "/find": [("ada", "/find?q=a"), ("vic", "/find"), ("max", "/find?q=zzz")],
    "/history": [("ada", "/history"), ("vic", "/history?q=zzz")],
    "/invite/{secret}": [("", "/invite/{invite}")],
    "/link/{text}": [("", "{link}"), ("", "{closed}")],
    "/people": [("ada", "/people")],
    "/people/{name}": [("ada", "/people/pia"), ("ada", "/people/max")],
    "/profile": [("pia", "/profile"), ("max", "/profile")],
    "/profile/factor": [("vic", "/profile/factor")],
    "/profile/links": [("ada", "/profile/links"), ("vic", "/profile/links"), ("ada", "/profile/links?all=1")],
    "/profile/tokens": [("pia", "/profile/tokens"), ("ada", "/profile/tokens?all=1")],
    "/runs/{number}": [
        ("pia", "/runs/{going}"),
        ("vic", "/runs/{failed}"),
        ("abe", "/runs/{held}"),
        ("pia", "/runs/{later}"),
    ],
    "/runs/{number}/move": [("pia", "/runs/{later}/move")],
    "/runs/{number}/stop": [("pia", "/runs/{going}/stop")],
    "/runs/{number}/updates": [("pia", "/runs/{going}/updates")],
    "/signin": [("", "/signin")],
    "/signin/code": [("half", "/signin/code")],
    "/tasks/{slug}": [
        ("pia", "/tasks/deploy"),
        ("vic", "/tasks/deploy"),
        ("pia", "/tasks/switch"),
        ("pia", "/tasks/report"),
    ],
    "/tasks/{slug}/hand-over": [("ada", "/tasks/deploy/hand-over")],
}
"""Each route of a page, with who opens what of it. Who is "" is nobody."""

PROBLEMS = [("vic", "/tasks/deploy/hand-over"), ("vic", "/runs/99999"), ("pia", "/nothing/here")]
REFUSED = ["status of 403", "status of 404", "status of 410"]


class Office(NamedTuple):
    server: Served
    people: dict[str, Person]
    sessions: dict[str, str]
    made: dict[str, Any]  # what stands in the braces of `PAGES`

    def reader(self, browser: Any, who: str, **wishes: Any) -> Reader:
        reader = Reader(browser, self.server, **wishes)
        reader.expected = list(REFUSED)
        if who:
            reader.context.add_cookies([{"name": "pushbutton", "value": self.sessions[who], "url": self.server.url}])
        return reader

    def path(self, pattern: str) -> str:
        return re.sub(r"{(\w+)}", lambda match: str(self.made[match[1]]), pattern)

    def press(self, who: str, task: str, **more: str) -> int:
        answer = self.server.http.post(
            f"/api/tasks/{task}/runs", json={"inputs": {}, **more}, headers=self.people[who].headers
        ).raise_for_status()
        number: int = answer.json()["number"]
        return number

    def over(self, name: str) -> bool:
        run = self.server.http.get(f"/api/runs/{self.made[name]}", headers=self.people["ada"].headers)
        return bool(run.raise_for_status().json()["over"])

    def post(self, who: str, path: str, **sent: Any) -> str:
        """What a form of a person's page leads to."""
        cookies = {"pushbutton": self.sessions[who]}
        with httpx.Client(base_url=self.server.url, cookies=cookies, timeout=PATIENCE, follow_redirects=True) as client:
            csrf = re.search(r'name="csrf" content="([^"]+)"', client.get("/history").text)
            assert csrf
            return client.post(path, data={"csrf": csrf[1], **sent}).raise_for_status().text


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    tasks, data = folder / "tasks", folder / "data"
    tasks.mkdir()
    (tasks / "shop.py").write_text(TASKS)
    known = people(data, {"ada": ["admin"], "pia": ["presser"], "vic": [], "abe": ["approver"], "max": ["presser"]})
    half, secret = a_session("half")
    invite = new_token("pbi")
    put(
        data,
        *(User(name, title, groups=("release",) if name == "pia" else ()) for name, title in TITLES.items()),
        User("half", "Half Way", factor="sealed"),
        dataclasses.replace(half, pending=True),
        Invite(hashed(invite), "half", time.time_ns() // 1000 + DAY, "ada"),
        Grant("user:vic", "viewer", "group:Deployments"),
        Grant("group:release", "approver", "group:Reports"),
    )
    sessions = {name: person.session for name, person in known.items()} | {"half": secret}
    with Served(tasks, data=data) as server:
        office = Office(server, known, sessions, {"invite": invite})
        office.made.update(failed=office.press("ada", "fail"), held=office.press("pia", "switch"))
        until(lambda: office.over("failed"), what="the one that fails is over")
        office.made["going"] = office.press("max", "deploy")
        next_week = datetime.now(UTC) + timedelta(days=7)
        office.made["later"] = office.press("pia", "report", not_before=next_week.isoformat())
        terms = {"fix-month": "yes", "link-days": "7", "link-uses": "3", "link-approvers": "0", "link-note": "for Bob"}
        for name in ("link", "closed"):
            page = office.post("ada", "/tasks/report/hand-over", month="October", **terms)
            found = re.search(r'data-text="https?://[^/]+([^"]+)"', page)
            assert found
            office.made[name] = found[1]
        number = office.made["closed"].removeprefix("/link/").partition(".")[0]
        office.post("ada", "/profile/links/revoke", link=number)
        asked = server.http.post("/api/asks", json={"token": {"name": "laptop"}}).raise_for_status()
        office.made["code"] = asked.json()["code"]
        yield office
        (tasks / "go-on").touch()


async def test_every_page_that_there_is_is_looked_at(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        web: Any = build(await app.open(), app.settings)
        while not isinstance(web, Starlette):
            web = web._app
        paths = {route.path for route in web.routes if type(route) is Route and "GET" in (route.methods or ())}
    assert {path for path in paths if not path.startswith("/api/")} - NO_PAGES == set(PAGES)


@pytest.mark.parametrize(
    ("size", "scheme", "locale"),
    [("wide", "light", "de-DE"), ("wide", "dark", "en-GB"), ("phone", "light", "en-GB"), ("phone", "dark", "de-DE")],
)
def test_axe_finds_nothing_on_any_page_of_anybody(browser, office, size, scheme, locale):
    found: dict[tuple[str, str], list[str]] = {}
    for who, page in _pages(browser, office, viewport=SIZES[size], color_scheme=scheme, locale=locale):
        found[who, page.url] = axe(page)
    assert {where: broken for where, broken in found.items() if broken} == {}
    assert len(found) >= len(PAGES)


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_on_a_phone_nothing_is_cut_and_a_finger_hits_everything(browser, office, locale):
    phone = {"viewport": SIZES["phone"], "has_touch": True, "is_mobile": True, "locale": locale}
    cut: dict[tuple[str, str, int], object] = {}
    for who, page in _pages(browser, office, **phone):
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
    left_and_right = """() => [...document.querySelectorAll('.brand, .top nav a, .now, .me')].map(one => {
        const { left, right } = one.getBoundingClientRect();
        return [left, right];
    })"""
    with office.reader(browser, "abe", **phone) as reader:
        page = reader.open("/approvals")
        expect(page.locator(".now")).to_be_visible()
        expect(page.locator(".brand svg")).to_be_visible()
        expect(page.locator(".top nav a")).to_have_count(3)
        expect(page.locator(".top nav .count")).to_be_visible()
        busy = page.evaluate(left_and_right)
        assert all(one[1] <= other[0] for one, other in pairwise(busy))
        page.locator("#now").evaluate("one => one.replaceChildren()")
        assert page.evaluate(left_and_right) == [*busy[:4], busy[5]]


@pytest.mark.parametrize("who", ["ada", "max"])
def test_the_menu_says_whose_it_is_and_leads_where_they_may_go(browser, office, who):
    with office.reader(browser, who, viewport=SIZES["phone"], has_touch=True, is_mobile=True) as reader:
        page = reader.open("/")
        page.locator(".me").click()
        menu = page.locator("#menu")
        expect(menu.locator("b")).to_have_text(TITLES[who])
        links = ["Your account", "Your tokens", "Your links"] + ["People", "Audit trail"] * (who == "ada")
        expect(menu.locator(".go-to a")).to_have_text(links)
        assert page.evaluate(SMALL) == []
        assert axe(page) == []
        box = menu.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert not wide(page)


def _pages(browser: Any, office: Office, **wishes: Any) -> Iterator[tuple[str, Page]]:
    """Every page as everybody who is named with it sees it; a browser for each of them."""
    looks = [look for looks in PAGES.values() for look in looks] + PROBLEMS
    for who in sorted({who for who, _ in looks}):
        with office.reader(browser, who, **wishes) as reader:
            page = reader.open("/signin" if who in ("", "half") else "/")
            for path in [path for other, path in looks if other == who]:
                page.goto(f"{office.server.url}{office.path(path)}")
                yield who, page


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
