"""One timer for everybody."""

from __future__ import annotations

import asyncio

from pushbutton.runtime.pulse import Pulse


class Member:
    def __init__(self, wanted: int = 1) -> None:
        self.left = wanted
        self.asked = asyncio.Event()
        self.times: list[float] = []

    def beat(self, now: float) -> None:
        self.times.append(now)
        self.left -= 1
        if self.left == 0:
            self.asked.set()


def ticks(pulse: Pulse) -> bool:
    return pulse._timer is not None


async def test_each_member_is_asked_again_and_again():
    pulse, members = Pulse(0.004), [Member(3), Member(3)]
    for member in members:
        pulse.join(member)
    for member in members:
        await member.asked.wait()
        assert member.times == sorted(set(member.times))
        pulse.leave(member)


async def test_who_left_is_not_asked_any_more():
    pulse, gone, still = Pulse(0.004), Member(), Member(2)
    pulse.join(gone)
    pulse.join(still)
    pulse.leave(gone)
    await still.asked.wait()
    assert gone.times == []
    pulse.leave(still)


async def test_nothing_ticks_for_nobody_and_who_comes_later_is_asked_again():
    pulse, member = Pulse(0.004), Member()
    pulse.join(member)
    assert ticks(pulse)
    pulse.leave(member)
    assert not ticks(pulse)
    pulse.join(member)
    await member.asked.wait()
    pulse.leave(member)
