"""One message to another system, tried a few times with longer and longer pauses in between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from pushbutton.errors import Undelivered
from pushbutton.runtime.tally import Receiver, Tally

MOST: Final = 8
"""Tries of one message."""
FIRST, LONGEST = 1.0, 60.0  # seconds between two tries: doubled each time; two minutes for all of them


async def sent(
    send: Callable[[], Awaitable[None]], tally: Tally, receiver: Receiver, most: int = MOST
) -> Undelivered | None:
    """Why it was given up; None: it was taken. Each try that failed is counted."""
    for attempt in range(most):
        try:
            await send()
        except Undelivered as error:
            tally.failures[receiver] += 1
            if error.final or attempt == most - 1:
                return error
            await asyncio.sleep(min(LONGEST, FIRST * 2**attempt))
        else:
            break
    return None
