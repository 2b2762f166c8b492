"""Pictures of the pages, made from the tour: `python docs/pictures.py` writes docs/pictures/*.png.

With the word `workers` only those of a fleet, for which a PostgreSQL is needed.
"""  # noqa: INP001

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, Page, expect, sync_playwright

HERE = Path(__file__).parent
PICTURES = HERE / "pictures"
TOUR = HERE.parent / "examples" / "tour"
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
CHROMIUM: Final[Mapping[str, Any]] = {
    "executable_path": os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium-headless-shell",
    "args": ["--no-sandbox", "--disable-gpu"],
}
TASKS = {
    "orders": ("# at_once = 9\n", "while [ -e {folder} ]; do sleep 1; done"),
    "catalogue": ('# title = "Render the catalogue"\n# where = ["gpu", "windows"]\n', "true"),
}
SILENT = 15  # seconds after which a worker that was killed is shown as cut off
SLOW = 60_000  # milliseconds that a run of the tour may take
WHY = "Fixes the wrong delivery date at checkout (PM-412)."
JSON = {"Content-Type": "application/json"}
WORKERS = {"gpu-1": ("linux,gpu", 2), "depot-2": ("linux,ssh", 1), "depot-1": ("linux,ssh", 3)}
"""By name, with its tags and how many runs it gets. The first one is cut off, the next one takes nothing new."""
EARLIER = 4  # runs before the one that is shown, so that there is something to go by


