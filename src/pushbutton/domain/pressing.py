"""The outcome of a press: decided here once, from what a store finds in its one transaction. Stores look up and insert.

A store asks, in this order: is there a run for the press's key (`Known`); if `counts(new)`, which runs make the task
busy; is the task paused; if `new.rates`, from when another press goes (`rate.free_at`); what does `decide` say of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pushbutton.errors import KeyReused, TaskPaused, TooOften
from pushbutton.sentence import say

from .audit import Act
from .event import Draft, Json, Kind, iso
from .hook import Delivery
from .hook import Verdict as Came
from .on_file import FileSeen
from .on_file import Verdict as Seen
from .run import Busy, Micros, NewRun, Run, RunState
from .schedule import Firing, Pause, Verdict

WAS_BUSY = "It was busy, and a press is not kept waiting here."
REPLACED = say("A newer press took its place.")


@dataclass(frozen=True, slots=True)
class Known:
    """The run that a press with this key was answered with, and the fingerprint of that press's inputs."""

    run: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Answer:
    """No run is made: the answer is an earlier one."""

    run: int
    act: Act | None = None  # to be recorded
    keep_key: bool = False  # from now on the press's key stands for that run


@dataclass(frozen=True, slots=True)
class Make:
    """A run is made, and its dry run with it where `dry`."""

    new: NewRun
    state: RunState
    reason: str = ""
    replaces: bool = False  # those that wait for their turn are skipped

    @property
    def dry(self) -> bool:
        """Approvers see what it will do by a dry run."""
        return self.state is RunState.HELD and self.new.dry is not None

    @property
    def count(self) -> int:
        """The number of runs."""
        return 2 if self.dry else 1

    def runs(self, number: int) -> Sequence[tuple[Run, NewRun]]:
        """The runs to insert, in this order, each with its first event and its record; the last is what was pressed
        for. `number` is the first of `count` free ones.
        """
        run = self._run(number)
        if not self.dry or run.hold is None:
            return [(run, self.new)]
        plan = self.new.plan(number)
        [(made, _)] = Make(plan, RunState.WAITING).runs(number + 1)
        return [(made, plan), (replace(run, hold=replace(run.hold, plan=made.id)), self.new)]

    def _run(self, number: int) -> Run:
        new = self.new
        return Run(
            id=number,
            task=new.task,
            title=new.title,
            state=self.state,
            epoch=0,
            actor=new.actor,
            inputs=dict(new.inputs),
            pressed_at=new.at,
            ended_at=new.at if self.state.over else None,
            reason=self.reason,
            why=new.why,
            hold=new.hold if self.state is RunState.HELD else None,
            group=new.group,
            cause=new.cause,
            digest=new.digest,
            tags=new.tags,
            locks=new.locks,
            not_before=new.not_before,
            bundle=new.bundle,
            retry=new.retry,
            trace=new.trace,
        )


def counts(new: NewRun) -> bool:
    """Whether the runs that make its task busy matter to this press. Whether it is busy at a later moment is not known:
    a press for later waits for its turn then.
    """
    return new.busy is not Busy.QUEUE and (new.not_before is None or new.not_before <= new.at)


def decide(
    new: NewRun,
    known: Known | None = None,
    busy: Sequence[int] = (),
    free_at: Micros = 0,
    pause: Pause | None = None,
) -> Answer | Make:
    """`known`: what the press's key stands for; `busy`: the runs that make its task busy, oldest first; `free_at`: from
    when another press goes; `pause`: the last one of the task that nobody ended.

    Raises `KeyReused` when the key was used for other inputs, `TaskPaused`, `TooOften`.
    """
    if known is not None:
        if known.fingerprint != new.fingerprint:
            raise KeyReused(new.key)
        return Answer(known.run)
    if pause and pause.holds(new.at):
        until = f"{iso(pause.until)[:16].replace('T', ' ')} UTC" if pause.until else ""
        raise TaskPaused(new.title, until, pause.reason)
    if counts(new) and len(busy) >= new.limit:
        if new.busy is Busy.JOIN:
            return Answer(busy[-1], new.act(busy[-1], joined=True), keep_key=bool(new.key))
        if new.busy is Busy.SKIP:
            return Make(new, RunState.SKIPPED, WAS_BUSY)
    if free_at > new.at:
        raise TooOften(free_at, free_at - new.at)
    if counts(new) and len(busy) >= new.limit and not new.hold:  # whether one that is held ever starts is not known
        return Make(new, RunState.WAITING, replaces=True)
    return Make(new, RunState.HELD if new.hold else RunState.WAITING)


def replaced(at: Micros) -> Draft:
    """The event that ends a run whose place a newer press takes."""
    return Draft(Kind.STATE, {"state": RunState.SKIPPED.value, "reason": REPLACED}, at)


def fired(new: NewRun, run: int, state: RunState | None = None) -> Sequence[Firing]:
    """The verdict on the due moment that `new` comes of, if it comes of one; `state`: of the run that was made, None
    where an earlier one is the answer.
    """
    if new.firing is None:
        return ()
    busy = state in (None, RunState.SKIPPED)
    return [replace(new.firing, run=run, verdict=Verdict.BUSY if busy else new.firing.verdict)]


def came(new: NewRun, run: int, *, made: bool) -> Sequence[Delivery]:
    """The verdict on the call that `new` comes of, if it comes of one; without `made` an earlier run is the answer."""
    if new.delivery is None:
        return ()
    return [replace(new.delivery, run=run, verdict=Came.PRESSED if made else Came.SEEN)]


def rested(new: NewRun, run: int) -> Sequence[FileSeen]:
    """The verdict on the file that `new` comes of, if it comes of one: it was pressed, whether a run is made or was."""
    return () if new.file is None else [replace(new.file, run=run, verdict=Seen.PRESSED, why="")]


def first_event(run: Run) -> Draft:
    """Of a run that was just made."""
    data: dict[str, Json] = {"state": run.state.value, "actor": run.actor}
    data |= {"reason": run.reason} if run.reason else {}
    data |= {"not_before": iso(run.not_before)} if run.not_before is not None else {}
    data |= {"attempt": run.cause.attempt} if run.cause.attempt > 1 else {}
    if run.state is RunState.HELD and run.hold:
        data |= {"needs": run.hold.needs, "until": iso(run.hold.until)}
        data |= {"plan": run.hold.plan} if run.hold.plan else {}
    return Draft(Kind.STATE, data, run.pressed_at)
