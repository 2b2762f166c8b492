"""The audit trail's filter: in the URL, and as a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from urllib.parse import urlencode

from pushbutton.domain.run import Micros
from pushbutton.runtime.ports.people import AuditQuery
from pushbutton.web.http.numbers import whole
from pushbutton.web.words.audit import KINDS

from . import spans
from .spans import Span


@dataclass(frozen=True, slots=True)
class AuditFilter:
    who: str = ""
    kind: str = ""
    about: str = ""
    span: Span = spans.ANY
    before: int = 0

    @property
    def any(self) -> bool:
        return bool(self.who or self.kind or self.about or self.span.word or self.before)

    def query(self, now: Micros, limit: int, zone: tzinfo | None = None) -> AuditQuery:
        since, until = self.span.bounds(now, zone)
        return AuditQuery(actor=self.who, verb=self.kind, about=self.about, since=since, until=until,
                          before=self.before, limit=limit)  # fmt: skip

    def url(self, **changed: object) -> str:
        """Such as "?who=ada&kind=run", or "" where nothing is filtered."""
        values = {"who": self.who, "kind": self.kind, "about": self.about, **self.span.values}
        kept = {name: value for name, value in (values | changed).items() if value}
        return f"?{urlencode(kept)}" if kept else ""


def read(query: Mapping[str, str]) -> AuditFilter:
    """From a URL. What makes no sense does not filter."""
    kind, before = query.get("kind", ""), query.get("before", "")
    return AuditFilter(
        who=query.get("who", "")[:200],
        kind=kind if kind in KINDS else "",
        about=query.get("about", "").strip()[:200],
        span=spans.read(query),
        before=whole(before) or 0,
    )
