"""Streams over real sockets: whoever is cut, late, slow or hostile gets every event, in order, once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import resource
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pushbutton import testing
from pushbutton.config import Settings
from pushbutton.domain.run import RunState
from pushbutton.web.live.stream import EventStream
from pushbutton.web.live.subscription import RunEvents, RunOutput

from .eventstream import Event, Parser
from .rawhttp import PATIENCE, Answer, ask
from .serving import Served, until
from .worlds import script

CLIENTS = 100
CHATTY = """
import os
for number in range(300):
    os.write(3, f"status number {number} \\u2028 ä🙂\\n".encode())
    print(number, flush=True)
"""
PRINTER = """
import os, sys
line = "aä\\u2028🙂\\r\\n".encode()
data = line * 6000
for start in range(0, len(data), 997):  # characters are cut wherever it happens
    os.write(1, data[start:start + 997])
"""
PRINTED = "aä\u2028🙂\r\n".encode() * 6000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("streams")
    script(folder, "chatty.py", CHATTY)
    script(folder, "printer.py", PRINTER)
    script(folder, "gated.sh", "exec sleep 300", head="at_once = 10")
    script(folder, "quiet.sh", "echo hello; exec sleep 300")
    script(folder, "short.sh", 'echo "status one" >&3; echo hello')
    with Served(folder, ping=0.2, stall=4) as served:
        yield served


@pytest.fixture(scope="module")
def finished(server: Served) -> int:
    number = server.press("short")
    server.finished(number)
    return number


def stored(server: Served, number: int) -> list[str]:
    """A run's own events as the store has them, each as the text of a frame's data."""
    answer = server.get(f"/api/runs/{number}/events", headers={"accept": "application/json"})
    return [json.dumps(event, separators=(",", ":")) for event in answer]


def own(found: list[Event], number: int) -> list[str]:
    """Those that are the run's: notes to everybody are in every stream."""
    return [event.data for event in found if json.loads(event.data).get("run") == number]


async def frames(answer: Answer, parser: Parser) -> list[Event]:
    return [event async for piece in answer.pieces() for event in parser.feed(piece)]


async def stubborn(port: int, path: str, dice: random.Random) -> list[Event]:
    """Cut at any byte, come back with the last id, until the server says that there is no more."""
    found: list[Event] = []
    last = ""
    while True:
        async with await ask(port, path, headers={"last-event-id": last} if last else {}) as answer:
            if answer.status == 204:
                return found
            assert answer.status == 200
            parser = Parser(last)
            async for piece in answer.pieces(upto=dice.choice([1, 30, 700, 9000, 60000, 200_000, 200_000])):
                found += parser.feed(piece)
            last = parser.last_id


# -- resume


async def test_a_hundred_clients_cut_at_any_byte_miss_no_event_and_see_none_twice(server):
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")  # noqa: T201  shown when it fails
    number = server.press("chatty")
    path = f"/api/runs/{number}/events"
    seen = await asyncio.gather(*(stubborn(server.port, path, random.Random(seed + i)) for i in range(CLIENTS)))
    wanted = stored(server, number)
    assert len(wanted) > 300
    for index, events in enumerate(seen):
        assert [event.data for event in events] == wanted, f"client {index} of seed {seed}"
        assert [event.last_id for event in events] == [str(json.loads(text)["id"]) for text in wanted]


async def test_a_hundred_clients_cut_at_any_byte_get_the_output_to_the_byte(server):
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")  # noqa: T201  shown when it fails
    number = server.press("printer")
    path = f"/api/runs/{number}/output/stream"
    seen = await asyncio.gather(*(stubborn(server.port, path, random.Random(seed + i)) for i in range(CLIENTS)))
    assert server.output(number) == PRINTED
    for index, events in enumerate(seen):
        bodies = [json.loads(event.data) for event in events]
        assert "".join(body["text"] for body in bodies).encode() == PRINTED, f"client {index} of seed {seed}"
        offsets = [body["offset"] for body in bodies] + [len(PRINTED)]
        assert offsets[0] == 0
        assert offsets[1:] == [body["end"] for body in bodies] == [int(event.last_id) for event in events]


