"""Report on a run from elsewhere: lines over HTTP, with the run's own token.

They go to the run's supervisor, like what the job itself reports: it knows the secrets, and what came before.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import Sequence

from pushbutton.domain.order import Order, OrderKind, pieces
from pushbutton.domain.run import Run
from pushbutton.domain.token import hashed
from pushbutton.errors import BadInput, Fenced, NoSuchRun, NotHeard, NotRunning, Refused
from pushbutton.sentence import say

from .clock import now
from .core import Core
from .watch.wakeup import Wakeup

PATIENCE = 2.0
"""Seconds until an answer. A report without a place by then is refused; one with a place goes out later."""


async def authorize(core: Core, number: int, token: str) -> None:
    """Before anything of a report is read. Raises `Refused` for another run's token, `NotRunning` when it is over."""
    right = ""
    with contextlib.suppress(NoSuchRun):  # refused like a wrong token, which does not tell whether there is such a run
        right = await core.store.token(number)
    if not hmac.compare_digest(hashed(token), right):
        raise Refused(say("This needs the run's own token, as “Authorization: Bearer …”."))
    run = await core.store.run(number)
    if run.state.over:
        raise NotRunning(number, run.state)


async def report(core: Core, number: int, text: str) -> None:
    """Returns when it is kept: the run's supervisor gets it, in the order of the answers, as soon as it takes
    something. A job that waits for the answer before it ends is sure of that.

    Raises `NotRunning` when the run is over, `NotHeard` when too much waits already, `BadInput` where a line names a
    file: only the job may.
    """
    run = await core.store.run(number)
    if any(core.supervisors.names_file(line) for line in text.split("\n")):
        raise BadInput(say("Files cannot be named from elsewhere; the job itself does that."))
    at = now()
    orders = [Order(OrderKind.REPORT, {"lines": core.seal.close(piece)}, at) for piece in pieces(text)]
    if not orders:
        return
    wakeup, end = Wakeup(), asyncio.get_running_loop().time() + PATIENCE
    unlisten = core.notifier.listen(f"told:{number}", wakeup.wake)
    try:
        last = await _kept(core, run, orders, wakeup, end)
        core.notifier.hint(f"orders:{number}")
        if not await _told(core, number, last, wakeup, end) and (state := (await core.store.run(number)).state).over:
            raise NotRunning(number, state)
    except Fenced:
        raise NotRunning(number, (await core.store.run(number)).state) from None
    finally:
        unlisten()


async def _kept(core: Core, run: Run, orders: Sequence[Order], wakeup: Wakeup, end: float) -> int:
    """The number of the last one, as soon as there is a place for all. Raises `Fenced`, `NotHeard`."""
    while True:
        try:
            return await core.store.order(run.id, orders, epoch=run.epoch)
        except NotHeard:
            if (left := end - asyncio.get_running_loop().time()) <= 0:
                raise
            await wakeup.wait(left)


async def _told(core: Core, number: int, last: int, wakeup: Wakeup, end: float) -> bool:
    """Whether it went out in time."""
    while core.supervisors.told(number) < last:
        left = end - asyncio.get_running_loop().time()
        if left <= 0 or (await core.store.run(number)).state.over:
            return False
        await wakeup.wait(left)
    return True
