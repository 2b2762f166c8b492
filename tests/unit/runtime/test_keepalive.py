"""One timer for everybody."""

from __future__ import annotations

import asyncio

from pushbutton.runtime.watch.keepalive import Keepalive


class Member:
    def __init__(self, wanted: int = 1) -> None:
        self.left = wanted
        self.asked = asyncio.Event()
        self.times: list[float] = []

    def tick(self, now: float) -> None:
        self.times.append(now)
        self.left -= 1
        if self.left == 0:
            self.asked.set()


def ticks(keepalive: Keepalive) -> bool:
    return keepalive._timer is not None


async def test_each_member_is_asked_again_and_again():
    keepalive, members = Keepalive(0.004), [Member(3), Member(3)]
    for member in members:
        keepalive.join(member)
    for member in members:
        await member.asked.wait()
        assert member.times == sorted(set(member.times))
        keepalive.leave(member)


async def test_who_left_is_not_asked_any_more():
    keepalive, gone, still = Keepalive(0.004), Member(), Member(2)
    keepalive.join(gone)
    keepalive.join(still)
    keepalive.leave(gone)
    await still.asked.wait()
    assert gone.times == []
    keepalive.leave(still)


async def test_nothing_ticks_for_nobody_and_who_comes_later_is_asked_again():
    keepalive, member = Keepalive(0.004), Member()
    keepalive.join(member)
    assert ticks(keepalive)
    keepalive.leave(member)
    assert not ticks(keepalive)
    keepalive.join(member)
    await member.asked.wait()
    keepalive.leave(member)
