"""The shapes of the JSON API, each once. A shape checks what is sent, makes what is answered, and is what the
API's document is made of. A server that starts does not load this: see `lazily`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError

from pushbutton.domain import moment, result
from pushbutton.domain.actor import EVERYWHERE, Verb
from pushbutton.domain.approval import Hold
from pushbutton.domain.audit_chain import Checked
from pushbutton.domain.event import iso
from pushbutton.domain.hook import Delivery, Hook
from pushbutton.domain.on_file import FileSeen
from pushbutton.domain.param import Param, ParamType
from pushbutton.domain.person import Link, Token
from pushbutton.domain.preset import Preset
from pushbutton.domain.run import Run
from pushbutton.domain.schedule import Firing, Pause, blackout_name
from pushbutton.domain.task import Task
from pushbutton.errors import BadInput
from pushbutton.runtime import workers
from pushbutton.runtime.channels import Standing
from pushbutton.runtime.dry_run import Plan
from pushbutton.runtime.results import Before
from pushbutton.runtime.schedules import Planned
from pushbutton.runtime.told_here import Note
from pushbutton.web.words.cron import in_words
from pushbutton.web.words.i18n import texts


class Body(BaseModel):
    """A body that is sent: each value as it is, and no other names."""

    model_config = ConfigDict(extra="forbid", strict=True)
    no_object: ClassVar[str] = "Send a JSON object."
    wrong: ClassVar[Sequence[tuple[Sequence[str], str]]] = ()
    """(names, what is said where one of them is no such thing), the first one first."""

    @classmethod
    def of(cls, asked: Any) -> Self:
        """Raises `BadInput` with a sentence for what is wrong."""
        try:
            return cls.model_validate(asked)
        except ValidationError as error:
            places = [one["loc"] for one in error.errors(include_url=False, include_context=False)]
        if not all(places):
            raise BadInput(cls.no_object)
        if unknown := {str(place[0]) for place in places} - cls.model_fields.keys():
            raise BadInput(cls.unknown(min(unknown)[:60]))
        raise BadInput(
            next((said for names, said in cls.wrong for place in places if place[0] in names), cls.no_object)
        )

    @classmethod
    def unknown(cls, name: str) -> str:
        """The complaint about a name that is none of its own."""
        del name
        return cls.no_object


def _text(value: Any) -> str:
    """Any: what is none of UTF-8 is found where it matters what the text says."""
    if not isinstance(value, str):
        raise ValueError("no text")  # noqa: TRY004  as pydantic wants it
    return value


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("no object")  # noqa: TRY004  as pydantic wants it
    return value


Text = Annotated[str, PlainValidator(_text, json_schema_input_type=str)]
Object = Annotated[dict[str, Any], PlainValidator(_object, json_schema_input_type=dict[str, Any])]

State = Literal["held", "waiting", "running", "asking", "succeeded", "failed", "cancelled", "lost", "skipped"]


class Sent(BaseModel):
    """A shape that other code writes by hand, because that is faster; a contract test holds the two together."""

    model_config = ConfigDict(extra="forbid")


def _time(at: int | None) -> str | None:
    return None if at is None else iso(at)


class GivenShape(BaseModel):
    actor: str
    at: str
    why: str
    plan: str = Field(description="SHA-256 of the plan's output that they saw; empty: it has none")


class ApprovalShape(BaseModel):
    """The approvals that a run waits for, or waited for."""

    needs: int = Field(description="How many others have to approve it")
    given: list[GivenShape]
    until: str = Field(description="Then it ends without having started")
    plan: int | None = Field(description="The dry run that shows what it will do")
    again: int | None = Field(description="The dry run that showed it once more before the start")

    @classmethod
    def of(cls, hold: Hold) -> Self:
        given = [GivenShape(actor=one.actor, at=iso(one.at), why=one.why, plan=one.plan) for one in hold.given]
        return cls(
            needs=hold.needs, given=given, until=iso(hold.until), plan=hold.plan or None, again=hold.again or None
        )


class PlanShape(BaseModel):
    """The plan of a held run, as its dry run said it."""

    run: int = Field(description="The dry run; its output is the plan")
    state: str | None = Field(description="Null: it is not kept any more")
    sha256: str = Field(description="Of its whole output; empty while it goes on, and where it cannot be approved")
    wrong: str = Field(description="Why it cannot be approved; empty: it can, or it goes on")

    @classmethod
    def of(cls, plan: Plan) -> Self:
        return cls(run=plan.number, state=plan.state, sha256=plan.sha256, wrong=plan.wrong)


class VerdictShape(Body):
    why: Text = Field("", description="Needed to reject")
    plan: Text = Field("", description="To approve a run that has a plan: the `sha256` of the plan that was looked at")

    no_object: ClassVar[str] = "Send an object like {“why”: “…”, “plan”: “…”}."
    wrong: ClassVar[Sequence[tuple[Sequence[str], str]]] = ((("why", "plan"), "“why” and “plan” are texts."),)


class NewCommentShape(Body):
    text: Text = Field("", description="At most 2,000 characters; needed unless `on_it`")
    on_it: bool = Field(False, description="You look after this failure now")

    no_object: ClassVar[str] = "Send an object like {“text”: “known, see PM-412”}."
    wrong: ClassVar[Sequence[tuple[Sequence[str], str]]] = (
        (("text",), "“text” is a text."),
        (("on_it",), "“on_it” is true or false."),
    )


class CauseShape(BaseModel):
    kind: Literal["person", "token", "link", "schedule", "retry", "run", "hook", "file"]
    parent: int | None = Field(description="The run that it comes of; null: of none")
    attempt: int = Field(description="Counts what was pressed once and is tried again")


class RetryShape(BaseModel):
    """The failures that are tried again, and when; times in seconds."""

    times: int = Field(description="Tries in all")
    wait: float
    factor: float
    most: float
    jitter: float
    on: list[str]


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
    not_before: str | None = Field(description="It does not start before; null: it waits for no moment")
    locks: list[str] = Field(description="Names of what it has to itself, or with few others, while it goes on")
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
    retry: RetryShape | None = Field(description="Whether it is tried again when it fails; null: it is not")
    series: int | None = Field(description="The first of several tries at the same press; null: there is one only")
    next: int | None = Field(description="The try that follows; null: none does (yet)")
    worker: str = Field(description="Who has it, or had it; empty: nobody yet")

    @classmethod
    def of(cls, run: Run, /, **more: Any) -> Self:
        cause = run.cause
        return cls.model_validate(
            {
                "number": run.id,
                "task": run.task,
                "title": run.title,
                "state": run.state.value,
                "over": run.state.over,
                "actor": run.actor,
                "cause": {"kind": cause.kind.value, "parent": cause.parent or None, "attempt": cause.attempt},
                "why": run.why,
                "inputs": run.inputs,
                "pressed_at": iso(run.pressed_at),
                "not_before": _time(run.not_before),
                "locks": sorted(run.locks),
                "started_at": _time(run.started_at),
                "ended_at": _time(run.ended_at),
                "exit_code": run.exit_code,
                "reason": run.reason,
                "status": run.status,
                "step": run.step,
                "progress": run.progress,
                "stop_by": run.stop_by,
                "survivors": list(run.survivors),
                "approval": ApprovalShape.of(run.hold) if run.hold else None,
                "aside": run.aside,
                "retry": run.retry.to_json() if run.retry else None,
                "series": run.series or None,
                "next": run.next or None,
                "worker": run.worker,
                **more,
            }
        )


class FigureShape(BaseModel):
    type: Literal["figure"]
    title: str
    value: int | float | str
    unit: str
    better: Literal["more", "less", ""] = Field(description="Which is good; empty: the job does not say")
    before: int | float | str | None = Field(description="What it was in the run `against`; null: it was not there")


class TableShape(BaseModel):
    type: Literal["table"]
    title: str
    columns: list[str]
    rows: list[list[str | bool | int | float | None]]
    more: int = Field(description="Rows that were not kept")


class SeriesShape(BaseModel):
    name: str
    values: list[int | float | None]


class ChartShape(BaseModel):
    type: Literal["chart"]
    title: str
    form: Literal["line", "bar"]
    labels: list[str]
    unit: str
    series: list[SeriesShape] = Field(description="Each has as many values as there are labels")


class TextShape(BaseModel):
    type: Literal["text"]
    title: str
    markdown: str


class FileShape(BaseModel):
    type: Literal["file"]
    title: str
    name: str = Field(description="Below `/api/runs/{number}/artifacts/`")
    size: int | None
    media: str


ResultShape = Annotated[FigureShape | TableShape | ChartShape | TextShape | FileShape, Field(discriminator="type")]


def _result(found: result.Result, before: Mapping[str, result.Figure]) -> dict[str, Any]:
    match found:
        case result.Figure():
            other = before.get(found.title)
            return {"type": "figure", **asdict(found), "before": other.value if other else None}
        case result.Table():
            return {"type": "table", **asdict(found)}
        case result.Chart():
            return {"type": "chart", **asdict(found)}
        case result.Text():
            return {"type": "text", **asdict(found)}
        case result.File():
            return {"type": "file", "title": found.title, "name": found.name, "size": found.size, "media": found.type}


class OneRunShape(RunShape):
    results: list[ResultShape] = Field(description="What it handed out, in the order in which its job gave it")
    against: int | None = Field(description="The run that its figures are compared with; null: there is none")

    @classmethod
    def with_results(cls, run: Run, found: result.Results, before: Before | None, /) -> Self:
        figures = before.figures if before else {}
        shown = [_result(one, figures) for one in found.all]
        return cls.of(run, results=shown, against=before.run.id if before else None)


class WorkerShape(BaseModel):
    """A node that shares the store: a server or a worker."""

    name: str
    kind: Literal["server", "worker"] = Field(description="A server has pages as well")
    state: Literal["ready", "draining", "away", "stopped"]
    tags: list[str]
    room: int = Field(description="Runs that it may have at the same time")
    runs: int = Field(description="Runs that it has")
    version: str
    host: str
    started: str = Field(description="These by the clock of the store")
    seen: str
    ahead: float = Field(description="Seconds that its clock was ahead of that one")

    @classmethod
    def of(cls, standing: workers.Standing, /) -> Self:
        node = standing.node
        return cls(
            name=node.name,
            kind=node.kind.value,
            state=node.state.value,
            tags=sorted(node.tags),
            room=node.room,
            runs=standing.runs,
            version=node.version,
            host=node.host,
            started=iso(node.started),
            seen=iso(node.seen),
            ahead=node.ahead,
        )


class PressedShape(RunShape):
    made: bool = Field(description="False: an earlier run is the answer (same key, or the task joins)")


class EventShape(Sent):
    """An event, as streams and lists of a run's events send it; `domain.event` writes it."""

    id: int
    run: int | None
    task: str | None
    at: str
    kind: str
    data: dict[str, Any]


