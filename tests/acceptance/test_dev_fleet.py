"""`./dev fleet`: everything that a fleet is made of comes up on this machine, presses, and ends without a trace."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.postgres import programs

from .serving import PATIENCE, Lines, until

ROOT = Path(__file__).parents[2]


def three_free_ports() -> int:
    """The first of three in a row."""
    for first in range(20_000 + os.getpid() % 1000 * 10, 32_000, 3):
        try:
            for port in range(first, first + 3):
                socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return first
    raise AssertionError("no ports are free")


def test_a_fleet_comes_up_on_one_machine_and_ends_without_a_trace():
    programs()
    if not shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"):
        pytest.skip("nginx is not here: install the package nginx-light.")
    port = three_free_ports()
    command = [sys.executable, str(ROOT / "bench" / "fleet.py"), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout
    said = Lines(process.stdout)
    try:
        url = said.wait_for(r"The fleet is on (http://\S+)\. Ctrl\+C ends all of it")[1]
        with httpx.Client(base_url=url, timeout=PATIENCE) as http:
            until(lambda: http.get("/api/health").status_code == 200, what="nginx and a web node behind it")
            pressed = http.post("/api/tasks/check-partner-shops/runs", json={}).json()
            assert http.get(f"/api/runs/{pressed['number']}/events").text, "it ends with the run"
            assert http.get(f"/api/runs/{pressed['number']}").json()["over"]
            pids = [int(number) for number in re.findall(r"process (\d+)", said.text)]
            assert len(pids) == 5
            words = Path(f"/proc/{pids[0]}/cmdline").read_text().split("\0")
            folder = Path(words[words.index("--data") + 1]).parent
            assert folder.is_dir()
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0, said.text
    finally:
        process.send_signal(signal.SIGINT)  # killed at once, it would leave all that it started
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
        process.kill()
        process.wait()
        said.close()
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
    assert not folder.exists()
