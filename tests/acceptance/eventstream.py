"""An event-stream parser after the HTML standard's text, written from it alone: bytes in, events out.

It shares nothing with the code that is tested, and is strict where the standard is: an event that is cut is no event.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    data: str
    last_id: str  # what a browser would send as Last-Event-ID after this event


class Parser:
    """`feed` bytes, cut anywhere; `retry`, `last_id` and `comments` are as of the bytes so far."""

    def __init__(self, last_id: str = "") -> None:
        self.last_id = last_id
        self.retry: int | None = None
        self.comments: list[str] = []
        self._id = last_id
        self._decode = codecs.getincrementaldecoder("utf-8")("replace")
        self._begun = False
        self._after_cr = False
        self._line = ""
        self._name = ""
        self._data: list[str] = []

    def feed(self, data: bytes) -> list[Event]:
        text = self._decode.decode(data)
        if text and not self._begun:
            self._begun = True
            text = text.removeprefix("\ufeff")  # one, at the very start
        if text and self._after_cr:
            text = text.removeprefix("\n")  # the second half of CR LF
        if text:
            self._after_cr = text.endswith("\r")
        *lines, self._line = _END.split(self._line + text)
        return [event for line in lines if (event := self._end(line))]

    @property
    def cut(self) -> bool:
        """Whether the stream ended inside a line or an event: that part does not count."""
        return bool(self._line or self._data or self._name)

    def _end(self, line: str) -> Event | None:
        if not line:
            return self._dispatch()
        field, colon, value = line.partition(":")
        if not field and colon:
            self.comments.append(value)
            return None
        value = value.removeprefix(" ")
        match field:
            case "event":
                self._name = value
            case "data":
                self._data.append(value)
            case "id" if "\0" not in value:
                self._id = value
            case "retry" if value.isascii() and value.isdigit():
                self.retry = int(value)
        return None

    def _dispatch(self) -> Event | None:
        self.last_id = self._id
        name, data = self._name, self._data
        self._name, self._data = "", []
        return Event(name or "message", "\n".join(data), self.last_id) if data else None


def parsed(data: bytes) -> list[Event]:
    return Parser().feed(data)


def events(pieces: Iterator[bytes]) -> Iterator[Event]:
    parser = Parser()
    for piece in pieces:
        yield from parser.feed(piece)