class ChoiceShape(BaseModel):
    value: Any
    label: str
    help: str


class ParamShape(BaseModel):
    """An input of a task. What says nothing of one is left out."""

    name: str
    type: str
    title: str
    help: str
    required: bool
    default: Any
    of: str = Field("", description="Of a list: what its items are")
    nullable: bool = False
    dynamic: bool = Field(False, description="Its choices come from a program; `GET /api/tasks/{slug}` asks for them")
    choices: list[ChoiceShape] = []
    when: dict[str, list[Any]] = Field({}, description="Asked only where these other inputs have one of these values")
    min: float | int | None = None
    max: float | int | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""
    pattern_text: str = ""
    example: Any = None
    multiline: bool = False


def _param(param: Param) -> dict[str, Any]:
    """A `ParamShape` to be."""
    shown: dict[str, Any] = {
        "name": param.name,
        "type": param.type.value,
        "title": param.title,
        "help": param.help,
        "required": param.required,
        "default": param.default,
    }
    if param.type is ParamType.LIST:
        shown["of"] = param.of.value
    if param.nullable:
        shown["nullable"] = True
    if param.choices_from:
        shown["dynamic"] = True
    if param.choices:
        shown["choices"] = [{"value": one.value, "label": one.label, "help": one.help} for one in param.choices]
    if param.when:
        shown["when"] = {name: list(wanted) for name, wanted in param.when.items()}
    for name in ("min", "max", "min_length", "max_length", "pattern", "pattern_text", "example", "multiline"):
        value = getattr(param, name)
        if value or (value == 0 and value is not False):
            shown[name] = value
    return shown