@contextmanager
def served() -> Iterator[str]:
    """The tour on a free port with an empty history; its address."""
    with tempfile.TemporaryDirectory(prefix="pushbutton-pictures-") as data:
        command = [sys.executable, "-m", "pushbutton", "serve", str(TOUR), "--data", data, "--port", "0"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            found = next(
                match for line in server.stdout or () if (match := re.search(r"(http://\S+?)/?$", line.strip()))
            )
            yield found[1]
        finally:
            server.terminate()
            server.wait()


@contextmanager
def fleet() -> Iterator[str]:
    """A server and some workers with runs that last; the server's address."""
    sys.path.insert(0, str(HERE.parent))
    from tests.postgres import Postgres  # noqa: PLC0415  only where it is asked for

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pushbutton-pictures-")))
        (folder / "tasks").mkdir()
        for name, (head, body) in TASKS.items():
            (folder / "tasks" / f"{name}.sh").write_text(
                f"#!/bin/sh\n# /// pushbutton\n{head}# ///\n{body.format(folder=folder)}\n"
            )
            (folder / "tasks" / f"{name}.sh").chmod(0o755)
        database = stack.enter_context(Postgres())
        env = {**os.environ, "PUSHBUTTON_STORE": database.over_tcp(database.database())}

        def started(name: str, *words: str | Path, said: str) -> tuple[subprocess.Popen[str], str]:
            command = [sys.executable, "-m", "pushbutton", *map(str, words), "--data", str(folder / name)]
            child = subprocess.Popen([*command, "--name", name], stdout=subprocess.PIPE, text=True, env=env)
            stack.callback(child.wait)
            stack.callback(child.send_signal, signal.SIGINT)
            return child, next(match[1] for line in child.stdout or () if (match := re.search(said, line)))

        _, address = started(
            "web-1", "serve", folder / "tasks", "--port", "0", "--at-once", "0", said=r"(http://\S+?)/?$"
        )
        key = ("--key-file", folder / "web-1" / "server.key", "--at-once", "4")
        asked(address, "tasks/catalogue/runs")
        for name, (tags, runs) in WORKERS.items():
            worker, _ = started(name, "worker", "--tags", tags, *key, said="(is ready)")
            numbers = [asked(address, "tasks/orders/runs")["number"] for _ in range(runs)]
            while any(asked(address, f"runs/{number}", "GET")["state"] != "running" for number in numbers):
                time.sleep(0.1)
            if name == "gpu-1":
                worker.kill()
            elif name == "depot-2":
                asked(address, f"workers/{name}/drain")
        time.sleep(SILENT)
        yield address


def asked(address: str, path: str, method: str = "POST") -> Any:
    """What the API answers."""
    with urlopen(Request(f"{address}/api/{path}", b"{}" if method == "POST" else None, JSON, method=method)) as answer:  # noqa: S310  our own server
        return json.load(answer)


def press(page: Page, **ticks: str) -> None:
    for name, value in ticks.items():
        page.locator(f"[name=in-{name}][value={value}]").check()
    if page.locator("#press-why[required]").count():
        page.locator("#press-why").fill(WHY)
    page.locator(".gobar .push").click()
    if page.locator("#sure").count():
        page.locator("#sure .push").click()
    page.wait_for_url(re.compile(r"/runs/\d+"))


def over(page: Page) -> None:
    expect(page.locator("#run-state[data-over=yes]")).to_be_visible(timeout=SLOW)


def shoot(page: Page, name: str, *, whole: bool = True) -> None:
    page.evaluate("document.fonts.ready")
    size = page.viewport_size
    if whole and size:  # as high as the page, so that nothing sticks in the middle of it
        height = max(size["height"], page.evaluate("document.documentElement.scrollHeight"))
        page.set_viewport_size({"width": size["width"], "height": height})
    page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")
    if size:
        page.set_viewport_size(size)


def history(browser: Browser, address: str) -> None:
    """Some runs that were there before."""
    page = browser.new_page(locale="en-GB")
    for slug in ("resend-confirmations", "tidy-the-image-cache", "month-end-sales-report", "check-partner-shops"):
        page.goto(f"{address}/tasks/{slug}")
        press(page)
        over(page)
    for _ in range(EARLIER):
        page.goto(f"{address}/tasks/deploy-web-shop")
        press(page, where="staging")
        over(page)
    page.goto(f"{address}/tasks/deploy-web-shop")
    page.locator("[name=in-where][value=production]").check()
    page.locator("#press-why").fill(WHY)
    page.locator(".gobar .dry").click()
    page.wait_for_url(re.compile(r"/runs/\d+"))
    over(page)
    page.close()


def pictures(browser: Browser, address: str, theme: str, size: dict[str, int], suffix: str) -> None:
    page = browser.new_page(locale="en-GB", color_scheme=theme, viewport=size)  # type: ignore[arg-type]
    page.goto(f"{address}/tasks/deploy-web-shop")
    page.locator("[name=in-where][value=production]").check()
    page.locator("#press-why").fill(WHY)
    shoot(page, f"task{suffix}")
    page.locator(".gobar .push").click()
    shoot(page, f"question{suffix}", whole=False)
    page.locator("#sure .push").click()
    expect(page.locator("#run-updates li").nth(1)).to_be_visible(timeout=SLOW)
    shoot(page, f"run{suffix}")
    running = page.url
    page.goto(address)
    shoot(page, f"tasks{suffix}")
    page.goto(running)
    over(page)
    shoot(page, f"run-over{suffix}")
    page.goto(f"{address}/history")
    shoot(page, f"history{suffix}")
    page.goto(f"{address}/tasks/move-orders")
    page.locator("[name=in-shop][value=harbour]").check()
    page.locator("[name=in-till]").fill("7")
    shoot(page, f"script{suffix}")
    page.close()


def workers(browser: Browser, address: str) -> None:
    for theme, size, suffix in (("light", DESK, ""), ("dark", DESK, "-dark"), ("light", PHONE, "-phone")):
        page = browser.new_page(locale="en-GB", color_scheme=theme, viewport=size)  # type: ignore[arg-type]
        page.goto(f"{address}/workers")
        shoot(page, f"workers{suffix}")
        page.close()


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with fleet() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**CHROMIUM)
        workers(browser, address)
        browser.close()
    if sys.argv[1:] == ["workers"]:
        return
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**CHROMIUM)
        history(browser, address)
        pictures(browser, address, "light", DESK, "")
        pictures(browser, address, "dark", DESK, "-dark")
        pictures(browser, address, "light", PHONE, "-phone")
        browser.close()


if __name__ == "__main__":
    main()
