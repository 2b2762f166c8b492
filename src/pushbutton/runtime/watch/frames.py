"""Events as frames of the event-stream format of the HTML standard. Pure.

Data is always one line of ASCII JSON: CR, LF, NUL, U+2028 and lone surrogates are escaped by it, so no text of a job
can end a field or forge one.
"""

from __future__ import annotations

import json

from pushbutton.domain.event import Event, Json

PING = b":\n\n"
"""A comment: keeps proxies from closing a quiet stream."""


def frame(name: str, data: Json, number: int | None = None) -> bytes:
    """`name` is one of our own words and is not escaped; `number` is the frame's id."""
    head = f"id: {number}\n" if number is not None else ""
    return f"{head}event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode("ascii")


def event_frame(event: Event) -> bytes:
    return frame(event.kind.value, event.to_json(), event.id)


def complete(data: bytes) -> int:
    """How many bytes at the start of `data` end at a character's border, as far as that can be known.

    Holds back at most the three bytes of a UTF-8 character whose rest may still come.
    """
    for back in range(1, min(3, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 == 0x80:  # inside a character
            continue
        length = 2 if byte >> 5 == 0b110 else 3 if byte >> 4 == 0b1110 else 4 if byte >> 3 == 0b11110 else 1
        return len(data) - back if length > back else len(data)
    return len(data)
