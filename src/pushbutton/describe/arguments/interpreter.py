"""Which Python a script's first line names. It says what can be read of the script; it is asked for the tree alone."""

from __future__ import annotations

import hashlib
import json
import os
import re
import resource
import shutil
import stat
import subprocess
import sys
from typing import Any

from .foreign_tree import ASK

__all__ = ["fingerprint", "named", "tree_by", "version_of"]

_NAME = re.compile(r"(?:python|pypy)[0-9.]*")
_BINARY = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
_SECONDS = 2  # of a processor
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
    found = shutil.which(words[0]) or ""
    real = os.path.realpath(found) if os.path.isabs(found) else ""
    return real if real and _NAME.fullmatch(os.path.basename(real)) and _not_of_authors(real, folder) else ""


def _not_of_authors(program: str, folder: str) -> bool:
    """Whether it is a program of the system or of the server's own user that nobody else can change."""
    try:
        with open(program, "rb") as file:
            status, head = os.fstat(file.fileno()), file.read(4)
    except OSError:
        return False
    owned = status.st_uid in (0, os.geteuid()) and not status.st_mode & _OTHERS
    return owned and head in _BINARY and not program.startswith(os.path.realpath(folder).rstrip("/") + "/")


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


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))


def tree_by(program: str, path: str) -> dict[str, Any] | None:
    """What `foreign_tree.ASK` says of the file; None: this Python is ours, or says nothing."""
    if version_of(program) == sys.version_info[:2]:
        return None
    # Neither its environment nor what lies in a folder of ours or of the author's adds a module to it.
    order = [program, "-E", "-s", "-S", "-c", ASK, os.path.abspath(path)]
    try:
        asked = subprocess.run(
            order, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, check=False, preexec_fn=_limited
        )
        found = json.loads(asked.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return found if isinstance(found, dict) else None