@pytest.mark.parametrize("path", ["/api/runs/{}/events", "/api/events?topics=run:{}&since=0"])
async def test_whoever_comes_while_events_are_written_at_full_speed_gets_all_of_them(server, path):
    number = server.press("chatty")
    dice = random.Random(7)
    over = asyncio.Event()
    last: list[str] = []

    async def late() -> list[str]:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), dice.random() * 0.7)  # any moment of the run
        parser, texts = Parser(), []
        async with await ask(server.port, path.format(number)) as answer:
            async for piece in answer.pieces():
                texts += [event.data for event in parser.feed(piece) if json.loads(event.data).get("run") == number]
                if texts and texts[-1:] == last:
                    break
        return texts

    clients = [asyncio.create_task(late()) for _ in range(30)]
    await asyncio.to_thread(server.finished, number)
    wanted = stored(server, number)
    last.append(wanted[-1])
    over.set()
    # A stream of many runs does not end: whoever has the last event already hears of it with the next one.
    server.http.post("/api/events", json={"text": "for who waits"})
    assert all(texts[: len(wanted)] == wanted for texts in await asyncio.gather(*clients))


@pytest.mark.parametrize("what", ["events", "output"])
async def test_a_run_that_ends_between_the_look_up_and_the_stream_ends_the_stream(tmp_path, what):
    script(tmp_path, "short.sh", "echo hello")
    async with testing.opened(tmp_path) as app:
        done = await testing.press_and_wait(app, "short")
        core = await app.open()
        stale = replace(done.run, state=RunState.RUNNING)  # as it was looked up a moment ago
        stream = EventStream(core, RunEvents(stale.id) if what == "events" else RunOutput(stale), Settings())
        sent = await asyncio.wait_for(driven(stream), PATIENCE)
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert b"hello" in sent[-2]["body"] or b"succeeded" in sent[-2]["body"]


