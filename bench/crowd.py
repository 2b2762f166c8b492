"""Many runs and many watchers at once: whether anything is lost, and what it costs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from machine import TICKS, Bench, load, memory, press, pushbutton, script, until
from table import Row

LINES = """#!/usr/bin/env python3
# /// pushbutton
# at_once = 1000
# ///
import os, time
while not os.path.exists({go!r}):
    time.sleep(0.25)
begin = float(open({go!r}).read())
for tenth in range({tenths}):
    time.sleep(max(0.0, begin + tenth / 10 - time.monotonic()))
    print("\\n".join(f"line {{tenth * 10 + n}} of a job that has much to say" for n in range(10)), flush=True)
"""
WATCHERS = 5  # of each run
SIZES = (50, 100, 200)


def run(bench: Bench) -> Iterator[Row]:
    for many in SIZES:
        yield _crowd(bench, many)


def _crowd(bench: Bench, many: int) -> Row:
    """All runs are there first; then they begin to print at the same moment, when everybody watches."""
    folder, tenths = bench.new("crowd"), 50 if bench.quick else 80
    go = folder / "go"
    script(folder, "lines.py", LINES.format(tenths=tenths, go=str(go)))
    with pushbutton(folder, "--at-once", "1000", pin=False) as server:
        numbers = [press(server, "lines") for _ in range(many)]
        spools = [folder / "data" / "runs" / str(number) for number in numbers]
        until(lambda: all(_pid(spool) for spool in spools), "all run", 120)
        supervisors = [_pid(spool) for spool in spools]
        begin = server.cpu()
        others, sampling = _Sampled(supervisors), threading.Event()
        thread = threading.Thread(target=others.follow, args=(sampling,))
        thread.start()
        (folder / "soon").write_text(f"{time.monotonic() + 2 + many / 50:.3f}")  # until the streams are open
        (folder / "soon").rename(go)
        path = "/api/runs/%ld/output/stream"
        found = load(bench, server, path, many * WATCHERS, r=f"{numbers[0]}:{many}", E=True, i=True, d=tenths / 10 + 90)
        sampling.set()
        thread.join()
        cpu, kb, printing = server.cpu() - begin, memory(server.pid)["Rss"], tenths / 10

        def over() -> bool:
            return bool(httpx.get(f"{server.url}/api/health", timeout=60).json()["runs"] == {})

        until(over, "all are over", 60)
        lines = sum((spool / "output").read_bytes().count(b"\n") for spool in spools)
    return Row(
        f"{many} runs × 100 lines/s, {many * WATCHERS:,} watchers: lines kept",
        f"{lines:,}",
        f"{many * tenths * 10:,} written",
        lines / (many * tenths * 10),
        must=1.0,
        more=True,
        note=f"streams whole to their end: {found['finished']:,.0f} of {many * WATCHERS:,}, pieces missing or "
        f"doubled: {found['gaps']:.0f}; server {cpu / printing:.0%} of a core and {kb / 1024:.0f} MB, supervisors "
        f"{others.seconds / printing:.0%} together",
        curve=("server's processor with a crowd, % of a core", many, cpu / printing * 100),
    )


def _pid(spool: Path) -> int:
    try:
        facts = [json.loads(line) for line in (spool / "events").read_text().splitlines()]
    except (FileNotFoundError, ValueError):
        return 0
    started = any(fact["k"] == "started" for fact in facts)
    return next((fact["pid"] for fact in facts if fact["k"] == "born" and started), 0)


class _Sampled:
    """Processor time of processes that end while one looks."""

    def __init__(self, pids: list[int]) -> None:
        self._before = {pid: _cpu(pid) for pid in pids}
        self._last = dict(self._before)

    def follow(self, over: threading.Event) -> None:
        while not over.wait(0.5):
            for pid in self._last:
                self._last[pid] = max(self._last[pid], _cpu(pid))

    @property
    def seconds(self) -> float:
        return sum(self._last.values()) - sum(self._before.values())


def _cpu(pid: int) -> float:
    """Seconds of a process; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS
