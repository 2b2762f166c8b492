"""The technical output in a real browser: a million lines, found, linked, followed, and never more than text."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from .browser import PUPPET, Puppet, Reader, chromium
from .serving import Served, until
from .worlds import script

SOON = 60_000
MILLION = 1_000_000
HOSTILE = r"""
printf '<script>document.title = "taken"</script><img src=x onerror="document.title = 1">\n'
printf '\033]8;;javascript:alert(1)\033\\click me\033]8;;\033\\\n'
printf 'javascript:alert(1) data:text/html,x and https://example.org/a?b=1&c=2.\n'
printf '\033[31mred\033[0m \033[1;38;2;10;20;30mexact\033[0m \033[48;5;200mground\033[0m \033[7mturned\033[0m\n'
printf ' 10%%\r 55%%\r100%%\n'
printf '%s\n' "&lt;b&gt; ]]> --> </ol></div>"
printf 'it was \033[8;31mhunter2\033[0m\n'
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("log") / "tasks"
    folder.mkdir()
    script(folder, "million.sh", f"seq 1 {MILLION}")
    script(folder, "hostile.sh", HOSTILE)
    script(folder, "alone.sh", "while [ ! -e gate ]; do sleep 0.05; done; echo said", head="at_once = 1")
    script(
        folder,
        "copied.sh",
        "printf 'one\\n\\n  three  3\\n\\033[32mfour\\033[0m https://example.org/\\n\\033[8mfive\\033[0m\\n'",
    )
    # Lines of very different length: wrapped, no two rows need be of the same height.
    script(folder, "uneven.sh", 'awk \'BEGIN { for (n = 1; n <= 20000; n++) { s = "row " n " "; '
           'for (i = 0; i < (n * 7919) % 101; i++) s = s "word "; print s } }\'')  # fmt: skip
    # Lines so long that a page of them ends early, and one alone is higher than the view.
    script(folder, "long.py", "for n in range(1, 201):\n    print(n, 'word ' * 8000)")
    (folder / "puppet.py").write_text(PUPPET)
    (folder / "puppet.py").chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def server(tasks: Path) -> Iterator[Served]:
    with Served(tasks, at_once=20) as server:
        yield server


@pytest.fixture(scope="module")
def million(server: Served) -> int:
    return _finished(server, "million")


def _waiting(server: Served, tasks: Path) -> Puppet:
    job = Puppet(tasks, server.press("puppet"))
    until(lambda: job.ready, what="the job waits for orders")
    return job


def _finished(server: Served, task: str) -> int:
    number = server.press(task)
    assert server.finished(number)["state"] == "succeeded"
    return number


def _log(page: Page) -> Locator:
    """The window over the lines; before there is one, the page shows the last of them as the server drew them."""
    return page.locator(".log-frame .log")


def _text(page: Page, n: int) -> Locator:
    """What line `n` says; there is at most one row for it."""
    return _log(page).locator("li", has=page.locator(f"a[href='#L{n}']")).locator(".tx")


def _rows(page: Page) -> list[dict[str, Any]]:
    """The rows in sight, and behind them how high the view is."""
    rows: list[dict[str, Any]] = page.evaluate(
        """() => {
            const log = document.querySelector('.log');
            const { top } = log.getBoundingClientRect(), bottom = top + log.clientHeight;
            return [...log.querySelectorAll('li')].map(row => {
                const box = row.getBoundingClientRect();
                return { n: row.n, top: box.top - top, bottom: box.bottom - top, empty: !row.lastChild.textContent };
            }).filter(row => row.bottom > 0 && row.top < bottom - top).concat([{ high: bottom - top }]);
        }"""
    )
    return rows


