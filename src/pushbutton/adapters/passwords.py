"""Passwords of local users: argon2id, in threads, a bounded number at once.

One hash takes 64 MiB and tens of milliseconds of every core that it gets, on purpose; so nobody who asks often can make
the server hash more than `AT_ONCE` at a time, and no more than `WAITING` wait for their turn.
"""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from pushbutton.domain.encodable import is_encodable
from pushbutton.domain.password import LONGEST

from .bounded_threads import BoundedThreads

__all__ = ["AT_ONCE", "WAITING", "Passwords"]

AT_ONCE = 2
WAITING = 14


class Passwords:
    """Costs of a hash are those that the library recommends; `stale` says when it has come to recommend more."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._turns = BoundedThreads("password", AT_ONCE, WAITING)

    async def hash(self, password: str) -> str:
        """The hash to keep; names its own costs and salt. Raises `TooManySignIns`."""
        return await self._turns.take(lambda: self._hasher.hash(_bytes(password)))

    async def check(self, hashed: str | None, password: str) -> bool:
        """Whether it is the password of which `hashed` was kept. Raises `TooManySignIns`.

        None, for somebody who is not known, takes as long as a wrong password: it is hashed all the same.
        """
        return await self._turns.take(lambda: self._is(hashed, password))

    def stale(self, hashed: str) -> bool:
        """Whether to keep a new hash when the password is known next: this one costs less than it should."""
        return self._hasher.check_needs_rehash(hashed)

    def close(self) -> None:
        """Waits for the hashes that are being made; those that wait for their turn are dropped."""
        self._turns.close()

    def _is(self, hashed: str | None, password: str) -> bool:
        # A password that nobody can have is no shorter way to an answer either.
        typed = password if len(password) <= LONGEST and is_encodable(password) else ""
        try:
            if hashed is not None:
                self._hasher.verify(hashed, _bytes(typed))
                return typed == password
        except VerificationError:
            return False
        except InvalidHashError:
            pass  # what is kept is no hash: as good as none
        self._hasher.hash(_bytes(typed))
        return False


def _bytes(password: str) -> bytes:
    """The same for every keyboard: some send “ü” as one character, some as two."""
    return unicodedata.normalize("NFKC", password).encode()
