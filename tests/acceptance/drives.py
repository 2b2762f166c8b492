"""A folder on a drive that does not answer, for real: a file system of the kernel's (FUSE) whose other side is silent.

Whoever looks into the folder waits in the kernel until the drive is gone; then what the folder itself holds is there.
It takes root, and `/dev/fuse`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Self

import pytest

__all__ = ["Silent", "takes_a_silent_drive"]

HOLDS = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
place = os.fsencode(sys.argv[1])
other = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={other},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
if libc.mount(b"silent", place, b"fuse", 0, options):
    sys.exit(os.strerror(ctypes.get_errno()))
print("mounted", flush=True)
sys.stdin.read()
libc.umount2(place, 2)  # nobody finds it any more
os.close(other)  # whoever waits in it is told that it is gone
"""


def _possible() -> bool:
    return os.geteuid() == 0 and sys.platform == "linux" and os.access("/dev/fuse", os.R_OK | os.W_OK)


takes_a_silent_drive = pytest.mark.skipif(not _possible(), reason="it takes root, and FUSE, to have such a drive")


class Silent:
    """The folder does not answer until the block is left, or `answers()` is called."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", HOLDS, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout
        if not self._process.stdout.readline():
            self.answers()
            pytest.skip("no drive can be mounted here")

    def answers(self) -> None:
        """It is gone, and all who wait in it are awake."""
        self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.answers()
