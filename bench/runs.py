"""What one run costs while it runs: its supervisor's memory and its start."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
from machine import Bench, facts, memory, middle, press, pushbutton, script, until
from table import Row


def run(bench: Bench) -> Iterator[Row]:
    folder = bench.new("runs")
    script(folder, "sleeps.sh", "#!/bin/sh\n# /// pushbutton\n# at_once = 1000\n# ///\nexec sleep 1000\n")
    with pushbutton(folder, "--at-once", "1000", pin=False) as server:
        numbers: list[int] = []
        for many in (1, 10, 50):
            while len(numbers) < many:
                numbers.append(press(server, "sleeps"))
            spools = [folder / "data" / "runs" / str(number) for number in numbers]
            until(lambda spools=spools: all("started" in facts(spool) for spool in spools), "all run")  # type: ignore[misc]
            time.sleep(1.5)  # until each has looked around once
            found = [memory(facts(spool)["born"]["pid"]) for spool in spools]
            rss, pss = middle([one["Rss"] / 1024 for one in found]), middle([one["Pss"] / 1024 for one in found])
            yield Row(
                f"supervisor's memory, {many} runs",
                f"{rss:.1f} MB resident",
                f"{pss:.1f} MB of its own share (PSS)",
                rss,
                " MB",
                14,
                10,
                curve=("supervisor's memory, MB", many, rss),
            )
        born = [said["started"]["t"] - said["born"]["t"] for said in map(facts, spools)]
        yield Row("from the supervisor's first word to the job's process", f"{middle(born) / 1000:.1f} ms")
        for number in numbers:
            httpx.post(f"{server.url}/api/runs/{number}/cancel", timeout=30)
        until(lambda: httpx.get(f"{server.url}/api/health", timeout=30).json()["runs"] == {}, "all are over", 60)
