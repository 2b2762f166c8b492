"""A supervisor's records, as events and columns of the run's row. Pure, apart from the artifact's file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pushbutton.domain.event import Draft, Json, Kind
from pushbutton.domain.result import identity
from pushbutton.domain.retry import Asked
from pushbutton.domain.run import RunState
from pushbutton.domain.size import size
from pushbutton.job.protocol import parse
from pushbutton.sentence import say, say_n, unsaid

from . import artifacts
from .ports import Record

AGAIN = "again"
"""A report, and the code of the note that tells of it."""


@dataclass(slots=True)
class Batch:
    """A batch of records, understood."""

    drafts: list[Draft] = field(default_factory=list)
    row: dict[str, Json] = field(default_factory=dict)
    born: bool = False
    end: Record | None = None
    open_step: str = ""  # the step that a plain line began and nothing has ended yet
    heard: int = 0  # the number of the last order that was carried out
    asked: Asked | None = None  # what the job said of its next try

    def add(self, kind: Kind, at: int, **data: Json) -> None:
        self.drafts.append(Draft(kind, {key: value for key, value in data.items() if value is not None}, at))


def read(records: Sequence[Record], open_step: str = "") -> Batch:
    """`open_step`: that of the batch before."""
    batch = Batch(open_step=open_step)
    for record in records:
        match record["k"]:
            case "born":
                batch.born = True
            case "line":
                place = {"output": record["o"]} if record.get("exact") is True else {}
                for said in parse(str(record["line"]), open_step=batch.open_step):
                    if said["kind"] != Kind.ARTIFACT or "by" not in record:  # else its file has a record of its own
                        data = {**said["data"], **place} if said["kind"] == Kind.STEP else said["data"]
                        report(batch, said["kind"], data, int(record["t"]))
            case "artifact" | "refused":
                batch.drafts += artifacts.drafts(record)
            case "stop":
                _stopping(batch, record)
            case "heard":
                batch.heard = max(batch.heard, record["n"])
            case "unmasked":
                text = say_n(
                    "A secret of this run is too short to be masked: what the job writes of it is shown as it is.",
                    "{n:,} secrets of this run are too short to be masked: what the job writes of them is shown as "
                    "it is.",
                    record["count"],
                )
                batch.add(Kind.NOTE, record["t"], code="unmasked", text=text)
            case "truncated":
                text = say(
                    "The output is larger than {size}: the rest of it is not kept. The run goes on.",
                    size=size(record["kept"]),
                )
                batch.add(Kind.TRUNCATED, record["t"], kept=record["kept"], text=text)
            case "deaf":
                text = say(
                    "It reported more than {n:,} times: the rest of it is not kept. The run goes on.", n=record["kept"]
                )
                batch.add(Kind.NOTE, record["t"], code="deaf", text=text)
            case "storage":
                text = (
                    say("The disk was full: {size} of output were lost. The run goes on.", size=size(record["lost"]))
                    if record["lost"]
                    else say("The disk was full: output is being lost. The run goes on.")
                )
                batch.add(Kind.NOTE, record["t"], code="storage", text=text)
            case "end":
                batch.end = record
    return batch


def report(batch: Batch, kind: str, data: Mapping[str, Any], at: int) -> None:
    """One thing that the job said, through its channel or over HTTP."""
    if kind == AGAIN:
        return _again(batch, data, at)
    known = Kind(kind)
    match known:
        case Kind.STATUS:
            batch.row["status"] = data["text"]
        case Kind.RESULT if "refused" in data:
            text = say(_NOT_SHOWN[data["refused"]], title=data["title"])
            return batch.add(Kind.NOTE, at, code="result", text=text)
        case Kind.RESULT:
            return _result(batch, Draft(known, dict(data), at))
        case Kind.PROGRESS:
            batch.row["progress"] = data.get("percent")
            if batch.drafts and batch.drafts[-1].kind is Kind.PROGRESS:
                batch.drafts.pop()  # only the newest of a burst is a fact worth keeping
        case Kind.STEP:
            running = data.get("state", "running") == "running"
            batch.row["step"] = data["name"] if running else ""
            batch.open_step = data["name"] if running and data.get("plain") else ""
    batch.drafts.append(Draft(known, dict(data), at))
    return None


_NOT_SHOWN = {
    "type": unsaid("“{title}” is not shown: it is no figure, table, chart or text."),
    "value": unsaid("“{title}” is not shown: a figure has a value, which is a number or a text."),
    "rows": unsaid("“{title}” is not shown: the rows of a table are a list of lists or of objects."),
    "columns": unsaid("“{title}” is not shown: a table has from 1 to 30 columns. Hand it over as a file."),
    "series": unsaid("“{title}” is not shown: a chart has from 1 to 4 series, each with a list of values."),
    "points": unsaid("“{title}” is not shown: each series of a chart has from 1 to 1,000 values."),
    "bars": unsaid("“{title}” is not shown: a chart has at most 60 bars. Make a line of it."),
    "text": unsaid("“{title}” is not shown: there is no text in it."),
}


def _result(batch: Batch, draft: Draft) -> None:
    """In the place of an earlier one of the same name: only the newest of a burst is a fact worth keeping."""
    for place, other in enumerate(batch.drafts):
        if other.kind is Kind.RESULT and identity(other.data) == identity(draft.data):
            batch.drafts[place] = draft
            return
    batch.drafts.append(draft)


def _again(batch: Batch, data: Mapping[str, Any], at: int) -> None:
    batch.asked = asked_in(data)
    if batch.asked.never:
        batch.add(Kind.NOTE, at, code=AGAIN, never=True, text=say("It asks not to be tried again."))
    elif batch.asked.after is None:
        batch.add(Kind.NOTE, at, code=AGAIN, text=say("It asks to be tried again."))
    else:
        text = say("It asks to be tried again after {n:,.6g} s.", n=batch.asked.after)
        batch.add(Kind.NOTE, at, code=AGAIN, after=batch.asked.after, text=text)


def asked_in(data: Mapping[str, Any]) -> Asked:
    """From what the job reported, or from the note that tells of it."""
    after = data.get("after")
    return Asked(data.get("never") is True, float(after) if isinstance(after, int | float) else None)


def _stopping(batch: Batch, record: Record) -> None:
    texts = {
        "timeout": say("It took longer than it may: it is being ended."),
        "signal": say("The machine asked it to end."),
        "background": say("The job is done but left something running, which is being ended."),
    }
    if text := texts.get(record["why"]):
        batch.add(Kind.NOTE, record["t"], code=record["why"], text=text)


_FAULTS = {
    "full": unsaid("The disk is full, so it was not started."),
    "changed": unsaid("The task was changed after it was approved; nothing was started. Press again."),
    "folder": unsaid("The folder {folder} in which it should start cannot be entered: {why}."),
    "confine": unsaid("It was not started, because it cannot be confined: {why}."),
    "closed": unsaid("It was not started, because it cannot be kept from {folder}: {why}."),
    "interpreter": unsaid("{program} could not be started: the program that its first line (#!) names does not exist."),
    "missing": unsaid("{program} could not be started: there is no such program."),
    "access": unsaid("{program} could not be started: it is not executable, or its folder is closed to us."),
    "format": unsaid("{program} could not be started: it has no first line (#!) that says which program runs it."),
    "program": unsaid("{program} could not be started: {why}."),
    "system": unsaid("It could not be started: {why}."),
    "late": unsaid("{program} did not start it within {seconds} s."),
    "silent": unsaid("{program} did not start it; if it said why, that stands above."),
}
"""As a supervisor says them: by the word in its last record, whose values stand in their places."""


def _not_started(end: Record) -> str:
    """Others than the supervisor may write in the spool: it can name no id, and what it names has to say what the text
    says. The text alone is what supervisors of 0.2.0 write.
    """
    text, fault, values = str(end["error"]), end.get("fault"), end.get("values")
    template = _FAULTS.get(fault) if isinstance(fault, str) else None
    if template is None or not isinstance(values, dict):
        return text
    known = {name: str(value) for name, value in values.items() if f"{{{name}}}" in template}
    if len(known) < template.count("{") or (said := say(template, **known)) != text:
        return text
    return said


def ending(end: Record) -> tuple[RunState, str]:
    """(state, one sentence) for an `end` record; the sentence is empty where the state says it all."""
    code = end["code"]
    if end["error"]:
        return RunState.FAILED, _not_started(end)
    match end["why"]:
        case "cancel":
            return RunState.CANCELLED, say("It was stopped.")
        case "signal":
            return (
                RunState.CANCELLED,
                say("It was stopped because the machine was shutting down or an administrator said so."),
            )
        case "timeout":
            return RunState.FAILED, say("It took longer than it may, so it was ended.")
    if code == 0:
        return RunState.SUCCEEDED, ""
    if code is None:
        return RunState.LOST, say("It could not be ended, and nobody knows what it does.")
    if code < 0:
        return RunState.FAILED, say("The system ended it (signal {n}).", n=-code)
    return RunState.FAILED, say("The job reported a failure (code {n}).", n=code)
