"""The press itself, and how long it takes until the job's first instruction."""

from __future__ import annotations

import http.client
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from machine import HERE, Bench, Server, free_port, middle, script, started, state, until
from machine import press as press_button
from table import Row

FIRST = "#!/bin/bash\necho t=$EPOCHREALTIME\n"
PYTHON = """from pushbutton import task
import time

@task
def python_first():
    print(f"t={time.time():.6f}", flush=True)
"""
BARE = "import time; print(f't={time.time():.6f}', flush=True)"


def run(bench: Bench) -> Iterator[Row]:
    folder, port = bench.new("press"), free_port()
    script(folder, "taken.sh", "#!/bin/sh\nexec sleep 1000\n")
    script(folder, "first.sh", FIRST)
    script(folder, "quick.sh", "#!/bin/sh\n# /// pushbutton\n# at_once = 1000\n# ///\n:\n")
    (folder / "tasks" / "jobs.py").write_text(PYTHON)
    words: list[str | Path] = [sys.executable, HERE / "fanout_server.py", str(port), folder / "tasks", folder / "data"]
    with started(words, port, pin=False, log=bench.folder / "press.log") as server:
        yield from _starts(bench, server, folder)
        press_button(server, "taken")
        for clients in (1, 4, 16):
            yield _against_nothing(bench, server, clients)
        yield _with_starts(bench, server)


def _asks(server: Server, paths: list[str], count: int) -> list[list[float]]:
    """Milliseconds of each answer, by path; the paths take turns."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    taken: list[list[float]] = [[] for _ in paths]
    for number in range(count + 10):
        for path, times in zip(paths, taken, strict=True):
            begin = time.perf_counter()
            connection.request("POST", path, b"{}", {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            if number >= 10:
                times.append((time.perf_counter() - begin) * 1000)
            assert answer.status < 300, answer.status
    connection.close()
    return taken


def _against_nothing(bench: Bench, server: Server, clients: int) -> Row:
    count = (200 if bench.quick else 1000) // clients
    found: list[list[list[float]]] = []
    threads = [
        threading.Thread(target=lambda: found.append(_asks(server, ["/api/tasks/taken/runs", "/api/nothing"], count)))
        for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ours, nothing = ([value for each in found for value in each[i]] for i in (0, 1))
    p50, p99 = statistics.median(ours), statistics.quantiles(ours, n=100)[98]
    ratio = p50 / statistics.median(nothing)
    return Row(
        f"press, {clients} at once",
        f"p50 {p50:.2f} ms, p99 {p99:.1f} ms",
        f"{statistics.median(nothing):.2f} ms, a POST that does nothing",
        ratio,
        "×",
        3.5,
        2.5,
        note="durable when it is answered; the task's slot is taken, so nothing is started" if clients == 1 else "",
        curve=("press ÷ a POST that does nothing", clients, ratio),
    )


def _with_starts(bench: Bench, server: Server) -> Row:
    taken, nothing = _asks(server, ["/api/tasks/quick/runs", "/api/nothing"], 20 if bench.quick else 60)
    return Row(
        "press that starts a job, one behind the other",
        f"p50 {middle(taken):.1f} ms",
        f"{middle(nothing):.1f} ms",
        note="the server is busy starting the ones before; informs only",
    )


def _starts(bench: Bench, server: Server, folder: Path) -> Iterator[Row]:
    kinds = {
        "script": ("first", ["/bin/bash", str(folder / "tasks" / "first.sh")]),
        "Python function": ("python-first", [sys.executable, "-c", BARE]),
    }
    for kind, (slug, bare) in kinds.items():
        ours, theirs = [], []
        for _ in range(10 if bench.quick else 30):
            begin = time.time()
            number = press_button(server, slug)
            output = folder / "data" / "runs" / str(number) / "output"
            until(lambda output=output: _said(output), "the first line")  # type: ignore[misc]
            until(lambda number=number: state(server, number) == "succeeded", "it is over")  # type: ignore[misc]
            ours.append((float(output.read_text().partition("t=")[2]) - begin) * 1000)
            begin = time.time()
            said = subprocess.run(bare, capture_output=True, text=True, check=True).stdout
            theirs.append((float(said.partition("t=")[2]) - begin) * 1000)
        more = middle(ours) - middle(theirs)
        yield Row(
            f"press → first instruction of a {kind}",
            f"{middle(ours):.0f} ms",
            f"{middle(theirs):.0f} ms, spawned bare",
            more,
            " ms more",
            60,
            25,
        )


def _said(output: Path) -> bool:
    """Looked for in the file: to ask the server all the time would take what the start needs."""
    return output.exists() and output.stat().st_size > 0
