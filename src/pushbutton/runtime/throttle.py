"""Wrong passwords and codes, counted over all processes on one store; by which rule, see `domain.throttle`.

The names under which they are counted are hashed with the server's key: a name that somebody typed may be a password.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from pushbutton.domain import throttle
from pushbutton.domain.networks import household
from pushbutton.domain.throttle import Count, Key
from pushbutton.errors import SlowDown, StoreError, TooManySignIns

from . import clock
from .ports.memos import Look, Memo, Memos

OWNER_FOR: Final = 90 * 86_400.0
"""Seconds for which an address is known as one from which an account's owner has signed in."""


@dataclass(frozen=True, slots=True)
class Throttle:
    memos: Memos
    key: bytes = field(repr=False)
    what: str = "sign-in"  # what is tried: mistakes in something else are counted apart

    @contextlib.asynccontextmanager
    async def one_try(self, account: str, address: str) -> AsyncIterator[None]:
        """Around what may turn out to be wrong, which raises `SignInFailed` then. Raises `SlowDown`.

        It counts as wrong from the begin: a hundred tries that are sent at once are slowed like a hundred in a row.
        """
        await self.begin(account, address, clock.now() / 1e6)
        try:
            yield
        except (TooManySignIns, StoreError):
            await self.undone(account, address, clock.now() / 1e6)  # it was not checked
            raise
        await self.undone(account, address, clock.now() / 1e6)

    async def begin(self, account: str, address: str, now: float) -> None:
        """Counts a try as wrong. Raises `SlowDown` where none is allowed yet; nothing is counted then."""
        if (left := await self.wait(account, address, now)) > 0:  # most of a flood costs no write
            raise SlowDown(left)
        owner = await self._is_owner(account, address, now)

        def look(seen: Mapping[str, Memo]) -> list[Memo]:
            counts = self._counts(seen, account, address)
            if (left := throttle.wait(counts, account, address, now, owner=owner)) > 0:
                raise SlowDown(left)
            return self._with_one_more(counts, account, address, now)

        await self._change(look, account, address, now)

    async def failed(self, account: str, address: str, now: float) -> None:
        def look(seen: Mapping[str, Memo]) -> list[Memo]:
            return self._with_one_more(self._counts(seen, account, address), account, address, now)

        await self._change(look, account, address, now)

    async def undone(self, account: str, address: str, now: float) -> None:
        """Takes the last mistake back: it was none."""

        def look(seen: Mapping[str, Memo]) -> list[Memo]:
            counts = self._counts(seen, account, address)
            return [self._memo(key, count.undone) for key, count in counts.items()]

        await self._change(look, account, address, now)

    async def passed(self, account: str, address: str, now: float) -> None:
        """Somebody was let in from there: it is an address of the account's owner, whose mistakes are forgotten."""
        name = self._name((account, household(address)))
        await self.memos.change(
            self._counted, [name], lambda seen: [Memo(known, "", 0) for known in seen], at=_micros(now)
        )
        owner = Memo(name, "", _micros(now + OWNER_FOR))
        await self.memos.change(self._owned, [name], lambda _: [owner], at=_micros(now))

    async def wait(self, account: str, address: str, now: float) -> float:
        """Seconds until the next try is allowed; 0: now."""
        seen = await self.memos.read(self._counted, self._names(account, address), at=_micros(now))
        if not seen:
            return 0.0
        owner = await self._is_owner(account, address, now)
        return throttle.wait(self._counts(seen, account, address), account, address, now, owner=owner)

    async def _is_owner(self, account: str, address: str, now: float) -> bool:
        return bool(await self.memos.read(self._owned, [self._name((account, household(address)))], at=_micros(now)))

    async def _change(self, look: Look, account: str, address: str, now: float) -> None:
        await self.memos.change(self._counted, self._names(account, address), look, at=_micros(now))

    def _with_one_more(self, counts: Mapping[Key, Count], account: str, address: str, now: float) -> list[Memo]:
        return [self._memo(key, throttle.failed(counts.get(key), now)) for key in throttle.keys(account, address)]

    def _counts(self, seen: Mapping[str, Memo], account: str, address: str) -> dict[Key, Count]:
        names = ((key, self._name(key)) for key in throttle.keys(account, address))
        return {key: Count(*json.loads(seen[name].value)) for key, name in names if name in seen}

    def _memo(self, key: Key, count: Count) -> Memo:
        return Memo(self._name(key), json.dumps([count.mistakes, count.last]), _micros(count.until))

    @property
    def _counted(self) -> str:
        return f"mistakes: {self.what}"

    @property
    def _owned(self) -> str:
        return f"owners: {self.what}"

    def _names(self, account: str, address: str) -> list[str]:
        return [self._name(key) for key in throttle.keys(account, address)]

    def _name(self, key: Key) -> str:
        text = "\0".join(key).encode(errors="surrogatepass")
        return hmac.new(self.key, b"throttle:" + text, hashlib.sha256).hexdigest()


def _micros(seconds: float) -> int:
    return int(seconds * 1_000_000)
