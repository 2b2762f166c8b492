"""script-server beside us, where SCRIPT_SERVER names a checkout of it that runs (with its web pages built).

Its launcher is started with a configuration of its own that has one script for each size; an execution is started with
the form that its page sends, and followed over its WebSocket, as its page does. It is run with the Python in the
checkout's .venv, or with ours where there is none: either needs its requirements.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from machine import Bench, Missing, free_port, started
from websocket import messages

NAMED = "SCRIPT_SERVER"
SECONDS = 300.0
"""Without anything new, after which it is given up."""


@dataclass(frozen=True, slots=True)
class ScriptServer:
    port: int
    mark: str  # its protection of forms wants the same in a cookie and in a header

    @property
    def _headers(self) -> dict[str, str]:
        return {
            "Cookie": f"_xsrf={self.mark}",
            "X-XSRFToken": self.mark,
            "X-Requested-With": "XMLHttpRequest",
        }

    def last_line(self, size: int) -> float:
        """Seconds from the start of `seq 1 size` until its last line came over the WebSocket. Raises `Missing`."""
        form, url = {"__script_name": (None, f"seq-{size}")}, f"http://127.0.0.1:{self.port}/executions/start"
        with httpx.Client(headers=self._headers, timeout=SECONDS) as client:
            begin = time.perf_counter()
            answer = client.post(url, files=form)
        if answer.status_code != 200:
            raise Missing(f"script-server did not start a script: {answer.status_code} {answer.text[:100]}")
        tail = ""
        for message in messages(self.port, f"/executions/io/{answer.text.strip()}", self._headers, SECONDS):
            event = json.loads(message)
            if event["event"] == "output":
                tail = (tail + event["data"])[-64:]
                if tail.split()[-1:] == [str(size)]:
                    return time.perf_counter() - begin
        raise Missing(f"script-server closed the stream behind {tail[-20:]!r}")


def named() -> bool:
    return bool(os.environ.get(NAMED))


@contextlib.contextmanager
def script_server(bench: Bench, sizes: Sequence[int]) -> Iterator[ScriptServer]:
    """Raises `Missing`."""
    checkout = Path(os.environ[NAMED]).expanduser().resolve()
    if not (checkout / "launcher.py").exists():
        raise Missing(f"{NAMED}={checkout}: there is no launcher.py in it")
    own = checkout / ".venv" / "bin" / "python"
    folder, port = bench.new("script-server"), free_port()
    (folder / "runners").mkdir()
    (folder / "conf.json").write_text(json.dumps({"address": "127.0.0.1", "port": port}))
    quiet = {"version": 1, "disable_existing_loggers": False, "root": {"level": "ERROR"}}
    (folder / "logging.json").write_text(json.dumps(quiet))
    for size in sizes:
        runner = {"name": f"seq-{size}", "script_path": f"seq 1 {size}"}
        (folder / "runners" / f"seq-{size}.json").write_text(json.dumps(runner))
    words: list[str | Path] = [
        own if own.exists() else sys.executable,
        checkout / "launcher.py",
        "-d",
        folder,
        "-f",
        folder / "conf.json",
        "-l",
        folder / "logs",
        "-t",
        folder / "temp",
    ]
    with started(words, port, pin=False, log=bench.folder / "script-server.log") as server:
        yield ScriptServer(server.port, secrets.token_hex(16))
