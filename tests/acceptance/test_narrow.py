"""A phone's page is as wide as the phone, whatever an author calls things."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.browser import Reader, chromium
from tests.acceptance.serving import Served
from tests.acceptance.worlds import script

WORD = "Grundstuecksverkehrsgenehmigungszustaendigkeitsuebertragungsverordnung"


def test_a_word_of_seventy_letters_widens_no_page_of_a_phone(tmp_path: Path) -> None:
    head = f'title = "{WORD}"\n[params.{WORD.lower()}]\ndefault = "{WORD}"\n[params.where]\nchoices = ["{WORD}", "b"]'
    script(tmp_path, "x.sh", f"pushbutton step {WORD}\npushbutton status {WORD}\nexit 3", head=head)
    with Served(tmp_path) as server, chromium() as browser:
        number = server.press("x", where="b")
        server.finished(number)
        with Reader(browser, server.url, size={"width": 390, "height": 844}) as reader:
            for path in ("/", "/tasks/x", f"/runs/{number}", "/history"):
                page = reader.open(path)
                assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
