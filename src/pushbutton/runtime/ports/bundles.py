"""The port of published tasks: what several nodes of one store run."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Protocol

from pushbutton.domain.bundle import Publishing

CONTENTS: Final = 20
"""Of so many publishings, the newest, the contents are kept."""


class Bundles(Protocol):
    """Contents of bundles, and which of them was published when.

    Implementers guarantee: numbers of publishings rise by one in the order of commits, and each has its record in the
    audit trail in the same transaction; a content is there whole or not at all. Contents of older publishings go, but
    none that an unfinished run was pressed with.
    """

    async def keep(self, digest: str, content: bytes, *, at: int) -> None:
        """Keep the bytes of a bundle, to be published. Killed in the middle, nothing can be seen of it, and the next
        one goes on.
        """
        ...

    async def content(self, digest: str) -> bytes:
        """Raises `NoSuchBundle`. Whether these are the bytes of that digest is for the caller to look at."""
        ...

    async def publish(self, new: Publishing, *, again: bool) -> Publishing | None:
        """None: it is published already, or was once and is not to be published `again`: nothing was done. What came
        and went is compared with the newest. Raises `NoSuchBundle` where its content is not kept.
        """
        ...

    async def last(self) -> int:
        """The number of the newest publishing; 0 for none."""
        ...

    async def newest(self) -> Publishing | None: ...

    async def of(self, digest: str) -> Publishing | None:
        """The newest publishing of this content."""
        ...

    async def needed(self) -> Collection[str]:
        """The bundles that unfinished runs were pressed with."""
        ...
