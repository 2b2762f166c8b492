"""How the output behaves in a real browser: a million lines, and two thousand new ones a second.

Run it with `python bench/log_browser.py` (Chromium at /usr/bin/chromium, or set CHROMIUM). It starts a server of its
own on a free port with its data in a temporary folder, and prints what it measured beside what is promised. Frames are
as good as the machine is idle: those of a page at rest are printed too.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import CDPSession, Page, expect, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium-headless-shell"
LINES = 1_000_000
RATE = 2_000  # lines a second
WATCHED = 6.0  # seconds over which frames are counted
TASKS = {
    "million.sh": f"#!/bin/sh\nseq 1 {LINES}\n",
    "flood.py": f"""#!/usr/bin/env python3
import sys, time
begin, n = time.monotonic(), 0
while n < {RATE} * 60:
    for _ in range(40):
        n += 1
        sys.stdout.write(f"{{n}} the quick brown fox \\x1b[32mjumps\\x1b[0m over the lazy dog, {{n * 7919}} times\\n")
    sys.stdout.flush()
    time.sleep(max(0.0, begin + n / {RATE} - time.monotonic()))
""",
}
FRAMES = """seconds => new Promise(done => {
  const times = []; let last = performance.now(); const end = last + seconds * 1000;
  requestAnimationFrame(function frame(now) {
    times.push(now - last); last = now;
    if (now < end) requestAnimationFrame(frame); else done(times);
  });
})"""

PLACE = """async (log, part) => {
  log.scrollTop = part * log.scrollHeight;
  for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
}"""


def serve(folder: Path) -> tuple[subprocess.Popen[str], str]:
    tasks = folder / "tasks"
    tasks.mkdir()
    for name, body in TASKS.items():
        (tasks / name).write_text(body)
        (tasks / name).chmod(0o755)
    command = [sys.executable, "-m", "pushbutton", "serve", str(tasks), "--port", "0", "--data", str(folder / "data")]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout
    for line in server.stdout:
        if found := re.search(r"http://\S+?(?=/?$)", line):
            return server, found[0]
    raise SystemExit("the server did not come up")


def press(url: str, task: str) -> int:
    number: int = httpx.post(f"{url}/api/tasks/{task}/runs", json={}).raise_for_status().json()["number"]
    return number


def finished(url: str, number: int) -> None:
    while not httpx.get(f"{url}/api/runs/{number}").json()["over"]:
        time.sleep(0.05)


def heap(client: CDPSession) -> float:
    """MB of JavaScript objects that are in use, after a collection."""
    client.send("HeapProfiler.collectGarbage")
    return float(client.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


def renderer(page: Page, browser: CDPSession) -> float:
    """MB of memory of the largest renderer, which is the one with the page."""
    del page
    sizes = [0]
    for process in browser.send("SystemInfo.getProcessInfo")["processInfo"]:
        if process["type"] == "renderer":
            status = Path(f"/proc/{process['id']}/status").read_text()
            if found := re.search(r"VmRSS:\s+(\d+)", status):
                sizes.append(int(found[1]))
    return max(sizes) / 1000


def shown(page: Page, url: str, number: int, last: int = LINES) -> float:
    """Seconds from the navigation to the last line, which is that number."""
    page.goto("about:blank")
    begin = time.perf_counter()
    page.goto(f"{url}/runs/{number}", wait_until="commit")
    page.locator(".log li", has_text=str(last)).last.wait_for()
    return time.perf_counter() - begin


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def scrolled(page: Page) -> list[float]:
    """Frame times while the wheel turns upwards through the middle."""
    page.locator(".log").evaluate("log => { log.scrollTop = log.scrollHeight / 2; }")
    page.locator(".log").hover()
    page.evaluate(f"() => {{ window.frames_ = ({FRAMES})(3); }}")
    end = time.monotonic() + 2.8
    while time.monotonic() < end:
        page.mouse.wheel(0, -120)
    times: list[float] = page.evaluate("() => window.frames_")
    return times


def visited(page: Page) -> None:
    """Go to 200 places all over the output, and stay at each until its lines are there."""
    log = page.locator(".log")
    for place in range(200):
        log.evaluate(PLACE, place * 0.618 % 1)
        expect(page.locator(".log li .tx:empty")).to_have_count(0)


def main() -> None:
    rows: list[tuple[str, str, str, bool]] = []

    def row(name: str, value: float, unit: str, most: float | None = None) -> None:
        rows.append((name, f"{value:.1f} {unit}", f"{most:g} {unit}" if most else "", most is None or value <= most))

    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        server, url = serve(Path(name))
        chromium: Any = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--no-first-run"]
        )
        try:
            million = press(url, "million")
            finished(url, million)
            page = chromium.new_page(viewport={"width": 1280, "height": 900})
            client, browser = page.context.new_cdp_session(page), chromium.new_browser_cdp_session()
            row(f"{LINES:,} lines, shown the first time", shown(page, url, million) * 1000, "ms", 1000)
            row("  the same, again", min(shown(page, url, million) for _ in range(3)) * 1000, "ms", 1000)
            row("  JavaScript heap", heap(client), "MB", 5)
            row("  renderer, resident", renderer(page, browser), "MB")
            row("  p95 frame, wheel through the middle", p95(scrolled(page)), "ms", 17)
            row("  JavaScript heap after that", heap(client), "MB", 5)
            visited(page)
            row("  JavaScript heap after 200 places", heap(client), "MB", 5)

            page.goto(f"{url}/history")
            row("a page at rest, p95 frame", p95(page.evaluate(FRAMES, 3)), "ms")
            flood = press(url, "flood")
            page.goto(f"{url}/runs/{flood}")
            page.locator("#out").evaluate("out => { out.open = true; out.scrollIntoView(); }")
            expect(page.locator(".tail")).to_have_attribute("aria-pressed", "true")
            expect(page.locator(".log li", has_text="quick brown").first).to_be_visible()
            page.wait_for_timeout(1500)
            begin, before = time.monotonic(), lines_of(url, flood)
            times = page.evaluate(FRAMES, WATCHED)
            rate = (lines_of(url, flood) - before) / (time.monotonic() - begin)
            newest = int(page.locator(".log li").last.evaluate("row => row.n"))
            behind = lines_of(url, flood) - newest
            row("following, new lines in a second", rate, "")
            row("  p95 frame", p95(times), "ms", 17)
            row("  longest frame", max(times), "ms")
            row("  lines behind", behind, "", RATE / 2)
            row("  JavaScript heap", heap(client), "MB", 5)
            row("  renderer, resident", renderer(page, browser), "MB")
            httpx.post(f"{url}/api/runs/{flood}/cancel")
            finished(url, flood)
        finally:
            chromium.close()
            server.terminate()
            server.wait()
    print(f"{'':42}{'measured':>14}{'promised':>14}")
    for name, value, most, good in rows:
        print(f"{name:42}{value:>14}{most:>14}{'' if good else '  MISSED'}")


def lines_of(url: str, number: int) -> int:
    total: int = httpx.get(f"{url}/api/runs/{number}/output/lines?count=0").json()["total"]
    return total


if __name__ == "__main__":
    main()
