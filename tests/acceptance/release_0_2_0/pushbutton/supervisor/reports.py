"""What a job reports: lines made whole, bounded in length and number, and without secrets."""

from __future__ import annotations

import json
import re

from .redact import Redactor

LINE = 64 << 10  # the longest line taken; the rest of it is dropped
MOST = 100_000  # lines taken of one run: a loop that reports without end must not fill the history
MOST_BYTES = 64 << 20  # the same in bytes
ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-Z\\-_]")
"""Terminal escapes: nobody shows them, and they must not tear a secret into two harmless halves."""


class Reports:
    """`taken` counts lines; `deaf` is True from the first one on that is too much."""

    def __init__(self, redact: Redactor) -> None:
        self.taken = 0
        self.deaf = False
        self._bytes = 0
        self._redact = redact
        self._begun: dict[int, bytes] = {}  # by descriptor: a line that is not complete

    def feed(self, fd: int, data: bytes) -> list[str]:
        """The lines that are complete with this, clean."""
        *lines, rest = (self._begun.get(fd, b"") + data).split(b"\n")
        self._begun[fd] = rest[: LINE + 1]  # of a line without end only this much is kept
        return [text for line in lines if (text := self._take(line))]

    def finish(self, fd: int) -> list[str]:
        """A last line that nobody completed."""
        text = self._take(self._begun.pop(fd, b""))
        return [text] if text else []

    def _take(self, line: bytes) -> str:
        if not line.strip():
            return ""
        self._bytes += min(len(line), LINE)
        if self.taken >= MOST or self._bytes > MOST_BYTES:
            self.deaf = True
            return ""
        self.taken += 1
        return self._clean(line[:LINE].decode(errors="replace") + ("…" if len(line) > LINE else ""))

    def _clean(self, text: str) -> str:
        """Without secrets, also those that would only be whole once JSON or terminal escapes are undone."""
        if text.lstrip().startswith("{"):
            try:
                return json.dumps(self._cleaned(json.loads(text)))
            except (ValueError, RecursionError):
                pass  # no JSON: a line like any other
        return self._redact.clean(ESCAPES.sub("", text))

    def _cleaned(self, value: object) -> object:
        if isinstance(value, str):
            return self._redact.clean(ESCAPES.sub("", value))
        if isinstance(value, list):
            return [self._cleaned(inner) for inner in value]
        if isinstance(value, dict):
            return {str(self._cleaned(key)): self._cleaned(inner) for key, inner in value.items()}
        return value
