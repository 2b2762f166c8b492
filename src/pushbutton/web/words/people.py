"""Names of people: the directory's titles for the user names that runs and the audit trail keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from pushbutton.domain.hook import Hook
from pushbutton.domain.person import Link, Snapshot, User


@dataclass(frozen=True, slots=True)
class Names:
    """Of those who are in the directory now; who has gone keeps the user name."""

    users: Mapping[str, User] = field(default_factory=dict)
    links: Mapping[str, Link] = field(default_factory=dict)
    hooks: Mapping[str, Hook] = field(default_factory=dict)

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        return cls(snapshot.users, snapshot.links, snapshot.hooks)

    def called(self, user: str) -> str:
        known = self.users.get(user)
        return known.called if known else user

    def hook(self, id_: str) -> str:
        """A hook's name; one that is gone keeps what stands in its address."""
        known = self.hooks.get(id_)
        return known.name if known else id_

    def note(self, link: str) -> str:
        """The purpose of a link, as its maker says."""
        known = self.links.get(link)
        return known.note if known else ""


UNKNOWN = Names()
