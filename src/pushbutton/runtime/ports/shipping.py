"""The port `Shipping`: what the runs of this machine write reaches the machines that do not have their folders."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol


class Shipping(Protocol):
    """Whatever is killed meanwhile, what was sent is there once, and what was not is sent by the next to follow."""

    def follow(self, run: int) -> Callable[[], None]:
        """From now on what the run writes is sent as it comes, until the answer is called. A hint `run:NUMBER` makes it
        sooner.
        """
        ...

    async def handed_over(self, run: int, names: Collection[str]) -> None:
        """Returns when these results can be had on every machine. Where the way there is gone it waits."""
        ...

    async def files(self, run: int) -> None:
        """The same of all files in its folder: what was brought for it, and what it handed over."""
        ...

    async def settled(self, run: int) -> int | None:
        """Returns when all that there is now can be had on every machine: so many bytes of output. Where the way there
        is gone it waits. None where there is no other machine.
        """
        ...