def _sound(page: Page) -> list[int]:
    """The lines in sight, after making sure that they follow each other without gap or overlap and fill the view."""
    *rows, view = _rows(page)
    high = view["high"]
    assert rows
    assert [row["n"] for row in rows] == list(range(rows[0]["n"], rows[0]["n"] + len(rows)))
    assert all(abs(one["bottom"] - other["top"]) < 0.1 for one, other in pairwise(rows))
    assert rows[0]["top"] <= 0 or rows[0]["n"] == 1
    assert rows[-1]["bottom"] >= high - 12
    assert not any(row["empty"] for row in rows)
    return [row["n"] for row in rows]


def _settled(page: Page) -> list[int]:
    """Wait until every row in sight has its text; the lines in sight."""
    until(lambda: len(_rows(page)) > 1, what="rows in sight")  # the frame after a scroll draws them
    expect(page.locator(".log li .tx:empty")).to_have_count(0, timeout=SOON)
    return _sound(page)


def test_a_million_lines_show_their_end_and_any_middle(browser, server, million):
    with Reader(browser, server.url) as reader:
        page = reader.open(f"/runs/{million}")
        expect(_text(page, MILLION)).to_have_text(str(MILLION), timeout=SOON)
        expect(page.locator("#out-count")).to_have_text("1,000,000 lines")
        assert _settled(page)[-1] == MILLION
        for part in (0.5, 0.001, 0.9, 0):
            _log(page).evaluate("(log, part) => { log.scrollTop = part * log.scrollHeight; }", part)
            about = max(1, round(part * MILLION))
            until(partial(_is_about, page, about), what=f"rows about line {about}")
            seen = _settled(page)
            expect(_text(page, seen[3])).to_have_text(str(seen[3]))
        assert _settled(page)[0] == 1
        assert page.locator(".log li").count() < 120


def _is_about(page: Page, n: int) -> bool:
    first: int | None = page.evaluate("() => document.querySelector('.log li')?.n")  # none until they have come
    return first is not None and abs(first - n) < 2000


def test_the_wheel_goes_line_by_line_anywhere_in_a_million(browser, server, million):
    with Reader(browser, server.url) as reader:
        page = reader.open(f"/runs/{million}#L500000")
        expect(_text(page, 500_000)).to_be_visible(timeout=SOON)
        _log(page).hover()
        before = _settled(page)
        for _ in range(10):
            page.mouse.wheel(0, 100)
        until(
            lambda: page.evaluate("() => document.querySelector('.log li')?.n ?? 0") > before[0] + 20,
            what="rows further down",
        )
        seen = _settled(page)
        assert before[0] < seen[0] < before[0] + 100


def test_a_link_leads_to_its_line_and_a_range_is_marked(browser, server, million):
    with Reader(browser, server.url) as reader:
        page = reader.open(f"/runs/{million}#L120-L122")
        expect(page.locator(".log li.hit .tx")).to_have_text(["120", "121", "122"], timeout=SOON)
        expect(_text(page, 120)).to_be_in_viewport()
        _sound(page)
        page.locator(".log a[href='#L124']").click()
        assert page.url.endswith("#L124")
        page.locator(".log a[href='#L126']").click(modifiers=["Shift"])
        assert page.url.endswith("#L124-L126")
        expect(page.locator(".log li.hit .tx")).to_have_text(["124", "125", "126"])
        page.keyboard.press(":")
        page.keyboard.type("777,777")
        page.keyboard.press("Enter")
        expect(page.locator(".log li.hit .tx")).to_have_text(["777777"], timeout=SOON)
        assert page.url.endswith("#L777777")
        page.evaluate("() => { location.hash = '#L5'; }")
        expect(page.locator(".log li.hit .tx")).to_have_text(["5"], timeout=SOON)