class SchedulePause(BaseModel):
    until: str | None = Field(description="Null: until somebody ends it")
    reason: str
    actor: str

    @classmethod
    def of(cls, pause: Pause) -> Self:
        until = iso(pause.until) if pause.until else None
        return cls.model_construct(until=until, reason=pause.reason, actor=pause.actor)


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
    paused: SchedulePause | None = Field(description="Nothing of it starts; null: it is not paused")
    params: list[ParamShape]

    @classmethod
    def of(cls, task: Task, may: frozenset[Verb], pause: Pause | None = None) -> Self:
        """`may`: what the one who asks may do with it."""
        return cls.model_validate(
            {
                "slug": task.slug,
                "title": task.title,
                "help": task.help,
                "group": task.group,
                "reason": task.reason.value,
                "approvals": task.approval.approvers if task.approval else 0,
                "dry_run": task.dry_run,
                "broken": task.broken if Verb.ADMIN in may or not task.broken else "Its file is broken.",
                "may": sorted(verb.value for verb in may),
                "secrets": list(task.secret_names) if Verb.SECRETS in may else [],
                "paused": SchedulePause.of(pause) if pause else None,
                "params": [_param(param) for param in task.params],
            }
        )


def _moment(value: Any) -> int | None:
    """Microseconds since the epoch."""
    found = None if value is None else moment.absolute(_text(value))
    if value is not None and found is None:
        raise ValueError("no time with an offset")
    return found


