"""What tests of the pages share: a real browser, a server with some tasks, and a reader. Leaving it fails on a
script error, a console error or a breach of the content policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.acceptance.browser import chromium
from tests.acceptance.serving import Served

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text("utf-8")
WATCH = "addEventListener('securitypolicyviolation', e => console.error('CSP', e.violatedDirective, e.blockedURI))"
SIZES: dict[str, ViewportSize] = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
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
    with chromium() as browser:
        yield browser


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "shop.py").write_text(TASKS)
    with Served(tmp_path / "tasks") as server:
        yield server


class Reader:
    """One person at a browser. Leaving fails on whatever the browser complained about.

    Who it is wants no motion, unless `wishes` say otherwise: without a graphics card each frame is drawn by the
    processor. What moves, and is live, is looked at with motion: `browser.Reader`.
    """

    def __init__(self, browser: Browser, site: Served, **wishes: Any) -> None:
        self.complaints: list[str] = []
        self.expected: list[str] = []
        usual = {"locale": "en-GB", "viewport": SIZES["wide"], "reduced_motion": "reduce"}
        self.context: BrowserContext = browser.new_context(**usual | wishes)
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
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] }).then(found => found.violations)")
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
