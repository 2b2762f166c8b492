"""How many places each client holds at once, so that one cannot take them all."""

from __future__ import annotations

from collections.abc import Sequence

from pushbutton.domain.networks import Network, address, household, within


class Crowd:
    """Counts by name; `place` makes one from an address. With `most` 0 nothing is counted, and the name "" never is."""

    def __init__(self, most: int, free: Sequence[Network] = ()) -> None:
        self._most, self._free = most, free
        self._inside: dict[str, int] = {}

    def place(self, client: str) -> str:
        """An address as a name, IPv6 by its network; "" for this machine and the `free`, behind which stand many."""
        one = address(client) if self._most else None
        if one is None or one.is_loopback or within(one, self._free):
            return ""
        return household(client)

    def enter(self, name: str) -> bool:
        """False: it holds all of its places already, and nothing was counted. After True comes one `leave`."""
        if not name or not self._most:
            return True
        count = self._inside.get(name, 0)
        if count >= self._most:
            return False
        self._inside[name] = count + 1
        return True

    def leave(self, name: str) -> None:
        count = self._inside.get(name, 0)
        if count > 1:
            self._inside[name] = count - 1
        else:
            self._inside.pop(name, None)

    def __len__(self) -> int:
        """How many are counted now."""
        return len(self._inside)