Moment = Annotated[int | None, PlainValidator(_moment, json_schema_input_type=str | None)]
_NOT_BEFORE = "“not_before” is a time with its offset, such as 2026-12-24T06:00:00+01:00, or null."


class PressShape(Body):
    inputs: Object = Field(default_factory=dict, description="By param name; see the task's `params`")
    why: Text = ""
    not_before: Moment = Field(None, description="RFC 3339: the run waits, and starts then; null: as soon as it can")

    no_object: ClassVar[str] = "Send an object like {“inputs”: {…}, “why”: “…”}."
    wrong: ClassVar[Sequence[tuple[Sequence[str], str]]] = (
        (("inputs",), no_object),
        (("why",), "“why” is a text."),
        (("not_before",), _NOT_BEFORE),
    )


class PresetShape(BaseModel):
    """Inputs of a task under a name."""

    id: str
    name: str
    everybody: bool = Field(description="False: it is the caller's alone")
    inputs: dict[str, Any] = Field(description="By param name; null: left empty")

    @classmethod
    def of(cls, preset: Preset) -> Self:
        return cls(id=preset.id, name=preset.name, everybody=not preset.owner, inputs=dict(preset.inputs))


class NewPresetShape(Body):
    name: Text
    inputs: Object = Field(default_factory=dict, description="By param name; see the task's `params`")
    everybody: bool = Field(False, description="While nobody signs in, a preset is everybody's")

    no_object: ClassVar[str] = "Send an object like {“name”: “On Friday”, “inputs”: {…}}."
    wrong: ClassVar[Sequence[tuple[Sequence[str], str]]] = (
        (("name",), "“name” is a text."),
        (("inputs",), no_object),
        (("everybody",), "“everybody” is true or false."),
    )


class PauseShape(Body):
    until: Moment = Field(None, description="RFC 3339; null: until somebody ends the pause")
    reason: Text = ""

    no_object: ClassVar[str] = "Send an object like {“until”: “2026-12-24T06:00:00+01:00”, “reason”: “…”}."
    wrong: ClassVar[Sequence[tuple[Sequence[str], str]]] = (
        (("until",), "“until” is a time with its offset, such as 2026-12-24T06:00:00+01:00, or null."),
        (("reason",), "“reason” is a text."),
    )


class FiringShape(BaseModel):
    """One due moment, and what became of it."""

    due: str
    verdict: Literal["pressed", "caught up", "missed", "too old", "paused", "broken", "busy"]
    run: int | None = Field(description="That came of it; null: none")
    why: str

    @classmethod
    def of(cls, firing: Firing) -> Self:
        return cls.model_construct(
            due=iso(firing.due), verdict=firing.verdict.value, run=firing.run or None, why=firing.why
        )


