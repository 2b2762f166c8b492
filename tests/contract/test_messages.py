"""What every store keeps of messages."""

from __future__ import annotations

from typing import Any

from pushbutton.domain.audit import Act
from pushbutton.domain.messages import MAIL, Line, Message, Occasion
from pushbutton.runtime.ports.messages import KEPT


def message(event: int, channel: str = "ops", **more: Any) -> Message:
    return Message(channel, more.pop("occasion", Occasion.FAILED), event, more.pop("at", event), **more)


async def test_what_is_told_waits_in_order_until_it_was_taken(store):
    first = message(7, run=3, task="deploy", times=2, why="exit 1", after=99)
    await store.messages.tell([first, message(8), message(8, MAIL, person="ada", occasion=Occasion.ASKS)])
    waiting = await store.messages.waiting("ops")
    assert [(one.event, one.run, one.task, one.times, one.why, one.after) for one in waiting] == [
        (7, 3, "deploy", 2, "exit 1", 99),
        (8, 0, "", 0, "", 0),
    ]
    await store.messages.told(waiting[:1], 5000)
    assert [one.event for one in await store.messages.waiting("ops")] == [8]
    assert [(one.person, one.occasion) for one in await store.messages.waiting(MAIL)] == [("ada", Occasion.ASKS)]


async def test_an_event_is_kept_once_for_a_channel_and_person_also_after_it_was_told(store):
    await store.messages.tell([message(7), message(7)])
    await store.messages.told(await store.messages.waiting("ops"), 5000)
    await store.messages.tell([message(7), message(7, MAIL, person="ada"), message(7, MAIL, person="bob")])
    assert await store.messages.waiting("ops") == []
    assert [one.person for one in await store.messages.waiting(MAIL)] == ["ada", "bob"]


async def test_what_went_out_together_counts_once(store):
    await store.messages.tell([message(number, MAIL, person="ada") for number in (1, 2, 3)])
    waiting = await store.messages.waiting(MAIL)
    await store.messages.told(waiting[:2], 5000)
    await store.messages.told(waiting[2:], 6000)
    assert await store.messages.sent(MAIL, 4000) == {"ada": [5000, 6000]}
    assert await store.messages.sent(MAIL, 5000) == {"ada": [6000]}


async def test_a_broken_channel_is_known_with_what_waits_for_it_until_it_works(store):
    await store.messages.tell([message(1), message(2)])
    await store.messages.told((await store.messages.waiting("ops"))[:1], 5000)
    await store.messages.broken("ops", 6000, "nobody answers")
    await store.messages.broken("ops", 7000, "it says no")
    await store.messages.broken("other", 8000, "gone")
    assert await store.messages.lines() == {
        "ops": Line(1, 5000, 6000, "it says no"),
        "other": Line(0, 0, 8000, "gone"),
    }
    await store.messages.broken("ops", 0)
    assert (await store.messages.lines())["ops"] == Line(1, 5000)


async def test_of_very_many_that_wait_the_newest_are_kept(store):
    await store.messages.tell([message(number) for number in range(1, KEPT + 6)])
    waiting = await store.messages.waiting("ops")
    assert [one.event for one in waiting] == list(range(6, KEPT + 6))


async def test_on_a_copy_nobody_is_told_what_waited(store):
    await store.messages.tell([message(1)])
    await store.settle("here", Act("service:copy", "server.copied", "server", 1))
    assert await store.messages.waiting("ops") == []


async def test_of_a_channel_that_is_gone_nothing_waits_and_nothing_is_told_twice(store):
    await store.messages.tell([message(1), message(2), message(2, "other")])
    await store.messages.told((await store.messages.waiting("ops"))[:1], 5000)
    await store.messages.broken("ops", 6000, "nobody answers")
    await store.messages.forget("ops")
    await store.messages.tell([message(1)])
    assert await store.messages.waiting("ops") == []
    assert [one.event for one in await store.messages.waiting("other")] == [2]
    assert (await store.messages.lines())["ops"] == Line(0, 5000)