def test_find_goes_to_the_next_and_the_previous_and_around_the_end(browser, server, million):
    with Reader(browser, server.url) as reader:
        page = reader.open(f"/runs/{million}#L1")
        expect(_text(page, 1)).to_be_visible(timeout=SOON)
        found, status = page.locator(".log li.found .tx"), page.locator("[data-found]")
        page.keyboard.press("/")
        page.keyboard.type("77777")
        expect(found).to_have_text("77777", timeout=SOON)
        expect(status).to_have_text("1 of 19")
        page.keyboard.press("Enter")
        expect(found).to_have_text("177777", timeout=SOON)
        expect(status).to_have_text("2 of 19")
        page.keyboard.press("Shift+Enter")
        expect(found).to_have_text("77777", timeout=SOON)
        _log(page).focus()
        page.keyboard.press("N")
        expect(found).to_have_text("977777", timeout=SOON)
        expect(status).to_have_text("19 of 19")
        page.keyboard.press("n")
        expect(found).to_have_text("77777", timeout=SOON)
        assert page.evaluate("() => [...CSS.highlights.get('found')].some(range => range.toString() === '77777')")
        page.locator("[data-find]").fill("no such thing")
        expect(status).to_have_text("Not found", timeout=SOON)
        page.locator("[data-find]").fill("1")
        expect(status).to_have_text(re.compile(r"^in more than 10,000 lines$"), timeout=SOON)


def test_rows_of_any_height_neither_jump_nor_leave_gaps(browser, server):
    number = _finished(server, "uneven")
    with Reader(browser, server.url) as reader:
        page = reader.open(f"/runs/{number}#L9000")
        expect(_text(page, 9000)).to_be_visible(timeout=SOON)
        _settled(page)
        # One small step of the wheel after the other: what is in sight moves by exactly that much, at every step.
        steps = page.evaluate(
            """async () => {
                const log = document.querySelector('.log'), rows = () => [...log.querySelectorAll('li')];
                const next = () => new Promise(done => requestAnimationFrame(done));
                const wrong = [];
                for (const step of [...Array(60).fill(37), ...Array(120).fill(-53)]) {
                    const middle = log.getBoundingClientRect().top + 300;
                    const row = rows().find(one => one.getBoundingClientRect().bottom > middle);
                    const n = row.n, before = row.getBoundingClientRect().top;
                    log.scrollTop += step;
                    await next().then(next);
                    const after = rows().find(one => one.n === n).getBoundingClientRect().top;
                    if (Math.abs(before - step - after) > 1) wrong.push([n, step, before - after]);
                }
                return wrong;
            }"""
        )
        assert steps == []
        first = _settled(page)[2]
        page.locator("[data-wrap]").click()
        assert first in _settled(page)
        expect(_log(page)).to_have_class(re.compile("no-wrap"))
        page.locator("[data-wrap]").click()
        assert first in _settled(page)
        _log(page).evaluate("log => { log.scrollTop = log.scrollHeight; }")
        expect(_text(page, 20_000)).to_be_visible(timeout=SOON)
        assert _settled(page)[-1] == 20_000
        _log(page).evaluate("log => { log.scrollTop = 0; }")
        expect(_text(page, 1)).to_be_visible(timeout=SOON)
        assert _settled(page)[0] == 1


def test_an_output_of_very_long_lines_shows_its_end_and_any_part(browser, server):
    number = _finished(server, "long")
    with Reader(browser, server.url) as reader:
        page = reader.open(f"/runs/{number}")
        page.keyboard.press("o")
        for rows_in_sight in (1, 20):  # wrapped, and not
            _ends_at(page, 200)
            assert len(_settled(page)) >= rows_in_sight
            for part in (0.5, 0.2, 0, 0.5, 1):
                _log(page).evaluate("(log, part) => { log.scrollTop = part * log.scrollHeight; }", part)
                until(partial(_is_near, page, 200 * part), what=f"rows about line {200 * part}")
                seen = _settled(page)
                expect(_text(page, seen[0])).to_have_text(re.compile(f"^{seen[0]} (word )+.*…$"))
            _ends_at(page, 200)
            page.locator("[data-wrap]").click()
        _ends_at(page, 200)  # wrapped again, and still at its end


def _ends_at(page: Page, n: int) -> None:
    """Wait until the end of line `n` is at the lower edge of the view."""
    expect(_text(page, n)).not_to_be_empty(timeout=SOON)
    bottom = "([row]) => row && row.getBoundingClientRect().bottom - row.closest('.log').getBoundingClientRect().bottom"
    until(lambda: -30 < (_text(page, n).evaluate_all(bottom) or -999) < 1, what=f"the end of line {n} in sight")