class ScheduleShape(BaseModel):
    """When a task is pressed by itself."""

    id: str = Field(description="The task and the schedule’s name: “deploy/nightly”")
    task: str
    name: str
    title: str = Field(description="As its maker calls it; empty: by its name")
    maker: str | None = Field(description="Who made it, and in whose name it presses; null: a file declares it")
    cron: str = Field(description="Five fields; empty: it goes by `every`")
    words: str = Field(description="The line of cron in English; empty: it is none that can be said exactly")
    zone: str = Field(description="Of cron")
    every: float | None = Field(description="Seconds since the last due moment; null: it goes by `cron`")
    inputs: dict[str, Any]
    catch_up: Literal["latest", "none", "all"] = Field(description="What becomes of moments that were missed")
    window: float = Field(description="Seconds: what was missed longer ago is too old")
    late: float | None = Field(description="Seconds after which it is told that no run has succeeded; null: it is not")
    pause_after: int | None = Field(description="After so many failures in a row it pauses itself; null: never")
    blackout: str = Field(
        description="Within it nothing is pressed: “holidays:DE-BY”, an iCal file’s name, or “calendar”"
    )
    broken: str = Field(description="Why it presses nothing now; empty: it does")
    late_since: str | None = Field(
        description="The due moment since which none succeeded in time; null: it is not late"
    )
    next: str | None = Field(description="Its next due moment; null: there is none, or it is paused without an end")
    last: FiringShape | None
    paused: SchedulePause | None
    file: str = Field(description="That declares it, with the line of its task; empty: somebody made it")

    @classmethod
    def of(cls, planned: Planned) -> Self:
        schedule, pause, rule = planned.schedule, planned.pause, planned.rule
        source = rule.task.source if rule.task and not rule.made else None
        return cls.model_construct(
            id=planned.id,
            task=rule.slug,
            name=schedule.name,
            title=rule.made.title if rule.made else "",
            maker=rule.made.maker if rule.made else None,
            cron=schedule.cron,
            words=in_words(schedule.cron, texts("en")) if schedule.cron else "",
            zone=schedule.zone,
            every=schedule.every or None,
            inputs=dict(schedule.inputs),
            catch_up=schedule.catch_up.value,
            window=schedule.window,
            late=schedule.late or None,
            pause_after=schedule.pause_after or None,
            blackout=blackout_name(schedule.blackout),
            broken=planned.broken,
            late_since=_time(planned.late or None),
            next=_time(planned.next),
            last=FiringShape.of(planned.last) if planned.last else None,
            paused=SchedulePause.of(pause) if pause else None,
            file=f"{Path(source.file).name}:{source.line}" if source else "",
        )


class RuleShape(Body):
    title: Text = Field("", description="As people call it; its name is made of that")
    cron: Text = Field("", description="Five fields")
    zone: Text = Field("", description="Of `cron`, such as Europe/Berlin; empty: the server's")
    every: float = Field(0.0, description="In place of `cron`: seconds since the last due moment")
    inputs: Object = Field(default_factory=dict, description="By param name; of all others the default counts")
    catch_up: Literal["latest", "none", "all"] = Field("latest", description="What becomes of moments that were missed")
    window: float = Field(86_400.0, description="Seconds: what was missed longer ago is too old")
    late: float = Field(0.0, description="Seconds after which it is told that no run has succeeded; 0: it is not")
    pause_after: int = Field(0, description="After so many failures in a row it pauses itself; 0: never")
    blackout: Text = Field("", description="Within it nothing is pressed: holidays:DE-BY, or an iCal calendar’s text")

    wrong: ClassVar[Sequence[tuple[Sequence[str], str]]] = (
        (("task",), "Name the task: “task” is a text."),
        (("title", "cron", "zone", "blackout"), "“title”, “cron”, “zone” and “blackout” are texts."),
        (("every", "window", "late"), "“every”, “window” and “late” are numbers of seconds."),
        (("pause_after",), "“pause_after” is a whole number."),
        (("inputs",), "“inputs” is an object."),
        (("catch_up",), "“catch_up” is latest, none or all."),
    )

    @classmethod
    def unknown(cls, name: str) -> str:
        return f"A schedule has no “{name}”; it has {', '.join(cls.model_fields)}."


class NewScheduleShape(RuleShape):
    task: Text


class ChannelShape(BaseModel):
    """Where messages go."""

    name: str = Field(description="“mail” is the mail to people")
    kind: str = Field(description="“mail”, or what its address begins with: “slack”, “ntfys”")
    maker: str = Field(description="Who added it; empty: a file declares it")
    people: bool = Field(description="Whether people may choose it for what they are told")
    rules: int = Field(description="How many rules name it")
    waiting: int = Field(description="Messages that wait for it")
    last: str | None = Field(description="When it last took something; null: never yet")
    broken: str | None = Field(description="Since when it takes nothing; null: it does")
    why: str

    @classmethod
    def of(cls, one: Standing) -> Self:
        line = one.line
        return cls.model_construct(
            name=one.channel.name,
            kind=one.channel.kind,
            maker=one.channel.maker,
            people=one.channel.people,
            rules=one.rules,
            waiting=line.waiting,
            last=_time(line.last or None),
            broken=_time(line.broken or None),
            why=line.why,
        )


