"""A node's sign of life, and what it learns by it: whether it is to take nothing new, and how far its clock is off."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Final

from pushbutton.domain.node import BEAT, Node
from pushbutton.errors import StoreError
from pushbutton.runtime import clock
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import Store
from pushbutton.runtime.worker import Worker

__all__ = ["give", "run"]

log = logging.getLogger(__name__)

PROMPT: Final = 1.0
"""Seconds within which an answer says how far a clock is off: what came later was on its way for too long."""


async def run(core: Core, node: Node, worker: Worker) -> None:
    """Until cancelled."""
    changed = asyncio.Event()
    end = core.notifier.listen("nodes", changed.set)  # somebody may have asked that it takes nothing new
    try:
        await _go_on(core, node, worker, changed)
    finally:
        end()


async def give(store: Store, node: Node) -> bool | None:
    """One sign of life, and from then on the clock of the store. Whether the node is to take nothing new; None: it is
    not known there. Raises `StoreError`.
    """
    begun = time.monotonic()
    answer = await store.nodes.beat(node.name, clock=clock.machine())
    if answer is None:
        return None
    if time.monotonic() - begun < PROMPT and clock.set_ahead(answer.ahead):
        seconds, way = round(abs(answer.ahead) / 1_000_000, 1), "ahead of" if answer.ahead > 0 else "behind"
        log.warning(
            "the clock of this machine is %s s %s the database's: %s goes by the database's", seconds, way, node.name
        )
    return answer.draining


async def _go_on(core: Core, node: Node, worker: Worker, changed: asyncio.Event) -> None:
    while True:
        changed.clear()
        try:
            draining = await give(core.store, node)
            if draining is None:
                await core.store.nodes.join(node, clock=clock.machine())
            else:
                worker.drain(on=draining)
        except StoreError as error:
            log.warning("%s gives no sign of life: %s", node.name, error)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BEAT):
                await changed.wait()
