"""Tells people and channels: one loop reads the events and keeps what is to be told, another one carries it.

Each channel is carried on its own, so that one that is down holds up no other. What was taken is marked after it was
taken, so that a kill tells a message twice rather than never.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from pushbutton.domain.event import Event
from pushbutton.domain.messages import MAIL, WINDOW, Batch, batches
from pushbutton.domain.run import Micros
from pushbutton.errors import PushbuttonError, Undelivered
from pushbutton.runtime import telling
from pushbutton.runtime.alarm import Alarm
from pushbutton.runtime.clock import now
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports.messages import Letter, Told
from pushbutton.runtime.tally import Receiver

from . import follow

log = logging.getLogger(__name__)

NAME = "messages"
"""Of the bookmark."""
FIRST, LONGEST = 1.0, 60.0  # seconds between two tries: doubled each time
AGAIN = 5.0  # after a fault of ours
IN_VAIN = 2  # receivers of one channel, one after the other: then it is the channel itself


async def decide(core: Core) -> None:
    """Until cancelled: what is to be told of each event, once."""

    async def deal(event: Event) -> bool:
        found = await telling.of(core, event)
        if found:
            await core.store.messages.tell(found)
            core.notifier.hint(telling.WAITING)
        return bool(found)

    await follow.events(core, NAME, deal)


async def carry(core: Core) -> None:
    """Until cancelled: what waits for each channel."""
    woken = asyncio.Event()
    listening = [core.notifier.listen("catalog", woken.set), core.directory.listen(woken.set)]
    known: set[str] = set()
    try:
        async with asyncio.TaskGroup() as group:
            while True:
                woken.clear()
                for name in {MAIL, *telling.names(core)} - known:
                    known.add(name)
                    group.create_task(_Carrier(core, name).run())
                await woken.wait()
    finally:
        for end in listening:
            end()


class _Carrier:
    """Of one channel."""

    def __init__(self, core: Core, name: str) -> None:
        self._core, self._name = core, name
        self._kept = core.store.messages
        self._broken = True  # until it is known

    async def run(self) -> None:
        woken = asyncio.Event()
        alarm = Alarm(woken.set, now)
        listening = [self._core.notifier.listen(topic, woken.set) for topic in (telling.WAITING, "catalog")]
        pause = FIRST
        try:
            while True:
                woken.clear()
                try:
                    alarm.set(await self._look())
                    pause = FIRST
                    await woken.wait()
                except Undelivered as error:
                    log.warning("%s", error)
                    await asyncio.sleep(pause)
                    pause = min(LONGEST, 2 * pause)
                except PushbuttonError as error:
                    log.warning("messages to %s wait: %s", self._name, error)
                    await asyncio.sleep(AGAIN)
                except Exception:
                    log.exception("messages to %s wait", self._name)
                    await asyncio.sleep(AGAIN)
        finally:
            alarm.set(None)
            for end in listening:
                end()

    async def _look(self) -> Micros | None:
        """Carry what is to go out now; when to look again. Raises `Undelivered` when the channel takes nothing."""
        waiting = await self._kept.waiting(self._name)
        if not waiting or telling.channel(self._core, self._name) is None:
            return None
        sent = await self._kept.sent(self._name, now() - WINDOW)
        coming: list[Micros] = []
        vain: list[Undelivered] = []
        for person in dict.fromkeys(one.person for one in waiting):
            mine = [one for one in waiting if one.person == person]
            ready, again = batches(mine, sent.get(person, ()), now())
            coming += [again] if again is not None else []
            try:
                for batch in ready:
                    await self._send(batch, person)
            except Undelivered as error:
                vain.append(error)
                coming.append(now() + int(LONGEST * 1_000_000))
                if len(vain) == IN_VAIN:
                    break
            else:
                vain = []
        if vain:  # at the end: one that others came after is tried again later
            await self._kept.broken(self._name, now(), str(vain[0]))
            self._broken = True
            raise vain[0]
        return min(coming, default=None)

    async def _send(self, batch: Batch, person: str) -> None:
        found = [(one, await telling.told(self._core, one)) for one in batch.messages]
        if letter := self._letter([told for _, told in found if told], person):
            try:
                await telling.send(self._core, self._name, person, letter)
            except Undelivered as error:
                self._core.tally.failures[Receiver.CHANNEL] += 1
                if not (error.final and person):
                    raise
                log.warning("%s is not told any more of %d messages: %s", person, len(batch.messages), error)
            else:
                await self._works()
        await self._kept.told([message for message, _ in found], now())

    async def _works(self) -> None:
        if self._broken:
            await self._kept.broken(self._name, 0)
            self._broken = False

    def _letter(self, found: Sequence[Told], person: str) -> Letter | None:
        language, zone = telling.language_of(self._core, self._name, person)
        if len(found) > 1:
            return self._core.letters.writer().digest(found, language, zone)
        return self._core.letters.writer().letter(found[0], language, zone) if found else None
