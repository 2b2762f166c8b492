"""The ports of messages: what waits to be told, how it is written, and what carries it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pushbutton.domain.messages import Channel, Line, Message
from pushbutton.domain.run import Micros, Run
from pushbutton.domain.task import Task

KEPT = 1000
"""Messages that may wait for one channel; of more, the newest are kept."""


class Messages(Protocol):
    """Messages that wait in the store to be sent. Implementers guarantee: each write is one transaction, durable when
    it returns. Errors: `StorageFull`, `StoreBusy`.
    """

    async def tell(self, messages: Sequence[Message]) -> None:
        """Keep them until they are told; one whose event was kept for its channel and person before is left out."""
        ...

    async def waiting(self, channel: str) -> Sequence[Message]:
        """The messages that are not sent yet, oldest first, each with its id."""
        ...

    async def told(self, messages: Sequence[Message], at: Micros) -> None:
        """They were taken, all at once."""
        ...

    async def sent(self, channel: str, after: Micros) -> Mapping[str, Sequence[Micros]]:
        """When something was taken after this moment, by person: what was taken at once counts once."""
        ...

    async def broken(self, channel: str, since: Micros, why: str = "") -> None:
        """It takes nothing since then, of which the first one is kept while it lasts; 0: it works (again)."""
        ...

    async def forget(self, channel: str) -> None:
        """What waits for it, and that it takes nothing: it is gone. What was told stays known."""
        ...

    async def lines(self) -> Mapping[str, Line]:
        """How the channels stand of which anything is known."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """A message with what there is to say about it."""

    message: Message
    run: Run | None
    task: Task | None  # None: it is gone
    first: int = 0  # the run that was pressed, where this one tries it again; else the run itself
    output: Sequence[str] = ()  # its last lines, where the author lets them be told


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it goes out. `thread` is the same for all about one run and its further attempts."""

    subject: str
    text: str
    html: str
    key: str  # one of its own
    thread: str = ""
    bad: bool = False  # it tells of a failure


class Writer(Protocol):
    """Puts messages into words."""

    def letter(self, told: Told, language: str, zone: str) -> Letter: ...

    def digest(self, told: Sequence[Told], language: str, zone: str) -> Letter:
        """Several in one, oldest first."""
        ...

    def confirmation(self, address: str, url: str, language: str) -> Letter:
        """Asks whether an address is somebody's own."""
        ...


class Post(Protocol):
    """Carries letters."""

    async def send(self, channel: Channel, addresses: Sequence[str], letter: Letter) -> None:
        """Returns when it was taken. Raises `Undelivered`; `final` where these addresses will never do."""
        ...
