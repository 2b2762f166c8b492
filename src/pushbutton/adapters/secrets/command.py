"""A secret from a command, such as a password manager's: what it writes to its output. No shell reads the command."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence

from pushbutton.domain.secret import FromCommand

from .value import LARGEST, Missing, text

__all__ = ["from_command", "output"]


async def from_command(origin: FromCommand) -> str:
    """Raises `Missing`."""
    code, data = await output(origin.argv, cwd=origin.cwd, timeout=origin.timeout)
    if code:
        # Its output is not repeated: nobody knows what is in it.
        raise Missing(f"it ended with exit code {code}; run it by hand as the server's user to see why")
    return text(data)


async def output(argv: Sequence[str], *, cwd: str | None = None, timeout: float) -> tuple[int, bytes]:  # noqa: ASYNC109
    """Its exit code and its output, which is never much longer than a value may be. Raises `Missing`.

    It runs with the server's environment, and is gone with everything that it started when this returns or raises.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise Missing(f"it could not be started: {error.strerror}") from None
    assert process.stdout  # noqa: S101  asked for above
    data = b""
    try:
        async with asyncio.timeout(timeout):
            while len(data) <= LARGEST + 2 and (more := await process.stdout.read(LARGEST)):
                data += more
            return (await process.wait() if len(data) <= LARGEST + 2 else 0), data
    except TimeoutError:
        raise Missing(f"it takes longer than {timeout:g} seconds") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
