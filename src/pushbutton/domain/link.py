"""The text of a hand-over link: `<id>.pbl_<signature>`.

Signed instead of random: the store holds no secret, so a copy of it is of no use without the server's key; the maker of
a link can see it again; and an entry that was changed in the file has no valid link any more.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping

from .person import Link
from .run import Micros

_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # none that looks like another

NOWHERE = Link("", "", "", {}, 0, 0, 0)
"""Signs what is compared with a link that does not exist, so that it takes as long as one that does."""

AFTER: Micros = 86_400 * 1_000_000
"""How long a link still shows its runs after its end."""


def new_id() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(10))


def text(key: bytes, link: Link) -> str:
    """The text behind `/link/`."""
    return f"{link.id}.{_signature(key, link)}"


def find(key: bytes, links: Mapping[str, Link], given: str) -> Link | None:
    """The link that has this text. An unknown one and a wrong signature are the same, also in the time they take."""
    name, _, signature = given.partition(".")
    link = links.get(name, NOWHERE)
    right = hmac.compare_digest(_signature(key, link).encode(), signature.encode(errors="replace"))
    return link if right and link is not NOWHERE else None


def _signature(key: bytes, link: Link) -> str:
    """Over everything that does not change while it is used."""
    signed = [
        *(link.id, link.task, link.maker, link.inputs, link.until),
        *(link.total, link.made_at, link.approvers, link.note),
    ]
    told = json.dumps(["link", *signed], separators=(",", ":"), sort_keys=True).encode()
    return "pbl_" + base64.urlsafe_b64encode(hmac.new(key, told, hashlib.sha256).digest()).decode().rstrip("=")
