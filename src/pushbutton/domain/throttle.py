"""How long a client has to wait after a wrong password. Pure: seconds of a monotonic clock are passed in.

Guessing is slowed per account and per address, of IPv6 per network, which one client has to itself. An address from
which the account's owner has signed in before is slowed by the mistakes in that account only, so that nobody can lock
an owner out by guessing from elsewhere, nor by mistakes in other accounts behind the same address.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from .networks import household

FREE = 3
"""Mistakes that cost nothing: people mistype."""
FREE_ACCOUNT = 10
FREE_ADDRESS = 20
LONGEST = 900.0
FADE = 900.0
"""Seconds after which one mistake is forgotten: as long as the longest wait, so that more guesses gain nothing, and
the mistakes of a whole office in a day do not add up.
"""
MOST = 10_000
"""Counters kept; the oldest go first."""


@dataclass(slots=True)
class _Count:
    mistakes: float = 0.0  # when `last` was
    last: float = 0.0


class Throttle:
    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[str, str], _Count] = OrderedDict()
        self._owners: OrderedDict[tuple[str, str], None] = OrderedDict()

    def wait(self, account: str, address: str, now: float) -> float:
        """Seconds until the next try is allowed; 0: now."""
        address = household(address)
        own = self._left((account, address), FREE, now)
        if (account, address) in self._owners:
            return own
        return max(own, self._left(("", address), FREE_ADDRESS, now), self._left((account, ""), FREE_ACCOUNT, now))

    def failed(self, account: str, address: str, now: float) -> None:
        for key in _keys(account, address):
            count = self._counts.setdefault(key, _Count())
            count.mistakes = max(0.0, count.mistakes - (now - count.last) / FADE) + 1
            count.last = now
            self._counts.move_to_end(key)
        while len(self._counts) > MOST:
            self._counts.popitem(last=False)

    def undone(self, account: str, address: str) -> None:
        """Takes the last mistake back: it was none."""
        for key in _keys(account, address):
            if count := self._counts.get(key):
                count.mistakes = max(0, count.mistakes - 1)

    def passed(self, account: str, address: str) -> None:
        address = household(address)
        self._counts.pop((account, address), None)
        self._owners[account, address] = None
        self._owners.move_to_end((account, address))
        while len(self._owners) > MOST:
            self._owners.popitem(last=False)

    def _left(self, key: tuple[str, str], free: int, now: float) -> float:
        count = self._counts.get(key)
        if count is None or count.mistakes <= free - 1:  # the last of them may have faded a little
            return 0.0
        pause: float = min(LONGEST, 2.0 ** min(count.mistakes - free, 20.0))
        return max(0.0, count.last + pause - now)


def _keys(account: str, address: str) -> Iterable[tuple[str, str]]:
    address = household(address)
    return dict.fromkeys([(account, address), ("", address), (account, "")])  # none twice where there is no address