def _is_near(page: Page, n: float) -> bool:
    seen: list[int] = page.evaluate(
        """() => {
            const log = document.querySelector('.log').getBoundingClientRect();
            const rows = [...document.querySelectorAll('.log li')].map(row => [row, row.getBoundingClientRect()]);
            return rows.filter(([, { top, bottom }]) => bottom > log.top && top < log.bottom).map(([row]) => row.n);
        }"""
    )
    return bool(seen) and seen[0] - 20 <= n <= seen[-1] + 20


def test_following_lets_go_when_the_reader_scrolls_up_and_comes_back_on_f(browser, server, tasks):
    job = _waiting(server, tasks)
    with Reader(browser, server.url) as reader:
        page = reader.open(f"/runs/{job.number}")
        page.keyboard.press("o")
        expect(page.locator(".nothing")).to_be_visible()
        follow = page.locator(".tail")
        job.tell(*(f"out line {n}" for n in range(1, 301)))
        expect(page.locator("#out-count")).to_have_text("300 lines", timeout=SOON)
        follow.scroll_into_view_if_needed()
        expect(_text(page, 300)).to_be_in_viewport(timeout=SOON)
        expect(follow).to_have_attribute("aria-pressed", "true")
        _log(page).hover()
        page.mouse.wheel(0, -400)
        expect(follow).to_have_attribute("aria-pressed", "false")
        job.tell(*(f"out line {n}" for n in range(301, 401)))
        expect(page.locator("#out-count")).to_have_text("400 lines", timeout=SOON)
        seen = _settled(page)
        assert seen[-1] < 300
        page.keyboard.press("f")
        expect(_text(page, 400)).to_be_in_viewport(timeout=SOON)
        job.tell(*(f"out line {n}" for n in range(401, 501)))
        expect(_text(page, 500)).to_be_in_viewport(timeout=SOON)
        page.mouse.wheel(0, -400)
        expect(follow).to_have_attribute("aria-pressed", "false")
        page.mouse.wheel(0, 4000)
        expect(follow).to_have_attribute("aria-pressed", "true")
        job.tell("out a bar  10%\\r", "out \\x1b[1Aa bar 100%", "end")
        expect(_text(page, 501)).to_have_text("a bar 100%", timeout=SOON)
        expect(follow).to_be_hidden(timeout=SOON)
        _settled(page)


def test_what_a_job_writes_is_text_and_nothing_else(browser, server):
    number = _finished(server, "hostile")
    with Reader(browser, server.url) as reader:
        page = reader.open(f"/runs/{number}")
        page.locator("#out").evaluate("out => { out.open = true; }")
        expect(_text(page, 1)).to_have_text(
            '<script>document.title = "taken"</script><img src=x onerror="document.title = 1">', timeout=SOON
        )
        expect(_text(page, 2)).to_have_text("click me")
        expect(_text(page, 2).locator("a")).to_have_count(0)
        link = _text(page, 3).locator("a")
        expect(link).to_have_attribute("href", "https://example.org/a?b=1&c=2")
        expect(link).to_have_attribute("rel", "noopener noreferrer")
        expect(_text(page, 4)).to_have_text("red exact ground turned")
        expect(_text(page, 4).locator(".f1")).to_have_text("red")
        expect(_text(page, 4).locator("span.b")).to_have_css("color", re.compile("oklab|rgb"))
        expect(_text(page, 5)).to_have_text("100%")
        expect(_text(page, 6)).to_have_text("&lt;b&gt; ]]> --> </ol></div>")
        hidden = _text(page, 7).locator(".h")
        expect(hidden).to_have_css("-webkit-text-fill-color", "rgba(0, 0, 0, 0)")
        hidden.hover()
        expect(hidden).not_to_have_css("-webkit-text-fill-color", "rgba(0, 0, 0, 0)")
        expect(page.locator(".log script, .log img, .log iframe")).to_have_count(0)
        assert "Succeeded" in page.title()


