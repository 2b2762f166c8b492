"""What a reader waits for: a large output in a real Chromium, from the navigation to its last line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from machine import Bench, Missing, finished, middle, press, pushbutton, script
from table import Row

SIZES = (10_000, 100_000, 1_000_000)


def run(bench: Bench) -> Iterator[Row]:
    try:
        import log_browser  # noqa: PLC0415  needs Playwright
        from playwright.sync_api import sync_playwright  # noqa: PLC0415
    except ImportError:
        raise Missing("Playwright is not installed: pip install playwright") from None
    if not Path(log_browser.CHROMIUM).exists():
        raise Missing(f"There is no {log_browser.CHROMIUM}: install Chromium, or name one with CHROMIUM=…")
    folder = bench.new("browser")
    for size in SIZES:
        script(folder, f"seq-{size}.sh", f"#!/bin/sh\nexec seq 1 {size}\n")
    with pushbutton(folder, pin=False) as server, sync_playwright() as playwright:
        words = ["--no-sandbox", "--disable-gpu", "--no-first-run"]
        chromium = playwright.chromium.launch(executable_path=log_browser.CHROMIUM, args=words)
        try:
            page = chromium.new_page(viewport={"width": 1280, "height": 900})
            for size in SIZES:
                first, again = [], []
                for _ in range(bench.rounds):  # each run's output is read for the first time once
                    number = press(server, f"seq-{size}")
                    finished(server, number)
                    first.append(log_browser.shown(page, server.url, number, size))
                    again.append(log_browser.shown(page, server.url, number, size))
                yield _row(size, middle(first), middle(again))
        finally:
            chromium.close()


def _row(size: int, first: float, again: float) -> Row:
    bars = size == SIZES[-1]
    return Row(
        f"{size:,} lines shown in the browser",
        f"{first * 1000:.0f} ms",
        f"{again * 1000:.0f} ms, the second time",
        first,
        " s",
        1 if bars else None,
        0.25 if bars else None,
        note=f"a run's page, from the navigation to its last line; load {os.getloadavg()[0]:.1f}",
        curve=("lines shown in a browser, seconds", size, first),
    )
