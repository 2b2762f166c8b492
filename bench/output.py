"""What a job writes: how fast it is kept, and how soon it is in a watcher's hands."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from machine import Bench, Missing, Server, load, middle, press, pushbutton, script, spread, state, until
from script_server import NAMED, named, script_server
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
REPORTS = (10, 40, 1000)
PACED = 50  # reports a second from which on they wait for the 20 ms after the one before, which has a figure of its own
KEPT = (1_000_000, 5_000_000, 20_000_000)
FOLLOWED = (10_000, 100_000, 1_000_000)
THEIRS = "from the start to the last line over its WebSocket, as its page asks for it; with its defaults, on a terminal"


def run(bench: Bench) -> Iterator[Row]:
    folder = bench.new("output")
    for size in {*KEPT, *FOLLOWED}:
        script(folder, f"seq-{size}.sh", f"#!/bin/sh\nexec seq 1 {size}\n")
    for rate in RATES:
        count = max(100, min(2000, rate * 5))
        script(folder, f"clock-{rate}.py", CLOCK.format(rate=rate, count=count, say=PRINT))
    for rate in REPORTS:
        count = max(100, min(2000, rate * 5))
        script(folder, f"says-{rate}.py", CLOCK.format(rate=rate, count=count, say=STATUS))
    with pushbutton(folder, pin=False) as server:
        for size in KEPT:
            yield _ingest(bench, server, folder, size)
        for rate in RATES:
            path = "/api/runs/%ld/output/stream"
            yield from _latency(bench, server, f"clock-{rate}", path, "a line", rate, i=True)
        for rate in REPORTS:
            path = "/api/runs/%ld/events"
            yield from _latency(bench, server, f"says-{rate}", path, "a status", rate, barred=rate < PACED)
        ours = {size: [_last_line(server, size) for _ in range(bench.rounds)] for size in FOLLOWED}
    yield from _beside_script_server(bench, ours)


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


def _latency(
    bench: Bench, server: Server, task: str, path: str, what: str, rate: int, *, barred: bool = True, **options: object
) -> Iterator[Row]:
    number = press(server, task)
    found = load(bench, server, path % number, 1, **{"d": 30, "E": True, "w": 0, **options})
    for name, must, aim in (("p50", 10, 3), ("p99", 40, 20)):
        taken = found[f"{name}_ms"]
        yield Row(
            f"{what} of a job → at a watcher, {rate:,}/s, {name}",
            "",
            "",
            taken,
            " ms",
            must if barred else None,
            aim if barred else None,
            note=f"{found['events']:.0f} frames, missing or doubled: {found['gaps']:.0f}" if name == "p50" else "",
            curve=(f"{what} of a job → at a watcher, {name}, ms", rate, taken),
        )


def _last_line(server: Server, size: int) -> float:
    """Seconds from the press to the last byte of `seq 1 size` in the hands of one who follows it."""
    begin = time.perf_counter()
    number = press(server, f"seq-{size}")
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        sock.sendall(f"GET /api/runs/{number}/output/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        tail = b""
        while not tail.endswith(b"\r\n0\r\n\r\n"):
            piece = sock.recv(1 << 20)
            if not piece:
                raise Missing(f"the stream of run {number} broke off")
            tail = (tail + piece)[-16:]
    return time.perf_counter() - begin


def _beside_script_server(bench: Bench, ours: dict[int, list[float]]) -> Iterator[Row]:
    theirs, why = dict[int, list[float]](), f"not measured: {NAMED} names no checkout"
    if named():
        try:
            with script_server(bench, FOLLOWED) as peer:
                for size in FOLLOWED:  # the largest takes it long
                    theirs[size] = [peer.last_line(size) for _ in range(1 if size == FOLLOWED[-1] else 3)]
        except Missing as missing:
            why = f"not measured: {missing}"
    for size in FOLLOWED:
        took = middle(ours[size])
        yield Row(
            f"press → last line of seq 1 {size:,} at a watcher",
            f"{took:.3f} s",
            curve=("press → last line of seq at a watcher, seconds", size, took),
        )
    for size in FOLLOWED if theirs else FOLLOWED[-1:]:
        took, beside = middle(ours[size]), middle(theirs[size]) if size in theirs else None
        barred = size == FOLLOWED[-1]
        yield Row(
            f"last line of seq 1 {size:,} ÷ script-server",
            f"{took:.3f} s",
            why if beside is None else f"{beside:.2f} s, script-server",
            None if beside is None else took / beside,
            must=1 / 40 if barred else None,
            aim=1 / 200 if barred else None,
            note=THEIRS,
            curve=None if beside is None else ("last line of seq ÷ script-server", size, took / beside),
        )
