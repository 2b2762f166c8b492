"""Schedules: from a due moment to the job's first instruction, and what a thousand of them cost at rest."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
from machine import Bench, Server, middle, press, pushbutton, script, state, until
from table import Row

FIRST = """#!/bin/bash
# /// pushbutton
# at_once = 1000
# ///
echo "t=$EPOCHREALTIME due=$PUSHBUTTON_DUE"
"""
MANY = 1000
RARELY = "0 0 29 2 *"


def run(bench: Bench) -> Iterator[Row]:
    yield _due(bench)
    yield _at_rest(bench)


def _due(bench: Bench) -> Row:
    folder = bench.new("due")
    script(folder, "first.sh", FIRST)
    count = 10 if bench.quick else 40
    with pushbutton(folder, pin=False) as server:
        pressed = [_press(server, folder) for _ in range(count // 2)]
        asked = {"task": "first", "title": "often", "every": 1, "catch_up": "none"}
        httpx.post(f"{server.url}/api/schedules", json=asked, timeout=60).raise_for_status()
        path = f"{server.url}/api/schedules/first/often"
        until(lambda: len(_runs(path)) >= count, "so many moments were pressed", count + 60)
        runs = _runs(path)
        httpx.delete(path, timeout=60).raise_for_status()
        pressed += [_press(server, folder) for _ in range(count // 2)]
        for run in runs:
            until(lambda run=run: state(server, run) == "succeeded", "it is over")  # type: ignore[misc]
        due = [_late(folder, run) for run in runs]
    ours, theirs = middle(due), middle(pressed)
    beside = f"{theirs:.0f} ms, from a press"
    return Row("due moment → first instruction", f"{ours:.0f} ms", beside, ours / theirs, "×", 1.5)


def _runs(path: str) -> list[int]:
    return [one["run"] for one in httpx.get(f"{path}/firings", timeout=60).json() if one["run"]]


def _press(server: Server, folder: Path) -> float:
    begin = time.time()
    number = press(server, "first")
    until(lambda: state(server, number) == "succeeded", "it is over")
    return (_first(folder, number) - begin) * 1000


def _first(folder: Path, run: int) -> float:
    found = re.search(r"t=([\d.]+)", _output(folder, run))
    assert found
    return float(found[1])


def _late(folder: Path, run: int) -> float:
    found = re.search(r"due=(\S+)", _output(folder, run))
    assert found
    return (_first(folder, run) - datetime.fromisoformat(found[1]).timestamp()) * 1000


def _output(folder: Path, run: int) -> str:
    return (folder / "data" / "runs" / str(run) / "output").read_text()


def _at_rest(bench: Bench) -> Row:
    """Three servers beside each other: two without a schedule tell what is noise."""
    seconds = 30 if bench.quick else 60
    with contextlib.ExitStack() as stack:
        servers = []
        for name, count in (("none", 0), ("neither", 0), ("many", MANY)):
            folder = bench.new(f"rest-{name}")
            rules = json.dumps([{"cron": RARELY, "name": f"n{number}"} for number in range(count)])
            schedules = f"schedules={rules}" if count else ""
            (folder / "tasks").mkdir(exist_ok=True)
            (folder / "tasks" / "jobs.py").write_text(
                f"from pushbutton import task\n@task({schedules})\ndef report(): ...\n"
            )
            servers.append(stack.enter_context(pushbutton(folder, pin=False)))
        time.sleep(10)  # what a start does is over
        begun = [server.cpu() for server in servers]
        time.sleep(seconds)
        none, neither, many = (server.cpu() - begin for server, begin in zip(servers, begun, strict=True))
    beside = (none + neither) / 2
    return Row(
        f"{MANY:,} schedules at rest",
        f"{1000 * many / seconds:.1f} ms/s of a processor",
        f"{1000 * beside / seconds:.1f} ms/s without one",
        many / beside,
        "×",
        1.3,
        note=f"two servers without a schedule differ by {abs(none - neither) / beside:.0%}: that is noise",
    )
