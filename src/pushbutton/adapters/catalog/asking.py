"""A script, or another program, is asked what it takes: it is run once with `--help`, in our own environment."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence

from pushbutton.errors import BadInput

__all__ = ["SECONDS", "help_printed_by"]

SECONDS = 10.0
_LONGEST = 1 << 20  # bytes
_QUIET = {"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1", "PAGER": "cat"}


async def help_printed_by(argv: Sequence[str], cwd: str | None = None) -> str:
    """The program's text, on both of its outputs. Nothing of it is left when this returns. Raises `BadInput`."""
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            "--help",
            cwd=cwd,
            env={**os.environ, **_QUIET},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise BadInput(f"{argv[0]} cannot be started: {error.strerror}.") from None
    try:
        async with asyncio.timeout(SECONDS):
            said = await _until_its_end(process)
    except TimeoutError:
        raise BadInput(f"{argv[0]} --help did not end within {SECONDS:g} seconds, so it was ended.") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    return said.decode("utf-8", "replace")


async def _until_its_end(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout  # noqa: S101 - it was asked for
    said = bytearray()
    while piece := await process.stdout.read(1 << 16):
        said += piece[: _LONGEST - len(said)]
    await process.wait()
    return bytes(said)
