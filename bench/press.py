"""The press itself, and how long it takes until the job's first instruction."""

from __future__ import annotations

import http.client
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import httpx
from machine import HERE, Bench, Missing, Server, facts, free_port, lasting, middle, script, started, state, until
from machine import press as press_button
from people import people
from table import Row

FIRST = "#!/bin/bash\n# /// pushbutton\n# at_once = 1000\n# ///\necho t=$EPOCHREALTIME\n"
PYTHON = """from pushbutton import task
import time

@task(at_once=1000)
def python_first():
    print(f"t={time.time():.6f}", flush=True)
"""
BARE = "import time; print(f't={time.time():.6f}', flush=True)"
Found = TypeVar("Found")
CLIENTS = (1, 4, 16)
PRESS, NOTHING = "/api/tasks/taken/runs", "/api/nothing"


def run(bench: Bench) -> Iterator[Row]:
    folder = bench.new("press")
    script(folder, "first.sh", FIRST)
    script(folder, "quick.sh", "#!/bin/sh\n# /// pushbutton\n# at_once = 1000\n# ///\n:\n")
    (folder / "tasks" / "jobs.py").write_text(PYTHON)
    bare = {
        "script": ("first", ["/bin/bash", str(folder / "tasks" / "first.sh")]),
        "Python function": ("python-first", [sys.executable, "-c", BARE]),
    }
    log = bench.folder / "press.log"
    with lasting(folder, "taken"):
        yield from _rows(bench, folder, log, bare)
    spools = [spool for data in ("open", "closed") for spool in (folder / data / "runs").iterdir()]
    until(lambda: all("end" in said for spool in spools if (said := facts(spool))), "the last jobs are over")


def _rows(bench: Bench, folder: Path, log: Path, bare: Mapping[str, tuple[str, list[str]]]) -> Iterator[Row]:
    with started(_words(folder, port := free_port(), "starts"), port, pin=False, log=log) as server:
        for kind, (slug, words) in bare.items():
            for clients in CLIENTS:
                yield _first_instruction(bench, server, folder / "starts", kind, slug, words, clients)
        yield _with_starts(bench, server)
    with started(_words(folder, port := free_port(), "open"), port, pin=False, log=log) as server:
        press_button(server, "taken")
        for clients in CLIENTS:
            yield _against_nothing(bench, server, clients)
    yield from _signed_in(bench, folder, log)


def _words(folder: Path, port: int, data: str) -> list[str | Path]:
    return [sys.executable, HERE / "fanout_server.py", str(port), folder / "tasks", folder / data]


def _asks(
    server: Server, paths: Sequence[str], count: int, headers: Mapping[str, str], together: threading.Barrier
) -> list[list[float]]:
    """Milliseconds of each answer, by path; the paths take turns, and all who ask go to the next one together."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    taken: list[list[float]] = [[] for _ in paths]
    for number in range(count + 10):
        for path, times in zip(paths, taken, strict=True):
            together.wait()
            begin = time.perf_counter()
            connection.request("POST", path, b"{}", {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            answer.read()
            if number >= 10:
                times.append((time.perf_counter() - begin) * 1000)
            if answer.status >= 300:
                raise Missing(f"{path} answered {answer.status}")
    connection.close()
    return taken


def _against_nothing(
    bench: Bench, server: Server, clients: int, headers: Mapping[str, str] | None = None, what: str = "press"
) -> Row:
    count = (200 if bench.quick else 1000) // clients
    together = threading.Barrier(clients)
    found = _at_once(clients, lambda: _asks(server, [PRESS, NOTHING], count, headers or {}, together))
    ours, nothing = ([value for each in found for value in each[i]] for i in (0, 1))
    p50, p99 = statistics.median(ours), statistics.quantiles(ours, n=100)[98]
    ratio = p50 / statistics.median(nothing)
    return Row(
        f"{what}, {clients} at once",
        f"p50 {p50:.2f} ms, p99 {p99:.1f} ms",
        f"{statistics.median(nothing):.2f} ms, a POST that does nothing",
        ratio,
        "×",
        3.5 if clients == 1 else None,
        2.5 if clients == 1 else None,
        note="durable when it is answered; the task's slot is taken, so nothing is started" if clients == 1 else "",
        curve=(f"{what} ÷ a POST that does nothing", clients, ratio),
    )


def _signed_in(bench: Bench, folder: Path, log: Path) -> Iterator[Row]:
    """The same by a page of somebody who is signed in: with the cookie of a session and the page's token."""
    (cookie,) = people(folder / "closed", 1)
    with started(_words(folder, port := free_port(), "closed"), port, pin=False, log=log) as server:
        page = httpx.get(f"{server.url}/", headers={"Cookie": cookie}, timeout=60).text
        token = re.search(r'name="csrf" content="([^"]+)"', page)
        if not token:
            raise Missing("the front page has no token for its forms")
        headers = {"Cookie": cookie, "X-CSRF-Token": token[1]}
        _behind_the_same(server, headers)
        if httpx.post(server.url + PRESS, headers=headers, timeout=60).status_code >= 300:
            raise Missing("the first press was refused")
        for clients in CLIENTS:
            yield _against_nothing(bench, server, clients, headers, "press, signed in with a session")
        yield _by_hook(bench, server, headers)


