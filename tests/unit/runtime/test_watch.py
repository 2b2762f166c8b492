"""Bells, channels, taps, boards: what a watcher's cursor gets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from pushbutton.adapters.in_process import LocalNotifier
from pushbutton.adapters.memory import MemoryStore
from pushbutton.adapters.output import OutputFiles
from pushbutton.domain.event import Draft, Event, Kind
from pushbutton.domain.run import NewRun, RunState, is_last
from pushbutton.runtime.ports import EVERYTHING, Append, Topics
from pushbutton.runtime.watch.channel import TAIL, Channel
from pushbutton.runtime.watch.frames import complete, event_frame, frame
from pushbutton.runtime.watch.hub import Hub
from pushbutton.runtime.watch.tap import Tap
from pushbutton.runtime.watch.wakeup import Wakeup


def status(number: int, text: str = "x", run: int = 1) -> Event:
    return Event(number, run, "job", 0, Kind.STATUS, {"text": text})


async def test_a_bell_rung_before_anybody_waits_is_heard():
    wakeup = Wakeup()
    wakeup.wake()
    assert await wakeup.wait(60)


async def test_a_bell_rung_while_somebody_waits_wakes_him():
    wakeup = Wakeup()
    asyncio.get_running_loop().call_soon(wakeup.wake)
    assert await wakeup.wait(60)


async def test_a_bell_that_nobody_rings_says_so():
    assert not await Wakeup().wait(0.01)


async def test_many_rings_wake_once():
    wakeup = Wakeup()
    wakeup.wake()
    wakeup.wake()
    assert await wakeup.wait(60)
    assert not await wakeup.wait(0.01)


async def test_a_cancelled_wait_keeps_the_ring_for_the_next():
    wakeup = Wakeup()
    waiting = asyncio.create_task(wakeup.wait(60))
    await asyncio.sleep(0)
    wakeup.wake()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await wakeup.wait(0.01)


def test_a_channel_gives_each_cursor_what_follows_it():
    channel = Channel(EVERYTHING, event_frame, 10)
    events = [status(11), status(12), status(14)]
    channel.extend(events, 15)
    assert channel.after(10) == (b"".join(map(event_frame, events)), 15)
    assert channel.after(12) == (event_frame(events[2]), 15)
    assert channel.after(15) == (b"", 15)


def test_watchers_at_one_place_share_one_chunk():
    channel = Channel(EVERYTHING, event_frame, 0)
    channel.extend([status(1), status(2)], 2)
    assert channel.after(0)[0] is channel.after(0)[0]


def test_a_chunk_grows_with_the_channel():
    channel = Channel(EVERYTHING, event_frame, 0)
    channel.extend([status(1)], 1)
    channel.after(0)
    channel.extend([status(2)], 2)
    assert channel.after(0) == (event_frame(status(1)) + event_frame(status(2)), 2)


def test_a_chunk_has_a_limit_and_the_cursor_stops_there():
    channel = Channel(EVERYTHING, event_frame, 0)
    big = "x" * 40_000
    channel.extend([status(1, big), status(2, big), status(3, big)], 3)
    first, cursor = channel.after(0)
    assert (first, cursor) == (event_frame(status(1, big)), 1)
    assert channel.after(cursor) == (event_frame(status(2, big)), 2)


def test_a_frame_larger_than_a_chunk_goes_out_alone():
    channel = Channel(EVERYTHING, event_frame, 0)
    channel.extend([status(1, "x" * 100_000)], 1)
    assert channel.after(0)[1] == 1


def test_memory_is_bounded_and_the_floor_says_from_where_it_reaches():
    channel = Channel(EVERYTHING, event_frame, 0)
    for number in range(1, 101):
        channel.extend([status(number, "x" * 50_000)], number)
    assert channel._size <= TAIL
    assert channel.floor > 70
    assert channel.after(channel.floor)[0].startswith(f"id: {channel.floor + 1}\n".encode())


def test_what_the_encoding_leaves_out_moves_the_cursor_only():
    def only_good(event: Event) -> bytes | None:
        return event_frame(event) if event.data["text"] == "good" else None

    channel = Channel(EVERYTHING, only_good, 0)
    channel.extend([status(1, "bad"), status(2, "good"), status(3, "bad")], 3)
    assert channel.after(0) == (event_frame(status(2, "good")), 3)


class Written:
    """The output of run 7, as its supervisor writes it."""

    def __init__(self, folder: Path, data: bytes = b"") -> None:
        self.file = folder / "7" / "output"
        self.file.parent.mkdir()
        self.port = OutputFiles(folder)
        self.becomes(data)

    def becomes(self, data: bytes) -> None:
        self.file.write_bytes(data)

    def tap(self, *, over: bool = False) -> Tap:
        return Tap(self.port, 7, over=over)


def test_a_tap_reads_on_from_an_offset(tmp_path):
    written = Written(tmp_path, b"hello")
    tap = written.tap()
    expected = frame("output", {"run": 7, "offset": 0, "end": 5, "text": "hello"}, 5)
    assert tap.after(0, plain=True) == (expected, 5)
    written.becomes(b"hello world")
    tap.look(over=True)
    assert b'"text":" world"' in tap.after(5, plain=False)[0]
    tap.close()


def test_half_a_character_waits_for_its_rest(tmp_path):
    written = Written(tmp_path, "aé".encode()[:2])
    tap = written.tap()
    assert tap.after(0, plain=True)[1] == 1
    assert tap.after(1, plain=True) == (b"", 1)
    written.becomes("aé".encode())
    tap.look()
    assert b'"text":"\\u00e9"' in tap.after(1, plain=True)[0]
    tap.close()


def test_half_a_character_at_the_end_is_shown_as_broken(tmp_path):
    tap = Written(tmp_path, b"a\xc3").tap(over=True)
    assert b'"text":"a\\ufffd"' in tap.after(0, plain=True)[0]
    tap.close()


async def test_a_crowd_at_an_output_is_not_woken_for_each_batch_but_at_once_for_the_first_and_the_end(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("pushbutton.runtime.watch.pace.CROWD", 1)
    monkeypatch.setattr("pushbutton.runtime.watch.pace.CROWDED", 1e9)  # longer than any machine is up
    written = Written(tmp_path)
    tap, crowd = written.tap(), [Wakeup(), Wakeup()]
    tap.listeners.update(crowd)

    def grow(size: int, *, over: bool = False) -> None:
        written.becomes(b"x" * size)
        tap.look(over=over)

    grow(1)
    assert [await wakeup.wait(0) for wakeup in crowd] == [True, True]
    grow(2)
    grow(3)
    assert [await wakeup.wait(0) for wakeup in crowd] == [False, False]
    grow(4, over=True)
    assert [await wakeup.wait(0) for wakeup in crowd] == [True, True]
    tap.close()


async def test_a_crowd_hears_of_what_it_was_not_woken_for(tmp_path, monkeypatch):
    monkeypatch.setattr("pushbutton.runtime.watch.pace.CROWD", 0)
    written = Written(tmp_path)
    tap, wakeup = written.tap(), Wakeup()
    tap.listeners.add(wakeup)
    for size in range(1, 4):
        written.becomes(b"x" * size)
        tap.look()
    assert await wakeup.wait(60)
    assert await wakeup.wait(60)
    assert not await wakeup.wait(0)
    tap.close()


@pytest.mark.parametrize("text", ["", "a", "é", "€", "😀", "aé", "a€b😀"])
def test_cut_anywhere_a_text_is_whole_up_to_its_last_character(text):
    data = text.encode()
    for cut in range(len(data) + 1):
        part = data[:cut]
        part[: complete(part)].decode()


# -- the hub


class World:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = MemoryStore()
        self.notifier = LocalNotifier()
        self.hub = Hub(self.store, self.notifier, OutputFiles(folder))

    async def press(self, task: str = "job") -> int:
        pressed = await self.store.press(NewRun(task, "Job", "local", {}, 1))
        self.notifier.hint("events")
        return pressed.run.id

    async def say(self, run: int, text: str) -> None:
        await self.store.append(Append(run, [Draft(Kind.STATUS, {"text": text})]))
        self.notifier.hint("events")

    async def follow(self, topics: Topics, since: int, enough: Callable[[Event], bool]) -> list[Event]:
        seen = []
        async for event in self.hub.events(topics, since):
            seen.append(event)
            if enough(event):
                break
        return seen


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    await made.hub.open()
    yield made
    await made.hub.close()


async def test_what_was_before_and_what_comes_join_without_a_gap(world):
    run = await world.press()
    await world.say(run, "0")
    watching = asyncio.create_task(world.follow(EVERYTHING, 0, lambda event: event.data.get("text") == "99"))
    for number in range(1, 100):
        await world.say(run, str(number))
        await asyncio.sleep(0)
    seen = await watching
    assert [event.id for event in seen] == list(range(1, 102))


async def test_a_lost_hint_is_made_up_for(world, monkeypatch):
    monkeypatch.setattr("pushbutton.runtime.watch.hub.POLL", 0.05)
    run = await world.press()
    watching = asyncio.create_task(world.follow(EVERYTHING, 0, lambda event: event.kind is Kind.STATUS))
    await world.store.append(Append(run, [Draft(Kind.STATUS, {"text": "unheard"})]))
    assert (await watching)[-1].data["text"] == "unheard"


async def test_output_that_grew_without_a_hint_is_seen_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("pushbutton.runtime.watch.hub.POLL", 0.05)
    world, written, wakeup = World(tmp_path), Written(tmp_path), Wakeup()
    await world.hub.open()
    with world.hub.tap(7, wakeup, over=False) as tap:
        written.becomes(b"unheard")
        assert await wakeup.wait(60)
        assert b"unheard" in tap.after(0, plain=True)[0]
    await world.hub.close()


async def test_a_hint_for_a_run_is_heard_by_who_watches_its_output(world, monkeypatch):
    monkeypatch.setattr("pushbutton.runtime.watch.hub.POLL", 1e6)
    written, wakeup = Written(world.folder), Wakeup()
    with world.hub.tap(7, wakeup, over=False) as tap:
        written.becomes(b"heard")
        world.notifier.hint("run:7")
        assert await wakeup.wait(60)
        assert b"heard" in tap.after(0, plain=True)[0]
    world.notifier.hint("run:7")  # nobody listens any more


async def test_the_last_output_of_a_run_is_there_before_its_last_event(world):
    numbers = [await world.press() for _ in range(7)]
    written, seen = Written(world.folder), list[tuple[int, bool]]()
    assert numbers[-1] == 7

    class Looks:
        def wake(self) -> None:
            seen.append((tap.size, channel.ended is not None))

    mine = Topics(runs=frozenset({7}))
    with world.hub.channel(mine, event_frame, Looks()) as channel, world.hub.tap(7, Wakeup(), over=False) as tap:
        written.becomes(b"the last words")
        await world.store.append(Append(7, [Draft(Kind.STATE, {"state": "cancelled"})], to=RunState.CANCELLED))
        world.notifier.hint("events")
        await world.follow(mine, 0, is_last)
        assert tap.over
    assert seen[-1] == (len(b"the last words"), True)


async def test_a_watcher_gets_its_topics_and_the_notes_to_everybody_only(world):
    one, two = await world.press("a"), await world.press("b")
    await world.say(two, "not this")
    await world.say(one, "this")
    await world.store.say(Draft(Kind.NOTE, {"text": "hello"}))
    world.notifier.hint("events")
    topics = Topics(tasks=frozenset({"a"}))
    seen = await world.follow(topics, 0, lambda event: event.kind is Kind.NOTE)
    assert [event.run for event in seen] == [one, one, None]


async def test_who_is_behind_the_memory_reads_from_the_store(world, monkeypatch):
    monkeypatch.setattr("pushbutton.runtime.watch.channel.TAIL", 500)
    run = await world.press()
    wakeup = Wakeup()
    with world.hub.channel(EVERYTHING, event_frame, wakeup) as channel:
        for number in range(50):
            await world.say(run, str(number))
        while channel.tip < 51:
            await wakeup.wait(1)
        assert channel.floor > 1
        cursor, got = 0, b""
        while cursor < channel.tip:
            data, cursor = await world.hub.frames(channel, cursor)
            got += data
    stored = await world.store.events(EVERYTHING, after=0)
    assert got == b"".join(map(event_frame, stored))


async def test_a_board_shows_its_newest_only_and_stops_when_nobody_looks(world):
    running, stopped = asyncio.Event(), asyncio.Event()

    async def count(_: str) -> AsyncIterator[bytes]:
        try:
            for number in range(5):
                yield str(number).encode()
            running.set()
            await asyncio.Event().wait()
        finally:
            stopped.set()

    world.hub.register("numbers", count)
    wakeup = Wakeup()
    with world.hub.board("numbers:x", wakeup) as board:
        await running.wait()
        assert board.after(0) == (b"4", 5)
        assert board.after(5) == (b"", 5)
    await stopped.wait()


async def test_the_end_of_a_run_is_known_to_its_channel(world):
    run = await world.press()
    wakeup = Wakeup()
    with world.hub.channel(Topics(runs=frozenset({run})), event_frame, wakeup) as channel:
        end = Draft(Kind.STATE, {"state": "cancelled"})
        [event] = await world.store.append(Append(run, [end], to=RunState.CANCELLED))
        world.notifier.hint("events")
        while channel.ended is None:
            await wakeup.wait(1)
        assert channel.ended == event.id
