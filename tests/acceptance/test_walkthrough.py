"""The classic walk-through: examples/backend_process as a real process, raw clients, and real Chromium pages."""

from __future__ import annotations

import re
import signal
import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from pushbutton.supervisor import spool
from tests.acceptance.browser import chromium as a_browser
from tests.acceptance.serving import PATIENCE, Lines, environment, until
from tests.acceptance.worlds import told_to_stop

ROOT = Path(__file__).parents[2]
APP = "examples/backend_process/app.py"
SAID = ["run method invoked", "doing a thing", "doing a second thing", "completed ALL THE THINGS!", "idle"]
MESSAGE = re.compile(rb"id: [0-9]+\nevent: status_event\ndata: ([0-9]{2}:[0-9]{2}:[0-9]{2}) (\w+): (.*)\n\n")
BLOCKED = "addEventListener('securitypolicyviolation', e => console.error('CSP', e.violatedDirective, e.blockedURI))"


class Example:
    """`python examples/backend_process/app.py`, from the repository's folder, on a free port and an empty history."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.data, self.settings = data, settings
        self.watchers: list[Watcher] = []
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, APP],
            cwd=ROOT,
            env=environment(PUSHBUTTON_PORT="0", PUSHBUTTON_DATA=str(self.data), **self.settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert self.process.stderr
        self.err = Lines(self.process.stderr)
        self.port = int(self.err.wait_for(r"http://127\.0\.0\.1:(\d+)/")[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self.err.close()
        return code

    def post(self, path: str, **headers: str) -> httpx.Response:
        return httpx.post(f"{self.url}{path}", headers=headers, timeout=PATIENCE)

    def runs(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = httpx.get(f"{self.url}/api/runs", timeout=PATIENCE).json()
        return found

    def watcher(self, last: str = "") -> Watcher:
        self.watchers.append(Watcher(self.port, last))
        return self.watchers[-1]


class Watcher:
    """What `curl -N /stream` sees, byte for byte."""

    def __init__(self, port: int, last: str = "") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        more = f"Last-Event-ID: {last}\r\n" if last else ""
        self.socket.sendall(f"GET /stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{more}\r\n".encode())
        self.head, self._raw, self.body = b"", b"", b""
        while b"\r\n\r\n" not in self._raw:
            self._raw += self._more()
        self.head, _, self._raw = self._raw.partition(b"\r\n\r\n")
        self._unpack()

    def _more(self) -> bytes:
        data = self.socket.recv(65536)
        assert data, f"the stream ended: {self.body!r}"
        return data

    def _unpack(self) -> None:
        """The chunks that are complete."""
        while b"\r\n" in self._raw:
            size, _, rest = self._raw.partition(b"\r\n")
            length = int(size, 16)
            if len(rest) < length + 2:
                return
            self.body, self._raw = self.body + rest[:length], rest[length + 2 :]

    def here(self) -> bytes:
        """Everything that has arrived by now."""
        self.socket.setblocking(False)
        try:
            while True:
                self._raw += self._more()
        except BlockingIOError:
            pass
        finally:
            self.socket.settimeout(PATIENCE)
        self._unpack()
        return self.body

    def until(self, text: str) -> bytes:
        while text.encode() not in self.body:
            self._raw += self._more()
            self._unpack()
        return self.body

    def to_the_end(self) -> bytes:
        """Until the run is over: the event itself, not the summary that stands first."""
        while not re.search(rb"id: [0-9]+\nevent: state\ndata: 1 succeeded\n\n", self.body):
            self._raw += self._more()
            self._unpack()
        return self.body

    @property
    def messages(self) -> list[str]:
        return [f"{source.decode()}: {text.decode()}" for _, source, text in MESSAGE.findall(self.body)]


WHOLE = [f"BackendProcess: {text}" for text in SAID]


@pytest.fixture
def example(tmp_path: Path) -> Iterator[Example]:
    example = Example(tmp_path / "data")
    yield example
    for watcher in example.watchers:
        watcher.socket.close()
    if example.process.poll() is None:
        example.end(signal.SIGTERM)
    runs = [path for path in (example.data / "runs").iterdir() if path.is_dir()]
    for path in runs:
        told_to_stop(path)
    until(lambda: not any(spool.is_held(path) for path in runs), what="every supervisor is gone")


def test_a_press_is_answered_204_before_the_first_of_five_messages_a_second_apart(example, tmp_path):
    gate, slow = tmp_path / "gate", tmp_path / "python"
    slow.write_text(
        '#!/bin/sh\ncase "$*" in *" child "*) '
        f'until [ -e "{gate}" ]; do sleep 0.02; done ;; esac\nexec "{sys.executable}" "$@"\n'
    )
    slow.chmod(0o755)
    example.end(signal.SIGTERM)
    example.settings = {"PUSHBUTTON_PYTHON": str(slow)}  # the job says nothing before the gate is open
    example.start()
    watcher = example.watcher()
    assert b"HTTP/1.1 200" in watcher.head
    assert re.search(rb"\r\ncontent-type: text/event-stream(;.*)?\r\n", watcher.head, re.IGNORECASE)
    answer = example.post("/run")
    assert (answer.status_code, answer.content) == (204, b"")
    assert b"status_event" not in watcher.here()
    gate.touch()
    watcher.to_the_end()
    assert watcher.messages == WHOLE
    events = httpx.get(f"{example.url}/api/runs/1/events", headers={"accept": "application/json"}).json()
    times = [datetime.fromisoformat(event["at"]) for event in events if event["kind"] == "status"]
    gaps = [(after - before).total_seconds() for before, after in pairwise(times)]
    assert 0.9 < statistics.median(gaps) < 3, gaps  # each is as exact as the machine is idle


def test_who_comes_late_gets_all_of_it_in_order_and_who_comes_back_only_the_rest(example):
    early = example.watcher()
    example.post("/run")
    early.until(SAID[1])
    middle = example.watcher()
    middle.until(SAID[4])
    assert middle.messages == WHOLE
    early.to_the_end()
    late = example.watcher()
    late.to_the_end()
    assert late.messages == WHOLE
    third = re.findall(rb"id: ([0-9]+)\nevent: status_event", late.body)[2].decode()
    back = example.watcher(last=third)
    back.to_the_end()
    assert back.messages == WHOLE[3:]


def test_hello_reaches_everybody_who_watches_and_everybody_who_comes_later(example):
    first, second = example.watcher(), example.watcher()
    answer = example.post("/status_event?data=hello")
    assert (answer.status_code, answer.content) == (204, b"")
    for watcher in (first, second, example.watcher()):
        watcher.until("hello")
        assert watcher.messages == ["Visitor: hello"]
    assert example.post("/status_event").status_code == 400


def test_line_breaks_in_a_message_forge_no_frame(example):
    watcher = example.watcher()
    example.post("/status_event?data=one%0A%0Aevent: state%0D%0Adata: 9 running%0Did: 99%00")
    example.post("/status_event?data=end")
    body = watcher.until("end")
    assert b"\ndata: \ndata: event: state\ndata: data: 9 running\ndata: id: 99\x00\n\n" in body
    assert b"\nevent: state\ndata: 9" not in body


def test_a_press_while_it_runs_joins_and_another_site_cannot_press(example):
    assert example.post("/run").status_code == 204
    assert example.post("/run").status_code == 204
    assert len(example.runs()) == 1
    assert example.post("/run", **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert example.post("/status_event?data=x", Origin="http://evil.example").status_code == 403
    assert example.post("/run", Host="rebound.example").status_code == 403
    assert len(example.runs()) == 1
    watcher = example.watcher()
    watcher.to_the_end()
    assert watcher.messages == WHOLE


def test_a_server_that_is_killed_in_the_middle_loses_no_message(example):
    watcher = example.watcher()
    example.post("/run")
    watcher.until(SAID[1])
    example.end(signal.SIGKILL)
    example.start()
    again = example.watcher()
    again.to_the_end()
    assert again.messages == WHOLE


def test_ctrl_c_ends_the_server_with_streams_open(example):
    watcher = example.watcher()
    watcher.until("event: state")
    assert example.end(signal.SIGINT) == 0
    assert watcher.socket.recv(65536).endswith(b"0\r\n\r\n")  # the final chunk: an end, not a cut
    assert "Traceback" not in example.err.text


# -- in the browser


@pytest.fixture
def chromium(tmp_path: Path) -> Iterator[tuple[BrowserContext, list[str]]]:
    complaints: list[str] = []
    with a_browser() as browser:
        context = browser.new_context()
        context.add_init_script(BLOCKED)
        context.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        yield context, complaints
    assert complaints == []


def opened(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(f"{url}/")
    return page


def shows(page: Page, *texts: str) -> None:
    """Exactly these, in this order."""
    expect(page.locator("#messages li")).to_have_text([re.compile(rf"^\d\d:\d\d:\d\d {re.escape(t)}$") for t in texts])


def test_two_pages_show_each_message_live_and_a_third_that_is_opened_late_shows_all(example, chromium):
    context, _ = chromium
    one, two = opened(context, example.url), opened(context, example.url)
    for page in (one, two):
        expect(page.get_by_role("button", name="Run")).to_be_enabled()
    one.get_by_role("button", name="Run").click()
    for number in range(1, 4):
        for page in (one, two):
            shows(page, *WHOLE[:number])
            expect(page.get_by_role("button", name="Run")).to_be_disabled()
    middle = opened(context, example.url)
    expect(middle.locator("#messages li").nth(2)).to_be_visible()
    expect(middle.get_by_role("button", name="Run")).to_be_disabled()
    for page in (one, two, middle):
        shows(page, *WHOLE)
        expect(page.get_by_role("button", name="Run")).to_be_enabled()
    assert example.post("/status_event?data=hello").status_code == 204
    for page in (one, two, middle):
        shows(page, *WHOLE, "Visitor: hello")
    late = opened(context, example.url)
    shows(late, *WHOLE, "Visitor: hello")
    expect(late.get_by_role("button", name="Run")).to_be_enabled()
    assert len(example.runs()) == 1


def test_pushbuttons_own_page_of_the_same_task_is_there_too(example, chromium):
    context, _ = chromium
    page = opened(context, example.url)
    page.get_by_role("link").click()
    page.locator(".gobar .push").click()
    page.wait_for_url("**/runs/1")
    expect(page.locator("#h-say")).to_have_text("completed ALL THE THINGS!", timeout=60_000)
    shows(opened(context, example.url), *WHOLE)
