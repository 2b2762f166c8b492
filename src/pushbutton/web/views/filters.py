"""The history's filter: in the URL, and as a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final
from urllib.parse import urlencode

from pushbutton.domain.run import Micros, RunState
from pushbutton.runtime.ports import RunQuery
from pushbutton.web.http.numbers import whole

from . import spans
from .spans import Span

STATES: Final[Mapping[str, frozenset[RunState]]] = {
    "needs": frozenset({RunState.ASKING}),
    **{state.value: frozenset({state}) for state in RunState if state is not RunState.ASKING},
}  # fmt: skip
"""The words of the URL and the states behind each."""


@dataclass(frozen=True, slots=True)
class Filter:
    text: str = ""
    task: str = ""
    state: str = ""
    who: str = ""
    span: Span = spans.ANY
    before: int = 0
    output: bool = False  # the text is looked for in what runs wrote, too

    @property
    def any(self) -> bool:
        return bool(self.text or self.task or self.state or self.who or self.span.word or self.before)

    @property
    def number(self) -> int:
        """The run that the text names: "18" or "#18"; 0: none."""
        digits = self.text.removeprefix("#")
        return whole(digits) or 0

    def query(self, now: Micros, limit: int, zone: tzinfo | None = None) -> RunQuery:
        states = STATES.get(self.state, frozenset())
        since, until = self.span.bounds(now, zone)
        return RunQuery(task=self.task, states=states, actor=self.who, text=self.text, since=since, until=until,
                        before=self.before, limit=limit)  # fmt: skip

    def url(self, **changed: object) -> str:
        """Such as "?task=deploy&state=failed", or "" where nothing is filtered."""
        values = {"q": self.text, "task": self.task, "state": self.state, "who": self.who, **self.span.values}
        values |= {"output": "1"} if self.output else {}
        kept = {name: value for name, value in (values | changed).items() if value}
        return f"?{urlencode(kept)}" if kept else ""


def read(query: Mapping[str, str]) -> Filter:
    """From a URL. What makes no sense does not filter."""
    state, before = query.get("state", ""), query.get("before", "")
    return Filter(
        text=query.get("q", "").strip()[:200],
        task=query.get("task", ""),
        state=state if state in STATES else "",
        who=query.get("who", ""),
        span=spans.read(query),
        before=whole(before) or 0,
        output=query.get("output") == "1",
    )