class NewChannelShape(Body):
    name: Text = Field(description="Small letters, digits and “-”")
    address: Text = Field(description="Mail addresses, or one as Apprise has it; it is in no answer")
    language: Text = Field("en", description="en or de")
    tell: list[str] = Field(default_factory=list, description="asks, failed, recovered, late, longer, over")
    where: Text = Field("*", description="Of which tasks: *, group:NAME or task:NAME")
    people: bool = Field(False, description="Whether people may choose it for what they are told")

    wrong: ClassVar[Sequence[tuple[Sequence[str], str]]] = (
        (("tell",), "“tell” is a list of texts."),
        (("people",), "“people” is true or false."),
        (("name", "address", "language", "where"), "A channel has a “name” and an “address”, both texts."),
    )

    @classmethod
    def unknown(cls, name: str) -> str:
        return f"A channel has no “{name}”; it has name, address, language, tell, where and people."


class ToldShape(BaseModel):
    """One thing that a page tells its reader."""

    event: int = Field(description="Its name: the same for everybody who asks again")
    title: str
    run: int | None = Field(description="null: it is about a task")
    task: str


class ToldSinceShape(BaseModel):
    since: int = Field(description="The last event that was looked at: ask from there the next time")
    told: list[ToldShape]

    @classmethod
    def of(cls, notes: Sequence[Note], since: int) -> Self:
        told = [ToldShape(event=one.event, title=one.title, run=one.run or None, task=one.task) for one in notes]
        return cls(since=since, told=told)


class MoveShape(Body):
    not_before: Moment = Field(description="RFC 3339: the run starts then; null: now")

    no_object: ClassVar[str] = "Send an object like {“not_before”: “2026-12-24T06:00:00+01:00”}."
    wrong: ClassVar[Sequence[tuple[Sequence[str], str]]] = ((("not_before",), _NOT_BEFORE),)


def _note(value: Any) -> str:
    text = _text(value)
    if not 0 < len(text) <= LONGEST_NOTE:
        raise ValueError("too short or too long")
    return text


LONGEST_NOTE = 2000


class NoteShape(Body):
    model_config = ConfigDict(extra="ignore", strict=True)
    text: Annotated[
        str,
        PlainValidator(_note, json_schema_input_type=Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE)]),
    ]

    no_object: ClassVar[str] = "Send an object like {“text”: “…”} with at most 2,000 characters."


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

    @classmethod
    def of(cls, token: Token, /, **more: Any) -> Self:
        return cls(
            id=token.id,
            name=token.name,
            user=token.user,
            scope=[RightShape(verb=right.verb.value, where=right.where) for right in token.scope],
            made_at=iso(token.made_at),
            until=_time(token.until),
            used_at=_time(token.used_at),
            hint=token.hint,
            **more,
        )


class TokenMadeShape(TokenShape):
    token: str = Field(description="Its text. Nobody can show it again")


def _verbs(value: Any) -> list[str]:
    if not _texts(value) or not set(value) <= set(Verb):
        raise ValueError("none of these")
    return list(value)


def _places(value: Any) -> list[str]:
    if not _texts(value):
        raise ValueError("no texts")
    return list(value)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)


PLACES = 100
"""Tasks and groups that a token can name, at most."""


class NewTokenShape(Body):
    name: Text
    verbs: Annotated[list[str], PlainValidator(_verbs, json_schema_input_type=list[str])] = Field(
        default=["output", "press", "stop"], description="Seeing is always among them"
    )
    where: Annotated[list[str], PlainValidator(_places, json_schema_input_type=list[str])] = [EVERYWHERE]
    days: int | None = Field(default=90, description="null: until it is revoked")

    wrong: ClassVar[Sequence[tuple[Sequence[str], str]]] = (
        (("name",), "“name” is a text."),
        (("verbs",), f"“verbs” is a list of some of these: {', '.join(Verb)}."),
        (("where",), "“where” is a list of texts such as “*”, “group:Reports” or “task:deploy”."),
        (("days",), "“days” is a whole number, or null for a token that lasts until it is revoked."),
    )

    @classmethod
    def of(cls, asked: Any) -> Self:
        wanted = super().of(asked)
        if len(wanted.where) > PLACES:
            raise BadInput(f"“where” has at most {PLACES} places; name groups instead of tasks, or “*”.")
        return wanted

    @classmethod
    def unknown(cls, name: str) -> str:
        return f"A token has no “{name}”; it has name, verbs, where and days."


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
    url: str = Field(description="Empty for everybody but its maker")

    @classmethod
    def of(cls, link: Link, standing: str, url: str) -> Self:
        return cls(
            id=link.id,
            task=link.task,
            maker=link.maker,
            inputs=dict(link.inputs),
            made_at=iso(link.made_at),
            until=iso(link.until),
            uses=link.uses,
            total=link.total,
            approvers=link.approvers,
            note=link.note,
            standing=standing,
            url=url,
        )


