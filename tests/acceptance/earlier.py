"""Runs that release 0.2.0 started: its supervisor as it was released, in a spool as its server made one.

`release_0_2_0/` is a frozen copy of what that supervisor consists of.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from pushbutton.adapters import spools
from pushbutton.adapters.spools import SpoolFolder
from pushbutton.domain.run import Run
from pushbutton.domain.task import Command, Task

SOURCE = str(Path(__file__).parent / "release_0_2_0")


def starts_as_0_2_0(patch: pytest.MonkeyPatch) -> None:
    """From now on runs are started as that release did it."""
    patch.setattr(SpoolFolder, "_start", _start)


def _start(
    self: SpoolFolder,
    run: Run,
    task: Task,
    command: Command,
    told: Mapping[str, Any],
    secrets: Sequence[str],
    token: str,
) -> None:
    folder = self.folder(run.id)
    folder.mkdir(parents=True, mode=0o700)
    (folder / "events").touch(0o600)
    (folder / "files").mkdir()
    for fifo in ("control", "channel"):
        os.mkfifo(folder / fifo, 0o600)
    (folder / "copy").write_text("")
    limits = task.limits
    spec = {
        "run": run.id,
        "epoch": run.epoch,
        "argv": list(command.argv),
        "cwd": command.cwd,
        "env": told["env"],
        "tty": command.tty,
        "payload": command.payload,
        "secrets": list(secrets),
        "token": token,
        "remove": "",
        "timeout": limits.timeout,
        "grace": limits.grace,
        "linger": limits.linger,
        "background": limits.background.value,
        "output": limits.output,
        "files": self.files,
        "hint": os.path.relpath(self._hint, folder),
    }
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        spools._take(lock)
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", spools._BOOT, SOURCE, f"pushbutton: supervisor of run {run.id}"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[lock],
            start_new_session=True,
        )
    finally:
        os.close(lock)
    self._children[run.id] = child
    assert child.stdin
    child.stdin.write(json.dumps(spec).encode())
    child.stdin.close()
