"""Asking for a token or a link from a terminal: a program shows a short code, a person who is signed in says yes to it
in the browser, and the program fetches what was made. Nothing secret is typed; the program never sees a password.

All of it is kept for a few minutes.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum

from pushbutton.domain.actor import Right, Verb
from pushbutton.domain.event import Json
from pushbutton.domain.networks import household
from pushbutton.domain.run import Micros
from pushbutton.domain.token import hashed
from pushbutton.errors import NotFound, Refused
from pushbutton.sentence import say

from .ports.memos import Memo, Memos
from .ports.people import Sealed

_KIND = "device grant"
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
    made: str = field(default="", repr=False)  # the text of the token or link, until it is fetched
    by: str = ""  # who said yes


class DeviceGrants:
    """All grants of a store: a program may fetch its answer at another process than the one that it asked."""

    def __init__(self, memos: Memos, sealed: Sealed) -> None:
        """`sealed` keeps the text of what was made from whoever reads the store."""
        self._memos, self._sealed = memos, sealed

    async def begin(self, wanted: GrantRequest, address: str, at: Micros) -> tuple[DeviceGrant, str]:
        """The grant, and what the program fetches the answer with. Raises `Refused` when there are too many."""
        letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
        grant = DeviceGrant(f"{letters[:4]}-{letters[4:]}", wanted, address, at + LASTS)
        secret = secrets.token_urlsafe(24)
        memo = _memo(hashed(secret), grant)

        def look(seen: Mapping[str, Memo]) -> list[Memo]:
            mine = sum(household(_grant(other).address) == household(address) for other in seen.values())
            if len(seen) >= MOST or mine >= MOST_FROM_ONE:
                raise Refused(say("Too many programs are asking at this moment: try again in a few minutes."))
            return [memo]

        await self._memos.change(_KIND, None, look, at=at)
        return grant, secret

    async def find(self, code: str, at: Micros) -> DeviceGrant:
        """One that nobody has answered. Raises `NotFound`."""
        return _unanswered(await self._memos.read(_KIND, at=at), code)[1]

    async def answer(self, grant: DeviceGrant, answer: Answer, at: Micros, *, made: str = "", by: str = "") -> None:
        """Raises `NotFound` when another answer was faster, or it is too late."""
        answered = replace(grant, answer=answer, made=made and self._sealed.close(made), by=by)

        def look(seen: Mapping[str, Memo]) -> list[Memo]:
            return [_memo(_unanswered(seen, grant.code)[0], answered)]

        await self._memos.change(_KIND, None, look, at=at)

    async def fetch(self, secret: str, at: Micros) -> DeviceGrant:
        """How it stands; an answer is given once. Raises `NotFound`."""
        name = hashed(secret)
        seen = await self._memos.read(_KIND, [name], at=at)
        if name in seen and _grant(seen[name]).answer is not Answer.NONE:
            seen = await self._memos.change(_KIND, [name], _taken, at=at)
        if name not in seen:
            raise NotFound(say("Nobody answered in time, or the answer was fetched already: ask once more."))
        found = _grant(seen[name])
        return replace(found, made=found.made and self._sealed.open(found.made))


def _unanswered(seen: Mapping[str, Memo], code: str) -> tuple[str, DeviceGrant]:
    """Its name, and the grant. Raises `NotFound`."""
    plain = _plain(code)
    for name, memo in seen.items():
        grant = _grant(memo)
        if _plain(grant.code) == plain and grant.answer is Answer.NONE:
            return name, grant
    raise NotFound(say("There is no such code, or it was answered already, or it is too old: look at your terminal."))


def _taken(seen: Mapping[str, Memo]) -> list[Memo]:
    return [replace(memo, until=0) for memo in seen.values()]


def _memo(name: str, grant: DeviceGrant) -> Memo:
    """The grant as it is kept."""
    wanted: Mapping[str, Json]
    match grant.wanted:
        case TokenRequest(title, rights, days):
            wanted = {"name": title, "rights": sorted([right.verb, right.where] for right in rights), "days": days}
        case LinkRequest():
            wanted = {**asdict(grant.wanted), "fixed": dict(grant.wanted.fixed)}
    value: Mapping[str, Json] = {
        "code": grant.code,
        "wanted": wanted,
        "address": grant.address,
        "answer": grant.answer.value,
        "made": grant.made,
        "by": grant.by,
    }
    return Memo(name, json.dumps(value), grant.until)


def _grant(memo: Memo) -> DeviceGrant:
    kept = json.loads(memo.value)
    wanted: GrantRequest
    if "rights" in kept["wanted"]:
        rights = frozenset(Right(Verb(verb), where) for verb, where in kept["wanted"]["rights"])
        wanted = TokenRequest(kept["wanted"]["name"], rights, kept["wanted"]["days"])
    else:
        wanted = LinkRequest(**kept["wanted"])
    answer = Answer(kept["answer"])
    return DeviceGrant(kept["code"], wanted, kept["address"], memo.until, answer, kept["made"], kept["by"])


def _plain(code: str) -> str:
    return "".join(letter for letter in code.upper() if letter.isalpha())
