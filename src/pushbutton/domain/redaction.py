"""Taking a secret out of records that have been written, in a way that leaves the chain checkable. Pure.

A record keeps the hash that it had, which holds the chain together and every head that was noted elsewhere. What is
left of the record is vouched for by a later record, `audit.redact`: under `records` it names for each the keyed hash of
what is left. So without the key nothing can be taken out, and what was left cannot be changed.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pushbutton.errors import BadInput
from pushbutton.sentence import say

from .audit import Act, Deed, Record
from .event import Json

REMOVED = "(removed)"
SHORTEST = 4
"""Characters, at least: a shorter text would be found in unrelated places."""

_ENCODER = json.JSONEncoder(separators=(",", ":"), sort_keys=True)


def spellings(secret: str) -> tuple[str, ...]:
    """The forms in which it may stand in a record, longest first: as it is, or inside JSON text. Raises `BadInput`."""
    if len(secret) < SHORTEST:
        raise BadInput(
            say("What is to be taken out has at least {n} characters: give more of what stands there.", n=SHORTEST)
        )
    forms = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return tuple(sorted(forms, key=lambda form: (-len(form), form)))


def without(done: Act, forms: Collection[str]) -> Act:
    """The act with each of these replaced, wherever it stands."""
    data: Any = _without(done.data, forms)
    return Act(
        _text(done.actor, forms), done.verb, _text(done.about, forms), done.at, data, _text(done.address, forms)
    )  # fmt: skip


def _without(value: Json, forms: Collection[str]) -> Json:
    if isinstance(value, str):
        return _text(value, forms)
    if isinstance(value, Mapping):
        return {_text(name, forms): _without(held, forms) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return [_without(item, forms) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool) and str(value) in forms:
        return REMOVED
    return value


def _text(text: str, forms: Collection[str]) -> str:
    for form in forms:
        text = text.replace(form, REMOVED)
    return text


def left(key: bytes, number: int, digest: str, done: Act) -> str:
    """The keyed hash of what is left of a record, whose own hash is `digest`."""
    said = ["left", number, digest, done.at, done.actor, done.verb, done.about, done.address, done.data]
    return hmac.digest(key, _ENCODER.encode(said).encode(), "sha256").hex()


def vouched(records: Iterable[Record]) -> dict[int, str]:
    """The redactions that these records vouch for; pass them oldest first, since the last one about a record counts."""
    found: dict[int, str] = {}
    for record in records:
        claims = record.act.data.get("records") if record.act.verb == Deed.AUDIT_REDACT else None
        if isinstance(claims, Mapping):
            found |= {int(number): str(hash_) for number, hash_ in claims.items() if number.isdecimal()}
    return found
