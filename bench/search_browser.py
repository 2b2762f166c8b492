"""A search while somebody types, in a real Chromium: from the key to what it finds on the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from log_browser import CHROMIUM
from machine import Server
from playwright.sync_api import CDPSession, Page, sync_playwright

WORDS = ("letters", "move12", "greet3")
WATCHED = """() => { window.answered = new Promise(done => {
  let key = 0;
  document.addEventListener('input', event => { key = event.timeStamp; }, { capture: true, once: true });
  new MutationObserver((_, observer) => {
    if (!key) return;
    observer.disconnect();
    const painted = new MessageChannel();
    painted.port1.onmessage = () => done(performance.now() - key);
    requestAnimationFrame(() => painted.port2.postMessage(0));
  }).observe(document.getElementById('main'), { childList: true, subtree: true });
}); }"""


@dataclass(frozen=True, slots=True)
class Answer:
    wall: float  # seconds from the key until what it finds is drawn
    page: float  # of them, processor time of the page's main thread


def answers(server: Server, rounds: int) -> Sequence[Answer]:
    """One for each letter that is typed after the first."""
    words = ["--no-sandbox", "--disable-gpu", "--no-first-run"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=words)
        try:
            page = chromium.new_page(viewport={"width": 1280, "height": 900})
            cdp = page.context.new_cdp_session(page)
            cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
            taken = list[Answer]()
            for word in WORDS * rounds:
                page.goto(server.url)
                page.locator("#find input").focus()
                taken += [_typed(page, cdp, letter) for letter in word][1:]
            return taken
        finally:
            chromium.close()


def _typed(page: Page, cdp: CDPSession, letter: str) -> Answer:
    page.evaluate(WATCHED)
    before = _busy(cdp)
    page.keyboard.press(letter)
    wall = float(page.evaluate("() => window.answered")) / 1000
    return Answer(wall, _busy(cdp) - before)


def _busy(cdp: CDPSession) -> float:
    """Seconds of processor time that the page's main thread has spent."""
    return next(
        float(one["value"]) for one in cdp.send("Performance.getMetrics")["metrics"] if one["name"] == "TaskDuration"
    )
