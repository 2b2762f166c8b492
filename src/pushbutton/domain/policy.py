"""Rights: one function decides, with the reason that a page shows.

Rights come from grants: a role, or a single right, given to a user, a group of users or everybody who is signed in, for
all tasks, a group of tasks or one task. Where nobody is configured, everybody who reaches the server is `LOCAL`, who
has all rights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pushbutton.errors import Refused
from pushbutton.sentence import say

from .actor import EVERYWHERE, LOCAL, Actor, Right, Rights, Verb


class Role(StrEnum):
    VIEWER = "viewer"
    PRESSER = "presser"
    APPROVER = "approver"
    ADMIN = "admin"


INCLUDES: Mapping[Role, frozenset[Verb]] = {
    Role.VIEWER: frozenset({Verb.SEE, Verb.OUTPUT}),
    Role.PRESSER: frozenset({Verb.SEE, Verb.OUTPUT, Verb.PRESS, Verb.STOP}),
    Role.APPROVER: frozenset({Verb.SEE, Verb.OUTPUT, Verb.APPROVE, Verb.SECRETS}),
    Role.ADMIN: frozenset(Verb),
}

EVERYONE = "everyone"
"""A grant to everybody who is signed in, beside those to "user:ada" and "group:ops"."""


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    who: str  # "user:ada", "group:ops", EVERYONE
    gives: str  # a `Role` or a `Verb`
    where: str = EVERYWHERE  # or "group:Reports", "task:deploy"

    @property
    def verbs(self) -> frozenset[Verb]:
        if self.gives in frozenset(Role):
            return INCLUDES[Role(self.gives)]
        verb = Verb(self.gives)
        return frozenset(Verb) if verb is Verb.ADMIN else frozenset({verb, Verb.SEE})


@dataclass(frozen=True, slots=True)
class Resource:
    """The subject of a right: a task and its group, or neither."""

    task: str = ""
    group: str = ""

    def inside(self, where: str) -> bool:
        if where == EVERYWHERE:
            return True
        kind, _, name = where.partition(":")
        return bool(name) and name == {"task": self.task, "group": self.group}.get(kind)


SERVER = Resource()
"""The subject that belongs to no task."""


@dataclass(frozen=True, slots=True)
class Decision:
    allowed: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.allowed


YES = Decision(allowed=True)

_REASONS: Mapping[Verb, str] = {
    Verb.SEE: say("There is nothing here for you to see."),
    Verb.OUTPUT: say("You may see this run, but not what it wrote."),
    Verb.PRESS: say("You may look at this, but not press it."),
    Verb.STOP: say("You may look at this run, but not stop it."),
    Verb.APPROVE: say("You may look at this, but not approve it."),
    Verb.SECRETS: say("Which secrets this is given is not for you to see."),
    Verb.ADMIN: say("This is for administrators."),
}


def rights_of(name: str, groups: Iterable[str], grants: Iterable[Grant]) -> Rights:
    """The rights from the grants for a user who is in these groups."""
    mine = _receivers(name, groups)
    return frozenset(Right(verb, grant.where) for grant in grants if grant.who in mine for verb in grant.verbs)


def through(
    name: str, groups: Iterable[str], grants: Iterable[Grant], resource: Resource
) -> Mapping[Verb, list[Grant]]:
    """By each verb that a user who is in these groups may do with the resource: the grants that give it."""
    mine = _receivers(name, groups)
    found: dict[Verb, list[Grant]] = {}
    for grant in grants:
        if grant.who in mine and resource.inside(grant.where):
            for verb in grant.verbs:
                found.setdefault(verb, []).append(grant)
    return {verb: found[verb] for verb in Verb if verb in found}


def decide(actor: Actor, verb: Verb, *resources: Resource) -> Decision:
    """Whether it may in each of the resources; without one, on the server itself."""
    if not actor.known:
        return Decision(allowed=False, reason=say("Sign in first."))
    held = [actor.rights, *([actor.within] if actor.within is not None else [])]
    if all(_holds(rights, verb, resource) for rights in held for resource in resources or (SERVER,)):
        return YES
    return Decision(allowed=False, reason=_REASONS[verb])


def require(actor: Actor, verb: Verb, *resources: Resource) -> None:
    """Raises `Refused` with the reason."""
    decision = decide(actor, verb, *resources)
    if not decision:
        raise Refused(decision.reason)


def directly(actor: Actor) -> Decision:
    """Whether the person acts, and no token or link. No token and no link makes tokens and links or changes people,
    whatever its scope says: what it made would outlive it, and would not be restricted as it is.
    """
    if not actor.known:
        return Decision(allowed=False, reason=say("Sign in first."))
    if actor.within is not None or actor.own:
        return Decision(allowed=False, reason=say("A token or a link cannot do this: sign in yourself, in a browser."))
    return YES


def in_person(actor: Actor) -> Decision:
    """Directly, and as a user, to whom a token or a link can belong."""
    if directly(actor) and not actor.user:
        reason = say("Nobody signs in here yet, so there is nobody whose it could be: make a user first.")
        return Decision(allowed=False, reason=reason)
    return directly(actor)


def schedules(actor: Actor) -> Decision:
    """Whether a schedule can belong to the actor: a person, or a program in their name, with whose token it ends; or
    everybody while nobody signs in.
    """
    if not actor.known:
        return Decision(allowed=False, reason=say("Sign in first."))
    if actor.own:
        return Decision(allowed=False, reason=say("A link makes no schedule: sign in yourself, in a browser."))
    if not actor.user and actor.name != LOCAL.name:
        return Decision(
            allowed=False, reason=say("There is no user of this name here to whom the schedule could belong.")
        )
    return YES


def require_directly(actor: Actor, verb: Verb | None = None) -> None:
    """With `verb`, actors that may do this to the server itself pass as well. Raises `Refused` with the reason."""
    decision = directly(actor)
    if not decision:
        raise Refused(decision.reason)
    if verb:
        require(actor, verb)


def require_in_person(actor: Actor) -> None:
    """Raises `Refused` with the reason."""
    decision = in_person(actor)
    if not decision:
        raise Refused(decision.reason)


def verbs(actor: Actor, *resources: Resource) -> frozenset[Verb]:
    """Everything that the actor may do in each of the resources."""
    return frozenset(verb for verb in Verb if decide(actor, verb, *resources))


def everywhere(actor: Actor, verb: Verb) -> bool:
    """Whether the actor may do it with every task, also one that is gone."""
    return bool(decide(actor, verb, SERVER))


def anywhere(actor: Actor, verb: Verb) -> bool:
    """Whether there may be something that the actor may do it with."""
    held = [actor.rights, *([actor.within] if actor.within is not None else [])]
    return actor.known and all(any(right.verb is verb for right in rights) for rights in held)


def _receivers(name: str, groups: Iterable[str]) -> set[str]:
    """To whom a grant has to be given so that it is this user's."""
    return {EVERYONE, f"user:{name}", *(f"group:{group}" for group in groups)}


def _holds(rights: Rights, verb: Verb, resource: Resource) -> bool:
    return any(right.verb is verb and resource.inside(right.where) for right in rights)
