"""What a job writes: how fast it is kept, and how soon it is in a watcher's hands."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from machine import Bench, Server, load, middle, press, pushbutton, script, spread, state, until
from table import Row

CLOCK = """#!/usr/bin/env python3
import sys, time
rate, count = {rate}, {count}
begin = time.monotonic() + 1.5  # until everybody watches
for number in range(count):
    time.sleep(max(0.0, begin + number / rate - time.monotonic()))
    {say}
"""
PRINT = 'print(f"t={time.time_ns()}", flush=True)'
STATUS = 'import os; os.write(3, f"status at t={time.time_ns()}\\n".encode())'
RATES = (10, 100, 1000)


def run(bench: Bench) -> Iterator[Row]:
    folder = bench.new("output")
    sizes = (1_000_000, 5_000_000, 20_000_000)
    for size in sizes:
        script(folder, f"seq-{size}.sh", f"#!/bin/sh\nexec seq 1 {size}\n")
    for rate in RATES:
        count = min(2000, rate * (3 if bench.quick else 10))
        script(folder, f"clock-{rate}.py", CLOCK.format(rate=rate, count=count, say=PRINT))
    script(folder, "says.py", CLOCK.format(rate=20, count=60 if bench.quick else 200, say=STATUS))
    with pushbutton(folder, pin=False) as server:
        for size in sizes:
            yield _ingest(bench, server, folder, size)
        for rate in RATES:
            yield _latency(bench, server, f"clock-{rate}", "/api/runs/%ld/output/stream", f"{rate:,} lines/s", i=True)
        yield _latency(bench, server, "says", "/api/runs/%ld/events", "a status, durable first", E=True)
        yield from _last_line(server)


def _ingest(bench: Bench, server: Server, folder: Path, size: int) -> Row:
    ratios, ours, theirs = [], [], []
    for _ in range(1 if bench.quick and size > 5_000_000 else 3):
        number = press(server, f"seq-{size}")
        until(lambda number=number: state(server, number) == "succeeded", "seq is over", 120)  # type: ignore[misc]
        spool = folder / "data" / "runs" / str(number)
        at = {fact["k"]: fact["t"] for fact in map(json.loads, (spool / "events").read_text().splitlines())}
        ours.append((at["end"] - at["started"]) / 1e6)
        assert (spool / "output").stat().st_size == at_size(size)
        (spool / "output").unlink()
        target = folder / "cat"
        begin = time.perf_counter()
        subprocess.run(f"seq 1 {size} | cat > {target}; sync -d {target}", shell=True, check=True)
        theirs.append(time.perf_counter() - begin)
        target.unlink()
        ratios.append(theirs[-1] / ours[-1])
    return Row(
        f"seq 1 {size:,}, from its start to the last byte on the disk",
        f"{middle(ours):.2f} s",
        f"{middle(theirs):.2f} s, seq | cat > file, synced",
        middle(ratios),
        must=0.5,
        aim=0.8,
        more=True,
        note=f"{at_size(size) / 1e6 / middle(ours):.0f} MB/s; {spread(ratios)}",
        curve=("output kept, share of cat's speed", size, middle(ratios)),
    )


def at_size(last: int) -> int:
    """Bytes of `seq 1 last`."""
    total, digits, low = 0, 1, 1
    while low <= last:
        high = min(last, low * 10 - 1)
        total += (high - low + 1) * (digits + 1)
        low, digits = low * 10, digits + 1
    return total


def _latency(bench: Bench, server: Server, task: str, path: str, what: str, **options: object) -> Row:
    number = press(server, task)
    found = load(bench, server, path % number, 1, **{"d": 30, "E": True, "w": 0, **options})
    return Row(
        f"written by the job → at a watcher, {what}",
        f"p50 {found['p50_ms']:.1f} ms, p99 {found['p99_ms']:.1f} ms",
        "",
        max(found["p50_ms"], found["p99_ms"] / 4),
        " ms",
        10,
        aim=3 if found["p99_ms"] <= 20 else None,
        note=f"the larger of p50 and p99 / 4; {found['events']:.0f} frames, missing or doubled: {found['gaps']:.0f}",
    )


def _last_line(server: Server) -> Iterator[Row]:
    taken = []
    for _ in range(3):
        begin = time.perf_counter()
        number = press(server, "seq-1000000")
        size = 0
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.sendall(f"GET /api/runs/{number}/output/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            tail = b""
            while not tail.endswith(b"\r\n0\r\n\r\n"):
                piece = sock.recv(1 << 20)
                size += len(piece)
                tail = (tail + piece)[-16:]
        taken.append(time.perf_counter() - begin)
    peer = "script-server: not measured here" if "SCRIPT_SERVER" not in os.environ else "SCRIPT_SERVER: no adapter yet"
    yield Row(
        "press → last line of seq 1 1,000,000 at a watcher",
        f"{middle(taken):.2f} s",
        peer,
        note=f"{size / 1e6:.1f} MB of frames",
    )
