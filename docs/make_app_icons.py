"""Draws the icons of the app: `python docs/make_app_icons.py` writes src/pushbutton/web/static/app/*.png."""  # noqa: INP001

from __future__ import annotations

import os
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

STATIC = Path(__file__).parents[1] / "src" / "pushbutton" / "web" / "static"
SIZES = (180, 192, 512)
EDGE = 10  # per cent on each side: what a phone may cut off for a circle


def main() -> None:
    mark = (STATIC / "mark.svg").read_text()
    (STATIC / "app").mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM")
            or shutil.which("chromium")
            or "/usr/bin/chromium-headless-shell",
            args=["--no-sandbox"],
        )
        for size in SIZES:
            page = browser.new_page(viewport={"width": size, "height": size})
            inside = size * (100 - 2 * EDGE) // 100
            page.set_content(
                f"<style>body {{ margin: 0; background: #2a3350; display: grid; place-items: center; height: 100vh }}"
                f"svg {{ width: {inside}px; height: {inside}px }}</style>{mark}"
            )
            page.screenshot(path=STATIC / "app" / f"icon-{size}.png")
        browser.close()


if __name__ == "__main__":
    main()
