"""The pages of tokens and links in a real browser. A script error, a console error, a breach of the content policy and
anything that axe-core finds fails every test here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.acceptance.browser import Reader, chromium
from tests.acceptance.entries import COOKIE, a_session, ada, put
from tests.acceptance.pages import SIZES, axe
from tests.acceptance.serving import Command, Served
from tests.acceptance.worlds import script

HEAD = """title = "Deploy the web shop"
button = "Deploy to {where}"
confirm = "Deploy {version} to {where}?"
[params.where]
choices = ["test", "live"]
default = "test"
[params.version]
default = "2.14"
[params.ticket]
required = false
when = {where = "live"}
[params.password]
type = "secret"
required = false"""


class World(NamedTuple):
    browser: Browser
    server: Served
    session: str


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("pages")
    (folder / "tasks").mkdir()
    script(folder / "tasks", "deploy", 'echo "to $WHERE"; pushbutton status "There it is"', head=HEAD)
    session, secret = a_session()
    put(folder / "data", *ada(), session)
    with Served(folder / "tasks", data=folder / "data") as server, chromium() as browser:
        yield World(browser, server, secret)


def somebody(world: World, *, signed_in: bool = True, **cookies: str) -> Reader:
    reader = Reader(world.browser, world.server.url)
    known = {**cookies, **({COOKIE: world.session} if signed_in else {})}
    for name, value in known.items():
        reader.context.add_cookies([{"name": name, "value": value, "url": world.server.url}])
    return reader


def who_chooses(page: Page, name: str) -> Locator:
    return page.get_by_role("radiogroup", name=f"Who chooses “{name}”?")


def a_link(page: Page, uses: int = 1) -> str:
    """Made on the page of the task, which is open."""
    page.get_by_role("link", name="Hand over…").click()
    page.get_by_role("radio", name="live").check()
    expect(who_chooses(page, "Where").get_by_label("Fixed")).to_be_checked()  # as soon as something is chosen for them
    page.get_by_label("How often can it be pressed?").fill(str(uses))
    page.get_by_label("What is it for?").fill("for the stand-in")
    page.get_by_role("button", name="Make the link").click()
    return page.locator("#secret").input_value()


@pytest.fixture(scope="module")
def a_links_path(world: World) -> str:
    with somebody(world) as ada:
        return a_link(ada.open("/tasks/deploy")).removeprefix(world.server.url)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_nothing_is_wrong_with_the_pages(world, a_links_path, theme, language):
    adas = ("/tasks/deploy", "/tasks/deploy/hand-over", "/profile/links", "/profile/tokens", "/confirm")
    for signed_in, paths in ((True, adas), (False, (a_links_path,))):
        with somebody(world, signed_in=signed_in, theme=theme, language=language) as reader:
            for path, page in reader.tour(*paths):
                for size in SIZES.values():
                    page.set_viewport_size(size)
                    assert axe(page) == [], (path, size)
                    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, size)


def test_a_link_is_made_pressed_and_watched_to_its_end_without_a_reload(world):
    with somebody(world) as ada, somebody(world, signed_in=False) as holder:
        made = ada.open("/tasks/deploy")
        url = a_link(made, uses=2)
        assert axe(made) == []
        page = holder.open(url.removeprefix(world.server.url))
        expect(page.get_by_role("navigation")).to_have_count(0)
        expect(page.locator(".gobar .push")).to_have_text("Deploy to live")
        page.get_by_label("Version").fill("3.0")
        page.locator(".gobar .push").click()
        expect(page.get_by_role("dialog")).to_contain_text("Deploy 3.0 to live?")
        page.locator("#sure .push").click()
        page.wait_for_url(re.compile(r"/link/.*/runs/\d+"))
        expect(page.locator("#run-state[data-over=yes]")).to_be_visible(timeout=60_000)
        expect(page.locator("#h-say")).to_have_text("There it is")
        expect(page.locator("#run-lead")).to_contain_text("link “for the stand-in”")
        expect(page.locator("#run-acts")).to_be_empty()
        if not page.locator("#out[open]").count():
            page.locator("#out summary").click()
        expect(page.locator(".log")).to_contain_text("to live", timeout=60_000)
        assert axe(page) == []
        page.get_by_role("link", name="Deploy the web shop").click()
        expect(page.get_by_role("complementary")).to_contain_text("1 of 2")
        expect(page.get_by_role("complementary")).to_contain_text("Run ")
        listed = ada.open("/profile/links")
        listed.get_by_role("button", name="Take back").first.click()
        expect(listed.locator("main")).to_contain_text("Taken back")


def test_what_is_not_asked_cannot_be_fixed_either(world):
    with somebody(world) as ada:
        page = ada.open("/tasks/deploy/hand-over")
        expect(who_chooses(page, "Where")).to_be_visible()
        expect(who_chooses(page, "Ticket")).to_be_hidden()
        page.get_by_role("radio", name="live").check()
        expect(who_chooses(page, "Ticket")).to_be_visible()


def test_what_is_left_to_them_is_not_fixed_also_without_scripts(world):
    context = world.browser.new_context(java_script_enabled=False, locale="en-GB")
    context.add_cookies([{"name": COOKIE, "value": world.session, "url": world.server.url}])
    page = context.new_page()
    page.goto(f"{world.server.url}/tasks/deploy/hand-over?where=live")
    expect(who_chooses(page, "Where").get_by_label("Fixed")).to_be_checked()
    expect(who_chooses(page, "Version").get_by_label("They choose")).to_be_checked()
    page.get_by_role("textbox", name="Version").fill("3.0")
    who_chooses(page, "Where").get_by_label("They choose").check()
    who_chooses(page, "Version").get_by_label("Fixed").check()
    page.get_by_role("button", name="Make the link").click()
    expect(page.locator("main")).to_contain_text("3.0")
    expect(page.locator("main")).not_to_contain_text("Where")
    context.close()


def test_what_is_wrong_with_a_link_stands_at_its_field(world):
    with somebody(world) as ada:
        page = ada.open("/tasks/deploy/hand-over")
        expect(page.locator("main")).to_contain_text("Cannot be fixed")
        expect(page.locator("main")).to_contain_text("Password")
        page.get_by_label("For how many days?").evaluate("field => { field.max = ''; field.value = 1000 }")
        ada.complaints.clear()
        page.get_by_role("button", name="Make the link").click()
        expect(page.locator("#problems")).to_be_focused()
        expect(page.locator("#link-days-wrong")).to_contain_text("Choose a number from 1 to 365.")
        assert axe(page) == []
        ada.complaints = [text for text in ada.complaints if "422" not in text]


def test_a_token_is_made_shown_once_and_revoked(world):
    with somebody(world) as ada:
        page = ada.open("/profile/tokens")
        page.get_by_label("What is it for?").fill("nightly")
        page.get_by_label("All tasks").uncheck()
        page.get_by_text("Only some").click()
        page.get_by_label("Deploy the web shop").check()
        page.get_by_role("button", name="Make the token").click()
        text = page.locator("#secret").input_value()
        assert text.startswith("pbt_")
        assert axe(page) == []
        page.get_by_role("link", name="Go to your tokens").click()
        expect(page.locator("#tokens")).to_contain_text("nightly")
        expect(page.locator("#tokens")).to_contain_text(f"…{text[-4:]}")
        assert text not in page.content()
        assert axe(page) == []
        page.get_by_role("button", name="Revoke the token “nightly”").click()
        expect(page.locator("#tokens")).not_to_contain_text("nightly")


def test_a_program_that_asks_is_answered(world, tmp_path):
    env = {"PUSHBUTTON_SERVER": world.server.url, "XDG_CONFIG_HOME": str(tmp_path)}
    with somebody(world) as ada, Command("login", "--name", "laptop", env=env) as asking:
        code = asking.err.wait_for(r"code=([A-Z-]+)")[1]
        page = ada.open("/confirm")
        page.get_by_label("The code that your terminal shows").fill(code.lower())
        page.get_by_role("button", name="Look at what is asked").click()
        for text in (code, "a token named “laptop”", "127.0.0.1", "Say yes only if you started"):
            expect(page.locator("main")).to_contain_text(text)
        assert axe(page) == []
        page.get_by_role("button", name="Yes, that is me").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Go back to your terminal")
        assert axe(page) == []
        assert asking.wait() == 0
