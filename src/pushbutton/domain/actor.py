"""An actor: who did something, and what it may do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verb(StrEnum):
    """The deeds with a task and its runs that a right allows; each of them includes `SEE`."""

    SEE = "see"  # that it exists, its form, its runs, their states, inputs and messages
    OUTPUT = "output"  # what its runs wrote, and the files that they made
    PRESS = "press"
    STOP = "stop"
    APPROVE = "approve"  # what others press, where that needs an approval
    SECRETS = "secrets"  # the names of the secrets that it is given, never their values
    ADMIN = "administer"  # everything; for all tasks: people, rights and the audit trail as well


EVERYWHERE = "*"


@dataclass(frozen=True, slots=True, order=True)
class Right:
    verb: Verb
    where: str = EVERYWHERE  # or "group:Reports", "task:deploy"


Rights = frozenset[Right]


def by_place(rights: Iterable[Right]) -> Mapping[str, Sequence[Verb]]:
    """Where, and what there; both in the order of their declaration or alphabet."""
    found: dict[str, list[Verb]] = {}
    for right in sorted(rights, key=lambda right: (right.where, list(Verb).index(right.verb))):
        found.setdefault(right.where, []).append(right.verb)
    return found


ALL: Rights = frozenset(Right(verb) for verb in Verb)


@dataclass(frozen=True, slots=True)
class Actor:
    """`rights` are those of when it was let in; code that keeps an actor for longer asks the directory again.

    A token or a link does less than its owner may: it needs the right in `within` as well, where there is one.
    """

    name: str  # as runs and the audit trail say it: "ada", "token:ada/nightly", "link:7/ada", "local"; "": nobody
    rights: Rights = frozenset()
    within: Rights | None = None
    user: str = ""  # whose it is: a user's name; "" for what belongs to no user
    title: str = ""  # how a page calls that user
    credential: str = ""  # what it was let in by, for the directory to look at again; never a secret itself
    address: str = ""  # the network address that it came from
    own: bool = False  # sees only the runs that it pressed itself

    @property
    def known(self) -> bool:
        return bool(self.name)

    @property
    def audience(self) -> str:
        """The same for all actors with the same rights, who see the same pages; "" for those with every right."""
        if self.rights >= ALL and self.within is None and not self.own:
            return ""
        mine = ",".join(f"{right.verb}@{right.where}" for right in sorted(self.rights))
        cut = "" if self.within is None else ",".join(f"{right.verb}@{right.where}" for right in sorted(self.within))
        alone = f"|{self.name}" if self.own else ""
        return hashlib.sha256(f"{mine}|{cut}{alone}".encode()).hexdigest()[:16]


LOCAL = Actor("local", ALL)
"""Somebody on this machine while nobody has to sign in, and this process itself."""

NOBODY = Actor("")
"""Somebody who has to sign in first."""


def trusted(name: str) -> Actor:
    """Named by the application that Pushbutton is a part of, which answers for it."""
    return LOCAL if name == LOCAL.name else Actor(name, ALL)
