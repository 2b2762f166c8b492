"""`runtime.ports.Shipping` where there is one machine: nothing is sent anywhere."""

from __future__ import annotations

from collections.abc import Callable, Collection


class InPlace:
    def follow(self, run: int) -> Callable[[], None]:  # noqa: ARG002
        return lambda: None

    async def handed_over(self, run: int, names: Collection[str]) -> None: ...

    async def files(self, run: int) -> None: ...

    async def settled(self, run: int) -> int | None:  # noqa: ARG002
        return None
