"""Walks the audit trail's chain and finds the first place where it is not as it was written. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pushbutton.sentence import Sentence, say, say_n, unsaid

from .audit import FIRST, Deed, Head, Record, chained, sealed
from .redaction import left, vouched


class Fault(StrEnum):
    """The fault: the id of the sentence for it, with `{n}` for the record's number."""

    CHANGED = unsaid("Record {n} is not as it was written.")
    FOREIGN = unsaid("Record 1 is not as it was written, or server.key is not the key that it was written with.")
    MISSING = unsaid("Record {n} is missing.")
    INSERTED = unsaid("Record {n} was put in by somebody else.")
    SWAPPED = unsaid("Record {n} and the one behind it have changed places.")
    CUT = unsaid("The trail was cut: record {n} and what came behind it are missing.")
    HEAD = unsaid("The note of the last record, {n}, is not as it was written.")
    BROKEN = unsaid("When record {n} was written, the end of the trail was not as it had been left.")
    NOTED = unsaid("Record {n} is not the one whose hash was noted.")
    PRESS = unsaid("Records are missing: there is no press of run {n}.")
    EMPTY = unsaid("There are no records, not even of the server's start.")


@dataclass(frozen=True, slots=True)
class Checked:
    """`head` is the last record that is as it was written; `fault` is at `number`."""

    head: Head
    fault: Fault | None = None
    number: int = 0
    more: tuple[str, ...] = ()
    """More facts about the fault, one sentence each."""

    @property
    def sentence(self) -> Sentence:
        if self.fault:
            return say(self.fault.value, n=self.number)
        count = self.head.id
        return say_n("The record is as it was written.", "All {n:,} records are as they were written.", max(count, 1))


class Chain:
    """Feed it the records in their order, page by page, then ask how it ends."""

    def __init__(self, key: bytes, noted: Sequence[Head] = (), redacted: Mapping[int, str] | None = None) -> None:
        """`noted`: numbers and hashes of records that are known from elsewhere (the seal is not looked at). `redacted`:
        for records out of which something was taken, what is said to vouch for the rest; it looks whether that is so.
        """
        self._key, self._noted = key, {head.id: head for head in noted}
        self._missing = ""
        self._redacted, self._believed = dict(redacted or {}), set[int]()
        self._vouched: dict[int, str] = {}
        self.last = Head()
        self._wrong: tuple[Fault, int] | None = None
        self._at = 0  # the number of the record at which it was noticed

    @property
    def wrong(self) -> bool:
        return self._wrong is not None

    def feed(self, records: Sequence[Record], then: Record | None = None) -> None:
        """`then` is the record behind these, if there is one: it tells a record that was put in from a changed one."""
        for record, following in zip(records, [*records[1:], then], strict=True):
            if self._wrong:
                return
            self._one(record, following)
            self._at = record.id

    def _one(self, record: Record, following: Record | None) -> None:
        expected = self.last.id + 1
        if record.id < expected:
            self._wrong = (Fault.INSERTED, record.id)
        elif record.id > expected:
            self._wrong = (Fault.MISSING, expected)
        elif not self._fits(record, self.last.hash, expected):
            self._wrong = (self._diagnosis(record, following), expected)
        elif expected in self._noted and self._noted[expected].hash != record.hash:
            self._wrong = (Fault.NOTED, expected)
        else:
            self.last = Head(expected, record.hash)
            if record.act.verb == Deed.AUDIT_REDACT and expected not in self._believed:
                self._vouched |= vouched([record])
            if record.act.verb == Deed.AUDIT_BROKEN:
                self._wrong = (Fault.BROKEN, expected)
                self._missing = _missing(expected, str(record.act.data.get("known", "")))

    def _fits(self, record: Record, before: str, number: int) -> bool:
        if record.hash == chained(self._key, before, number, record.act):
            return True
        rest = self._redacted.get(number)
        if rest is None or rest != left(self._key, number, record.hash, record.act):
            return False
        self._believed.add(number)
        return True

    def _diagnosis(self, record: Record, following: Record | None) -> Fault:
        number = record.id
        if following and self._fits(following, self.last.hash, number):
            return Fault.SWAPPED if self._fits(record, following.hash, number + 1) else Fault.INSERTED
        return Fault.FOREIGN if number == 1 else Fault.CHANGED

    def end(self, head: Head) -> Checked:
        """`head`: as the store notes it, read when the last record had been fed."""
        wrong = self._wrong or self._unvouched() or self._ending(head)
        if self._wrong and self.last.id <= head.id < self._wrong[1] and head == sealed(self._key, head.id, head.hash):
            wrong = (Fault.INSERTED, self._at)  # behind the end
        if not wrong:
            return Checked(self.last)
        most = max(self._noted, default=0)
        if wrong[0] is Fault.CUT and most > wrong[1]:
            self._missing = say("Up to record {n} it is known from elsewhere that they were there.", n=most)
        return Checked(self.last, *wrong, (self._missing,) if self._missing else ())

    def _unvouched(self) -> tuple[Fault, int] | None:
        """A record from which something was removed, without a record that says so."""
        for number in sorted(self._believed):
            if self._vouched.get(number) != self._redacted[number]:
                return Fault.CHANGED, number
        return None

    def _ending(self, head: Head) -> tuple[Fault, int] | None:
        most = max(self._noted, default=0)
        if not self.last.id and head == Head():
            return (Fault.CUT, 1) if most else (Fault.EMPTY, 0)
        if head != sealed(self._key, head.id, head.hash):
            return Fault.HEAD, head.id
        if head.id > self.last.id:
            return Fault.CUT, self.last.id + 1
        if head.id < self.last.id:
            return Fault.INSERTED, head.id + 1
        if head.hash != self.last.hash:
            return Fault.HEAD, head.id
        if most > self.last.id:
            return Fault.CUT, self.last.id + 1
        if 0 in self._noted and self._noted[0].hash != FIRST:
            return Fault.NOTED, 0
        return None


def _missing(broken: int, known: str) -> str:
    """What the record that says that the end was not as it had been left knows of it; `known` as `Head.note`."""
    number = known.partition(":")[0]
    if not number.isdecimal():
        return ""
    if int(number) < broken:
        return say("Record {n} was another one before.", n=number)
    return say("Up to record {n} there had been others, and they are missing.", n=number)
