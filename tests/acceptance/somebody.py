"""A server of a user that is not root, where the tests are root's; elsewhere everything is such a user's already."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

import pushbutton

NOBODY = 65534


def become(user: int = NOBODY) -> list[str]:
    """Words in front of a program, which then is that user's."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--inh-caps=-all", "--"]


@cache
def python() -> str:
    """One that they can run as well: ours may lie in a folder that is closed to them."""
    own = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = [sys.executable, *(shutil.which(own, path=place) or "" for place in ("/usr/bin", "/usr/local/bin"))]
    for one in found:
        if (
            one
            and subprocess.run([*become(), "sh", "-c", f"{one} -c ''"], check=False, capture_output=True).returncode
            == 0
        ):
            return one
    pytest.skip(f"no {own} here that is anybody's to run")


def modules() -> dict[str, str]:
    """The environment in which that one finds what ours has."""
    source = str(Path(pushbutton.__file__).parent.parent)
    return {} if python() == sys.executable else {"PYTHONPATH": os.pathsep.join([source, *site.getsitepackages()])}


@contextmanager
def place(user: int = NOBODY, *, inside: str | None = None) -> Iterator[Path]:
    """A folder that is theirs: the tests' own lie in one that is closed to them."""
    with tempfile.TemporaryDirectory(dir=inside) as name:
        if os.geteuid() == 0:
            os.chown(name, user, user)
        yield Path(name)
