"""A run's events as a reader sees them: its steps, its updates, its files, its question. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pushbutton.domain import moment
from pushbutton.domain.event import Event, Json, Kind
from pushbutton.domain.result import Figure, File, Result, Results
from pushbutton.domain.run import Micros, Run, RunState
from pushbutton.domain.visible import visible
from pushbutton.sentence import say

UPDATES_FIRST: Final = 4
"""Updates that a run's page shows at least; it folds others, so many at a time."""

UPDATES_SHOWN: Final = 100
"""Updates that a run's page holds. Newer ones push older ones off it, to a page of their own."""

_FOLD = 12  # more steps than this are folded
_STRETCH = 3  # so many alike in a row are worth it

_SECOND = 1_000_000
_OF_PEOPLE: Final = frozenset({"stop", "move"})  # notes that say what somebody did with the run


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    colour: str  # as in the stylesheet: succeeded, running, waiting, failed, skipped, attention
    started: Micros | None = None
    ended: Micros | None = None
    usual: float | None = None  # seconds
    percent: float | None = None
    text: str = ""
    depth: int = 0  # 0: not inside another step
    begin: int | None = None  # bytes of output before it; None: not known
    end: int | None = None  # the same when it ended
    cut: bool = False  # the run was over before it

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs or where it was never reached."""
        return (self.ended - self.started) / _SECOND if self.started is not None and self.ended is not None else None


@dataclass(frozen=True, slots=True)
class Update:
    at: Micros
    level: str  # info, good, warn, bad
    text: str
    ours: bool = False  # said by Pushbutton, not by the job
    by: str = ""  # who asked it to stop, or moved it: that is all that it says then
    number: int = 0  # of its event, by which an open page knows it again
    to: Micros = 0  # the moment to which `by` moved its start: that is all that it says then


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    text: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """Everything in a run's events that its page shows."""

    steps: tuple[Step, ...] = ()
    updates: tuple[Update, ...] = ()  # newest first
    results: tuple[Result, ...] = ()  # in the order in which the job gave them
    left_out: bool = False  # there were too many results
    question: Question | None = None
    reported: float | None = None  # the highest percent so far
    reported_at: Micros | None = None  # when the first one came
    truncated: str = ""
    saying: str = ""  # the last thing that a status or a progress said
    reason: str = ""  # the last that was given for its state
    planned: bool = False  # the steps of past runs are among them, so their number says how many there are

    def without_usual(self) -> Story:
        """The same where too few runs say how long a step takes: which steps come is known even so."""
        return replace(self, steps=tuple(replace(step, usual=None) for step in self.steps))

    @property
    def files(self) -> tuple[File, ...]:
        return tuple(one for one in self.results if isinstance(one, File))

    @property
    def figures(self) -> tuple[Figure, ...]:
        return tuple(one for one in self.results if isinstance(one, Figure))

    @property
    def done(self) -> tuple[str, ...]:
        return tuple(step.name for step in self.steps if step.colour in ("succeeded", "skipped"))

    @property
    def current(self) -> Step | None:
        """The innermost step that it is in."""
        return next((step for step in reversed(self.steps) if step.colour == "running"), None)

    @property
    def outer(self) -> Step | None:
        """The step that it is in, of those that lie in no other: what past runs are compared by."""
        return next((step for step in self.steps if step.colour == "running"), None)

    @property
    def failed_step(self) -> tuple[int, Step] | None:
        """Counts from 1."""
        numbered = enumerate(self.steps, 1)
        return next(((number, step) for number, step in numbered if step.colour == "failed" and not step.depth), None)

    @property
    def complaint(self) -> str:
        """The last thing that the job itself called a problem."""
        return next((update.text for update in self.updates if update.level == "bad" and not update.ours), "")

    @property
    def last_word(self) -> str:
        return next((update.text for update in self.updates if not update.ours and update.level != "bad"), "")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Steps that stand together in the list, with the number of the first."""

    first: int
    steps: tuple[Step, ...]
    folded: bool = False  # they are a number until somebody wants to see them


def stretches(steps: Sequence[Step]) -> list[Stretch]:
    """All steps. Of many, those that are done are folded, and those to come but for the next one."""
    made: list[Stretch] = []
    numbered = enumerate(steps, 1)
    for colour, alike in itertools.groupby(numbered, lambda one: _alike(one[1])):
        found = list(alike)
        first, held = found[0][0], tuple(step for _, step in found)
        if len(steps) <= _FOLD or len(held) <= _STRETCH or colour not in ("succeeded", "waiting"):
            made.append(Stretch(first, held))
        else:
            shown = 1 if held[0].colour == "waiting" else 0
            made += [Stretch(first, held[:shown]), Stretch(first + shown, held[shown:], folded=True)]
    return [one for one in made if one.steps]


def _alike(step: Step) -> str:
    return "waiting" if step.colour == "skipped" and step.started is None else step.colour


def story(run: Run, events: Sequence[Event], usual: Mapping[str, float] | None = None) -> Story:
    """`usual` are the steps known from past runs with their seconds; those still to come are added as waiting."""
    steps: dict[str, Step] = {}
    updates: list[Update] = []
    results = Results()
    open_questions: dict[str, Question] = {}
    reported: float | None = None
    reported_at: Micros | None = None
    truncated = saying = reason = ""
    for event in events:
        data = event.data
        if event.kind is Kind.STEP:
            _take_step(steps, data, event.at)
            if text_of(data, "state") in ("", "running"):
                saying = ""  # what the step before said is not what this one does
        elif event.kind is Kind.PROGRESS:
            percent = _percent(data.get("percent"))
            saying = text_of(data, "text") or saying
            name = text_of(data, "step") or _innermost(steps)
            if name in steps:
                held = steps[name].percent
                highest = percent if held is None else max(held, percent or 0.0)
                steps[name] = replace(steps[name], percent=highest, text=text_of(data, "text") or steps[name].text)
            elif percent is not None:
                reported_at = reported_at if reported is not None else event.at
                reported = percent if reported is None else max(reported, percent)
        elif event.kind in (Kind.STATUS, Kind.NOTE):
            ours = event.kind is Kind.NOTE
            saying = saying if ours else text_of(data, "text")
            by = text_of(data, "actor") if ours and text_of(data, "code") in _OF_PEOPLE else ""
            to = moment.absolute(text_of(data, "not_before")) or 0 if text_of(data, "code") == "move" else 0
            updates.append(
                Update(event.at, text_of(data, "level") or "info", text_of(data, "text"), ours, by, event.id, to)
            )
        elif event.kind is Kind.STATE:
            reason = text_of(data, "reason")
        elif event.kind is Kind.APPROVAL:
            updates.append(_verdict(event.at, data))
        elif event.kind in (Kind.ARTIFACT, Kind.RESULT):
            results.take(event)
        elif event.kind is Kind.QUESTION:
            open_questions[text_of(data, "id")] = _question(data)
        elif event.kind is Kind.ANSWER:
            open_questions.pop(text_of(data, "id"), None)
        elif event.kind is Kind.TRUNCATED:
            truncated = text_of(data, "text") or "…"
    return Story(
        steps=_finished(run, steps, usual or {}),
        updates=tuple(updates[::-1]),
        results=results.all,
        left_out=bool(results.left_out),
        question=next(iter(open_questions.values()), None) if run.state is RunState.ASKING else None,
        reported=reported,
        reported_at=reported_at,
        truncated=truncated,
        saying=saying,
        reason=reason,
        planned=bool(usual),
    )


def _verdict(at: Micros, data: Mapping[str, Json]) -> Update:
    good = text_of(data, "verdict") == "approved"
    why, by = visible(text_of(data, "why"), lines=True), visible(text_of(data, "by"))
    if not good:
        said = say("{who} rejected it: {why}", who=by, why=why)
    else:
        said = say("{who} approved it: {why}", who=by, why=why) if why else say("{who} approved it.", who=by)
    return Update(at, "good" if good else "bad", said, ours=True)


def text_of(data: Mapping[str, Json], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _take_step(steps: dict[str, Step], data: Mapping[str, Json], at: Micros) -> None:
    name, state = text_of(data, "name"), text_of(data, "state") or "running"
    if not name:
        return
    written = data.get("output")
    place = written if isinstance(written, int) else None
    if state == "running":
        if data.get("plain"):  # steps without an end of their own end when the next one begins
            for other, step in steps.items():
                if step.colour == "running" and other != name:
                    steps[other] = replace(step, colour="succeeded", ended=at, end=place)
        depth = sum(step.colour == "running" for other, step in steps.items() if other != name)
        held = steps.get(name) or Step(name, "running", started=at, depth=depth, begin=place)
        steps[name] = replace(held, colour="running", ended=None, end=None)
        return
    colour = state if state in ("succeeded", "failed", "skipped") else "succeeded"
    held = steps.get(name) or Step(name, colour, started=at if colour != "skipped" else None)
    steps[name] = replace(held, colour=colour, ended=at, end=place)


def _finished(run: Run, steps: Mapping[str, Step], usual: Mapping[str, float]) -> tuple[Step, ...]:
    """Steps that the run's end cut off get its state; steps that are known but were not reached come after."""
    if not steps and (run.state.over or not usual):
        return ()
    cut = {RunState.SUCCEEDED: "succeeded", RunState.FAILED: "failed", RunState.CANCELLED: "skipped"}
    seen = []
    for name, step in steps.items():
        known = replace(step, usual=usual.get(name))
        if run.state.over and step.colour == "running":
            known = replace(known, colour=cut.get(run.state, "attention"), ended=run.ended_at, cut=True)
        seen.append(known)
    rest = () if run.state is RunState.SUCCEEDED else [name for name in usual if name not in steps]
    later = "skipped" if run.state.over else "waiting"
    return (*seen, *(Step(name, later, usual=usual[name]) for name in rest))


def _innermost(steps: dict[str, Step]) -> str:
    """The step that a progress without a name belongs to; "": to the whole run."""
    return next((name for name, step in reversed(steps.items()) if step.colour == "running"), "")


def _percent(value: Json) -> float | None:
    return min(100.0, max(0.0, float(value))) if isinstance(value, int | float) else None


def _question(data: Mapping[str, Json]) -> Question:
    choices = data.get("choices")
    offered = [str(choice) for choice in choices] if isinstance(choices, Sequence) and choices else []
    return Question(text_of(data, "id"), text_of(data, "text"), tuple(offered))