class NewLinkShape(Body):
    task: Text
    inputs: Object = Field(default_factory=dict, description="Those that are fixed, by name")
    days: int = 7
    uses: int = 1
    approvers: int = 0
    note: Text = ""

    wrong: ClassVar[Sequence[tuple[Sequence[str], str]]] = (
        (("task", "note", "inputs"), "“task” and “note” are texts, “inputs” is an object."),
        (("days", "uses", "approvers"), "“days”, “uses” and “approvers” are whole numbers."),
    )

    @classmethod
    def unknown(cls, name: str) -> str:
        return f"A link has no “{name}”; it has task, inputs, days, uses, approvers and note."


class HookShape(BaseModel):
    """An address that presses a task when another system calls it."""

    id: str
    name: str
    task: str
    maker: str
    scheme: Literal["standard", "github", "gitlab", "hmac"]
    header: str
    delivery: str
    only: dict[str, Any] = Field(description="By JSONPath: what has to stand there")
    paths: dict[str, str] = Field(description="By input: the JSONPath of its value")
    inputs: dict[str, Any] = Field(description="Always the same")
    paused: bool
    made_at: str
    old_secret_until: str | None = Field(description="So long the secret before counts too")
    url: str

    @classmethod
    def of(cls, hook: Hook, url: str) -> Self:
        return cls(
            id=hook.id,
            name=hook.name,
            task=hook.task,
            maker=hook.maker,
            scheme=hook.scheme.value,
            header=hook.header,
            delivery=hook.delivery,
            only=dict(hook.only),
            paths=dict(hook.paths),
            inputs=dict(hook.inputs),
            paused=hook.paused,
            made_at=iso(hook.made_at),
            old_secret_until=iso(hook.before_until) if hook.before else None,
            url=url,
        )


class HookMadeShape(HookShape):
    secret: str = Field(description="Shown once")

    @classmethod
    def with_secret(cls, hook: Hook, url: str, secret: str) -> Self:
        return cls(**HookShape.of(hook, url).model_dump(), secret=secret)


class NewHookShape(Body):
    task: Text
    name: Text
    scheme: Text = "standard"
    secret: Text = Field("", description="The one that the other system gives; without it one is made")
    header: Text = Field("", description="For hmac: the header in which the signature stands")
    delivery: Text = Field("", description="For hmac: the header that names the delivery")
    only: Object = Field(default_factory=dict, description="By JSONPath: what has to stand there")
    paths: Object = Field(default_factory=dict, description="By input: the JSONPath of its value")
    inputs: Object = Field(default_factory=dict, description="By input: what it always is")

    wrong: ClassVar[Sequence[tuple[Sequence[str], str]]] = (
        (("only", "paths", "inputs"), "“only”, “paths” and “inputs” are objects."),
        (
            ("task", "name", "scheme", "secret", "header", "delivery"),
            "“task”, “name”, “scheme”, “secret”, “header” and “delivery” are texts; a hook has a task and a name.",
        ),
    )

    @classmethod
    def unknown(cls, name: str) -> str:
        return f"A hook has no “{name}”; it has task, name, scheme, secret, header, delivery, only, paths and inputs."


class SecretShape(Body):
    secret: Text = Field("", description="The one that the other system gives; without it one is made")
    no_object: ClassVar[str] = "Send an object with “secret”, a text, or nothing."


class NewSecretShape(BaseModel):
    secret: str = Field(description="Shown once")


class DeliveryShape(BaseModel):
    """A call that came, and what became of it."""

    number: int
    at: str
    delivery: str
    verdict: str = Field(
        description="pressed, seen before, no match, did not fit, not readable, not signed, paused or refused"
    )
    run: int | None
    why: str
    body: str = Field(description="Empty where the call was not signed")
    address: str

    @classmethod
    def of(cls, one: Delivery) -> Self:
        return cls(
            number=one.number,
            at=iso(one.at),
            delivery=one.id,
            verdict=one.verdict.value,
            run=one.run or None,
            why=one.why,
            body=one.body,
            address=one.address,
        )


