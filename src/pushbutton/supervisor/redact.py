"""Takes secrets out of a stream of bytes, before anything is written.

A value may be split over two reads: the end of what was read is held back, but only as much of it as could be the
beginning of a secret, so that other output is not delayed.
"""

from __future__ import annotations

import json

MASK = b"\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2"  # three bullets
SHORTEST = 4
"""Shorter values are not masked: they would turn up everywhere, and the mask itself would give them away."""


class Redactor:
    """Longer values first, so that one which contains another is masked whole."""

    def __init__(self, values: list[str]) -> None:
        raw = {value.encode(errors="surrogateescape") for value in values}
        raw |= {
            json.dumps(value, ensure_ascii=plain)[1:-1].encode(errors="replace")
            for value in values
            for plain in (True, False)
        }
        raw |= {line for value in raw if b"\n" in value for line in value.splitlines()}
        self._values = sorted((v for v in raw if len(v) >= SHORTEST), key=len, reverse=True)
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """What may be written now."""
        if not self._values:
            return data
        data = self._held + data
        clean, held = self._split(data, hold=True)
        self._held = held
        return clean

    def finish(self) -> bytes:
        """What was held back and turned out to be harmless."""
        held, self._held = self._held, b""
        return self._split(held, hold=False)[0]

    def clean(self, text: str) -> str:
        """A whole text at once, for events."""
        if not self._values:
            return text
        return self._split(text.encode(errors="surrogateescape"), hold=False)[0].decode(errors="replace")

    def _split(self, data: bytes, *, hold: bool) -> tuple[bytes, bytes]:
        """(what may be written, what must wait). The leftmost value is masked first, of several there the longest."""
        parts = []
        at = 0
        while True:
            wait = len(data) - self._begun(data, at) if hold else len(data)
            found = [(place, -len(value)) for value in self._values if (place := data.find(value, at)) >= 0]
            if not found or min(found)[0] >= wait:
                parts.append(data[at:wait])
                return b"".join(parts), data[wait:]
            place, length = min(found)
            parts += data[at:place], MASK
            at = place - length

    def _begun(self, data: bytes, start: int) -> int:
        """How many bytes at the end, `start` at the earliest, are the beginning of some value."""
        longest = 0
        for value in self._values:
            for length in range(min(len(value) - 1, len(data) - start), longest, -1):
                if data.endswith(value[:length]):
                    longest = length
                    break
        return longest
