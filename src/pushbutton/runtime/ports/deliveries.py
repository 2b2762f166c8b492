"""The port for the calls that came to hooks, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pushbutton.domain.hook import Delivery


class Deliveries(Protocol):
    """The newest `domain.hook.KEPT` of each hook are kept; those that were not signed are counted by themselves, so
    that somebody without the secret drives nothing out.
    """

    async def keep(self, delivery: Delivery) -> Delivery:
        """With the number that it has in its hook from now on; numbers rise."""
        ...

    async def newest(self, hook: str, *, limit: int = 100) -> Sequence[Delivery]:
        """Newest first."""
        ...

    async def one(self, hook: str, number: int) -> Delivery | None: ...

    async def forget(self, hook: str) -> None: ...
