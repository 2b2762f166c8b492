"""Signing in: by a password here or elsewhere, by a provider, by a trusted proxy; a second factor where there is one.

A refusal is the same sentence, after the same time, whether the name is known or not.
"""

from __future__ import annotations

import hmac
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace

from pushbutton.domain.actor import Actor
from pushbutton.domain.audit import Act, Deed
from pushbutton.domain.event import Json
from pushbutton.domain.identity import Identity, one_line
from pushbutton.domain.networks import household
from pushbutton.domain.password import require_good
from pushbutton.domain.person import LOCAL_SOURCE, Invite, Session, Snapshot, User
from pushbutton.domain.proxy import TrustedProxy
from pushbutton.domain.token import hashed
from pushbutton.errors import InviteGone, SignInFailed
from pushbutton.sentence import say

from . import clock
from .directory import Directory
from .ports.memos import Memo, Memos
from .ports.people import Authority, Begun, Change, Factor, Passwords, Provider, Sealed
from .refusals import Refusals
from .throttle import Throttle

WRONG = say("The name or the password is wrong.")
WRONG_CODE = say("This code is wrong or was used before. Take the one that is shown now.")
BEGUN = 500  # sign-ins elsewhere that may be under way at once
BEGUN_FROM_ONE = 50  # of them from one address
PATIENCE = 600_000_000  # microseconds for one of them
_BEGUN = "sign-in elsewhere"


@dataclass(frozen=True, slots=True)
class From:
    """The client that signs in."""

    address: str
    agent: str = ""
    at: int = 0  # microseconds
    session: Session | None = None  # what the browser holds so far; a new one takes its place


@dataclass(frozen=True, slots=True)
class SignedIn:
    secret: str  # for the browser to hold
    session: Session


