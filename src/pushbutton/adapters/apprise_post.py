"""Letters to whatever Apprise knows, each by a process of its own (`apprise_child`): Apprise waits for answers, comes
with much, and connects by itself, so there it can be kept from addresses that are nobody's business.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
from collections.abc import Sequence

from pushbutton.domain.messages import Channel
from pushbutton.domain.networks import Network
from pushbutton.errors import NoSuchSecret, SecretUnavailable, Undelivered
from pushbutton.runtime.ports import Secrets
from pushbutton.runtime.ports.messages import Letter

__all__ = ["ApprisePost"]

SECONDS = 60.0
"""For one letter, from the start of the process."""
_HOLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


class ApprisePost:
    """`allowed` networks may be asked although they are not of the open internet."""

    def __init__(self, secrets: Secrets, *, allowed: Sequence[Network] = (), seconds: float = SECONDS) -> None:
        self._secrets, self._allowed, self._seconds = secrets, allowed, seconds

    async def send(self, channel: Channel, addresses: Sequence[str], letter: Letter) -> None:  # noqa: ARG002  of the port
        names = set(_HOLE.findall(channel.url))
        try:
            values = await self._secrets.resolve(names)
        except (NoSuchSecret, SecretUnavailable) as error:
            raise Undelivered(channel.name, str(error).rstrip(".")) from None
        asked = {
            "url": _HOLE.sub(lambda hole: values[hole[1]], channel.url),
            "title": letter.subject,
            "body": letter.text,
            "bad": letter.bad,
            "allowed": [str(network) for network in self._allowed],
        }
        why = await self._ask(json.dumps(asked).encode())
        for value in values.values():
            why = why.replace(value, "…") if value else why
        if why:
            raise Undelivered(channel.name, why.rstrip("."))

    async def _ask(self, asked: bytes) -> str:
        """Why it was not taken; "": it was."""
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "pushbutton.adapters.apprise_child",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            env={"LANG": "C.UTF-8", "HOME": "/nonexistent"},
        )  # fmt: skip
        try:
            async with asyncio.timeout(self._seconds):
                told, _ = await child.communicate(asked)
        except TimeoutError:
            return f"no answer within {self._seconds:g} seconds"
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
        try:
            return str(json.loads(told)["why"])
        except (ValueError, KeyError, TypeError):
            return f"Apprise ended with {child.returncode}"
