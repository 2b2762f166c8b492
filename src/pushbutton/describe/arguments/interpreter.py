"""Which Python a script's first line names. It says what can be read of the script; it is asked for the tree alone."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import time
from typing import Any

from .foreign_tree import ASK

__all__ = ["Pythons", "fingerprint", "named", "version_of"]

_NAME = re.compile(r"(?:python|pypy)[0-9.]*")
_BINARY = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def named(content: bytes, folder: str) -> str:
    """The program itself, behind links; "": it is not there, is no Python, or could be the work of whoever writes the
    scripts: then it is not started. `folder` is that of the script.
    """
    first = content.partition(b"\n")[0].decode("utf-8", "replace")
    words = first.removeprefix("#!").split() if first.startswith("#!") else []
    if words and os.path.basename(words[0]) == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    if not words or not _NAME.fullmatch(os.path.basename(words[0])):
        return ""
    real = _found(words[0], int(time.monotonic()))
    beside = real.startswith(os.path.realpath(folder).rstrip("/") + "/")
    return real if real and not beside and _not_of_others(real) else ""


@functools.lru_cache(maxsize=64)
def _found(word: str, _second: int) -> str:
    """Behind links; "": there is none. It is looked for once a second, not for each of thousands of scripts."""
    found = shutil.which(word) or ""
    real = os.path.realpath(found) if os.path.isabs(found) else ""
    return real if _NAME.fullmatch(os.path.basename(real)) else ""


def _not_of_others(program: str) -> bool:
    """Whether it is a program of the system or of the server's own user that nobody else can change."""
    try:
        with open(program, "rb") as file:
            status, head = os.fstat(file.fileno()), file.read(4)
    except OSError:
        return False
    return status.st_uid in (0, os.geteuid()) and not status.st_mode & _OTHERS and head in _BINARY


def fingerprint(content: bytes, program: str) -> str:
    """Of what a script holds, and of the Python that it names."""
    known = hashlib.sha256(content)
    if program:
        try:
            status = os.stat(program)
            known.update(f"\0{program} {status.st_size} {status.st_mtime_ns}".encode("utf-8", "surrogateescape"))
        except OSError:
            known.update(b"\0gone")
    return known.hexdigest()


def version_of(program: str) -> tuple[int, ...]:
    """As its name says; (): it does not."""
    found = re.search(r"python([0-9]+)\.([0-9]+)$", os.path.basename(program))
    return (int(found[1]), int(found[2])) if found else ()


class Pythons:
    """The other Pythons that are asked, each by one process for all scripts that name it."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[str]] = {}
        self.silent = False  # whether the last one that was asked said nothing, which it may another time

    def tree_by(self, program: str, path: str) -> dict[str, Any] | None:
        """The answer of `foreign_tree.ASK` for the file; None: this Python is ours, or gives no answer."""
        self.silent = False
        if version_of(program) == sys.version_info[:2]:
            return None
        try:
            asked = self._running[program] = self._running.get(program) or _started(program)
            assert asked.stdin  # noqa: S101 - both were asked for
            assert asked.stdout  # noqa: S101
            asked.stdin.write(f"{json.dumps(os.path.abspath(path))}\n")
            asked.stdin.flush()
            found = json.loads(asked.stdout.readline())
        except (OSError, ValueError):
            self._end(program)
            found = None
        self.silent = not isinstance(found, dict)
        return found if isinstance(found, dict) else None

    def close(self) -> None:
        for program in list(self._running):
            self._end(program)

    def _end(self, program: str) -> None:
        asked = self._running.pop(program, None)
        if asked is not None:
            asked.kill()
            with contextlib.suppress(OSError):
                asked.communicate()


def _started(program: str) -> subprocess.Popen[str]:
    # Neither its environment nor what lies in a folder of ours or of the author's adds a module to it.
    return subprocess.Popen(
        [program, "-E", "-s", "-S", "-c", ASK], cwd="/", encoding="ascii", stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