def test_keys_rest_while_somebody_types(browser, server, million):
    with Reader(browser, server.url) as reader:
        page = reader.open(f"/runs/{million}")
        expect(_text(page, MILLION)).to_be_visible(timeout=SOON)
        page.locator("[data-find]").click()
        page.keyboard.type("wnN:f")
        expect(page.locator("[data-find]")).to_have_value("wnN:f")
        expect(_log(page)).not_to_have_class(re.compile("no-wrap"))
        _log(page).focus()
        page.keyboard.press("w")
        expect(_log(page)).to_have_class(re.compile("no-wrap"))


def test_the_plain_text_opens_as_text(browser, server):
    number = _finished(server, "hostile")
    with Reader(browser, server.url) as reader:
        page = reader.open(f"/runs/{number}")
        page.locator("#out").evaluate("out => { out.open = true; }")
        answer = page.request.get(server.url + str(page.get_by_role("link", name="Plain text").get_attribute("href")))
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "content-disposition" not in answer.headers
        assert "red exact ground turned\n100%\n" in answer.text()
        assert answer.text().endswith("it was hunter2\n")


def test_what_is_copied_is_the_text_without_numbers_and_times(browser, server):
    number = _finished(server, "copied")
    with Reader(browser, server.url) as reader:
        reader.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = reader.open(f"/runs/{number}")
        page.keyboard.press("o")
        expect(page.locator(".log-frame")).to_be_visible(timeout=SOON)  # not what the server rendered
        expect(_text(page, 5)).to_have_text("five", timeout=SOON)
        page.evaluate(
            """() => {
                const rows = [...document.querySelectorAll('.log li')];
                getSelection().setBaseAndExtent(rows[0], 0, rows[4], rows[4].childNodes.length);
            }"""
        )
        page.keyboard.press("Control+C")
        copied = until(lambda: page.evaluate("() => navigator.clipboard.readText()"), what="something copied")
        assert copied.rstrip("\n") == "one\n\n  three  3\nfour https://example.org/\nfive"


def test_an_output_that_is_open_before_its_run_began_shows_what_comes(browser, server, tasks):
    first, second = server.press("alone"), server.press("alone")
    assert server.run(second)["state"] == "waiting"
    with Reader(browser, server.url) as reader:
        page = reader.open(f"/runs/{second}")
        page.keyboard.press("o")
        expect(page.locator(".nothing")).to_have_text("It has said nothing yet.")
        (tasks / "gate").touch()
        expect(_text(page, 1)).to_have_text("said", timeout=SOON)
        expect(page.locator(".nothing")).to_be_hidden()
        expect(page.locator("#out-count")).to_have_text("1 line")
        expect(page.locator(".tail")).to_be_hidden(timeout=SOON)
    assert server.finished(first)["state"] == "succeeded"


def test_a_run_that_ends_without_a_word_says_so(browser, server, tasks):
    job = _waiting(server, tasks)
    with Reader(browser, server.url) as reader:
        page = reader.open(f"/runs/{job.number}")
        page.keyboard.press("o")
        expect(page.locator(".nothing")).to_have_text("It has said nothing yet.")
        job.tell("end")
        expect(page.locator(".nothing")).to_have_text("It said nothing.", timeout=SOON)
        page.reload()
        page.keyboard.press("o")
        expect(page.locator(".nothing")).to_have_text("It said nothing.", timeout=SOON)


def test_a_run_that_is_lost_while_it_is_followed_keeps_what_it_said(browser, server, tasks):
    job = _waiting(server, tasks)
    with Reader(browser, server.url) as reader:
        page = reader.open(f"/runs/{job.number}")
        page.keyboard.press("o")
        job.tell("out one", "out two")
        expect(_text(page, 2)).to_have_text("two", timeout=SOON)
        first = (server.data / "runs" / str(job.number) / "events").read_text().splitlines()[0]
        os.kill(json.loads(first)["pid"], signal.SIGKILL)
        expect(page.locator("#run-state")).to_have_attribute("data-over", "yes", timeout=SOON)
        expect(page.locator(".tail")).to_be_hidden(timeout=SOON)
        expect(page.locator(".log li .tx")).to_have_text(["one", "two"])
    assert server.finished(job.number)["state"] == "lost"


