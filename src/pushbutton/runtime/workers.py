"""Verb: look after workers, which are the nodes that share a store: what they have, draining one, a run of one that is
gone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.audit import Deed, act
from pushbutton.domain.node import Lacking, Node, lacking
from pushbutton.domain.policy import require
from pushbutton.domain.run import ACTIVE, Micros, Run, RunState
from pushbutton.errors import Fenced, NoSuchNode, NotRunning, WorkerAnswers
from pushbutton.sentence import say

from . import journal, visibility
from .clock import now
from .core import Core
from .ports import RunQuery

MANY = 1_000_000


@dataclass(frozen=True, slots=True)
class Standing:
    """A node, and how many runs it has."""

    node: Node
    runs: int


async def listed(core: Core, actor: Actor) -> Sequence[Standing]:
    """By name. Raises `Refused`."""
    require(actor, Verb.ADMIN)
    having = Counter(run.worker for run in await core.store.runs(RunQuery(states=ACTIVE, limit=MANY)))
    return [Standing(node, having[node.name]) for node in await nodes(core)]


async def drain(core: Core, actor: Actor, name: str, *, on: bool = True) -> Standing:
    """Have it take nothing new, or again what comes; what it has goes on. Raises `Refused`, `NoSuchNode`."""
    require(actor, Verb.ADMIN)
    deed = Deed.WORKER_DRAIN if on else Deed.WORKER_RESUME
    await core.store.nodes.drain(name, act(actor, deed, f"worker {name}", now()), on=on)
    found = {one.node.name: one for one in await listed(core, actor)}
    if name not in found:
        raise NoSuchNode(name)
    return found[name]


async def lose(core: Core, actor: Actor, number: int) -> Run:
    """Declare a run lost whose worker gives no sign of life: nobody can know what became of it. When that worker is
    back, nothing that it says of the run counts.

    Raises `NoSuchRun`, `Refused`, `NotRunning`, `WorkerAnswers`.
    """
    run = await visibility.run(core.store, core.catalog, actor, number)
    require(actor, Verb.ADMIN)
    if not run.state.active:
        raise NotRunning(number, run.state)
    if await silent(core, run) is None:
        raise WorkerAnswers(number, run.worker)
    done = act(actor, Deed.RUN_LOSE, f"run {number}", now(), task=run.task, title=run.title, worker=run.worker)
    reason = say(
        "{who} declared it lost: its worker {worker} gave no sign of life. Nobody knows how it ended.",
        who=actor.name,
        worker=run.worker,
    )
    try:
        await journal.move(core, run, RunState.LOST, actor=actor.name, reason=reason, act=done)
    except Fenced:
        return await lose(core, actor, number)  # it was over, or begun anew, in this moment
    return await core.store.run(number)


async def silent(core: Core, run: Run) -> Node | None:
    """The worker of a run that is under way, where there is no contact with it; None: there is."""
    if not run.state.active or run.worker == core.worker:
        return None
    found = next((node for node in await nodes(core) if node.name == run.worker), None)
    return None if found and found.here else found


async def missing(core: Core, needed: Collection[str], since: Micros) -> Lacking | None:
    """Why a run that needs these tags finds no worker; None: there is one."""
    return lacking(await nodes(core), needed, since) if needed else None


async def nodes(core: Core) -> Sequence[Node]:
    """By name. The one that we are is there, whenever it said so last: alone, it has nobody to say it to."""
    found = await core.store.nodes.all()
    return [replace(node, silent=0.0, left=False) if node.name == core.worker else node for node in found]
