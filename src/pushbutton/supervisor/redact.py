"""Takes secrets out of a stream of bytes, before anything is written.

A value may be split over two reads: the end of what was read is held back, but only as much of it as could be the
beginning of a secret, so that other output is not delayed.
"""

from __future__ import annotations

import binascii
import json
import re

MASK = b"\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2"  # three bullets
URL_SAFE = bytes.maketrans(b"+/", b"-_")
SHORTEST = 4
"""Shorter values are not masked: they would turn up everywhere, and the mask itself would give them away."""


def forms(value: str) -> set[bytes]:
    """The value as it may turn up: plain, each of its lines, inside JSON, inside a URL, inside base64."""
    plain = value.encode(errors="surrogateescape")
    found = {plain, *(line for line in plain.splitlines() if b"\n" in plain)}
    found |= {json.dumps(value, ensure_ascii=ascii_only)[1:-1].encode(errors="replace") for ascii_only in (True, False)}
    if len(plain) < SHORTEST:
        return found  # its other forms are longer, and would be masked though it is not
    for digits in ("%%%02X", "%%%02x"):
        for safe in (b"-._~", b"-._~/"):
            found.add(b"".join(c if c.isalnum() or c in safe else digits.encode() % c[0] for c in _bytes(plain)))
    for before in range(3):
        # Where in a group of three the value begins is unknown; the characters that its neighbours have a part in
        # are left out.
        coded = binascii.b2a_base64(b"\0" * before + plain, newline=False).rstrip(b"=")
        whole = (before + len(plain)) // 3 * 4 if (before + len(plain)) % 3 else len(coded)
        core = coded[(before * 4 + 2) // 3 : whole]
        if len(core) >= 2 * SHORTEST:
            found |= {core, core.translate(URL_SAFE)}
    return found


def _bytes(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


class Redactor:
    """Longer values first, so that one which contains another is masked whole."""

    def __init__(self, values: list[str]) -> None:
        found = {form for value in values for form in forms(value)}
        self._values = sorted((form for form in found if len(form) >= SHORTEST), key=len, reverse=True)
        # The leftmost is found first, and of several at one place the one that stands first here: the longest.
        self._any = re.compile(b"|".join(re.escape(value) for value in self._values) or rb"(?!)")
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """What may be written now."""
        if not self._values:
            return data
        clean, self._held = self._split(self._held + data, hold=True)
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
        parts: list[bytes] = []
        at, wait = 0, self._begun(data, 0) if hold else len(data)
        # Looking for one after the other is far quicker than the pattern, and mostly there is nothing to find.
        there = any(value in data for value in self._values)
        while there and (found := self._any.search(data, at)) and found.start() < wait:
            parts += data[at : found.start()], MASK
            at = found.end()
            if at > wait:
                wait = self._begun(data, at)
        parts.append(data[at:wait])
        return b"".join(parts), data[wait:]

    def _begun(self, data: bytes, start: int) -> int:
        """Where the beginning of some value may stand at the end, `start` at the earliest; the length if nowhere."""
        first = len(data)
        for value in self._values:
            at = data.find(value[:1], max(start, len(data) - len(value) + 1))
            while 0 <= at < first:
                if value.startswith(data[at:]):
                    first = at
                    break
                at = data.find(value[:1], at + 1)
        return first
