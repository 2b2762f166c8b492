"""`runtime.ports.people` in plain dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pushbutton.adapters.entries import key_of, snapshot
from pushbutton.domain.audit import FIRST, Act, Record, chained
from pushbutton.domain.person import Entry, Snapshot
from pushbutton.runtime.ports.people import AuditQuery, Work


class MemoryAudit:
    def __init__(self, key: bytes = b"") -> None:
        self._key = key
        self._records: list[Record] = []

    def add(self, act: Act) -> None:
        number, before = len(self._records) + 1, self._records[-1].hash if self._records else FIRST
        self._records.append(Record(number, act, chained(self._key, before, number, act)))

    async def record(self, act: Act) -> None:
        self.add(act)

    async def records(self, query: AuditQuery) -> Sequence[Record]:
        return [record for record in reversed(self._records) if _matches(record, query)][: query.limit]

    async def chain(self, after: int, limit: int) -> Sequence[Record]:
        return self._records[after : after + limit]

    async def head(self) -> tuple[int, str]:
        return (len(self._records), self._records[-1].hash) if self._records else (0, FIRST)


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
