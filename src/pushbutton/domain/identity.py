"""A person as an outside authority names them, and what a name may look like here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from pushbutton.errors import BadInput
from pushbutton.sentence import say

__all__ = ["LONGEST_TEXT", "Identity", "group_names", "one_line", "user_name"]

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]*")
RESERVED = frozenset({"local", "server", "somebody", "everyone", "oidc", "ldap", "proxy"})
"""Names of actors that are no users."""
LONGEST_NAME = 100
LONGEST_TEXT = 200
MOST_GROUPS = 1_000


@dataclass(frozen=True, slots=True)
class Identity:
    name: str
    """The name here: made by `user_name` from the authority's."""
    title: str = ""
    """The whole name, for people to read; "" if it is not known. One line."""
    email: str = ""
    groups: frozenset[str] = field(default_factory=frozenset)
    """As the authority writes them, upper and lower case."""
    source: str = ""
    """The authority: `oidc`, `ldap`, `proxy`."""
    subject: str = ""
    """The authority's lasting id, while a name may pass to another person; "" where it gives none."""


def user_name(text: str) -> str:
    """The name as it is kept: lower case. Raises `BadInput`.

    Plain ASCII, because names are compared and shown to tell people apart: a Cyrillic “а” looks like a Latin one under
    every normal form, and lower case folds more than it shows (the sign for Kelvin becomes a “k”). Not “:”, which
    stands in the names of actors that belong to no person (`schedule:nightly`), and no “-” in front, which a command
    takes for an option.
    """
    if not text:
        raise BadInput(say("The user name is empty; give one."))
    if len(text) > LONGEST_NAME:
        raise BadInput(say("The user name is longer than {n} characters; give a shorter one.", n=LONGEST_NAME))
    name = text.lower() if text.isascii() else ""
    if name in RESERVED:
        raise BadInput(say("“{name}” means somebody else here; take another user name.", name=name))
    if not _NAME.fullmatch(name):
        raise BadInput(
            say(
                "{name} cannot be a user name: it may hold the letters a to z, digits, “.”, “_”, “-” and “@”, and "
                "begins with a letter or digit.",
                name=_shown(text),
            )
        )
    return name


def one_line(text: object) -> str:
    """A title or address as an authority gave it: without control characters, cut at 200 characters; "" for no text."""
    if not isinstance(text, str):
        return ""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:LONGEST_TEXT]


def group_names(names: Iterable[object]) -> frozenset[str]:
    """Those that can be names of groups; the others give no rights. At most 1,000, the first ones in order."""
    kept = [
        name.strip()
        for name in names
        if isinstance(name, str) and len(name) <= LONGEST_TEXT and name.strip() and name.isprintable()
    ]
    return frozenset(kept[:MOST_GROUPS])


def _shown(text: str) -> str:
    return f"“{''.join(char if char.isprintable() else '?' for char in text)[:40]}”"