def test_to_a_screen_reader_the_output_is_a_named_region_that_does_not_speak_by_itself(browser, server, tasks):
    job = _waiting(server, tasks)
    with Reader(browser, server.url) as reader:
        page = reader.open(f"/runs/{job.number}")
        page.keyboard.press("o")
        job.tell("out one", "out two")
        expect(_text(page, 2)).to_have_text("two", timeout=SOON)
        expect(page.get_by_role("region", name="Output").get_by_role("listitem")).to_have_count(2)
        live = "log => log.closest('[aria-live], [role=log], [role=status], [role=alert], output')"
        assert _log(page).evaluate(live) is None
        inside = "[aria-live], [role=log], [role=status], [role=alert], output"
        expect(_log(page).locator(inside)).to_have_count(0)
        named = page.locator("#out .tools :is(button, input, a)").evaluate_all(
            "all => all.filter(one => !(one.ariaLabel || one.textContent.trim())).length"
        )
        assert named == 0
        job.tell("end")


def test_on_a_phone_the_output_and_its_tools_fit(browser, server):
    number = _finished(server, "long")
    with Reader(browser, server.url, size={"width": 390, "height": 844}) as reader:
        page = reader.open(f"/runs/{number}")
        page.keyboard.press("o")
        _ends_at(page, 200)
        for wrapped in (True, False):
            fits = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            assert page.evaluate(fits), wrapped
            tools = page.locator("#out .tools :is(button, input, a)").filter(visible=True)
            assert tools.count() >= 5
            small = [box for one in tools.all() if (box := one.bounding_box()) and box["height"] < 44]
            assert small == []
            page.locator("[data-wrap]").click()


def test_a_line_that_has_not_come_is_waited_for_until_the_reader_goes_elsewhere(browser, server, tasks):
    job = _waiting(server, tasks)
    with Reader(browser, server.url) as reader:
        job.tell(*(f"out line {n}" for n in range(1, 201)))
        page, other = (reader.open(f"/runs/{job.number}#L300") for _ in range(2))
        for each in (page, other):
            expect(_text(each, 200)).to_be_in_viewport(timeout=SOON)
        _log(other).evaluate("log => { log.scrollTop = 0; }")
        expect(_text(other, 1)).to_be_in_viewport(timeout=SOON)
        job.tell(*(f"out line {n}" for n in range(201, 401)), "end")
        expect(_text(page, 300)).to_be_in_viewport(timeout=SOON)
        expect(page.locator(".log li.hit .tx")).to_have_text("line 300")
        expect(other.locator("#out-count")).to_have_text("400 lines", timeout=SOON)
        expect(_text(other, 1)).to_be_in_viewport()


def test_what_is_kept_of_a_million_lines_is_bounded(browser, server, million):
    with Reader(browser, server.url) as reader:
        page = reader.open(f"/runs/{million}")
        expect(_text(page, MILLION)).to_be_visible(timeout=SOON)
        for place in range(60):
            _log(page).evaluate(
                "(log, part) => { log.scrollTop = part * log.scrollHeight; }", (part := place * 0.618 % 1)
            )
            until(partial(_is_about, page, max(1, round(part * MILLION))), what=f"rows after {part:.3f} of the way")
            _settled(page)
        client = reader.context.new_cdp_session(page)

        def kept() -> float:
            client.send("HeapProfiler.collectGarbage")
            used: float = client.send("Runtime.getHeapUsage")["usedSize"]
            return used

        # What is still under way is not kept: an answer that nobody waits for any more goes when it has come.
        until(lambda: kept() < 5_000_000, what="a heap below five megabytes")
