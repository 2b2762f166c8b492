"""The audit trail's filter: in the URL, and as a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from pushbutton.domain.run import Micros
from pushbutton.runtime.ports.people import AuditQuery

from .acts import KINDS
from .filters import DAYS, since


@dataclass(frozen=True, slots=True)
class AuditFilter:
    who: str = ""
    kind: str = ""
    about: str = ""
    time: str = ""
    before: int = 0

    @property
    def any(self) -> bool:
        return bool(self.who or self.kind or self.about or self.time or self.before)

    def query(self, now: Micros, limit: int) -> AuditQuery:
        return AuditQuery(actor=self.who, verb=self.kind, about=self.about, since=since(self.time, now),
                          before=self.before, limit=limit)  # fmt: skip

    def url(self, **changed: object) -> str:
        """Such as "?who=ada&kind=run", or "" where nothing is filtered."""
        values = {"who": self.who, "kind": self.kind, "about": self.about, "time": self.time}
        kept = {name: value for name, value in (values | changed).items() if value}
        return f"?{urlencode(kept)}" if kept else ""


def read(query: Mapping[str, str]) -> AuditFilter:
    """From a URL. What makes no sense does not filter."""
    kind, before = query.get("kind", ""), query.get("before", "")
    time = query.get("time", "")
    return AuditFilter(
        who=query.get("who", "")[:200],
        kind=kind if kind in KINDS else "",
        about=query.get("about", "").strip()[:200],
        time=time if time in DAYS else "",
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 19 else 0,
    )
