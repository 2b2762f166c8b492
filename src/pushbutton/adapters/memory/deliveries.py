"""`runtime.ports.deliveries` in plain lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pushbutton.domain.hook import KEPT, Delivery, Verdict


class MemoryDeliveries:
    def __init__(self) -> None:
        self._kept: dict[str, list[Delivery]] = {}  # by hook, oldest first

    async def keep(self, delivery: Delivery) -> Delivery:
        return self._keep(delivery)

    def add(self, found: Sequence[Delivery]) -> None:
        for one in found:
            self._keep(one)

    def _keep(self, delivery: Delivery) -> Delivery:
        before = self._kept.setdefault(delivery.hook, [])
        kept = replace(delivery, number=before[-1].number + 1 if before else 1)
        alike = [one for one in [*before, kept] if _signed(one) == _signed(kept)][-KEPT:]
        others = [one for one in before if _signed(one) != _signed(kept)]
        self._kept[delivery.hook] = sorted([*alike, *others], key=lambda one: one.number)
        return kept

    async def newest(self, hook: str, *, limit: int = 100) -> Sequence[Delivery]:
        return self._kept.get(hook, [])[::-1][:limit]

    async def one(self, hook: str, number: int) -> Delivery | None:
        return next((one for one in self._kept.get(hook, []) if one.number == number), None)

    async def forget(self, hook: str) -> None:
        self._kept.pop(hook, None)


def _signed(delivery: Delivery) -> bool:
    return delivery.verdict is not Verdict.UNSIGNED