def _by_hook(bench: Bench, server: Server, headers: Mapping[str, str]) -> Row:
    """A call of a hook, whose token is compared, whose JSON is read and which is kept, against a press."""
    asked = {"task": "taken", "name": "calls", "scheme": "gitlab"}
    made = httpx.post(f"{server.url}/api/hooks", json=asked, headers=headers, timeout=60)
    if made.status_code != 201:
        raise Missing(f"the hook was not made: {made.text}")
    hook = made.json()
    called = {"X-Gitlab-Token": hook["secret"], "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    ours: list[float] = []
    theirs: list[float] = []
    for number in range((200 if bench.quick else 1000) + 10):
        for path, sent, times in (
            (f"/hooks/{hook['id']}", {**called, "Idempotency-Key": str(number)}, ours),
            (PRESS, {"Content-Type": "application/json", **headers}, theirs),
        ):
            begin = time.perf_counter()
            connection.request("POST", path, b"{}", sent)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 202:
                raise Missing(f"{path} answered {answer.status}")
            times.append((time.perf_counter() - begin) * 1000)
    connection.close()
    p50, press = statistics.median(ours[10:]), statistics.median(theirs[10:])
    return Row("call of a hook", f"p50 {p50:.2f} ms", f"{press:.2f} ms, a press", p50 / press, "×", 1.5)


def _behind_the_same(server: Server, headers: Mapping[str, str]) -> None:
    """What stands before a press stands before the POST that does nothing, too. Raises `Missing` where it does not."""
    cookie = {"Cookie": headers["Cookie"]}
    wrong = {
        "without a session": ({}, 401),
        "without the page's token": (cookie, 403),
        "from another site": ({**headers, "Origin": "http://elsewhere.example"}, 403),
        "under another name": ({**headers, "Host": "elsewhere.example"}, 403),
    }
    for what, (sent, expected) in wrong.items():
        for path in (PRESS, NOTHING):
            status = httpx.post(server.url + path, headers=sent, timeout=60).status_code
            if status != expected:
                raise Missing(f"{path} {what} answered {status}, not {expected}")


def _with_starts(bench: Bench, server: Server) -> Row:
    taken, nothing = _asks(
        server, ["/api/tasks/quick/runs", NOTHING], 20 if bench.quick else 60, {}, threading.Barrier(1)
    )
    return Row(
        "press that starts a job, one behind the other",
        f"p50 {middle(taken):.1f} ms",
        f"{middle(nothing):.1f} ms",
        note="the server is busy starting the ones before; informs only",
    )


def _first_instruction(
    bench: Bench, server: Server, data: Path, kind: str, slug: str, bare: Sequence[str], clients: int
) -> Row:
    ours: list[float] = []
    theirs: list[float] = []

    def by_us() -> tuple[float, int]:
        return time.time(), press_button(server, slug)

    def by_nobody() -> float:
        begin = time.time()
        said = subprocess.run(bare, capture_output=True, text=True, check=True).stdout
        return (_at(said) - begin) * 1000

    for _ in range((6 if bench.quick else 20) // clients + 2):
        for begin, number in _at_once(clients, by_us):
            output = data / "runs" / str(number) / "output"
            until(lambda output=output: _said(output), "the first line")  # type: ignore[misc]
            until(lambda number=number: state(server, number) == "succeeded", "it is over")  # type: ignore[misc]
            ours.append((_at(output.read_text()) - begin) * 1000)
        theirs += _at_once(clients, by_nobody)
    more = middle(ours) - middle(theirs)
    alone = clients == 1
    return Row(
        f"press → first instruction of a {kind}" + ("" if alone else f", {clients} at once"),
        f"{middle(ours):.0f} ms",
        f"{middle(theirs):.0f} ms, spawned bare" + ("" if alone else ", as many at once"),
        more,
        " ms more",
        60 if alone else None,
        25 if alone else None,
        curve=(f"press → first instruction of a {kind}, ms more than bare", clients, more),
    )


def _at_once(many: int, work: Callable[[], Found]) -> list[Found]:
    """What it comes to in so many threads, which begin together. Raises what it raises."""
    together = threading.Barrier(many)

    def one(_: int) -> Found:
        together.wait()
        return work()

    with ThreadPoolExecutor(many) as threads:
        return list(threads.map(one, range(many)))


def _at(said: str) -> float:
    """When the job's first instruction was, as it says."""
    return float(said.partition("t=")[2])


def _said(output: Path) -> bool:
    """Looked for in the file: to ask the server all the time would take what the start needs."""
    return output.exists() and output.stat().st_size > 0
