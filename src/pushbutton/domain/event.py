"""An event: one fact about a run. Small, ordered, kept.

What `data` holds, by kind (all keys optional unless said otherwise):

    state      state (always), actor, reason, exit_code, survivors (list of "pid name"); not_before;
               an end: bytes (of its output, where machines share a store);
               held: needs, until, plan; of a second try: attempt; an end that is tried again: next, its number
    status     text (always), level: info | good | warn | bad, source
    step       name (always), state: running | succeeded | failed | skipped; output: the bytes that were written
               before it, where the job waited until that was known
    progress   percent (0 to 100, or null: unknown), text, step
    question   id, text, choices            answer   id, value, actor
    artifact   name, path (inside the run's folder), size, type, title
    result     type (always): figure | table | chart | text, title; what else, `job/shapes.py` says
    note       text (always), code, actor, since (microseconds), not_before: what Pushbutton itself says of the run
    approval   verdict (always): approved | rejected, actor, by (their name), why, given, needs
    comment    text, actor, on_it (all always): what a person says of the run; on_it: they look after its failure
    truncated  kept (bytes), text           the output went past its cap; the job goes on

A text that Pushbutton itself says is a `Sentence`: the store keeps its id and its values under `sentences` beside it,
where nothing from a job or a caller is ever written, and gives it back as one; streams and answers hold the text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
"""A value that JSON can hold."""


class Kind(StrEnum):
    STATE = "state"
    STATUS = "status"
    STEP = "step"
    PROGRESS = "progress"
    QUESTION = "question"
    ANSWER = "answer"
    ARTIFACT = "artifact"
    RESULT = "result"
    NOTE = "note"
    TRUNCATED = "truncated"
    APPROVAL = "approval"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that has no id yet."""

    kind: Kind
    data: Mapping[str, Json] = field(default_factory=dict)
    at: int = 0  # microseconds since the epoch


@dataclass(frozen=True, slots=True)
class Event:
    """`id` is one global number whose order is commit order; `run` and `task` are None for a note to everybody."""

    id: int
    run: int | None
    task: str | None
    at: int
    kind: Kind
    data: Mapping[str, Json]
    group: str = ""  # of its run, see `Run.group`

    def to_json(self) -> dict[str, Json]:
        """The shape that streams and the JSON API show."""
        return {
            "id": self.id,
            "run": self.run,
            "task": self.task,
            "at": iso(self.at),
            "kind": self.kind.value,
            "data": dict(self.data),
        }


def iso(micros: int) -> str:
    """As RFC 3339, UTC: 2026-11-23T09:42:07.123456Z."""
    return datetime.fromtimestamp(micros / 1_000_000, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
