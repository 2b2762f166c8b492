"""Models of what the JSON API takes and shows, for its document alone: a server that starts does not load them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

State = Literal["held", "waiting", "running", "asking", "succeeded", "failed", "cancelled", "lost", "skipped"]


class GivenShape(BaseModel):
    actor: str
    at: str
    why: str
    plan: str = Field(description="SHA-256 of the plan's output that they saw; empty: it has none")


class ApprovalShape(BaseModel):
    """What a run waits for, or waited for."""

    needs: int = Field(description="How many others have to approve it")
    given: list[GivenShape]
    until: str = Field(description="Then it ends without having started")
    plan: int | None = Field(description="The dry run that shows what it will do")
    again: int | None = Field(description="The dry run that showed it once more before the start")


class PlanShape(BaseModel):
    """What a held run will do, as its dry run said it."""

    run: int = Field(description="The dry run; its output is the plan")
    state: str | None = Field(description="Null: it is not kept any more")
    sha256: str = Field(description="Of its whole output; empty while it goes on, and where it cannot be approved")
    wrong: str = Field(description="Why it cannot be approved; empty: it can, or it goes on")


class VerdictShape(BaseModel):
    why: str = Field("", description="Needed to reject")
    plan: str = Field("", description="To approve a run that has a plan: the `sha256` of the plan that was looked at")


class CauseShape(BaseModel):
    kind: Literal["person", "token", "link", "schedule", "retry", "run", "hook"]
    parent: int | None = Field(description="The run that it comes of; null: of none")
    attempt: int = Field(description="Counts what was pressed once and is tried again")


class RunShape(BaseModel):
    """One execution of a task."""

    number: int
    task: str
    title: str
    state: State
    over: bool = Field(description="Nothing of it will change any more")
    actor: str
    cause: CauseShape = Field(description="Who or what pressed it")
    why: str
    inputs: dict[str, Any] = Field(description="Secrets are masked")
    pressed_at: str = Field(description="RFC 3339, UTC, microseconds")
    started_at: str | None
    ended_at: str | None
    exit_code: int | None = Field(description="Negative: that signal ended it")
    reason: str = Field(description="One sentence on how it ended")
    status: str = Field(description="The last thing that it said")
    step: str
    progress: float | None = Field(description="Percent")
    stop_by: str
    survivors: list[str] = Field(description="Processes that could not be ended, as “pid name”")
    approval: ApprovalShape | None = Field(description="Null: it needs none")
    aside: bool = Field(description="It came with a copy of the data folder; see `/api/aside`")


class PressedShape(RunShape):
    made: bool = Field(description="False: an earlier run is the answer (same key, or the task joins)")


class EventShape(BaseModel):
    """An event of a stream: for the reference, which is made from the code. Streams write it by hand."""

    id: int
    run: int | None
    task: str | None
    at: str
    kind: str
    data: dict[str, Any]


class TaskShape(BaseModel):
    slug: str
    title: str
    help: str
    group: str
    reason: Literal["optional", "required"] = Field(description="Whether a press needs “why”")
    approvals: int = Field(description="How many others have to approve a run before it starts")
    dry_run: str = Field(description="The input that makes a run change nothing; empty: there is none")
    broken: str = Field(description="Why it cannot be pressed, a line for each mistake; empty: it can")
    may: list[str] = Field(
        description="What you may do with it: see, output, press, stop, approve, secrets, administer"
    )
    secrets: list[str] = Field(description="Names of what it is given; empty without the right “secrets”")
    params: list[dict[str, Any]]


class PressShape(BaseModel):
    inputs: dict[str, Any] = Field(default_factory=dict, description="By param name; see the task's `params`")
    why: str = ""


class RightShape(BaseModel):
    verb: str
    where: str = Field(description="`*`, `group:Reports` or `task:deploy`")


class TokenShape(BaseModel):
    """A person's token for programs; never its text."""

    id: str
    name: str
    user: str
    scope: list[RightShape] = Field(description="It may do these, as far as its owner may")
    made_at: str
    until: str | None = Field(description="null: until it is revoked")
    used_at: str | None = Field(description="To the minute")
    hint: str = Field(description="Its last characters")


class TokenMadeShape(TokenShape):
    token: str = Field(description="Its text. Nobody can show it again")


class NewTokenShape(BaseModel):
    name: str
    verbs: list[str] = Field(default=["output", "press", "stop"], description="Seeing is always among them")
    where: list[str] = ["*"]
    days: int | None = Field(default=90, description="null: until it is revoked")


class LinkShape(BaseModel):
    """A hand-over link."""

    id: str
    task: str
    maker: str
    inputs: dict[str, Any] = Field(description="Fixed")
    made_at: str
    until: str
    uses: int = Field(description="Left")
    total: int
    approvers: int
    note: str
    standing: str = Field(description="open, revoked, expired, used up, maker, task gone, task changed or task broken")
    url: str = Field(description="Empty for everybody but who made it")


class NewLinkShape(BaseModel):
    task: str
    inputs: dict[str, Any] = Field(default_factory=dict, description="Those that are fixed, by name")
    days: int = 7
    uses: int = 1
    approvers: int = 0
    note: str = ""


class AskShape(BaseModel):
    """One of the two."""

    token: dict[str, Any] | None = Field(default=None, description="As for `POST /api/tokens`")
    link: dict[str, Any] | None = Field(default=None, description="As for `POST /api/links`")


class AskedShape(BaseModel):
    code: str
    url: str
    poll: str = Field(description="For `/api/asks/answer`; keep it to yourself")
    until: str


class PollShape(BaseModel):
    poll: str


class AnswerShape(BaseModel):
    state: Literal["waiting", "granted", "refused"]
    made: str
    by: str


class RecordShape(BaseModel):
    """One record of the audit trail."""

    id: int = Field(description="1, 2, 3, …: none is left out")
    at: str = Field(description="RFC 3339, UTC, microseconds")
    actor: str
    verb: str = Field(description="Such as “run.press”: the kind, a dot, what was done")
    about: str = Field(description="Such as “run 42” or “user ada”")
    address: str = Field(description="From where; empty for what did not come over the network")
    data: dict[str, Any]
    hash: str = Field(description="Of this record and all before it; empty: it cannot be read as it was written")


class CheckedShape(BaseModel):
    well: bool = Field(description="Every record is as it was written")
    said: str = Field(description="One sentence; what is wrong first, if something is")
    head: str = Field(description="Number and hash of the last record that is right, worth keeping elsewhere")
    fault: str | None = Field(description="changed, missing, inserted, cut, head, …")
    number: int = Field(description="The record that is wrong; of fault “press”, the run; 0: none")
    more: list[str] = Field([], description="What else is known of it, such as which records and runs are missing")


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    fields: dict[str, str] | None = Field(None, description="One sentence for each input that is wrong")
