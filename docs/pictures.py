"""Pictures of the pages, made from the tour: `python docs/pictures.py` writes docs/pictures/*.png."""  # noqa: INP001

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

HERE = Path(__file__).parent
PICTURES = HERE / "pictures"
TOUR = HERE.parent / "examples" / "tour"
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
SLOW = 60_000  # milliseconds that a run of the tour may take
WHY = "Fixes the wrong delivery date at checkout (PM-412)."
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


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        history(browser, address)
        pictures(browser, address, "light", DESK, "")
        pictures(browser, address, "dark", DESK, "-dark")
        pictures(browser, address, "light", PHONE, "-phone")
        browser.close()


if __name__ == "__main__":
    main()