async def driven(app: Callable[..., Awaitable[None]]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app({"type": "http", "method": "GET"}, receive, send)
    return sent


# -- cursors that nobody gave


HOSTILE = ["-1", "99999999999999999999", "999999999999999", "abc", "1.5", "0x1", "1e3", "+1", "1,2", "\xb2", "null"]


@pytest.mark.parametrize("value", HOSTILE)
async def test_a_foreign_last_id_gets_a_runs_events_from_the_first(server, finished, value):
    async with await ask(server.port, f"/api/runs/{finished}/events", headers={"last-event-id": value}) as answer:
        assert answer.status == 200
        found = await frames(answer, Parser())
    assert own(found, finished) == stored(server, finished)
    assert found[0].name == "reset"


@pytest.mark.parametrize("value", HOSTILE)
async def test_a_foreign_last_id_gets_the_output_from_the_first_byte(server, finished, value):
    path = f"/api/runs/{finished}/output/stream"
    async with await ask(server.port, path, headers={"last-event-id": value}) as answer:
        assert answer.status == 200
        found = await frames(answer, Parser())
    assert "".join(json.loads(event.data)["text"] for event in found) == "hello\n"


@pytest.mark.parametrize("path", ["/api/events?topics=runs", "/api/tasks/short/events"])
@pytest.mark.parametrize("value", HOSTILE)
async def test_a_foreign_last_id_gets_a_long_stream_from_its_beginning(server, finished, path, value):
    wanted = stored(server, finished)
    async with await ask(server.port, path, headers={"last-event-id": value}) as answer:
        assert answer.status == 200
        parser, found = Parser(), []
        async for piece in answer.pieces():
            found += [event.data for event in parser.feed(piece)]
            if wanted[-1] in found:
                break
    start = found.index(wanted[0])
    assert [text for text in found[start:] if json.loads(text).get("run") == finished][: len(wanted)] == wanted


async def test_a_last_id_with_nul_is_refused(server, finished):
    async with await ask(server.port, f"/api/runs/{finished}/events", headers={"last-event-id": "1\0"}) as answer:
        assert answer.status == 400


@pytest.mark.parametrize("value", ["-1", "abc", "1.5", "%00", "", "99999999999999999999", "%D9%A3", "1%0A", " 1"])
@pytest.mark.parametrize("path", ["/api/events", "/api/runs/{}/events", "/api/tasks/short/events"])
def test_a_position_that_is_none_is_refused_by_name(server, finished, path, value):
    answer = server.http.get(f"{path.format(finished)}?since={value}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


# -- ends


async def test_a_finished_runs_stream_is_its_events_the_last_of_them_the_end_and_the_final_chunk(server, finished):
    async with await ask(server.port, f"/api/runs/{finished}/events") as answer:
        found = await frames(answer, Parser())
        assert answer.complete
    assert own(found, finished) == stored(server, finished)
    assert json.loads(found[-1].data)["data"]["state"] == "succeeded"


@pytest.mark.parametrize("what", ["events", "output/stream"])
async def test_who_has_everything_of_a_finished_run_is_told_to_stop_asking(server, finished, what):
    async with await ask(server.port, f"/api/runs/{finished}/{what}") as answer:
        parser = Parser()
        await frames(answer, parser)
    async with await ask(
        server.port, f"/api/runs/{finished}/{what}", headers={"last-event-id": parser.last_id}
    ) as again:
        assert again.status == 204
        assert "transfer-encoding" not in again.headers


async def test_a_running_runs_stream_goes_on_to_its_end_and_the_final_chunk(server):
    number = server.press("chatty")
    async with await ask(server.port, f"/api/runs/{number}/output/stream") as answer:
        found = await frames(answer, Parser())
        assert answer.complete
    assert "".join(json.loads(event.data)["text"] for event in found).split() == [str(n) for n in range(300)]


# -- what is said about the stream


STREAMS = ["/api/events", "/api/runs/{}/events", "/api/runs/{}/output/stream", "/api/tasks/short/events"]


@pytest.mark.parametrize("path", STREAMS)
async def test_headers_come_at_once_and_keep_proxies_from_holding_back(server, finished, path):
    async with await ask(server.port, path.format(finished)) as answer:
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "no-transform" in answer.headers["cache-control"]
        assert "no-cache" in answer.headers["cache-control"]
        assert answer.headers["x-accel-buffering"] == "no"
        assert "content-length" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", STREAMS)
def test_head_gives_the_headers_and_no_body(server, finished, path):
    answer = server.http.head(path.format(finished))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.content == b""


@pytest.mark.parametrize("path", STREAMS)
def test_who_takes_no_event_stream_is_told_so(server, finished, path):
    answer = server.http.get(path.format(finished), headers={"accept": "image/png"})
    assert answer.status_code == 406
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_runs_events_are_json_for_who_asks_for_json(server, finished):
    events = server.get(f"/api/runs/{finished}/events", headers={"accept": "application/json"})
    assert [event["kind"] for event in events] == ["state", "state", "status", "state"]
    later = server.get(f"/api/runs/{finished}/events?since={events[1]['id']}", headers={"accept": "application/json"})
    assert later == events[2:]


def test_a_runs_events_come_as_json_in_pages_each_of_which_names_the_next(server, finished):
    json_ = {"accept": "application/json"}
    whole = server.get(f"/api/runs/{finished}/events", headers=json_)
    found, path = [], f"/api/runs/{finished}/events?limit=3"
    while path:
        answer = server.http.get(path, headers=json_)
        assert len(answer.json()) <= 3
        found += answer.json()
        path = answer.headers.get("link", "").partition(">")[0].removeprefix("<")
    assert found == whole
    assert server.get(f"/api/runs/{finished}/events?after={whole[1]['id']}", headers=json_) == whole[2:]
    for wrong in ("limit=0", "limit=x", "after=-1", f"after={'9' * 5000}"):
        assert server.http.get(f"/api/runs/{finished}/events?{wrong}", headers=json_).status_code == 400, wrong


async def test_a_quiet_stream_is_kept_open_by_comments_and_says_when_to_come_back(server):
    async with await ask(server.port, "/api/events?topics=task:quiet") as answer:
        parser = Parser()
        async for piece in answer.pieces():
            assert parser.feed(piece) == []
            if len(parser.comments) >= 2:
                break
    assert parser.retry == 2000


@pytest.mark.parametrize("cut", ["with the first", "in its head", "behind it"])
def test_a_request_that_waits_behind_a_stream_is_answered_when_that_is_over(server, cut):
    number = server.press("gated")
    first = f"GET /api/runs/{number}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    second = (
        f"GET /api/runs/{number} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Padding: {'x' * 100}\r\nConnection: close\r\n\r\n"
    )
    at = {"with the first": len(second), "in its head": len(second) // 2, "behind it": 0}[cut]
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        sock.settimeout(PATIENCE)
        sock.sendall((first + second[:at]).encode())
        got = b""
        while b'"running"' not in got:  # it streams
            got += sock.recv(65536)
        sock.sendall(second[at:].encode())
        server.http.post(f"/api/runs/{number}/cancel").raise_for_status()
        while piece := sock.recv(65536):
            got += piece
    events, ended, answer = got.partition(b"\r\n0\r\n\r\n")
    assert ended
    assert b'"cancelled"' in events
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["state"] == "cancelled"


def test_without_a_setting_a_comment_comes_within_half_a_minute():
    assert 0 < Settings().ping <= 30


# -- clients that cost something


def resident(pid: int) -> int:
    """Bytes of real memory."""
    found = re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def deaf(port: int, path: str) -> socket.socket:
    """Asks, and never reads a byte."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", port))
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return sock


def test_clients_that_never_read_cost_little_hurt_nobody_and_are_dropped(server, tmp_path):
    script(Path(server._paths[0]), "flood.py", "import os\nfor _ in range(300): os.write(1, b'x' * 99999 + b'\\n')\n")
    until(lambda: "flood" in server.tasks(), what="the new task")
    number = server.press("flood")
    server.finished(number)
    before, open_before = resident(server.pid), descriptors(server.pid)
    size = len(server.output(number))
    paths = [f"/api/runs/{number}/output/stream", f"/api/runs/{number}/output"]
    deafs = [deaf(server.port, paths[index % 2]) for index in range(20)]
    try:
        until(lambda: descriptors(server.pid) >= open_before + 20, what="everybody is connected")
        assert len(server.output(number)) == size == 30_000_000  # somebody who reads is served meanwhile
        assert resident(server.pid) - before < 20 * (3 << 20)
        until(lambda: descriptors(server.pid) <= open_before + 2, what="the deaf are dropped")
    finally:
        for sock in deafs:
            sock.close()
    assert "Traceback" not in server.err


def test_idle_viewers_cost_little_and_give_everything_back(server):
    viewers = 300
    number = server.press("quiet")
    try:
        before, open_before = resident(server.pid), descriptors(server.pid)
        socks = [deaf(server.port, f"/api/runs/{number}/events") for _ in range(viewers)]
        try:
            until(lambda: server.get("/api/health")["watchers"] >= viewers, what="all are watching")
            assert (resident(server.pid) - before) / viewers < 300_000
            # The pings of a minute fit into any buffer: nobody is dropped for being quiet.
        finally:
            for sock in socks:
                sock.close()
        until(lambda: server.get("/api/health")["watchers"] == 0, what="nobody watches any more")
        until(lambda: descriptors(server.pid) <= open_before + 2, what="every descriptor is given back")
    finally:
        server.http.post(f"/api/runs/{number}/cancel")
    server.finished(number)


def test_more_may_watch_than_a_process_usually_has_descriptors_and_jobs_keep_the_usual(tmp_path):
    script(tmp_path, "quiet.sh", "ulimit -Sn; exec sleep 300")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))  # for whom we start; ours is put back at once
    try:
        server = Served(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with server, contextlib.ExitStack() as stack:
        number = server.press("quiet")
        for _ in range(300):
            stack.enter_context(deaf(server.port, f"/api/runs/{number}/events"))
        until(lambda: server.get("/api/health")["watchers"] == 300, what="all are watching")
        server.output_has(number, b"\n")
        assert server.output(number) == b"200\n"


def test_a_server_that_is_asked_to_end_ends_its_streams_whole(tmp_path):
    script(tmp_path, "chatty.py", CHATTY.replace("range(300)", "range(100000)"))
    with Served(tmp_path) as server:
        number = server.press("chatty")
        bodies: list[tuple[bool, bool, int]] = []

        async def view() -> None:
            async with await ask(server.port, f"/api/runs/{number}/events") as answer:
                parser = Parser()
                seen = len(await frames(answer, parser))
                bodies.append((answer.complete, parser.cut, seen))

        async def all_of_them() -> None:
            await asyncio.gather(*(view() for _ in range(10)))

        watching = threading.Thread(target=lambda: asyncio.run(all_of_them()))
        watching.start()
        until(lambda: server.get("/api/health")["watchers"] == 10, what="all are watching")
        server.command.signal(signal.SIGTERM)
        assert server.command.wait() == 0
        watching.join(PATIENCE)
        server.http.close()
    assert len(bodies) == 10
    for complete, cut, seen in bodies:
        assert complete
        assert not cut
        assert seen > 0
