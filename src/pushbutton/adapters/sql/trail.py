"""Writing the audit trail: each record in the transaction of the change that it is about."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

from pushbutton.domain.audit import SERVER, Act, Deed, Head, chained, sealed

from .connection import Connection, Dialect
from .trail_end import End
from .turn import Turn

ABOUT = "the audit trail"
_BEYOND = 1 << 62
"""No number that we give comes near it; one that somebody else put there must not be the last that we can."""
_RECORD: Final = "INSERT INTO audit (id, at, actor, verb, about, address, data, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_NOTE: Final = (
    "INSERT INTO audit_head (one, id, hash, seal) VALUES (1, ?, ?, ?)"
    " ON CONFLICT (one) DO UPDATE SET id = excluded.id, hash = excluded.hash, seal = excluded.seal"
)
_ENCODER = json.JSONEncoder(separators=(",", ":"), sort_keys=True)


class Trail:
    """Inside the caller's transaction."""

    def __init__(self, end: End, dialect: Dialect) -> None:
        self._end = end
        number, text = dialect.number_of.format, dialect.bytes_of.format
        self._head = f"SELECT {number('id')}, {text('hash')}, {text('seal')} FROM audit_head WHERE one = 1"
        self._hashes = f"SELECT id, {text('hash')} FROM audit WHERE "

    @property
    def key(self) -> bytes:
        return self._end.key

    def head(self, db: Connection) -> Head:
        """The end of the trail as it is noted in the database."""
        row = db.execute(self._head).fetchone()
        return Head(row[0], _read(row[1]), _read(row[2])) if row else Head()

    def record(self, turn: Turn, act: Act) -> None:
        self._end.touched = True
        head = turn.head or self._looked_at(turn, act)  # nobody else writes between two records of one transaction
        turn.head = self._write(turn, head, act)

    def _looked_at(self, turn: Turn, act: Act) -> Head:
        """The end of the trail; where it is not as it was left, behind a record that says so."""
        head = self.head(turn)
        fits = self._fits(turn, head)
        known = (fits and head == self._end.head) or self._is_there(turn, self._end.head)
        if fits and known:
            return head
        found: dict[str, Any] = {"head": str(head.id), "hash": head.hash}
        found |= {} if known else {"known": self._end.head.note}
        last = self._found(turn, "id BETWEEN 0 AND ? ORDER BY id DESC LIMIT 1", _BEYOND)
        head = Head(*last[0]) if last else Head()
        return self._write(turn, head, Act(SERVER, Deed.AUDIT_BROKEN, ABOUT, act.at, found))

    def _is_there(self, db: Connection, known: Head) -> bool:
        """Whether the record that was the last one when we looked before is, or was said to be missing."""
        if not known.id or self._found(db, "id = ?", known.id) == [(known.id, known.hash)]:
            return True
        sql = "SELECT data FROM audit WHERE about = ? AND verb = ? ORDER BY id DESC LIMIT 1"
        told = db.execute(sql, (ABOUT, Deed.AUDIT_BROKEN)).get
        return isinstance(told, str) and known.note in told  # in this transaction: nothing of it is committed yet

    def _fits(self, db: Connection, head: Head) -> bool:
        """Whether the end of the trail is as it was left."""
        near = self._found(db, "id >= ? ORDER BY id LIMIT 2", head.id)
        if head == Head():
            return not near
        return (
            head == sealed(self.key, head.id, head.hash)
            and near[:1] == [(head.id, head.hash)]
            and head.id + 1 not in dict(near)
        )

    def _write(self, turn: Turn, head: Head, act: Act) -> Head:
        act = _kept(act)
        digest = chained(self.key, head.hash, head.id + 1, act)
        after = sealed(self.key, head.id + 1, digest)
        row = (after.id, act.at, act.actor, act.verb, act.about, act.address, written(act.data), digest)
        turn.insert(_RECORD, row)
        turn.at_end("head", _NOTE, (after.id, after.hash, after.seal))
        return after

    def _found(self, db: Connection, where: str, value: int) -> list[tuple[int, str]]:
        return [(number, _read(digest)) for number, digest in db.execute(self._hashes + where, (value,))]


def _kept(act: Act) -> Act:
    """With texts that every database keeps: what is read back must be what the hash is of."""
    if "\0" in act.actor + act.verb + act.about + act.address:
        texts = {name: getattr(act, name).replace("\0", "␀") for name in ("actor", "verb", "about", "address")}
        return replace(act, **texts)
    return act


def written(data: Any) -> str:
    """There is one way only to write a value, so that another way is a change."""
    return _ENCODER.encode(data)


def _read(value: bytes) -> str:
    """Also a text that somebody else put there."""
    return bytes(value).decode(errors="replace")