@dataclass(slots=True)
class SignIn:
    """The parts that let people in. `authority` and `provider` where they are configured."""

    directory: Directory
    passwords: Passwords
    factor: Factor
    sealed: Sealed
    refusals: Refusals
    throttle: Throttle
    memos: Memos  # sign-ins elsewhere that are under way: the browser may come back to another process
    authority: Authority | None = None
    provider: Provider | None = None
    proxy: TrustedProxy | None = None

    # -- by password

    async def with_password(self, name: str, password: str, where: From) -> SignedIn:
        """Raises `SignInFailed`, `SlowDown`, `TooManySignIns`."""
        account = name.strip().lower()[:200]
        async with self.throttle.one_try(_by_password(account), where.address):
            user = await self._known(account, password, where)
            if user is None:
                raise await self._refused(account, where, SignInFailed(WRONG))
        if user.factor:
            return await self._begin(user, where, "password", pending=True)
        await self.throttle.passed(_by_password(account), where.address, clock.now() / 1e6)
        return await self._begin(user, where, "password")

    async def _known(self, account: str, password: str, where: From) -> User | None:
        """The user with this name and password, of here or of the authority."""
        await self.directory.look()  # so that a user who was just added by command can sign in
        user = self.directory.all.users.get(account)
        if self.authority and (user is None or user.source != LOCAL_SOURCE):
            identity = await self.authority.check(account, password)
            return await self._taken(identity, where) if identity else None
        kept = user.password if user and not user.disabled else ""
        if not await self.passwords.check(kept or None, password) or user is None:
            return None
        if self.passwords.stale(kept):
            better = await self.passwords.hash(password)
            await self.directory.change(lambda now: _rehashed(now, user, better))
            return self.directory.all.users.get(account)
        return user

    # -- by another authority

    async def elsewhere(self, redirect_uri: str, back: str, address: str = "") -> Begun:
        """Begin a sign-in at the provider. `back`: the path to return to here."""
        assert self.provider  # noqa: S101  there is no such route without one
        begun = await self.provider.begin(redirect_uri)
        at, place = clock.now(), household(address)
        kept = {"begun": self.sealed.close(json.dumps(asdict(begun))), "back": back, "place": place}
        memo = Memo(hashed(begun.state), json.dumps(kept), at + PATIENCE)
        await self.memos.change(_BEGUN, None, lambda seen: [*_too_many(seen, place), memo], at=at)
        return begun

    async def returned(
        self, params: Mapping[str, str], redirect_uri: str, where: From, began: str
    ) -> tuple[SignedIn, str]:
        """The browser came back; (who it is, the path to return to). Each begun sign-in is good for one return, of the
        browser that `began` it: the state that this one kept. What is refused leaves a record.
        """
        assert self.provider  # noqa: S101  there is no such route without one
        try:
            begun, back = await self._begun_by(began, params.get("state", "?"))
            identity = await self.provider.finish(begun, params, redirect_uri)
        except SignInFailed as error:
            self._turned_away("user (unknown)", "oidc", where, error)
            raise
        return await self.with_identity(identity, where), back

    async def _begun_by(self, mine: str, state: str) -> tuple[Begun, str]:
        name, found = hashed(state), None
        if hmac.compare_digest(mine.encode(), state.encode()):
            found = (await self.memos.change(_BEGUN, [name], _taken, at=clock.now())).get(name)
        if found is None:
            raise SignInFailed(say("This sign-in took too long or was begun elsewhere. Begin it once more."))
        kept = json.loads(found.value)
        return Begun(**json.loads(self.sealed.open(kept["begun"]))), kept["back"]

    async def with_identity(self, identity: Identity, where: From) -> SignedIn:
        """Raises `SignInFailed` for a name that is another's here."""
        user = await self._taken(identity, where)
        return await self._begin(user, where, identity.source, pending=bool(user.factor))

    async def _taken(self, identity: Identity, where: From) -> User:
        """The user whom another authority has named; a refusal leaves a record."""
        try:
            return await self._admitted(identity)
        except SignInFailed as error:
            self._turned_away(f"user {identity.name}", identity.source, where, error)
            raise

    def _turned_away(self, about: str, by: str, where: From, error: SignInFailed) -> None:
        data: dict[str, Json] = {"by": by, "agent": where.agent, "why": one_line(error.reason)}
        self.refusals.note(Act("", Deed.SESSION_REFUSE, about, where.at, data, where.address))

    async def vouched(self, peer: str, headers: Iterable[tuple[bytes, bytes]], address: str) -> Actor | None:
        """Somebody whom a trusted proxy names with each request: no session is begun. None: it names nobody.

        Raises `SignInFailed` for what is unclear, and for somebody who may not sign in.
        """
        identity = self.proxy.identity(peer, headers) if self.proxy else None
        if identity is None:
            return None
        user = self.directory.all.users.get(identity.name)
        if user is None or user.source != identity.source or set(user.groups) != identity.groups:
            user = await self._admitted(identity)
        actor = self.directory.of_user(user, address)
        if not actor.known:
            raise _disabled(user.name)
        await self.directory.named(user, clock.now())
        return actor

    async def _admitted(self, identity: Identity) -> User:
        at = clock.now()

        def work(now: Snapshot) -> Change:
            known = now.users.get(identity.name)
            if known and known.source != identity.source:
                raise SignInFailed(
                    say("Somebody of that name signs in another way here. Ask an administrator."),
                    reason=f"“{identity.name}” comes from {known.source}, and now {identity.source} names them",
                )
            if known and known.subject and known.subject != identity.subject:
                raise SignInFailed(
                    say("Somebody else had that name before. Ask an administrator."),
                    reason=f"“{identity.name}” is another account at the provider than the one known under that name; "
                    f"if it is the same person, say so with: pushbutton user change {identity.name} --other-account",
                )
            if known and known.disabled:
                raise _disabled(known.name)
            user = known or User(identity.name, source=identity.source, added_at=at)
            fresh = replace(
                user,
                title=identity.title,
                email=identity.email,
                groups=tuple(sorted(identity.groups)),
                subject=identity.subject,
            )
            if fresh == known:
                return Change()
            verb = Deed.USER_CHANGE if known else Deed.USER_ADD
            data = {"source": identity.source, "groups": list(fresh.groups)}
            return Change(Act(identity.source, verb, f"user {identity.name}", at, data), put=[fresh])

        await self.directory.change(work)
        return self.directory.all.users[identity.name]

    # -- the second factor

    async def second(self, session: Session, code: str, where: From) -> SignedIn:
        """A session that waited for the code becomes one that counts, with another secret."""
        user = self.directory.all.users.get(session.user)
        async with self.throttle.one_try(f"code:{session.user}", where.address):
            if user is None or not await self._right_code(user, code):
                raise await self._refused(session.user, where, SignInFailed(WRONG_CODE))
        await self.throttle.passed(f"code:{session.user}", where.address, clock.now() / 1e6)
        await self.throttle.passed(_by_password(session.user), where.address, clock.now() / 1e6)
        return await self._begin(user, replace(where, session=session), "second factor")

    async def _right_code(self, user: User, code: str) -> bool:
        """Each code is good for one time, also when it is sent twice at once."""
        if not user.factor:
            return False
        secret = self.sealed.open(user.factor)
        right = False

        def work(now: Snapshot) -> Change:
            nonlocal right
            fresh = now.users[user.name]
            if (step := self.factor.check(secret, code, fresh.factor_step)) is not None:
                right = True
                return Change(put=[replace(fresh, factor_step=step)])
            if (spent := self.factor.spent(code, fresh.recovery)) is not None:
                right = True
                left = tuple(kept for kept in fresh.recovery if kept != spent)
                act = Act(user.name, Deed.USER_RECOVERY, f"user {user.name}", clock.now(), {"left": len(left)})
                return Change(act, put=[replace(fresh, recovery=left)])
            return Change()

        await self.directory.change(work)
        return right

    # -- sessions

    async def _begin(self, user: User, where: From, by: str, *, pending: bool = False) -> SignedIn:
        verb = Deed.SESSION_HALF if pending else Deed.SESSION_BEGIN
        act = Act(user.name, verb, f"user {user.name}", where.at, {"by": by, "agent": where.agent}, where.address)
        secret, session = await self.directory.begin(
            user, act, agent=where.agent, pending=pending, instead=where.session
        )
        return SignedIn(secret, session)

    async def end(self, actor: Actor, session: Session, at: int) -> None:
        act = Act(actor.name or session.user, Deed.SESSION_END, f"user {session.user}", at, {}, actor.address)
        await self.directory.change(lambda now: Change(act, drop=[session]) if session.id in now.sessions else Change())

    @property
    def asks_for_passwords(self) -> bool:
        """Whether anybody could sign in with one."""
        users = self.directory.all.users.values()
        return self.authority is not None or self.provider is None or any(user.password for user in users)

    # -- invitations

    async def invited(self, secret: str, at: int) -> Invite:
        """As it is now: another process may have made it, or a newer one, a moment ago. Raises `InviteGone`."""
        await self.directory.look()
        invite = self.directory.all.invites.get(hashed(secret))
        user = self.directory.all.users.get(invite.user) if invite else None
        if invite is None or at >= invite.until or user is None or user.disabled:
            raise InviteGone
        return invite

    async def redeem(self, secret: str, password: str, where: From) -> SignedIn:
        """Set the first password, or a new one, with an invitation. Ends every session that the account has.

        Raises `InviteGone`, `BadInput` for a password that is no good.
        """
        invite = await self.invited(secret, where.at)
        require_good(password, invite.user)
        kept = await self.passwords.hash(password)

        def work(now: Snapshot) -> Change:
            if invite.id not in now.invites or invite.user not in now.users or now.users[invite.user].disabled:
                raise InviteGone
            user = replace(now.users[invite.user], password=kept)
            act = Act(user.name, Deed.INVITE_USE, f"user {user.name}", where.at, {"by": invite.by}, where.address)
            sessions = [session for session in now.sessions.values() if session.user == user.name]
            others = [other for other in now.invites.values() if other.user == user.name]
            return Change(act, put=[user], drop=[*sessions, *others])

        await self.directory.change(work)
        user = self.directory.all.users[invite.user]
        await self.throttle.passed(_by_password(user.name), where.address, clock.now() / 1e6)
        return await self._begin(user, where, "invitation", pending=bool(user.factor))

    # -- slowing down

    async def _refused(self, name: str, where: From, error: SignInFailed) -> SignInFailed:
        # A name that nobody has is not recorded: it may be a password in the wrong field.
        about = f"user {name}" if name in self.directory.all.users else "user (unknown)"
        act = Act("", Deed.SESSION_REFUSE, about, where.at, {"agent": where.agent}, where.address)
        await self.directory.change(lambda _: Change(act))
        return error


