"""The subscription of one client: topics of its choice, the events of one run, or the output of one run.

The last two end when there is nothing more to come; topics never do.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from pushbutton.domain.run import Run
from pushbutton.errors import BadInput
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import Topics
from pushbutton.runtime.watch.board import Board
from pushbutton.runtime.watch.channel import Channel, Encode
from pushbutton.runtime.watch.frames import event_frame
from pushbutton.runtime.watch.hub import Hub
from pushbutton.runtime.watch.tap import Tap
from pushbutton.runtime.watch.wakeup import Listener

from .audience import MARK

__all__ = ["Events", "Output", "RunEvents", "RunOutput", "Source", "Subscription", "TopicEvents", "parse_topics"]

_PLACE = re.compile(r"([1-9][0-9]{0,14})(?:@([0-9]{1,15}))?", re.ASCII)
_RUN = re.compile(r"[1-9][0-9]{0,14}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription(ABC):
    """The part that all three share."""

    first: bytes = b""  # sent before all else

    @property
    def runs_written(self) -> Collection[Run]:
        """The runs whose output it follows, as they were looked up."""
        return ()

    @abstractmethod
    def sources(self, hub: Hub, listener: Listener) -> Iterator[Source]:
        """The sources to follow from now on, until `Hub.leave`. Output first: at the end of a run its last lines are
        sent before its last event.
        """


@dataclass(frozen=True, slots=True)
class TopicEvents(Subscription):
    """Topics of the client's choice. It never ends."""

    topics: Topics | None = None
    outputs: Mapping[int, int] = field(default_factory=dict)  # by run: the offset that the client has
    runs: Mapping[int, Run] = field(default_factory=dict)  # those of `outputs`
    boards: frozenset[str] = frozenset()
    since: int | None = None  # the last event that the client has; None: it said nothing
    encode: Encode = event_frame

    @property
    def runs_written(self) -> Collection[Run]:
        return self.runs.values()

    def sources(self, hub: Hub, listener: Listener) -> Iterator[Source]:
        for number, offset in sorted(self.outputs.items()):
            tap = hub.follow_output(number, listener, over=self.runs[number].state.over)
            yield Output(tap, offset)
        if self.topics:
            channel = hub.follow(self.topics, self.encode, listener)
            yield Events(channel, channel.tip if self.since is None else self.since)
        for topic in sorted(self.boards):
            yield Latest(hub.follow_board(topic, listener))


@dataclass(frozen=True, slots=True)
class RunEvents(Subscription):
    """It ends with the event that ends the run."""

    run: int
    since: int = 0
    last: int | None = None  # that event's id, if the run was over when the client came

    def sources(self, hub: Hub, listener: Listener) -> Iterator[Source]:
        channel = hub.follow(Topics(runs=frozenset({self.run})), event_frame, listener)
        yield EventsToTheLast(channel, self.since, self.last)


@dataclass(frozen=True, slots=True)
class RunOutput(Subscription):
    """It ends with the output. Its frames' ids are offsets."""

    run: Run
    offset: int = 0

    @property
    def runs_written(self) -> Collection[Run]:
        return (self.run,)

    def sources(self, hub: Hub, listener: Listener) -> Iterator[Source]:
        yield Output(hub.follow_output(self.run.id, listener, over=self.run.state.over), self.offset, plain=True)


@lru_cache(maxsize=500)  # everybody who looks at the same page shares one
def parse_topics(text: str, boards: frozenset[str]) -> TopicEvents:
    """`runs`, `run:42`, `task:deploy`, `output:42`, `output:42@1000` (from that byte on) and the boards' topics."""
    runs: set[int] = set()
    tasks: set[str] = set()
    outputs: dict[int, int] = {}
    latest: set[str] = set()
    everything = False
    for topic in filter(None, (part.strip() for part in text.split(","))):
        name, _, rest = topic.partition(":")
        if topic == "runs":
            everything = True
        elif name == "task" and rest:
            tasks.add(rest)
        elif name == "run" and _RUN.fullmatch(rest):
            runs.add(int(rest))
        elif name == "output" and (place := _PLACE.fullmatch(rest)):
            outputs[int(place[1])] = int(place[2] or 0)
        elif name in boards and rest and rest[0] != MARK:
            latest.add(topic)
        else:
            raise BadInput(f"There is no topic “{topic[:60]}”. There are: runs, run:NUMBER, task:NAME, output:NUMBER.")
    if len(runs) + len(tasks) + len(outputs) + len(latest) > 100:
        raise BadInput("At most 100 topics fit into one stream.")
    topics = Topics(frozenset(runs), frozenset(tasks), everything) if runs or tasks or everything else None
    return TopicEvents(topics, outputs, boards=frozenset(latest))


class Events:
    """The events of a channel behind a cursor."""

    __slots__ = ("_cursor", "followed")

    def __init__(self, channel: Channel, since: int) -> None:
        self.followed, self._cursor = channel, since

    @property
    def over(self) -> bool:
        return False

    @property
    def behind(self) -> bool:
        return self._cursor < self.followed.floor

    def ready(self) -> bytes:
        channel, data = self.followed, b""
        while not data and channel.floor <= self._cursor < channel.tip:  # what is left out moves the cursor only
            data, self._cursor = channel.after(self._cursor)
        return data

    async def fetch(self, core: Core) -> bytes:
        data, self._cursor = await core.hub.frames(self.followed, self._cursor)
        return data


class EventsToTheLast(Events):
    """Over with the last event of a run."""

    __slots__ = ("_last",)

    def __init__(self, channel: Channel, since: int, last: int | None) -> None:
        super().__init__(channel, since)
        self._last = last

    @property
    def over(self) -> bool:
        last = self._last or self.followed.ended
        return last is not None and self._cursor >= last


class Output:
    """The output behind an offset; where it is not that long, and will not be, all of it."""

    __slots__ = ("_offset", "_plain", "followed")
    behind = False

    def __init__(self, tap: Tap, offset: int, *, plain: bool = False) -> None:
        self.followed, self._plain = tap, plain
        self._offset = offset

    @property
    def over(self) -> bool:
        return self._plain and self.followed.over and self._offset >= self.followed.size

    def ready(self) -> bytes:
        if self._offset > self.followed.size and not self.followed.lags:
            self._offset = 0  # it is of another output
        data, self._offset = self.followed.after(self._offset, plain=self._plain)
        return data


class Latest:
    """The newest of a board."""

    __slots__ = ("_version", "followed")
    over = behind = False

    def __init__(self, board: Board) -> None:
        self.followed, self._version = board, 0

    def ready(self) -> bytes:
        data, self._version = self.followed.after(self._version)
        return data


Source = Events | Output | Latest
