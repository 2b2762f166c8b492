"""Tokens: credentials of a person's programs. Each has a name and an end, and may do no more than its scope says.

The owner's rights are looked at when a token is used, not when it is made: a right that is lost is lost for all tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pushbutton.domain.actor import EVERYWHERE, Actor, Right, Verb
from pushbutton.domain.audit import Deed, act
from pushbutton.domain.event import Json
from pushbutton.domain.person import Snapshot, Token
from pushbutton.domain.policy import Resource, decide, require, require_in_person
from pushbutton.domain.run import Micros
from pushbutton.domain.token import hashed, personal
from pushbutton.errors import InvalidInputs, NoSuchToken, Refused
from pushbutton.sentence import say

from . import visibility
from .clock import now
from .core import Core
from .ports import Catalog
from .ports.people import Change

DAYS = 90
"""How long a token lasts by default."""
MOST_DAYS = 3650
MOST = 100
"""Tokens of one person."""
DAY: Micros = 86_400 * 1_000_000

_NAME = re.compile(r"[\w@][\w .@+-]{0,59}")
_HINT = 4


def scope(verbs: Iterable[Verb], where: Iterable[str]) -> frozenset[Right]:
    """Each verb at each place, with what it includes: any right on a task includes seeing it."""
    asked = frozenset(verbs) | {Verb.SEE}
    full = frozenset(Verb) if Verb.ADMIN in asked else asked
    return frozenset(Right(verb, place) for verb in full for place in where)


async def make(
    core: Core, actor: Actor, name: str, rights: frozenset[Right], days: int | None = DAYS, *, instead: bool = False
) -> tuple[str, Token]:
    """A new token, and its text, which cannot be shown again. `days` None: until it is revoked. `instead`: it takes the
    place of one of the same name.

    Raises `Refused`, `InvalidInputs`.
    """
    require_in_person(actor)
    name = name.strip()
    wrong = _wrong(core.catalog, actor, name, rights, days)
    if wrong:
        raise InvalidInputs(wrong)
    at, text = now(), personal()
    until = None if days is None else at + days * DAY
    token = Token(hashed(text), name, actor.user, tuple(sorted(rights)), at, until, hint=text[-_HINT:])
    said: list[Json] = [f"{right.verb}@{right.where}" for right in token.scope]
    done = act(actor, Deed.TOKEN_MAKE, f"token {actor.user}/{name}", at, scope=said, days=days)

    def work(seen: Snapshot) -> Change:
        mine = [known for known in seen.tokens.values() if known.user == actor.user]
        if not instead and any(known.name == name and not over(known, at) for known in mine):
            raise InvalidInputs(
                {"name": say("You have a token of this name: take another name, or revoke that one first.")}
            )
        stale = [known for known in mine if known.name == name or over(known, at)]
        if len(mine) - len(stale) >= MOST:
            raise Refused(say("You have {n} tokens already: revoke those that nobody needs any more.", n=MOST))
        return Change(done, put=[token], drop=stale)

    await core.directory.change(work)
    return text, token


async def revoke(core: Core, actor: Actor, token: str) -> Token:
    """By its id. Its owner may, an administrator, and the token itself. It counts no more at once.

    Raises `NoSuchToken` also for one that the actor may not know of.
    """
    found = core.directory.all.tokens.get(token)
    if found is None or not _may_revoke(actor, found):
        raise NoSuchToken(token)
    done = act(actor, Deed.TOKEN_REVOKE, f"token {found.user}/{found.name}", now())

    def work(seen: Snapshot) -> Change:
        known = seen.tokens.get(token)
        return Change(done, drop=[known]) if known else Change()

    await core.directory.change(work)
    return found


def listed(core: Core, actor: Actor, *, everybody: bool = False) -> Sequence[Token]:
    """One's own, newest first; with `everybody` those of all, for administrators. Raises `Refused`."""
    if everybody:
        require(actor, Verb.ADMIN)
    found = [token for token in core.directory.all.tokens.values() if everybody or token.user == actor.user]
    return sorted(found, key=lambda token: -token.made_at)


def named(core: Core, actor: Actor, name: str) -> Token:
    """One of the actor's own, by its name or its id. Raises `NoSuchToken`."""
    for token in listed(core, actor):
        if name in (token.name, token.id):
            return token
    raise NoSuchToken(name)


def over(token: Token, at: Micros) -> bool:
    return token.until is not None and at >= token.until


def _may_revoke(actor: Actor, token: Token) -> bool:
    if actor.credential == f"token:{token.id}":
        return True  # a program that signs out
    return actor.within is None and ((bool(actor.user) and token.user == actor.user) or bool(decide(actor, Verb.ADMIN)))


def _wrong(catalog: Catalog, actor: Actor, name: str, rights: frozenset[Right], days: int | None) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if not _NAME.fullmatch(name):
        wrong["name"] = say("Give it a name of at most 60 letters, digits, spaces or . _ - + @, to know it again.")
    if not rights:
        wrong["scope"] = say("Say what it may do, and with which tasks.")
    elif unknown := sorted({right.where for right in rights if not _is_place(catalog, actor, right.where)}):
        wrong["scope"] = say(
            "There is no “{where}” here that you may see; name a task or a group of tasks.", where=unknown[0][:60]
        )
    if days is not None and not 1 <= days <= MOST_DAYS:
        wrong["days"] = say("Choose a number of days from 1 to {most}.", most=MOST_DAYS)
    return wrong


def _is_place(catalog: Catalog, actor: Actor, where: str) -> bool:
    seen = visibility.tasks(catalog, actor).values()
    return where == EVERYWHERE or any(Resource(task.slug, task.group).inside(where) for task in seen)
