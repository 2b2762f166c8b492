"""The ports of people: the directory, the audit trail, and how passwords are checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pushbutton.domain.audit import Act, Head, Record
from pushbutton.domain.identity import Identity
from pushbutton.domain.person import Entry, Snapshot


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the directory: entries that take the place of those with the same key, others that go, and the
    act for the audit trail (None: nothing worth a record).
    """

    act: Act | None = None
    put: Sequence[Entry] = ()
    drop: Sequence[Entry] = ()


Work = Callable[[Snapshot], Change]
"""Looks at what is there now and says what is to become of it. Quick and pure; it may refuse by raising an error of
ours, and then nothing is changed.
"""


class People(Protocol):
    """Implementers guarantee: `change` is one transaction from the snapshot that `work` sees to the record in the audit
    trail, also among several processes, and durable when it returns. Errors: `StorageFull`, `StoreBusy`, and those of
    `work`.
    """

    async def load(self) -> Snapshot: ...

    async def version(self) -> int:
        """That of the newest change, also of one that another process made."""
        ...

    async def change(self, work: Work) -> Snapshot:
        """The directory as it is then."""
        ...


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Newest first. Empty fields do not filter."""

    actor: str = ""
    verb: str = ""  # or its beginning up to the dot: "run"
    about: str = ""
    since: int = 0  # at or after, microseconds
    until: int = 0
    before: int = 0  # ids below this one: paging
    limit: int = 50


class Audit(Protocol):
    """The audit trail.

    Implementers guarantee: append-only, ids without gaps, each hash as `domain.audit.chained`, and with each record the
    head as `domain.audit.sealed`. Where the head that they find does not fit the records, or what is known of it apart
    from the store does not, an `audit.broken` comes first, so that a change of the end stays visible. A record
    that is not as it was written any more comes with an empty hash rather than not at all.
    """

    @property
    def key(self) -> bytes:
        """The key of the chain."""
        ...

    async def record(self, act: Act) -> None:
        """Of an act that changes nothing in the store."""
        ...

    async def records(self, query: AuditQuery) -> Sequence[Record]: ...

    async def newest(self, kind: str, about: str) -> Sequence[Record]:
        """The last record of a kind ("task") for each thing that it is about: with `about` "task", each "task …"."""
        ...

    async def chain(self, after: int | None, limit: int) -> Sequence[Record]:
        """Records behind `after` (None: from the very first), oldest first, to be checked."""
        ...

    async def head(self) -> Head: ...

    async def known(self) -> Sequence[Head]:
        """Heads that are known apart from the store, each of which was the newest one at some time."""
        ...

    async def unpressed(self, limit: int) -> Sequence[int]:
        """The first runs of which no press is recorded, though presses were recorded when they were made."""
        ...

    async def redact(self, numbers: Sequence[int], forms: Sequence[str], act: Act) -> Sequence[int]:
        """Take these texts out of these records, and record the act, with what `domain.redaction` asks for. The records
        that were changed. Raises `StoreDamaged` for a record that is not as it was written, `Refused` for one that is
        itself about taking something out; nothing is changed then.
        """
        ...


class Passwords(Protocol):
    """Slow on purpose, and never many at once. Errors: `TooManySignIns`."""

    async def hash(self, password: str) -> str: ...

    async def check(self, hashed: str | None, password: str) -> bool:
        """As slow for None (no user of that name, or none with a password) as for a wrong one."""
        ...

    def stale(self, hashed: str) -> bool:
        """Whether it should be made anew, at the next sign-in."""
        ...


class Factor(Protocol):
    """The second factor: codes that change with time, and recovery codes for users without their phone."""

    def new_secret(self) -> str: ...

    def uri(self, secret: str, name: str) -> str:
        """The address that a phone reads."""
        ...

    def picture(self, text: str) -> str:
        """A text as a QR code in an `<svg>`."""
        ...

    def check(self, secret: str, code: str, last_step: int) -> int | None:
        """The time step whose code it is, never one at or before `last_step`; None: it is wrong."""
        ...

    def new_recovery_codes(self) -> tuple[list[str], list[str]]:
        """Codes to show once, and what to keep of each."""
        ...

    def spent(self, code: str, kept: Iterable[str]) -> str | None:
        """Which of those that are kept it is; None: none."""
        ...


class Sealed(Protocol):
    """Keeps what must be read again unreadable in the store. Errors: `StoreDamaged` for what another key sealed."""

    def close(self, text: str) -> str: ...

    def open(self, sealed: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in under way. Keep it for this one browser, take it away at the first return, forget it soon."""

    url: str
    """Where to send the browser."""
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


class Provider(Protocol):
    """Signs people in elsewhere, in their browser (OpenID Connect). Errors: `SignInFailed`."""

    async def begin(self, redirect_uri: str) -> Begun: ...

    async def finish(self, begun: Begun, params: Mapping[str, str], redirect_uri: str) -> Identity: ...


class Authority(Protocol):
    """Checks a name and a password elsewhere (a directory service). Errors: `SignInFailed` when it cannot be asked."""

    async def check(self, name: str, password: str) -> Identity | None: ...

    async def gone(self, names: Sequence[str]) -> Mapping[str, str]:
        """Those of them who are gone, or locked for good, and how that shows, in a few words. Cases that are not clear
        are left out.
        """
        ...
