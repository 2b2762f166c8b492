"""An approval: what a task asks others for before a run of it starts, and who gave it. Pure.

A run that waits for one holds no slot of its task: a press that was forgotten must not block the task for a day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from pushbutton.job.kinds import EXPIRES
from pushbutton.sentence import Sentence, say, say_n

from .actor import Actor
from .event import Json
from .policy import YES, Decision

HOUR = 3600 * 1_000_000
"""In microseconds."""


@dataclass(frozen=True, slots=True)
class Approval:
    """The approval that a task asks for: a number of people besides the presser, within a number of hours."""

    approvers: int = 1
    expires: float = EXPIRES


@dataclass(frozen=True, slots=True)
class Given:
    """One person's yes."""

    actor: str
    user: str  # whose it is: one user counts once, whatever they were let in by
    at: int  # microseconds since the epoch
    why: str = ""
    plan: str = ""  # the hash of the plan that they saw; "": there is none


@dataclass(frozen=True, slots=True)
class Hold:
    """The approvals that a run waits for, or waited for, and everything that was frozen at the press, beside its
    inputs.
    """

    needs: int
    hours: float
    until: int  # microseconds since the epoch
    user: str  # whose press it is
    digest: str  # of the task and of the files that it runs, see `runtime.task_digest`
    plan: int = 0  # the dry run that shows what it will do; 0: there is none
    again: int = 0  # the dry run that shows that this is still so, once it is approved
    given: tuple[Given, ...] = ()
    secrets: str = ""  # tells secret inputs apart, see `runtime.input_files`; "": it has none

    @property
    def missing(self) -> int:
        return max(0, self.needs - len(self.given))

    def to_json(self) -> dict[str, Json]:
        return asdict(self)

    @staticmethod
    def from_json(found: Mapping[str, Any]) -> Hold:
        given: Sequence[Mapping[str, Any]] = found["given"]
        return Hold(**{**found, "given": tuple(Given(**one) for one in given)})


def held(approval: Approval, presser: Actor, at: int, digest: str, secrets: str = "") -> Hold:
    """The hold of a press at this moment."""
    until = at + int(approval.expires * HOUR)
    return Hold(approval.approvers, approval.expires, until, identity(presser), digest, secrets=secrets)


def identity(actor: Actor) -> str:
    """The same for two actors that are one person: the user, whatever let them in; else the actor's own name."""
    return actor.user or actor.name


def may_give(actor: Actor, hold: Hold) -> Decision:
    """Whether the actor, who has the right to approve, may approve this run."""
    me = identity(actor)
    if me == hold.user:
        return Decision(allowed=False, reason=say("You pressed this yourself: somebody else has to approve it."))
    if any(given.user == me for given in hold.given):
        return Decision(allowed=False, reason=say("You have approved this already: somebody else has to as well."))
    return YES


def with_one_more(hold: Hold, actor: Actor, at: int, why: str, plan: str) -> Hold:
    return replace(hold, given=(*hold.given, Given(actor.name, identity(actor), at, why, plan)))


def hours(count: float) -> Sentence:
    """Such as "1 hour", "24 hours", "30 minutes", "1 second"."""
    if count >= 1:
        return say_n("{n:.3g} hour", "{n:.3g} hours", _three(count))
    if count * 60 >= 1:
        return say_n("{n:.3g} minute", "{n:.3g} minutes", _three(count * 60))
    return say_n("{n:.3g} second", "{n:.3g} seconds", _three(count * 3600))


def _three(number: float) -> float:
    """With three digits, as it is written: what is written as 1 is one."""
    return float(f"{number:.3g}")
