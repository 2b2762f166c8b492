"""`runtime.ports.messages.Messages` in plain dictionaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pushbutton.domain.messages import Line, Message
from pushbutton.domain.run import Micros
from pushbutton.runtime.ports.messages import KEPT


class MemoryMessages:
    def __init__(self) -> None:
        self._kept: dict[int, Message] = {}
        self._told: dict[int, Micros] = {}
        self._broken: dict[str, tuple[Micros, str]] = {}

    async def tell(self, messages: Sequence[Message]) -> None:
        for one in messages:
            known = {(other.event, other.channel, other.person) for other in self._kept.values()}
            if (one.event, one.channel, one.person) not in known:
                number = max(self._kept, default=0) + 1
                self._kept[number] = replace(one, id=number)
            for old in (await self.waiting(one.channel))[:-KEPT]:
                del self._kept[old.id]

    async def waiting(self, channel: str) -> Sequence[Message]:
        return [one for one in self._kept.values() if one.channel == channel and one.id not in self._told]

    async def told(self, messages: Sequence[Message], at: Micros) -> None:
        self._told |= {one.id: at for one in messages if one.id in self._kept}

    async def sent(self, channel: str, after: Micros) -> Mapping[str, Sequence[Micros]]:
        found: dict[str, set[Micros]] = {}
        for number, at in self._told.items():
            one = self._kept[number]
            if one.channel == channel and at > after:
                found.setdefault(one.person, set()).add(at)
        return {person: sorted(times) for person, times in found.items()}

    async def broken(self, channel: str, since: Micros, why: str = "") -> None:
        if since:
            self._broken[channel] = (self._broken.get(channel, (since, ""))[0], why)
        else:
            self._broken.pop(channel, None)

    async def forget(self, channel: str) -> None:
        for one in await self.waiting(channel):
            del self._kept[one.id]
        self._broken.pop(channel, None)

    async def lines(self) -> Mapping[str, Line]:
        found = {}
        for name in {*(one.channel for one in self._kept.values()), *self._broken}:
            told = [at for number, at in self._told.items() if self._kept[number].channel == name]
            waits = len(await self.waiting(name))
            found[name] = Line(waits, max(told, default=0), *self._broken.get(name, (0, "")))
        return found

    def drop_waiting(self) -> None:
        self._kept = {number: one for number, one in self._kept.items() if number in self._told}
