"""`runtime.ports.people` in plain dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pushbutton.adapters.sql.directory_rows import key_of, snapshot
from pushbutton.domain.audit import FIRST, Act, Deed, Head, Record, chained, sealed
from pushbutton.domain.event import Json
from pushbutton.domain.person import Entry, Snapshot
from pushbutton.domain.redaction import left, without
from pushbutton.errors import Refused
from pushbutton.runtime.ports.people import AuditQuery, Work


class MemoryAudit:
    def __init__(self, key: bytes = b"") -> None:
        self.key = key
        self._records: list[Record] = []

    def add(self, act: Act) -> None:
        number, before = len(self._records) + 1, self._records[-1].hash if self._records else FIRST
        self._records.append(Record(number, act, chained(self.key, before, number, act)))

    async def record(self, act: Act) -> None:
        self.add(act)

    async def records(self, query: AuditQuery) -> Sequence[Record]:
        return [record for record in reversed(self._records) if _matches(record, query)][: query.limit]

    async def newest(self, kind: str, about: str) -> Sequence[Record]:
        last = {
            record.act.about: record
            for record in self._records
            if record.act.verb.startswith(f"{kind}.") and record.act.about.startswith(f"{about} ")
        }
        return sorted(last.values(), key=lambda record: record.id)

    async def chain(self, after: int | None, limit: int) -> Sequence[Record]:
        first = max(after or 0, 0)
        return self._records[first : first + limit]

    async def known(self) -> Sequence[Head]:
        return ()  # this process alone writes it, so there is nothing to look for

    async def unpressed(self, limit: int) -> Sequence[int]:  # noqa: ARG002  of the port
        return ()

    async def redact(self, numbers: Sequence[int], forms: Sequence[str], act: Act) -> Sequence[int]:
        claims: dict[str, Json] = {}
        changed: dict[int, Record] = {}
        for number in numbers:
            old = self._records[number - 1]
            if old.act.verb == Deed.AUDIT_REDACT:
                raise Refused(f"Record {number} vouches for others: nothing can be taken out of it.")
            new = changed[number] = replace(old, act=without(old.act, forms))
            claims[str(number)] = left(self.key, number, new.hash, new.act)
        self._records = [changed.get(record.id, record) for record in self._records]
        self.add(replace(act, data={**act.data, "records": claims}))
        return sorted(changed)

    async def head(self) -> Head:
        return sealed(self.key, len(self._records), self._records[-1].hash) if self._records else Head()


def _matches(record: Record, query: AuditQuery) -> bool:
    act = record.act
    return (
        (not query.actor or act.actor == query.actor)
        and (not query.verb or act.verb == query.verb or act.verb.startswith(f"{query.verb}."))
        and (not query.about or act.about == query.about)
        and (not query.since or act.at >= query.since)
        and (not query.until or act.at < query.until)
        and (not query.before or record.id < query.before)
    )


class MemoryPeople:
    def __init__(self, audit: MemoryAudit) -> None:
        self._audit = audit
        self._entries: dict[tuple[str, str], Entry] = {}
        self._version = 0

    async def load(self) -> Snapshot:
        return self._now()

    def _now(self) -> Snapshot:
        return replace(snapshot(self._entries.values()), version=self._version)

    async def version(self) -> int:
        return self._version

    async def change(self, work: Work) -> Snapshot:
        return self.apply(work)

    def apply(self, work: Work) -> Snapshot:
        change = work(self._now())
        for entry in change.drop:
            self._entries.pop(key_of(entry), None)
        for entry in change.put:
            self._entries[key_of(entry)] = entry
        self._version += bool(change.drop or change.put)
        if change.act:
            self._audit.add(change.act)
        return self._now()
