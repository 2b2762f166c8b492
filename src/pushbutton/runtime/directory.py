"""The directory: the people, and what each may do now. Held in memory, changed only through `change`, which writes and
records first. Another process (the command line) may change it too; that is seen within a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from pushbutton.domain.actor import LOCAL, NOBODY, Actor, Right, Verb
from pushbutton.domain.audit import Act
from pushbutton.domain.hook import Hook
from pushbutton.domain.link import AFTER
from pushbutton.domain.made_schedule import MadeSchedule
from pushbutton.domain.person import LOCAL_SOURCE, Link, Session, Snapshot, Token, User
from pushbutton.domain.policy import Grant, Resource, decide, rights_of
from pushbutton.domain.token import hashed, new_token
from pushbutton.errors import Refused, SignInFailed, StoreError
from pushbutton.sentence import say

from . import clock
from .ports.people import Change, People, Work

log = logging.getLogger(__name__)

LOOK = 1.0  # seconds between looks for changes of other processes
MINUTE = 60 * 1_000_000
HOUR = 60 * MINUTE
MOST_SESSIONS = 200  # of one person; then those go that were used longest ago
KNOWN = 5  # of those to ask for a right, so many are named


class Directory:
    """`outside`: another authority knows people as well, so that one has to log in even while there are none here."""

    def __init__(
        self,
        people: People,
        *,
        outside: bool = False,
        fixed: Sequence[Grant] = (),
        idle: float = 12 * 3600,
        longest: float = 14 * 86400,
        trusted: float = 30 * 86400,
    ) -> None:
        """`fixed`: grants that the settings give; `idle`, `longest`: seconds that a session may be unused, and last;
        `trusted`: seconds after a sign-in for which the credentials of a person count whom another authority names.
        """
        self.fixed = tuple(fixed)
        self._people = people
        self._outside = outside
        self._idle, self._longest = int(idle * 1_000_000), int(longest * 1_000_000)
        self._trusted = int(trusted * 1_000_000)
        self._seen = Snapshot(version=-1)
        self._heard: set[Callable[[], None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()

    async def open(self) -> None:
        self._seen = await self._people.load()
        self._looking = asyncio.create_task(self._look())

    async def close(self) -> None:
        if self._looking:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking

    @property
    def all(self) -> Snapshot:
        return self._seen

    @property
    def grants(self) -> Sequence[Grant]:
        return (*self.fixed, *self._seen.grants)

    @property
    def closed(self) -> bool:
        """Whether one has to log in. While nobody is configured, everybody is `LOCAL`."""
        return self._outside or bool(self._seen.users)

    # -- actors

    def unnamed(self) -> Actor:
        """The actor of a request without credentials."""
        return NOBODY if self.closed else LOCAL

    def actor(self, user: User) -> Actor:
        """A user as an actor; `NOBODY` for one who is disabled."""
        if user.disabled:
            return NOBODY
        return Actor(user.name, rights_of(user.name, user.groups, self.grants), user=user.name, title=user.called)

    def lapsed(self, user: User, at: int) -> bool:
        """Whether their authority has not named them for too long, so that they may have left, or was found not to know
        them any more. Their credentials count again once they sign in.
        """
        if user.source == LOCAL_SOURCE:
            return False
        return user.left or 0 < self._trusted <= at - max(user.seen_at, user.added_at)

    def session(self, secret: str, at: int) -> Session | None:
        """The session that a browser holds, if it still counts. It may wait for the second factor."""
        return self._valid(hashed(secret), at)

    def of_session(self, session: Session, address: str = "") -> Actor:
        user = self._seen.users.get(session.user)
        if user is None or session.pending or self.lapsed(user, clock.now()):
            return NOBODY
        return self._let_in(self.actor(user), f"session:{session.id}", address)

    def of_user(self, user: User, address: str = "") -> Actor:
        """Somebody whom another authority names with each request."""
        return self._let_in(self.actor(user), f"user:{user.name}", address)

    def token(self, secret: str, at: int) -> Token | None:
        found = self._seen.tokens.get(hashed(secret))
        return found if found and (found.until is None or at < found.until) else None

    def of_token(self, token: Token, address: str = "") -> Actor:
        user = self._seen.users.get(token.user)
        owner = self.actor(user) if user and not self.lapsed(user, clock.now()) else NOBODY
        if not owner.known:
            return NOBODY
        named = replace(owner, name=f"token:{token.user}/{token.name}", within=frozenset(token.scope))
        return self._let_in(named, f"token:{token.id}", address)

    def of_link(self, link: Link, at: int, address: str = "") -> Actor:
        """The holder of a link, to see what was pressed with it, as far as its maker may; `NOBODY` when it is over.

        It counts as its maker where two have to be different people.
        """
        user = self._seen.users.get(link.maker)
        maker = self.actor(user) if user and not self.lapsed(user, at) else NOBODY
        if not maker.known or link.revoked or at >= link.until + AFTER:
            return NOBODY
        sees = frozenset(Right(verb, f"task:{link.task}") for verb in (Verb.SEE, Verb.OUTPUT))
        named = replace(maker, name=f"link:{link.id}/{link.maker}", within=sees, own=True)
        return self._let_in(named, f"link:{link.id}", address)

    def of_hook(self, hook: Hook, at: int, address: str = "") -> Actor:
        """The actor of a hook's call: it may press its task as far as the hook's maker may; `NOBODY` where they may
        nothing.
        """
        user = self._seen.users.get(hook.maker)
        maker = self.actor(user) if user and not self.lapsed(user, at) else NOBODY
        if not maker.known:
            return NOBODY
        presses = frozenset(Right(verb, f"task:{hook.task}") for verb in (Verb.SEE, Verb.PRESS))
        named = replace(maker, name=f"hook:{hook.id}/{hook.maker}", within=presses, own=True)
        return self._let_in(named, f"hook:{hook.id}", address)

    def of_schedule(self, made: MadeSchedule, at: int) -> Actor:
        """A schedule that somebody made: it may press its task as far as its maker, and the token by which it was made,
        may; `NOBODY` where they may nothing.
        """
        name, credential = f"schedule:{made.id}/{made.maker}", f"schedule:{made.id}"
        if made.maker == LOCAL.name:
            return replace(LOCAL, name=name, credential=credential) if not self.closed else NOBODY
        user = self._seen.users.get(made.maker)
        maker = self.actor(user) if user and not self.lapsed(user, at) else NOBODY
        token = self._seen.tokens.get(made.token)
        ended = made.token and (token is None or (token.until is not None and at >= token.until))
        if not maker.known or ended:
            return NOBODY
        presses = frozenset(Right(verb, f"task:{made.task}") for verb in (Verb.SEE, Verb.PRESS))
        within = frozenset(token.scope) if token else presses
        return self._let_in(replace(maker, name=name, within=within, own=True), credential, "")

    def again(self, actor: Actor, at: int) -> Actor:
        """The same actor as it would be let in now; `NOBODY` if it would not be."""
        kind, _, key = actor.credential.partition(":")
        match kind:
            case "session":
                session = self._valid(key, at)
                return self.of_session(session, actor.address) if session else NOBODY
            case "token":
                token = self._seen.tokens.get(key)
                valid = token and (token.until is None or at < token.until)
                return self.of_token(token, actor.address) if token and valid else NOBODY
            case "link":
                link = self._seen.links.get(key)
                return self.of_link(link, at, actor.address) if link else NOBODY
            case "hook":
                hook = self._seen.hooks.get(key)
                return self.of_hook(hook, at, actor.address) if hook else NOBODY
            case "schedule" if key in self._seen.schedules:
                return self.of_schedule(self._seen.schedules[key], at)
            case "user":
                user = self._seen.users.get(key)
                return self.of_user(user, actor.address) if user else NOBODY
            case _:
                return self.unnamed() if actor.name == LOCAL.name else actor

    def whom(self, *places: Resource) -> tuple[str, ...]:
        """The people to ask for a missing right: the administrators, by their titles."""
        looking_after = [
            user.called for user in self._seen.users.values() if decide(self.actor(user), Verb.ADMIN, *places)
        ]
        return tuple(looking_after[:KNOWN])

    def who_may(self, verb: Verb, *places: Resource) -> Sequence[User]:
        return [user for user in self._seen.users.values() if decide(self.actor(user), verb, *places)]

    def _let_in(self, actor: Actor, credential: str, address: str) -> Actor:
        return replace(actor, credential=credential, address=address) if actor.known else NOBODY

    def _valid(self, key: str, at: int) -> Session | None:
        found = self._seen.sessions.get(key)
        return found if found and self._counts(found, at) else None

    def _counts(self, session: Session, at: int) -> bool:
        return at < min(session.until, session.seen_at + self._idle)

    # -- changes

    async def change(self, work: Work) -> None:
        """Write and record; from then on the new state counts. Raises what `work` raises."""
        async with self._changing:
            self._seen = await self._people.change(work)
        self._tell()

    async def begin(
        self, user: User, act: Act, *, agent: str = "", pending: bool = False, instead: Session | None = None
    ) -> tuple[str, Session]:
        """A new session, in the place of another one, and the secret that the browser is to hold.

        `user`: as it was when they proved who they are. Raises `SignInFailed` where that does not count any more.
        """
        secret, at = new_token("pbs"), act.at
        session = Session(hashed(secret), user.name, at, at + self._longest, at, act.address, agent, pending)

        def work(now: Snapshot) -> Change:
            known = now.users.get(user.name)
            if known is None or known.disabled:
                raise Refused(say("This account may not sign in."))
            ended = instead and instead.pending and instead.id not in now.sessions
            if ended or known.password != user.password or (known.factor and not user.factor and not pending):
                raise SignInFailed(say("This account was changed at this very moment: sign in once more."))
            stale = [
                old for old in now.sessions.values() if not self._counts(old, at) or (instead and old.id == instead.id)
            ]
            theirs = sorted(
                (old for old in now.sessions.values() if old.user == user.name), key=lambda old: old.seen_at
            )
            stale += [old for old in theirs[: 1 - MOST_SESSIONS] if old not in stale]
            seen = known if pending else replace(known, seen_at=at)
            return Change(act, put=[session, seen], drop=stale)

        await self.change(work)
        return secret, session

    async def touch(self, session: Session, at: int) -> None:
        """The session is in use; written down once a minute."""
        if at - session.seen_at >= MINUTE:
            await self._note(
                lambda now: (
                    Change(put=[replace(now.sessions[session.id], seen_at=at)])
                    if session.id in now.sessions
                    else Change()
                )
            )

    async def named(self, user: User, at: int) -> None:
        """The authority named them, without a session that begins; written down once an hour."""
        if at - user.seen_at >= HOUR:
            await self._note(
                lambda now: (
                    Change(put=[replace(now.users[user.name], seen_at=at)]) if user.name in now.users else Change()
                )
            )

    async def used(self, token: Token, at: int) -> None:
        if at - (token.used_at or 0) >= MINUTE:
            await self._note(
                lambda now: (
                    Change(put=[replace(now.tokens[token.id], used_at=at)]) if token.id in now.tokens else Change()
                )
            )

    async def _note(self, work: Work) -> None:
        """Write what is good to know, and go on where the store cannot write."""
        try:
            await self.change(work)
        except StoreError as error:
            log.warning("when somebody was here last was not written down: %s", error)

    async def look(self) -> None:
        """Take in what another process changed, if it did."""
        if await self._people.version() != self._seen.version:
            await self.renew()

    async def renew(self) -> None:
        """Take in now what was changed beside `change`; others hear of it."""
        async with self._changing:
            self._seen = await self._people.load()
        self._tell()

    # -- hearing of changes

    def listen(self, heard: Callable[[], None]) -> Callable[[], None]:
        """Calls `heard()` after each change; the return value ends that."""
        self._heard.add(heard)
        return lambda: self._heard.discard(heard)

    def _tell(self) -> None:
        for heard in list(self._heard):
            heard()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            try:
                await self.look()
            except StoreError as error:
                log.warning("who may do what is as it was: %s", error)
            except Exception:
                log.exception("looking who may do what failed; trying again")
