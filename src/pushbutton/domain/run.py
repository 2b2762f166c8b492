"""A run: one execution of a task with fixed inputs. Pure values; times are microseconds since the epoch, UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from .approval import Hold
from .audit import Act, Deed
from .cause import PERSON, Cause, of_run
from .event import Event, Json, Kind

if TYPE_CHECKING:
    from .hook import Delivery
    from .on_file import FileSeen
    from .rate import Rate
    from .retry import Retry
    from .schedule import Firing

Micros = int
"""Microseconds since 1970-01-01T00:00:00Z, wall clock. For showing and sorting, never for measuring a limit."""


class RunState(StrEnum):
    HELD = "held"  # waits for an approval
    WAITING = "waiting"  # waits for its turn
    RUNNING = "running"  # a supervisor has it
    ASKING = "asking"  # runs, and needs an answer
    SUCCEEDED = "succeeded"  # the job said so: exit 0
    FAILED = "failed"  # the job ended otherwise, could not start, or took too long
    CANCELLED = "cancelled"  # a person stopped it
    LOST = "lost"  # its supervisor is gone, so its end is unknown
    SKIPPED = "skipped"  # its turn passed: the task was busy and says `skip`

    @property
    def over(self) -> bool:
        return not TRANSITIONS[self]

    @property
    def active(self) -> bool:
        """Holds a slot of its task: a supervisor has it."""
        return self in ACTIVE


ACTIVE = frozenset({RunState.RUNNING, RunState.ASKING})
_WAITING = frozenset({RunState.HELD, RunState.WAITING})

TRANSITIONS: Mapping[RunState, frozenset[RunState]] = {
    RunState.HELD: frozenset({RunState.WAITING, RunState.CANCELLED, RunState.SKIPPED}),
    RunState.WAITING: frozenset({RunState.RUNNING, RunState.CANCELLED, RunState.SKIPPED, RunState.FAILED}),
    # back to WAITING or HELD only when it is proven that the job never started
    RunState.RUNNING: frozenset(
        {
            *(RunState.ASKING, RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED, RunState.LOST),
            *(RunState.WAITING, RunState.HELD),
        }
    ),
    RunState.ASKING: frozenset(
        {RunState.RUNNING, RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED, RunState.LOST}
    ),
    RunState.SUCCEEDED: frozenset(),
    RunState.FAILED: frozenset(),
    RunState.CANCELLED: frozenset(),
    RunState.LOST: frozenset(),
    RunState.SKIPPED: frozenset(),
}
"""Which state may follow which. A state that nothing follows is terminal."""

UNFINISHED = frozenset(state for state, after in TRANSITIONS.items() if after)

WRONG = frozenset({RunState.FAILED, RunState.LOST})
"""The ends that say that something went wrong."""

BUSY = UNFINISHED - {RunState.HELD}
"""What makes a task busy. A run that waits for an approval does not: whether it will ever start is not known. Neither
does one that waits for a later moment, see `Run.for_later`.
"""


def before(state: RunState) -> frozenset[RunState]:
    """The states that `state` may be entered from."""
    return frozenset(origin for origin, after in TRANSITIONS.items() if state in after)


@dataclass(frozen=True, slots=True)
class Run:
    """One row of history, and what is known of it now."""

    id: int
    task: str  # the task's slug
    title: str  # the task's title when it was pressed
    state: RunState
    epoch: int  # counts the attempts to start it; every later write carries it
    actor: str
    inputs: Mapping[str, Json]  # as shown: a secret's value is never among them
    pressed_at: Micros
    started_at: Micros | None = None
    ended_at: Micros | None = None
    exit_code: int | None = None  # negative: ended by that signal
    reason: str = ""  # one sentence on how it ended
    why: str = ""  # the presser's reason
    status: str = ""  # the last thing that it said
    step: str = ""  # the step that it is in
    progress: float | None = None  # percent, 0 to 100
    stop_by: str = ""  # who asked to stop it
    worker: str = ""  # the name of the worker that has it
    collected: int = 0  # bytes of spool/events that are in the store
    survivors: tuple[str, ...] = ()  # processes that could not be ended, "pid name"
    hold: Hold | None = None  # the approval that it waits for or got; None: it needs none
    group: str = ""  # of its task when it was pressed; "": none, or unknown
    aside: bool = False  # it came with a copy of the data folder, and does not start before a person says so
    cause: Cause = PERSON  # who or what pressed it
    digest: str = ""  # of the task as it was pressed, see `runtime.task_digest`; "": unknown
    tags: frozenset[str] = frozenset()  # that a worker must have to get it; none holds a comma
    locks: frozenset[str] = frozenset()  # that it takes for as long as it is active; none holds a comma
    not_before: Micros | None = None  # it does not start before; None: as soon as there is a slot
    bundle: str = ""  # the digest of the published bundle whose task it runs; "": a task that is read in place
    retry: Retry | None = None  # what its task said of trying it again; None: it is not
    series: int = 0  # the number of the first try, of all tries at a press; 0: there is one only
    trace: str = ""  # the span of its caller's in which it was pressed, see `trace`; "": none, or nobody is told
    next: int = 0  # the number of the next try; 0: there is none (yet)

    def for_later(self, at: Micros) -> bool:
        """Whether at that time it waits for its moment. Then it makes its task no busier."""
        return self.state in _WAITING and self.not_before is not None and self.not_before > at


class Busy(StrEnum):
    QUEUE = "queue"  # wait for a turn
    SKIP = "skip"  # let this turn pass; the run is recorded as skipped
    JOIN = "join"  # do not make a second run: the running one is the answer
    REPLACE = "replace"  # wait for a turn, in the place of those that wait for theirs


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run as a press asks for it. `busy` says what happens when `limit` runs make the task busy already. With
    `hold` the run waits for an approval; with `dry` as well, the dry run with these inputs is made beside it.
    """

    task: str
    title: str
    actor: str
    inputs: Mapping[str, Json]
    at: Micros
    why: str = ""
    key: str = ""  # idempotency key; "" for none
    fingerprint: str = ""  # of the inputs, to tell a repeated press from a reused key
    busy: Busy = Busy.QUEUE
    limit: int = 1
    address: str = ""  # from where it was pressed
    hold: Hold | None = None
    dry: Mapping[str, Json] | None = None
    group: str = ""  # that the task stands in
    cause: Cause = PERSON
    digest: str = ""  # of the task, see `runtime.task_digest`; "": it could not be read in time
    sealed: str = ""  # its secret inputs, which are not read here
    tags: frozenset[str] = frozenset()  # these three as in `Run`
    locks: frozenset[str] = frozenset()
    not_before: Micros | None = None
    bundle: str = ""  # as in `Run`
    firing: Firing | None = None  # the due moment of a schedule that it comes of; its run is not known yet
    delivery: Delivery | None = None  # the call of a hook that it comes of, likewise
    file: FileSeen | None = None  # that had come to rest in a folder that the task watches, likewise
    rates: tuple[Rate, ...] = ()  # how often its task may be pressed
    person: str = ""  # as whose press it counts
    retry: Retry | None = None
    trace: str = ""  # as in `Run`

    def plan(self, run: int) -> NewRun:
        """The dry run that shows what the run will do. It waits for its turn, whatever else the task says, and for
        nothing else: the approvers need it now, and it changes nothing.
        """
        return replace(
            self,
            actor=f"run:{run}",
            inputs=self.dry or {},
            why="",
            key="",
            busy=Busy.QUEUE,
            hold=None,
            dry=None,
            cause=of_run(run),
            locks=frozenset(),
            not_before=None,
            firing=None,
            delivery=None,
            file=None,
            retry=None,
        )

    def act(self, run: int, *, joined: bool = False) -> Act:
        """For the audit trail."""
        data: dict[str, Json] = {"task": self.task, "title": self.title, "inputs": self.inputs}
        data |= {"why": self.why} if self.why else {}
        return Act(self.actor, Deed.RUN_JOIN if joined else Deed.RUN_PRESS, f"run {run}", self.at, data, self.address)


def is_last(event: Event) -> bool:
    """Whether it ends its run: nothing of that run follows."""
    return event.kind is Kind.STATE and RunState(str(event.data["state"])).over
