"""What tests of signing in and of people share: a server that people sign in to, and what they do in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from pushbutton.domain.person import Session, User
from pushbutton.domain.policy import Grant
from tests.acceptance.browser import Reader, chromium
from tests.acceptance.entries import COOKIE, a_session, ada, put
from tests.acceptance.pages import SIZES, axe
from tests.acceptance.serving import Command, Served
from tests.acceptance.worlds import script

HEAD = """title = "Deploy the web shop"
group = "Deployments"
button = "Deploy to {where}"
[params.where]
choices = ["test", "live"]
default = "test"
[params.version]
default = "2.14"
"""
HOME = "What would you like done?"
PASSWORD = "four words will do"


class World(NamedTuple):
    browser: Browser
    server: Served
    session: str  # Ada's, who may do everything


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("doors")
    (folder / "tasks").mkdir()
    script(folder / "tasks", "deploy", 'echo "to $WHERE"', head=HEAD)
    (folder / "tasks" / "broken.py").write_text("from pushbutton import task\n\n@task\ndef broken(:\n")
    session, secret = a_session()
    put(folder / "data", *ada(), session)
    with Served(folder / "tasks", data=folder / "data") as server, chromium() as browser:
        yield World(browser, server, secret)


def somebody(world: World, session: str = "", *, size: str = "wide", refused: bool = False, **cookies: str) -> Reader:
    """With a session, or nobody yet. `refused`: answers that say no are part of the test."""
    reader = Reader(world.browser, world.server.url, size=SIZES[size])
    reader.context.set_default_timeout(10_000)
    for name, value in {**cookies, **({COOKIE: session} if session else {})}.items():
        reader.context.add_cookies([{"name": name, "value": value, "url": world.server.url}])
    if refused:
        reader.refused = re.compile(r"status of 4\d\d")
    return reader


def fine(page: Page) -> None:
    assert axe(page) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def user(world: World, *words: str) -> str:
    """What `pushbutton user …` says."""
    with Command("user", *words, "--data", world.server.data) as command:
        assert command.wait() == 0, command.err.text
        return command.out.text


def invited(world: World, name: str) -> str:
    """The path of an invitation for somebody new."""
    said = user(world, "add", name, "--title", name.title(), "--url", world.server.url)
    return said[said.index("/invite/") :].split()[0]


def signed_in(world: World, name: str, *grants: Grant) -> tuple[Session, str]:
    """Somebody who is there and signed in, with these rights."""
    session, secret = a_session(name)
    put(world.server.data, User(name, name.title()), session, *grants)
    return session, secret


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def join(world: World, page: Page, name: str) -> None:
    """Take up an invitation in a browser."""
    page.goto(world.server.url + invited(world, name))
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("Once more").fill(PASSWORD)
    page.get_by_role("button", name="Set the password and sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(HOME)


def sign_out(page: Page) -> None:
    page.locator(".me").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
