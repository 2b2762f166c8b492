"""Users, rights and sessions: for administrators, and for everybody's own account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pushbutton.domain.actor import EVERYWHERE, Actor, Verb
from pushbutton.domain.audit import Deed, act
from pushbutton.domain.event import Json
from pushbutton.domain.identity import group_names, one_line, user_name
from pushbutton.domain.password import require_good
from pushbutton.domain.person import LOCAL_SOURCE, Entry, Invite, Session, Snapshot, User
from pushbutton.domain.policy import EVERYONE, Grant, Role, require, require_directly
from pushbutton.domain.token import hashed, new_token
from pushbutton.errors import BadInput, NoSuchUser, Refused, SignInFailed
from pushbutton.sentence import say

from .directory import Directory
from .ports.people import Change, Factor, Passwords, Sealed
from .throttle import Throttle

INVITE_HOURS = 72


@dataclass(frozen=True, slots=True)
class People:
    directory: Directory
    passwords: Passwords
    factor: Factor
    sealed: Sealed
    throttle: Throttle

    # -- for administrators

    async def add(self, actor: Actor, name: str, at: int, *, title: str = "", email: str = "",
                  groups: Sequence[str] = ()) -> User:  # fmt: skip
        """A user who signs in here, without a password until they use an invitation. Raises `BadInput`."""
        require_directly(actor, Verb.ADMIN)
        fresh = User(user_name(name), one_line(title), one_line(email), _groups(groups), LOCAL_SOURCE, added_at=at)

        def work(now: Snapshot) -> Change:
            if fresh.name in now.users:
                raise BadInput(say("There is already a user named “{name}”; take another name.", name=fresh.name))
            put: list[Entry] = [fresh]
            if not now.users:
                put.append(Grant(f"user:{fresh.name}", Role.ADMIN))  # or there would be no administrator
            done = act(actor, Deed.USER_ADD, f"user {fresh.name}", at, groups=list(fresh.groups), admin=len(put) > 1)
            return Change(done, put=put)

        await self.directory.change(work)
        return fresh

    async def change(self, actor: Actor, name: str, at: int, *, title: str | None = None, email: str | None = None,
                     groups: Sequence[str] | None = None, disabled: bool | None = None) -> User:  # fmt: skip
        """None leaves a field as it is. A disabled user has no session and no token that counts."""
        require_directly(actor, Verb.ADMIN)
        fields: dict[str, Json] = {}
        if title is not None:
            fields["title"] = one_line(title)
        if email is not None:
            fields["email"] = one_line(email)
        if groups is not None:
            fields["groups"] = _groups(groups)
        if disabled is not None:
            fields["disabled"] = disabled

        def work(now: Snapshot) -> Change:
            user = _user(now, name)
            fresh = replace(user, **fields)  # type: ignore[arg-type]  # its own fields
            if fresh == user:
                return Change()
            self._keep_an_admin(replace(now, users={**now.users, name: fresh}))
            gone = _sessions(now, name) if disabled else []
            return Change(act(actor, Deed.USER_CHANGE, f"user {name}", at, **fields), put=[fresh], drop=gone)

        await self.directory.change(work)
        return self.directory.all.users[name]

    async def remove(self, actor: Actor, name: str, at: int) -> None:
        """With their rights, sessions, tokens and links; their runs and what the audit trail says of them stay."""
        require_directly(actor, Verb.ADMIN)

        def work(now: Snapshot) -> Change:
            user = _user(now, name)
            left = replace(
                now,
                users={other: who for other, who in now.users.items() if other != name},
                grants=[grant for grant in now.grants if grant.who != f"user:{name}"],
            )
            self._keep_an_admin(left)
            drop: list[Entry] = [user, *_sessions(now, name)]
            drop += [grant for grant in now.grants if grant.who == f"user:{name}"]
            drop += [token for token in now.tokens.values() if token.user == name]
            drop += [invite for invite in now.invites.values() if invite.user == name]
            drop += [link for link in now.links.values() if link.maker == name]
            drop += [hook for hook in now.hooks.values() if hook.maker == name]
            drop += [made for made in now.schedules.values() if made.maker == name]
            drop += [preset for preset in now.presets.values() if preset.owner == name]
            drop += [view for view in now.views.values() if view.owner == name]
            drop += [wishes for wishes in now.wishes.values() if wishes.user == name]
            return Change(act(actor, Deed.USER_REMOVE, f"user {name}", at), drop=drop)

        await self.directory.change(work)

    async def invite(self, actor: Actor, name: str, at: int, *, hours: float = INVITE_HOURS) -> str:
        """The secret with which the user sets a password, for the first time or anew. Earlier ones stop counting."""
        require_directly(actor, Verb.ADMIN)
        secret = new_token("pbi")

        def work(now: Snapshot) -> Change:
            user = _user(now, name)
            if user.source != LOCAL_SOURCE:
                raise BadInput(
                    say("“{name}” has no password here, but signs in with {source}.", name=name, source=user.source)
                )
            earlier = [invite for invite in now.invites.values() if invite.user == name]
            fresh = Invite(hashed(secret), name, at + int(hours * 3600 * 1_000_000), actor.name)
            return Change(act(actor, Deed.INVITE_MAKE, f"user {name}", at, hours=hours), put=[fresh], drop=earlier)

        await self.directory.change(work)
        return secret

    async def give(self, actor: Actor, grant: Grant, at: int) -> None:
        """Raises `BadInput` for a grant that means nothing."""
        require_directly(actor, Verb.ADMIN)
        _sound(grant)

        def work(now: Snapshot) -> Change:
            if grant.who.startswith("user:"):
                _user(now, grant.who.removeprefix("user:"))
            if grant in now.grants:
                return Change()
            done = act(actor, Deed.GRANT_GIVE, grant.who.replace(":", " "), at, gives=grant.gives, where=grant.where)
            return Change(done, put=[grant])

        await self.directory.change(work)

    async def take(self, actor: Actor, grant: Grant, at: int) -> None:
        require_directly(actor, Verb.ADMIN)

        def work(now: Snapshot) -> Change:
            if grant not in now.grants:
                return Change()
            self._keep_an_admin(replace(now, grants=[other for other in now.grants if other != grant]))
            done = act(actor, Deed.GRANT_TAKE, grant.who.replace(":", " "), at, gives=grant.gives, where=grant.where)
            return Change(done, drop=[grant])

        await self.directory.change(work)

    async def other_account(self, actor: Actor, name: str, at: int) -> None:
        """For a user with a new account at the provider: the next sign-in under the name is theirs."""
        require_directly(actor, Verb.ADMIN)

        def work(now: Snapshot) -> Change:
            fresh = replace(_user(now, name), subject="")
            return Change(act(actor, Deed.USER_CHANGE, f"user {name}", at, subject=""), put=[fresh])

        await self.directory.change(work)

    async def without_factor(self, actor: Actor, name: str, at: int) -> None:
        """For a user who lost both phone and codes."""
        require_directly(actor, Verb.ADMIN)
        await self._factor(actor, name, at, "", ())

    def _keep_an_admin(self, after: Snapshot) -> None:
        """Raises `Refused` when there would be no administrator left."""
        grants = (*self.directory.fixed, *after.grants)
        admins = {grant.who for grant in grants if grant.where == EVERYWHERE and Verb.ADMIN in grant.verbs}
        for user in after.users.values():
            mine = {EVERYONE, f"user:{user.name}", *(f"group:{name}" for name in user.groups)}
            if not user.disabled and admins & mine:
                return
        raise Refused(say("Nobody would be left who may administer. Give that right to somebody else first."))

    # -- one's own account

    async def pin(self, actor: Actor, slugs: Sequence[str]) -> None:
        """The tasks that they keep at the top, on every device."""
        require_directly(actor)

        def work(now: Snapshot) -> Change:
            user = _user(now, actor.user)
            return Change(put=[replace(user, pins=tuple(slugs))])

        await self.directory.change(work)

    async def end_session(self, actor: Actor, id_: str, at: int) -> None:
        """One's own; for an administrator, anybody's."""
        require_directly(actor)

        def work(now: Snapshot) -> Change:
            session = now.sessions.get(id_)
            if session is None:
                return Change()
            if session.user != actor.user:
                require(actor, Verb.ADMIN)
            return Change(act(actor, Deed.SESSION_END, f"user {session.user}", at), drop=[session])

        await self.directory.change(work)

    async def set_password(self, actor: Actor, old: str, new: str, at: int, *, keep: str = "") -> None:
        """Change one's own; all sessions but `keep` end, and so do invitations. Raises `SignInFailed` when the old one
        is wrong, and `SlowDown`.
        """
        require_directly(actor)
        user = _user(self.directory.all, actor.user)
        async with self.throttle.one_try(f"own:{user.name}", actor.address):
            if not await self.passwords.check(user.password or None, old):
                raise await self._refused(actor, at, say("The password of today is wrong."))
        require_good(new, user.name)
        kept = await self.passwords.hash(new)

        def work(now: Snapshot) -> Change:
            gone: list[Entry] = [session for session in _sessions(now, user.name) if session.id != keep]
            gone += [invite for invite in now.invites.values() if invite.user == user.name]
            fresh = replace(_user(now, user.name), password=kept)
            return Change(act(actor, Deed.USER_PASSWORD, f"user {user.name}", at), put=[fresh], drop=gone)

        await self.directory.change(work)

    async def take_factor(self, actor: Actor, secret: str, code: str, at: int) -> list[str]:
        """From now on a code is asked for. The recovery codes, to be shown once. Raises `SignInFailed`, and `BadInput`
        where there is one: the phone must not be replaced from another person's open browser.
        """
        require_directly(actor)
        if _user(self.directory.all, actor.user).factor:
            raise BadInput(say("There is a second factor already: take it away first."))
        if self.factor.check(secret, code, 0) is None:
            raise SignInFailed(
                say("This code is wrong. Take the one that is shown now, and check the telephone's clock.")
            )
        codes, kept = self.factor.new_recovery_codes()
        await self._factor(actor, actor.user, at, self.sealed.close(secret), tuple(kept))
        return codes

    async def drop_factor(self, actor: Actor, proof: str, at: int) -> None:
        """`proof`: the password or, for users without a password here, a code of their factor. Raises `SignInFailed`
        when it is wrong, and `SlowDown`.
        """
        require_directly(actor)
        user = _user(self.directory.all, actor.user)
        async with self.throttle.one_try(f"own:{user.name}", actor.address):
            if user.source != LOCAL_SOURCE:
                if user.factor and not self._knows_factor(user, proof):
                    raise await self._refused(actor, at, say("The code is wrong."))
            elif not await self.passwords.check(user.password or None, proof):
                raise await self._refused(actor, at, say("The password is wrong."))
        await self._factor(actor, user.name, at, "", ())

    def _knows_factor(self, user: User, code: str) -> bool:
        secret = self.sealed.open(user.factor)
        right = self.factor.check(secret, code, user.factor_step) is not None
        return right or self.factor.spent(code, user.recovery) is not None

    async def _refused(self, actor: Actor, at: int, sentence: str) -> SignInFailed:
        done = act(actor, Deed.USER_REFUSE, f"user {actor.user}", at)
        await self.directory.change(lambda _: Change(done))
        return SignInFailed(sentence)

    async def _factor(self, actor: Actor, name: str, at: int, sealed: str, recovery: tuple[str, ...]) -> None:
        def work(now: Snapshot) -> Change:
            fresh = replace(_user(now, name), factor=sealed, factor_step=0, recovery=recovery)
            return Change(act(actor, Deed.USER_FACTOR, f"user {name}", at, on=bool(sealed)), put=[fresh])

        await self.directory.change(work)


def _user(now: Snapshot, name: str) -> User:
    try:
        return now.users[name]
    except KeyError:
        raise NoSuchUser(name) from None


def _sessions(now: Snapshot, name: str) -> list[Session]:
    return [session for session in now.sessions.values() if session.user == name]


def _groups(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(group_names(names)))


def _sound(grant: Grant) -> None:
    kind, _, name = grant.who.partition(":")
    if grant.who != EVERYONE and (kind not in {"user", "group"} or not name):
        raise BadInput(
            say("“{who}” is nobody: say user:NAME, group:NAME or {everyone}.", who=grant.who, everyone=EVERYONE)
        )
    words: set[str] = {*(role.value for role in Role), *(verb.value for verb in Verb)}
    if grant.gives not in words:
        raise BadInput(
            say("There is no role or right “{name}”. There are: {known}.", name=grant.gives, known=sorted(words))
        )
    kind, _, name = grant.where.partition(":")
    if grant.where != EVERYWHERE and (kind not in {"task", "group"} or not name):
        raise BadInput(say("“{where}” is no place: say *, group:NAME or task:NAME.", where=grant.where))
