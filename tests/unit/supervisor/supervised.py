"""One real supervisor without a server: a folder, a job, and what it writes."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

from pushbutton.supervisor.spool import Record, read_records

from .pythons import SOURCE

_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from pushbutton.supervisor.main import main; main()"
PATIENCE = 120.0
_SPEC: dict[str, Any] = {
    "run": 1,
    "epoch": 1,
    "tty": None,
    "payload": "",
    "secrets": [],
    "token": "",
    "timeout": None,
    "grace": 5,
    "linger": 1,
    "background": "end",
    "output": 1 << 30,
    "hint": "../hint",
    "stdin": "",
    "frozen": {},
    "files": 0,
}


class Supervised:
    """`with Supervised(tmp_path, ["sleep", "9"]) as supervised:` leaves nothing behind; `more` is of the spec."""

    def __init__(self, place: Path, argv: list[str], *, python: str = sys.executable, **more: Any) -> None:
        self.folder = place / "1"
        self.folder.mkdir()
        self.events = self.folder / "events"
        self.events.touch()
        for fifo in ("control", "channel"):
            os.mkfifo(self.folder / fifo, 0o600)
        spec = dict(_SPEC, argv=argv, cwd=str(place), env=dict(os.environ))
        self.process = subprocess.Popen(
            [python, "-I", "-S", "-c", _BOOT, SOURCE],
            cwd=self.folder,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        self._spec = json.dumps({**spec, **more}).encode()

    def order(self, data: bytes) -> None:
        """Written to its `control`. Raises OSError when it has ended."""
        fd = os.open(self.folder / "control", os.O_WRONLY | os.O_NONBLOCK)
        with os.fdopen(fd, "wb") as file:
            file.write(data)

    @property
    def records(self) -> list[Record]:
        with self.events.open("rb") as file:
            return read_records(file.fileno(), 0, 1 << 30)[0]

    @property
    def lines(self) -> list[str]:
        """What it reported."""
        return [str(record["line"]) for record in self.records if record["k"] == "line"]

    @property
    def output(self) -> bytes:
        return (self.folder / "output").read_bytes()

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def wait_for(self, kind: str) -> Record:
        """The first record of that kind, as soon as it is there."""
        end = time.monotonic() + PATIENCE
        while not (found := [record for record in self.records if record["k"] == kind]):
            assert self.process.poll() is None or kind == "end", f"it ended without “{kind}”: {self.log}"
            assert time.monotonic() < end, f"no “{kind}” in {PATIENCE} s"
            time.sleep(0.005)
        return found[0]

    def __enter__(self) -> Self:
        assert self.process.stdin
        self.process.stdin.write(self._spec)
        self.process.stdin.close()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self.order(b'{"do": "stop", "grace": 0}\n')
        self.process.wait(PATIENCE)
