"""Tiny worlds for the tests: a folder of scripts, and looking at real processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

from pushbutton.app import Pushbutton

LIMIT = 120.0
"""Seconds after which something that should have happened did not. No test passes because of it."""


def script(folder: Path, name: str, body: str, *, head: str = "") -> Path:
    """An executable script with `body`; `head` is the TOML of its block. Python if the name says so, else sh."""
    shebang = "#!/usr/bin/env python3" if name.endswith(".py") else "#!/bin/sh"
    block = f"# /// pushbutton\n{textwrap.indent(textwrap.dedent(head).strip(), '# ')}\n# ///\n" if head else ""
    file = folder / name
    file.write_text(f"{shebang}\n{block}{textwrap.dedent(body)}")
    file.chmod(0o755)
    return file


def spool_of(app: Pushbutton, run: int) -> Path:
    """The folder in which the run's supervisor writes."""
    return app.folder / "runs" / str(run)


def told_to_stop(spool: Path) -> None:
    """Past every number that its orders may have, as servers of before orders had one. Nobody there: nothing."""
    with contextlib.suppress(OSError):
        control = os.open(spool / "control", os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(control, b'\n{"do": "stop", "grace": 0, "by": "a test that is over"}\n')
        finally:
            os.close(control)


def alive(pid: int) -> bool:
    """Whether the process is there and not merely a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def marked(mark: str) -> list[int]:
    """Living processes with `mark` in their command line."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            line = Path(f"/proc/{entry}/cmdline").read_bytes()
        except OSError:
            continue
        if mark.encode() in line and alive(int(entry)):
            found.append(int(entry))
    return found


async def until(true: Callable[[], object], what: str = "it to happen") -> None:
    """Wait for a condition of the outside world that sends no event."""
    end = time.monotonic() + LIMIT
    while not true():
        if time.monotonic() > end:
            raise AssertionError(f"waited {LIMIT:.0f} s in vain for {what}")
        await asyncio.sleep(0.01)


def pids(folder: Path, *names: str) -> list[int]:
    """The pids that a job wrote to these files."""
    return [int((folder / name).read_text()) for name in names]
