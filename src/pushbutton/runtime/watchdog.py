"""Whether a run's supervisor works, and when the server has to end the run without it.

Only time in which the server was awake counts, so that after a pause of the whole machine no supervisor is late.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from pushbutton.domain.event import Draft, Kind
from pushbutton.domain.run import Run
from pushbutton.sentence import say

from . import journal, time_limit
from .cancel import grace
from .clock import now
from .core import Core
from .ports import Record

__all__ = ["Liveness", "Watchdog"]

LATE = 10.0  # seconds without a sign, or without an answer to an order
LOOK = 1.0  # seconds between two looks; a supervisor that has nothing to do wakes as often
AWAKE = 2.0  # what lies between two looks counts as no more than this
KILLING = 5.0  # how long a supervisor repeats KILL before it names survivors


class Liveness:
    """The facts about one supervisor. `look` once a second; everything else is told when it happens."""

    def __init__(self) -> None:
        self.late = 0.0  # seconds since it was ordered to stop, or since its own word that it does
        self.word = ""  # why it ends the job, by its own word
        self.code: int | None = None  # of the job's own process, if it said so
        self._still = 0.0  # seconds since it last moved
        self._over = 0.0  # seconds past the run's time limit
        self._grace = 0.0
        self._ordered = False
        self._worked: int | None = None
        self._at: float | None = None

    def look(self, worked: int | None, at: float) -> None:
        """`worked` changes while the supervisor works, None: that cannot be seen here. `at`: monotonic, seconds."""
        passed = 0.0 if self._at is None else min(at - self._at, AWAKE)
        self._at = at
        self._still = self._still + passed if worked is not None and worked == self._worked else 0.0
        self._worked = worked
        if self._ordered or self.word:
            self.late += passed

    def heard(self, records: Sequence[Record]) -> None:
        for record in records:
            if record["k"] == "stop":
                grace = record.get("grace")
                self.word, self.late = str(record.get("why")), 0.0
                self._grace = float(grace) if isinstance(grace, int | float) else 0.0
            elif record["k"] == "exit" and isinstance(record.get("code"), int):
                self.code = record["code"]

    def order(self, *, grace: float) -> None:
        """It was told to stop. Telling it twice is one order."""
        if not self._ordered and not self.word:
            self._ordered, self._grace = True, grace

    def overtime(self, seconds: float, *, grace: float) -> None:
        """How far it is past the run's time limit."""
        self._over = seconds
        if not self._ordered and not self.word:
            self._grace = grace

    @property
    def still(self) -> float:
        """Seconds in which it did not move."""
        return self._still

    @property
    def silent(self) -> bool:
        return self._still >= LATE

    @property
    def ignoring(self) -> bool:
        """It does not carry out an order to stop, so the job has not been asked to end either."""
        return not self.word and (
            (self._ordered and self.late >= LATE) or (self.silent and self._over >= LATE and not self._ordered)
        )

    @property
    def due(self) -> str:
        """Why the server ends the run now, in the supervisor's words: cancel, timeout, signal, background; or ""."""
        if self.word:
            return self.word if self.silent and self.late >= self._grace + KILLING + LATE else ""
        if not self.ignoring:
            return ""
        if self._ordered:
            return "cancel" if self.late >= self._grace + LATE else ""
        return "timeout" if self._over >= self._grace + LATE else ""


class Watchdog:
    """Looks whether the supervisor of a run is alive, says in the run what it finds, and asks the job to end when the
    supervisor does not.
    """

    def __init__(self, core: Core, run: Run) -> None:
        self.liveness = Liveness()
        self._core, self._run = core, run
        self._next = 0.0
        self._stopped = bool(run.stop_by)  # as far as we know
        self._silent = self._asked = False  # said
        self._declared: float | None = None  # the time limit by the audit trail, once it is needed

    def order(self) -> None:
        """Somebody has stopped the run."""
        self._stopped = True

    async def due(self, *, born: bool) -> str:
        """Why the server has to end the run itself now; empty as long as it has not to. Looks once a second."""
        at = time.monotonic()
        if at < self._next:
            return ""
        self._next = at + LOOK
        core, run, liveness = self._core, self._run, self.liveness
        liveness.look(core.supervisors.worked(run.id), at)
        if liveness.silent and not self._silent:
            self._declared = await time_limit.of(core.store.audit, run)
        if liveness.silent and not self._stopped:
            self._stopped = bool((await core.store.run(run.id)).stop_by)
        if self._stopped:
            liveness.order(grace=grace(core, run))
        if liveness.silent and born and (over := core.supervisors.overtime(run.id, self._declared)) is not None:
            liveness.overtime(over, grace=grace(core, run))
        if drafts := self._news():
            await journal.said(core, run, drafts, {})
        if liveness.ignoring and not self._asked:
            self._asked = True
            await core.supervisors.ask(run.id)
        return liveness.due

    def _news(self) -> list[Draft]:
        drafts = []
        if self.liveness.silent != self._silent:
            self._silent = self.liveness.silent
            if self._silent:
                since = now() - int(self.liveness.still * 1e6)
                clock = datetime.fromtimestamp(since / 1e6, UTC).strftime("%H:%M:%S")
                text = say(
                    "Its supervisor does not answer since {clock} UTC. The job may go on unseen; it can be stopped.",
                    clock=clock,
                )
                drafts.append(Draft(Kind.NOTE, {"text": text, "code": "silent", "since": since}, now()))
            else:
                drafts.append(journal.note(say("Its supervisor answers again."), code="answers"))
        if self.liveness.ignoring and not self._asked:
            text = say("Its supervisor does not do what it was told; the server asks the job itself to end.")
            drafts.append(journal.note(text, code="deaf-supervisor"))
        return drafts
