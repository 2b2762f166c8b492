"""The history's filter: in the URL, and as a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from pushbutton.domain.run import Micros, RunState
from pushbutton.runtime.ports import RunQuery

STATES: Final[Mapping[str, frozenset[RunState]]] = {
    "needs": frozenset({RunState.ASKING}),
    **{state.value: frozenset({state}) for state in RunState if state is not RunState.ASKING},
}  # fmt: skip
"""The words of the URL and the states behind each."""

DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Filter:
    text: str = ""
    task: str = ""
    state: str = ""
    who: str = ""
    time: str = ""
    before: int = 0

    @property
    def any(self) -> bool:
        return bool(self.text or self.task or self.state or self.who or self.time or self.before)

    def query(self, now: Micros, limit: int) -> RunQuery:
        states = STATES.get(self.state, frozenset())
        return RunQuery(task=self.task, states=states, actor=self.who, text=self.text, since=since(self.time, now),
                        before=self.before, limit=limit)  # fmt: skip

    def url(self, **changed: object) -> str:
        """Such as "?task=deploy&state=failed", or "" where nothing is filtered."""
        values = {"q": self.text, "task": self.task, "state": self.state, "who": self.who, "time": self.time}
        kept = {name: value for name, value in (values | changed).items() if value}
        return f"?{urlencode(kept)}" if kept else ""


def since(time: str, now: Micros) -> Micros:
    """From when on a word of the URL counts; 0 for none."""
    return now - DAYS[time] * _DAY if time in DAYS else 0


def read(query: Mapping[str, str]) -> Filter:
    """From a URL. What makes no sense does not filter."""
    state, time, before = query.get("state", ""), query.get("time", ""), query.get("before", "")
    return Filter(
        text=query.get("q", "").strip()[:200],
        task=query.get("task", ""),
        state=state if state in STATES else "",
        who=query.get("who", ""),
        time=time if time in DAYS else "",
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 19 else 0,
    )
