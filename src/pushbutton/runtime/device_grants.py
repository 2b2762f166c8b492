"""Asking for a token or a link from a terminal: a program shows a short code, a person who is signed in says yes to it
in the browser, and the program fetches what was made. Nothing secret is typed; the program never sees a password.

All of it is held in memory for a few minutes; after a restart the program has to ask again.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pushbutton.domain.actor import Right
from pushbutton.domain.event import Json
from pushbutton.domain.networks import household
from pushbutton.domain.run import Micros
from pushbutton.domain.token import hashed
from pushbutton.errors import NotFound, Refused
from pushbutton.sentence import say

LASTS: Micros = 10 * 60 * 1_000_000
MOST = 200
"""Open at the same time."""
MOST_FROM_ONE = 10
"""Of them from one address (IPv6: one network)."""

_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so no words, and none that looks like another
_LENGTH = 8


@dataclass(frozen=True, slots=True)
class TokenRequest:
    name: str
    rights: frozenset[Right]
    days: int | None


@dataclass(frozen=True, slots=True)
class LinkRequest:
    task: str
    fixed: Mapping[str, Json]
    days: int
    uses: int
    approvers: int
    note: str


GrantRequest = TokenRequest | LinkRequest


class Answer(StrEnum):
    NONE = "waiting"  # nobody has answered yet
    YES = "granted"
    NO = "refused"


@dataclass(frozen=True, slots=True)
class DeviceGrant:
    code: str  # what both sides show: "BCDF-GHJK"
    wanted: GrantRequest
    address: str  # the address of the program
    until: Micros
    answer: Answer = Answer.NONE
    made: str = ""  # the text of the token or link, until it is fetched
    by: str = ""  # who said yes


class DeviceGrants:
    """All grants of a server."""

    def __init__(self) -> None:
        self._open: dict[str, DeviceGrant] = {}  # by the hash of what the program fetches the answer with

    def begin(self, wanted: GrantRequest, address: str, at: Micros) -> tuple[DeviceGrant, str]:
        """The grant, and what the program fetches the answer with. Raises `Refused` when there are too many."""
        self._forget(at)
        mine = sum(household(grant.address) == household(address) for grant in self._open.values())
        if len(self._open) >= MOST or mine >= MOST_FROM_ONE:
            raise Refused(say("Too many programs are asking at this moment: try again in a few minutes."))
        letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
        grant = DeviceGrant(f"{letters[:4]}-{letters[4:]}", wanted, address, at + LASTS)
        secret = secrets.token_urlsafe(24)
        self._open[hashed(secret)] = grant
        return grant, secret

    def find(self, code: str, at: Micros) -> DeviceGrant:
        """One that nobody has answered. Raises `NotFound`."""
        return self._open[self._key(code, at)]

    def answer(self, grant: DeviceGrant, answer: Answer, at: Micros, *, made: str = "", by: str = "") -> None:
        """Raises `NotFound` when another answer was faster, or it is too late."""
        key = self._key(grant.code, at)
        self._open[key] = DeviceGrant(grant.code, grant.wanted, grant.address, grant.until, answer, made, by)

    def fetch(self, secret: str, at: Micros) -> DeviceGrant:
        """How it stands; an answer is given once. Raises `NotFound`."""
        self._forget(at)
        key = hashed(secret)
        found = self._open.get(key)
        if found is None:
            raise NotFound(say("Nobody answered in time, or the answer was fetched already: ask once more."))
        if found.answer is not Answer.NONE:
            del self._open[key]
        return found

    def _key(self, code: str, at: Micros) -> str:
        self._forget(at)
        plain = _plain(code)
        for key, grant in self._open.items():
            if _plain(grant.code) == plain and grant.answer is Answer.NONE:
                return key
        raise NotFound(
            say("There is no such code, or it was answered already, or it is too old: look at your terminal.")
        )

    def _forget(self, at: Micros) -> None:
        self._open = {key: grant for key, grant in self._open.items() if at < grant.until}


def _plain(code: str) -> str:
    return "".join(letter for letter in code.upper() if letter.isalpha())
