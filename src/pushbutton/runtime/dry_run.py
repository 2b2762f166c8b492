"""A plan: what the dry run of a held run says, told apart by the hash of its output.

Approvers see a plan, and give the hash of what they saw. Before the approved run starts, its dry run is made once more:
where that says anything else, nothing is started.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pushbutton import threads
from pushbutton.domain.event import Kind
from pushbutton.domain.run import Run, RunState
from pushbutton.errors import NoSuchRun, NotAsApproved, PushbuttonError
from pushbutton.sentence import say

from .core import Core
from .ports import Topics

_PAGE: Final = 1000
_CUT: Final = frozenset({"lost-output", "storage"})
"""Notes which say that some of the output is missing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`sha256` is the whole output's; "" while it is not known, and where it does not count: `wrong` says why."""

    number: int
    state: RunState | None  # None: its run is not there any more
    sha256: str = ""
    wrong: str = ""

    @property
    def ready(self) -> bool:
        return bool(self.sha256)


async def of(core: Core, number: int) -> Plan:
    """The plan that this dry run is."""
    try:
        run = await core.store.run(number)
    except NoSuchRun:
        return Plan(number, None, wrong=say("The plan is not kept any more."))
    if not run.state.over:
        return Plan(number, run.state)
    if run.state is not RunState.SUCCEEDED:
        return Plan(number, run.state, wrong=say("The plan could not be made."))
    if not await _whole(core, run):
        return Plan(number, run.state, wrong=say("The plan is larger than what is kept of an output."))
    await core.output.bring(run)
    return Plan(number, run.state, await threads.showing(core.output.digest, number))


def unchanged(plan: Plan, run: Run) -> None:
    """Raises `NotAsApproved` unless the plan is the one that everybody approved, and `PushbuttonError` where it could
    not be made.
    """
    if not plan.ready:
        raise PushbuttonError(say("The plan could not be made once more, so nothing was started."))
    if run.hold and any(given.plan != plan.sha256 for given in run.hold.given):
        raise NotAsApproved(say("The plan has changed since it was approved; nothing was started."))


async def _whole(core: Core, run: Run) -> bool:
    after = 0
    while page := await core.store.events(Topics(runs=frozenset({run.id})), after=after, limit=_PAGE):
        after = page[-1].id
        if any(event.kind is Kind.TRUNCATED or event.data.get("code") in _CUT for event in page):
            return False
    return True
