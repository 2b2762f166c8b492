"""Refused requests, for the audit trail. A flood of them does not fill the disk: within a minute the first few are
records of their own, and the others are counted and recorded at the minute's end, one record for each actor.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from pushbutton.domain.audit import Act, Deed
from pushbutton.errors import StoreError

from .ports.people import Audit

log = logging.getLogger(__name__)

MINUTE = 60.0  # seconds
SINGLE = 20  # of a minute that are recorded one by one
SINGLE_EACH = 5  # of them of one actor from one address
COUNTED = 10  # of those behind that are counted each; all others are counted together

_Who = tuple[str, str]
_OTHERS: _Who = ("", "")


class Refusals:
    def __init__(self, audit: Audit, minute: float = MINUTE) -> None:
        self._audit, self._minute = audit, minute
        self._single: dict[_Who, int] = {}  # of the minute that runs
        self._more: dict[_Who, tuple[Act, int]] = {}  # the last one, and how many
        self._timer: asyncio.TimerHandle | None = None
        self._writing: set[asyncio.Task[None]] = set()

    def note(self, act: Act) -> None:
        """Does not wait until it is written."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._minute, self.flush)
        who = (act.actor, act.address)
        mine = self._single.get(who, 0)
        if mine < SINGLE_EACH and sum(self._single.values()) < SINGLE:
            self._single[who] = mine + 1
            self._write(act)
            return
        who = who if who in self._more or len(self._more) < COUNTED else _OTHERS
        self._more[who] = (act, self._more.get(who, (act, 0))[1] + 1)

    def flush(self) -> None:
        """The minute is over."""
        if self._timer:
            self._timer.cancel()
        more, self._more, self._single, self._timer = self._more, {}, {}, None
        for who, (last, count) in more.items():
            others = Act("", Deed.REQUEST_REFUSE, "the server", last.at, {"tried": "requests of others"})
            act = others if who == _OTHERS else last
            self._write(replace(act, data={**act.data, "more": count}))

    async def written(self) -> None:
        """Returns when everything is written."""
        while self._writing:
            await asyncio.wait(self._writing)

    def _write(self, act: Act) -> None:
        task = asyncio.create_task(self._record(act))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _record(self, act: Act) -> None:
        try:
            await self._audit.record(act)
        except StoreError as error:
            log.warning("a refusal is not in the audit trail: %s", error)