class FileSeenShape(BaseModel):
    """A file that came to a folder that a task watches, and what became of it."""

    number: int
    at: str
    path: str
    size: int
    verdict: str = Field(description="was there, pressed, waits, did not fit or refused")
    run: int | None
    why: str

    @classmethod
    def of(cls, one: FileSeen) -> Self:
        return cls(
            number=one.number,
            at=iso(one.at),
            path=one.file.path,
            size=one.file.size,
            verdict=one.verdict.value,
            run=one.run or None,
            why=one.why,
        )


class CalledShape(BaseModel):
    """The answer to a call."""

    verdict: str = Field(description="pressed, seen before or no match")
    run: int | None = Field(default=None, description="The run that it pressed")
    why: str = ""


class AskShape(Body):
    """One of the two."""

    token: Object | None = Field(default=None, description="As for `POST /api/tokens`")
    link: Object | None = Field(default=None, description="As for `POST /api/links`")

    @classmethod
    def of(cls, asked: Any) -> Self:
        if isinstance(asked, dict) and [type(value) for value in asked.values()] != [dict]:
            raise BadInput(cls.unknown(""))
        return super().of(asked)

    @classmethod
    def unknown(cls, name: str) -> str:
        del name
        return "Send an object like {“token”: {…}} or {“link”: {…}}."


class AskedShape(BaseModel):
    code: str
    url: str
    poll: str = Field(description="For `/api/asks/answer`; keep it to yourself")
    until: str


class PollShape(Body):
    model_config = ConfigDict(extra="ignore", strict=True)
    poll: Text

    wrong: ClassVar[Sequence[tuple[Sequence[str], str]]] = (
        (("poll",), "Send an object like {“poll”: “…”}, with what `/api/asks` gave you."),
    )


class AnswerShape(BaseModel):
    state: Literal["waiting", "granted", "refused"]
    made: str
    by: str


class RecordShape(Sent):
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

    @classmethod
    def of(cls, checked: Checked) -> Self:
        return cls(
            well=not checked.fault,
            said=checked.sentence,
            head=checked.head.note,
            fault=checked.fault.name.lower() if checked.fault else None,
            number=checked.number,
            **({"more": list(checked.more)} if checked.more else {}),
        )


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    fields: dict[str, str] | None = Field(None, description="One sentence for each input that is wrong")
    broken: bool | None = Field(None, description="The task's file is broken: nothing that is sent will mend that")


class OutputShape(Sent):
    """A part of a job's output, as a stream sends it; `runtime.watch.tap` writes it."""

    run: int
    offset: int = Field(description="Of its first byte")
    end: int = Field(description="Of the byte behind it")
    text: str
    encoding: str = Field(default="", description="Where the job does not speak UTF-8: what it was decoded from")


class ResetShape(Sent):
    """Your last id is of no use here: fetch anew; `live.stream` writes it."""

    last: int = Field(description="The id of the last event that there is")


class LineShape(Sent):
    """`views.output_lines` writes it."""

    n: int = Field(description="Counted from 1")
    at: str | None = Field(description="When it was written")
    t: str | list[list[str]] = Field(description="Its text, or pieces of it: the text, and its colours by name")
    c: bool = Field(default=False, description="It goes on from the one before")
    cut: bool = Field(default=False, description="There is more of it")


class LinesShape(Sent):
    """`api.output` writes it."""

    run: int
    total: int = Field(description="So many lines are there by now")
    first: int
    over: bool = Field(description="There will be no more")
    bytes: int = Field(description="So far the output was read")
    lines: list[LineShape]


class HitShape(Sent):
    n: int = Field(description="Of the line")
    start: int
    end: int


class FoundShape(Sent):
    """`api.output` writes it."""

    run: int
    total: int
    more: bool = Field(description="There are more than these")
    hits: list[HitShape]


class UploadShape(BaseModel):
    value: str = Field(description="The input's value")


class HealthShape(BaseModel):
    """The answer depends on the rights of the caller; `api.health` writes it."""

    model_config = ConfigDict(extra="allow")  # what the engine says of its lines

    ok: bool
    runs: dict[str, int] = Field(default={}, description="How many in each state that is not over")
    waiting: int = 0
    watchers: int = 0
    silent: list[str] = Field(default=[], description="For administrators: folders of tasks that do not answer")
