"""How long a client has to wait after a wrong password. Pure: moments are passed in, in seconds.

Guessing is slowed per account and per address, of IPv6 per network, which one client has to itself. An address from
which the account's owner has signed in before is slowed by the mistakes in that account only, so that nobody can lock
an owner out by guessing from elsewhere, nor by mistakes in other accounts behind the same address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .networks import household

__all__ = ["FADE", "FREE", "FREE_ACCOUNT", "FREE_ADDRESS", "LONGEST", "Count", "Key", "failed", "keys", "wait"]

FREE: Final = 3
"""Mistakes that cost nothing: people mistype."""
FREE_ACCOUNT: Final = 10
FREE_ADDRESS: Final = 20
LONGEST: Final = 900.0
FADE: Final = 900.0
"""Seconds after which one mistake is forgotten: as long as the longest wait, so that more guesses gain nothing, and
the mistakes of a whole office in a day do not add up.
"""

Key = tuple[str, str]
"""An account and an address, "" for any."""


@dataclass(frozen=True, slots=True)
class Count:
    mistakes: float  # when `last` was
    last: float

    @property
    def until(self) -> float:
        """From then on nothing is left of it."""
        return self.last + FADE * self.mistakes

    @property
    def undone(self) -> Count:
        """Without the last mistake: it was none."""
        return Count(max(0.0, self.mistakes - 1), self.last)


def keys(account: str, address: str) -> Sequence[Key]:
    """The keys under which a try is counted; none twice where there is no address."""
    address = household(address)
    return list(dict.fromkeys([(account, address), ("", address), (account, "")]))


def failed(count: Count | None, now: float) -> Count:
    """With one mistake more."""
    if count is None:
        return Count(1.0, now)
    faded = max(0.0, now - count.last) / FADE
    return Count(max(0.0, count.mistakes - faded) + 1, now)


def wait(counts: Mapping[Key, Count], account: str, address: str, now: float, *, owner: bool) -> float:
    """Seconds until the next try is allowed; 0: now. `owner`: of this account one has signed in from there before."""
    address = household(address)
    own = _left(counts.get((account, address)), FREE, now)
    if owner:
        return own
    by_address, by_account = counts.get(("", address)), counts.get((account, ""))
    return max(own, _left(by_address, FREE_ADDRESS, now), _left(by_account, FREE_ACCOUNT, now))


def _left(count: Count | None, free: int, now: float) -> float:
    if count is None or count.mistakes <= free - 1:  # the last of them may have faded a little
        return 0.0
    pause: float = min(LONGEST, 2.0 ** min(count.mistakes - free, 20.0))
    return min(pause, max(0.0, count.last + pause - now))  # a clock that was set back makes nobody wait for longer