def _too_many(seen: Mapping[str, Memo], place: str) -> list[Memo]:
    """Those that go for one more from this place. Who begins very many loses their own, not those of others."""
    oldest = sorted(seen.values(), key=lambda memo: memo.until)
    places = {memo.name: str(json.loads(memo.value)["place"]) for memo in oldest}
    mine = [memo for memo in oldest if places[memo.name] == place]
    gone = mine[: max(0, len(mine) + 1 - BEGUN_FROM_ONE)]
    left = [memo for memo in oldest if memo not in gone]
    while len(left) + 1 > BEGUN:
        most = Counter([*(places[memo.name] for memo in left), place]).most_common(1)[0][0]
        gone.append(next(memo for memo in left if places[memo.name] == most))
        left.remove(gone[-1])
    return _taken({memo.name: memo for memo in gone})


def _taken(seen: Mapping[str, Memo]) -> list[Memo]:
    return [replace(memo, until=0) for memo in seen.values()]


def _disabled(name: str) -> SignInFailed:
    said = say("This account may not sign in. Ask an administrator.")
    return SignInFailed(said, reason=f"“{name}” is disabled here")


def _by_password(account: str) -> str:
    """Each kind of try has its own names, so that typing one of another kind does not reach its counter."""
    return f"password:{account}"


def _rehashed(now: Snapshot, seen: User, better: str) -> Change:
    user = now.users.get(seen.name)
    return Change(put=[replace(user, password=better)]) if user and user.password == seen.password else Change()
