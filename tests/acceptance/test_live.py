"""Pages that stay true while they are open: one connection for all tabs, and it always comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .browser import PUPPET, Puppet, Reader, Wire, chromium
from .serving import Served, until

TABS = 8
SOON = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    folder = tmp_path / "tasks"
    folder.mkdir()
    file = folder / "puppet.py"
    file.write_text(PUPPET)
    file.chmod(0o755)
    return folder


@pytest.fixture
def server(tasks: Path) -> Iterator[Served]:
    with Served(tasks, at_once=20) as server:
        yield server


@pytest.fixture
def wire(server: Served) -> Iterator[Wire]:
    with Wire(server.port) as wire:
        yield wire


def puppet(server: Served, tasks: Path) -> Puppet:
    made = Puppet(tasks, server.press("puppet"))
    until(lambda: made.ready, what="the job waits for orders")
    return made


def says(page: Page, text: str) -> None:
    expect(page.locator("#h-say")).to_have_text(text, timeout=SOON)


def test_eight_tabs_are_live_over_one_connection_and_each_can_stop_its_run(browser, server, tasks, wire):
    with Reader(browser, wire.url) as reader:
        puppets = [puppet(server, tasks) for _ in range(TABS)]
        pages = [reader.open(f"/runs/{each.number}") for each in puppets]
        for turn in ("first", "second"):
            for each in puppets:
                each.tell(f"status The {turn} word of {each.number}")
            for page, each in zip(pages, puppets, strict=True):
                says(page, f"The {turn} word of {each.number}")
        until(lambda: wire.streams == 1, what="one connection for all tabs")
        for page in pages:
            page.bring_to_front()
            page.locator("#run-acts [data-ask=stop]").click()
            page.locator("#stop .push").click()
            expect(page.locator("#run-state")).to_have_attribute("data-over", "yes", timeout=SOON)
        until(lambda: wire.streams == 1, what="one connection for all tabs")
        assert {server.run(each.number)["state"] for each in puppets} == {"cancelled"}


def test_tabs_at_the_same_run_say_the_same(browser, server, tasks, wire):
    with Reader(browser, wire.url) as reader:
        job = puppet(server, tasks)
        job.tell("status Before anybody looked")
        pages = [reader.open(f"/runs/{job.number}") for _ in range(3)]
        for page in pages:
            says(page, "Before anybody looked")
        job.tell("status All see this", "end")
        for page in pages:
            says(page, "All see this")
            expect(page.locator("#run-state")).to_have_attribute("data-over", "yes", timeout=SOON)


def test_a_page_goes_on_after_the_server_was_killed_and_misses_nothing(browser, server, tasks):
    with Reader(browser, server.url, unreachable=True) as reader:
        job = puppet(server, tasks)
        page = reader.open(f"/runs/{job.number}")
        page.locator("#out").evaluate("out => { out.open = true; }")
        job.tell("status Before", *(f"out line {n}" for n in range(1, 6)))
        says(page, "Before")
        expect(page.locator(".log li").last).to_contain_text("line 5", timeout=SOON)
        expect(page.locator("#offline")).to_be_hidden()

        server.kill9()
        job.tell("status Meanwhile", *(f"out line {n}" for n in range(6, 11)))
        expect(page.locator("#offline")).to_be_visible(timeout=SOON)
        says(page, "Before")

        server.restart()
        says(page, "Meanwhile")
        expect(page.locator("#offline")).to_be_hidden()
        job.tell("status After", "out line 11")
        says(page, "After")
        expect(page.locator(".log li .tx")).to_have_text([f"line {n}" for n in range(1, 12)], timeout=SOON)
        expect(page.locator("#run-updates li p")).to_have_text(["After", "Meanwhile", "Before"])
        job.tell("end")
        expect(page.locator("#run-state")).to_have_attribute("data-over", "yes", timeout=SOON)


def test_a_refusal_is_not_the_end_of_the_stream(browser, server, tasks, wire):
    with Reader(browser, wire.url, unreachable=True) as reader:
        wire.refusing = True
        job = puppet(server, tasks)
        page = reader.open(f"/runs/{job.number}")
        until(lambda: wire.refused >= 3, what="the third attempt")
        wire.refusing = False
        job.tell("status Heard in the end")
        says(page, "Heard in the end")
        wire.cut()
        job.tell("status And again")
        says(page, "And again")


def test_the_banner_says_since_when_the_view_is_and_try_now_tries_now(browser, server, tasks, wire):
    with Reader(browser, wire.url, unreachable=True) as reader:
        job = puppet(server, tasks)
        page = reader.open(f"/runs/{job.number}")
        until(lambda: wire.streams == 1, what="the stream")
        wire.refusing = True
        wire.cut()
        expect(page.locator("#offline")).to_be_visible(timeout=SOON)
        assert len(page.locator("#offline-since").inner_text()) == len("09:44")
        until(lambda: wire.refused >= 5, what="so many attempts that the next one is six seconds away, or more")
        wire.refusing = False
        page.locator("#retry").click()
        until(lambda: wire.streams == 1, what="an attempt before its time", seconds=5.5)
        expect(page.locator("#offline")).to_be_hidden(timeout=SOON)


def test_a_server_of_another_version_offers_to_reload(browser, server, tasks, wire):
    with Reader(browser, wire.url, unreachable=True) as reader:
        job = puppet(server, tasks)
        page = reader.open(f"/runs/{job.number}")
        job.tell("status One")
        says(page, "One")
        expect(page.locator("#updated")).to_be_hidden()
        wire.swap = (b'"version":"0', b'"version":"9')
        wire.cut()
        expect(page.locator("#updated")).to_be_visible(timeout=SOON)


def test_a_reset_makes_the_page_fetch_itself_anew(browser, server, tasks, wire):
    with Reader(browser, wire.url, unreachable=True) as reader:
        job = puppet(server, tasks)
        page = reader.open(f"/runs/{job.number}")
        job.tell("status One")
        says(page, "One")
        heading, right = page.locator("#main h1"), page.locator("#main h1").inner_text()
        page.locator("#out").evaluate("out => { out.open = true; }")
        heading.evaluate("heading => { heading.textContent = 'From another history'; }")
        wire.swap = (b"event: hello", b"event: reset")
        wire.cut()
        expect(heading).to_have_text(right, timeout=SOON)
        expect(page.locator("#out")).to_have_attribute("open", "")
        job.tell("status Two", "end")
        says(page, "Two")


def test_a_tab_that_is_closed_is_not_followed_any_more(browser, server, tasks, wire):
    with Reader(browser, wire.url) as reader:
        staying, leaving = puppet(server, tasks), puppet(server, tasks)
        page, other = reader.open(f"/runs/{staying.number}"), reader.open(f"/runs/{leaving.number}")
        other.locator("#out").evaluate("out => { out.open = true; }")
        gone = {f"patch:en:run:{leaving.number}", f"tail:{leaving.number}"}
        until(lambda: gone < wire.topics, what="both are followed")
        other.locator("#out").evaluate("out => { out.open = false; }")
        until(lambda: f"tail:{leaving.number}" not in wire.topics, what="an output that is folded in is not followed")
        other.close()
        until(lambda: wire.topics and not gone & wire.topics, what="only the page that is open is followed")
        staying.tell("status Still here")
        says(page, "Still here")


@pytest.mark.parametrize("init", ["", "delete window.SharedWorker"], ids=["worker", "page"])
def test_a_page_whose_server_went_away_while_it_loaded_comes_to_life_later(browser, server, tasks, init):
    with Reader(browser, server.url, init=init, unreachable=True) as reader:
        job = puppet(server, tasks)
        away = [True]
        reader.context.route(
            "**/hub.js*", lambda route: route.abort("connectionrefused") if away else route.continue_()
        )
        page = reader.open(f"/runs/{job.number}")
        if init:  # what a worker loads cannot be intercepted
            expect(page.locator("#offline")).to_be_visible(timeout=SOON)
        away.clear()
        job.tell("status Late")
        says(page, "Late")
        expect(page.locator("#offline")).to_be_hidden()


def test_a_browser_without_shared_workers_is_live_while_its_page_is_visible(browser, server, tasks, wire):
    with Reader(browser, wire.url, init="delete window.SharedWorker") as reader:
        job = puppet(server, tasks)
        page = reader.open(f"/runs/{job.number}")
        job.tell("status Seen")
        says(page, "Seen")
        until(lambda: wire.streams == 1, what="one connection")  # it is made anew when the page shows more
        hide = "on => { Object.defineProperty(document, 'hidden', { configurable: true, get: () => on });"
        hide += " document.dispatchEvent(new Event('visibilitychange')); }"
        page.evaluate(hide, True)
        until(lambda: wire.streams == 0, what="no connection for nobody")
        job.tell("status Unseen")
        page.evaluate(hide, False)
        says(page, "Unseen")


def test_an_update_moves_neither_focus_nor_selection_nor_what_is_folded_out(browser, server, tasks):
    with Reader(browser, server.url) as reader:
        job = puppet(server, tasks)
        page = reader.open(f"/runs/{job.number}")
        job.tell("status First", "status Second")
        says(page, "Second")
        page.evaluate(
            """() => {
                document.querySelector('#run-acts .stop').focus();
                const first = document.querySelector('#run-updates li:last-child p');
                getSelection().selectAllChildren(first);
            }"""
        )
        page.locator("#out").evaluate("out => { out.open = true; }")
        for n in range(5):
            job.tell(f"progress {n * 20} Part {n}", f"status Third {n}")
            says(page, f"Third {n}")
        assert page.evaluate("() => document.activeElement.matches('#run-acts .stop')")
        assert page.evaluate("() => getSelection().toString()") == "First"
        assert page.evaluate("() => document.querySelector('#out').open")


def test_the_list_of_tasks_and_the_header_follow_what_runs(browser, server, tasks, wire):
    with Reader(browser, wire.url) as reader:
        front, history = reader.open("/"), reader.open("/history")
        expect(front.locator("#now")).to_have_text("")
        job = puppet(server, tasks)
        job.tell("status Working on it")
        expect(front.locator("#now")).to_have_text("1 running", timeout=SOON)
        expect(history.locator("#now")).to_have_text("1 running", timeout=SOON)
        expect(front.locator("#running")).to_contain_text("Working on it", timeout=SOON)
        job.tell("end")
        expect(front.locator("#now")).to_have_text("", timeout=SOON)
        expect(history.locator("#now")).to_have_text("", timeout=SOON)
        until(lambda: wire.streams == 1, what="one connection for both tabs")
