"""Comments on a run in real browsers: live, harmless whatever they hold, and who takes on a failure."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from pushbutton.cli import commands
from pushbutton.domain.visible import visible
from tests.acceptance.pages import Reader, axe, browser, site

__all__ = ["browser", "site"]

HOSTILE = "<img src=x onerror=alert(1)> {{ 7 * 7 }} \u202egnp.exe see https://example.org/PM-412"


def test_a_comment_and_who_is_on_it_come_to_every_watcher_of_a_run_that_has_failed(browser, site, capsys, monkeypatch):
    number = site.press("fail")
    assert site.finished(number)["state"] == "failed"
    with Reader(browser, site) as one, Reader(browser, site, locale="de-DE") as two:
        mine, other = one.open(f"/runs/{number}"), two.open(f"/runs/{number}")
        other.get_by_text("Einen Kommentar schreiben").click()
        other.get_by_label("Ihr Kommentar").fill("half")
        mine.get_by_text("Write a comment").click()
        mine.get_by_label("Your comment").fill(HOSTILE)
        mine.get_by_role("button", name="Comment").click()
        expect(mine).to_have_url(re.compile(r"#comment-\d+$"))
        said = other.locator("#run-comments .words")
        expect(said).to_have_text(visible(HOSTILE))
        expect(said.get_by_role("link")).to_have_attribute("href", "https://example.org/PM-412")
        assert said.locator("img").count() == 0
        expect(other.get_by_label("Ihr Kommentar")).to_have_value("half")
        mine.get_by_role("button", name="I am on it").click()
        expect(other.locator("#run-comments .note")).to_contain_text("kümmert sich seit heute um")
        assert (axe(mine), axe(other)) == ([], [])
        monkeypatch.setenv("PUSHBUTTON_SERVER", site.url)
        assert commands.run(["comment", str(number), "mended"]) == 0
        expect(other.locator("#run-comments .words").last).to_have_text("mended")
        mine.goto(f"{site.url}/history")
        expect(mine.get_by_role("row", name=re.compile("Fail"))).to_contain_text("is on it")
        mine.goto(f"{site.url}/runs/{number}")
        mine.get_by_text("Write a comment").click()
        mine.get_by_role("button", name="Comment").click()
        expect(mine.locator("#comment-wrong")).to_have_text("Write what you have to say.")
        mine.close()
        one.expected.append("status of 422")
