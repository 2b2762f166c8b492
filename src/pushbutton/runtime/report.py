"""Report on a run from elsewhere: lines over HTTP, with the run's own token.

They go to the run's supervisor, like what the job itself reports: it knows the secrets, and what came before.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac

from pushbutton.domain.order import Order, OrderKind, pieces
from pushbutton.domain.token import hashed
from pushbutton.errors import BadInput, Fenced, NoSuchRun, NotRunning, Refused

from .core import Core, now
from .watch import Wakeup

PATIENCE = 2.0
"""Seconds until an answer though the supervisor had no room for it yet: it is kept by then, and goes out later."""


async def authorize(core: Core, number: int, token: str) -> None:
    """Before anything of a report is read. Raises `Refused` for another run's token, `NotRunning` when it is over."""
    right = ""
    with contextlib.suppress(NoSuchRun):  # told like a wrong token: whether there is such a run is nobody's to learn
        right = await core.store.token(number)
    if not hmac.compare_digest(hashed(token), right):
        raise Refused("This needs the run's own token, as “Authorization: Bearer …”.")
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
        raise BadInput("Files cannot be named from elsewhere; the job itself does that.")
    at = now()
    orders = [Order(OrderKind.REPORT, {"lines": core.seal.close(piece)}, at) for piece in pieces(text)]
    if not orders:
        return
    wakeup = Wakeup()
    unlisten = core.notifier.listen(f"told:{number}", wakeup.wake)
    try:
        try:
            last = await core.store.order(number, orders, epoch=run.epoch)
        except Fenced:
            raise NotRunning(number, (await core.store.run(number)).state) from None
        core.notifier.hint(f"orders:{number}")
        if not await _told(core, number, last, wakeup) and (state := (await core.store.run(number)).state).over:
            raise NotRunning(number, state)
    finally:
        unlisten()


async def _told(core: Core, number: int, last: int, wakeup: Wakeup) -> bool:
    """Whether it went out in time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE
    while core.supervisors.told(number) < last:
        if (left := end - loop.time()) <= 0 or (await core.store.run(number)).state.over:
            return False
        await wakeup.wait(left)
    return True
