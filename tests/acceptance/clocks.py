"""Processes whose clock is off, by libfaketime: they alone, for jobs and supervisors inherit nothing of it."""

from __future__ import annotations

from pathlib import Path

import pytest


def off(by: str) -> tuple[str, ...]:
    """Words in front of a command. `by`: "+10m", "-90s"; how long something takes is as it is."""
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not libraries:
        pytest.skip("libfaketime is not here, so no clock was off: install the package faketime.")
    return "env", f"LD_PRELOAD={libraries[0]}", f"FAKETIME={by}", "FAKETIME_DONT_FAKE_MONOTONIC=1"
