"""The audit trail: what was done, by whom, in a chain in which no record can be changed, left out or put in unseen."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from .actor import Actor
from .event import Json

FIRST = "0" * 64
"""What stands before the first record."""


@dataclass(frozen=True, slots=True)
class Act:
    """`verb` is what was done ("run.press", "user.add"), `about` to what ("run 42", "user ada")."""

    actor: str
    verb: str
    about: str
    at: int  # microseconds since the epoch
    data: Mapping[str, Json] = field(default_factory=dict)
    address: str = ""  # from where; "" for what did not come over the network


@dataclass(frozen=True, slots=True)
class Record:
    id: int  # 1, 2, 3, …: none is left out
    act: Act
    hash: str  # of itself and everything before it


def act(actor: Actor, verb: str, about: str, at: int, **data: Json) -> Act:
    return Act(actor.name, verb, about, at, data, actor.address)


def chained(key: bytes, before: str, number: int, done: Act) -> str:
    """The hash of a record behind the one whose hash is `before`: HMAC-SHA256, hexadecimal.

    Without the key nobody can make a chain of their own that looks right.
    """
    text = json.dumps(
        [before, number, done.at, done.actor, done.verb, done.about, done.address, done.data],
        separators=(",", ":"),
        sort_keys=True,
    )
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
