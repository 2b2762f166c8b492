"""Takes secrets out of a stream of bytes, before anything is written.

A value may be split over two reads: the end of what was read is held back, but only as much of it as could be the
beginning of a secret, so that other output is not delayed. A beginning that nothing follows is let go by `release`,
as long as it is only a small part of the value; should the rest come after all, that is masked.

A value may also be broken into lines of any width: what is looked through is the stream without its line breaks. Blanks
are not looked at either where a value has some itself, for it is there that texts are wrapped, and indented. A line
break behind the very first byte of a value is the exception: that byte is shown, for many a line ends in it.
"""

from __future__ import annotations

import re

from .forms import SHORTEST, forms, in_base64

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MASK = b"\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2"  # three bullets
GAP = 32
"""So many bytes may stand between two of a value that is broken into lines: the break, and an indent."""
SHOWN = 3
"""A beginning inside a line is let go up to so many bytes; before a line break, up to a third of the value."""


class Redactor:
    """A byte is masked when it lies in any form of any value, however these overlap.

    `token` is one of ours, good for one run: it is looked for as it is and in base64. Alone, it is not looked for in
    lines of other widths, which would cost a second look at each byte.
    """

    def __init__(self, values: list[str], token: str = "") -> None:
        spaced = any(" " in value or "\t" in value for value in values)
        self._breaks = (b"\r\n \t" if spaced else b"\r\n") if values else b""
        some = {form for value in values for form in forms(value)} | {token.encode(), *in_base64(token.encode())}
        dense = {form.translate(None, self._breaks) for form in some}
        found = sorted(form for form in dense if len(form) >= SHORTEST)
        # Mostly there is neither a backslash nor a percent sign, and one look tells that for all forms with one.
        marked = {mark: [form for form in found if mark in form] for mark in (b"\\", b"%")}
        plain = [form for form in found if not any(mark in form for mark in marked)]
        self._groups = [(mark, group) for mark, group in ((b"", plain), *marked.items()) if group]
        self._forms = found
        self._patterns: dict[bytes, re.Pattern[bytes]] = {}
        self._tail = b""  # what may go on; some of it may be written already
        self._done = 0  # so much of the tail is written, or masked
        self._masked = 0  # where in the tail the last mask ends

    @property
    def holds(self) -> bool:
        """Whether something is held back."""
        return self._done < len(self._tail)

    def feed(self, data: bytes) -> bytes:
        """What may be written now."""
        if not self._forms:
            return data
        self._tail += data
        return self._pass(lambda _, __: False)

    def release(self) -> bytes:
        """Nothing came for a while: what was held back and says little of a secret."""
        broken = self._tail.endswith((b"\n", b"\r"))
        return self._pass(lambda seen, whole: seen <= (whole // 3 if broken else min(SHOWN, whole // 3)))

    def finish(self) -> bytes:
        """What was held back and turned out to be harmless."""
        return self._pass(lambda _, __: True)

    def clean(self, text: str) -> str:
        """A whole text at once, for events."""
        if not self._forms:
            return text
        data = text.encode(errors="surrogateescape")
        clean, _, _ = _masked(data, self._spans(data, self._dense(data)), len(data), 0, 0)
        return clean.decode(errors="replace")

    def _pass(self, let_go: Callable[[int, int], bool]) -> bytes:
        """`let_go(seen, whole)`: whether a beginning of `seen` bytes of a form that has `whole` may be written."""
        data = self._tail
        dense = self._dense(data)
        begun = self._begun(data, dense)
        held = (self._hidden(data, start, len(data)) for start, seen, whole in begun if not let_go(seen, whole))
        upto = min(held, default=len(data))
        clean, done, masked = _masked(data, self._spans(data, dense), upto, self._done, self._masked)
        kept = min((start for start, _, _ in begun), default=len(data))
        self._tail, self._done, self._masked = data[kept:], done - kept, masked - kept
        return clean

    def _dense(self, data: bytes) -> bytes:
        return data.translate(None, self._breaks) if self._breaks else data

    def _spans(self, data: bytes, dense: bytes) -> Iterator[tuple[int, int]]:
        """(start, end) of each value in the data, by their starts; those that overlap are one."""
        # Looking for one form after the other is far quicker than a pattern, and mostly there is nothing to find.
        there = [form for mark, group in self._groups if mark in dense for form in group if form in dense]
        found = sorted(span for form in there for span in self._places(form, data))
        while found:
            start, end = found[0]
            at = 1
            while at < len(found) and found[at][0] < end:
                end = max(end, found[at][1])
                at += 1
            del found[:at]
            yield start, end

    def _places(self, form: bytes, data: bytes) -> Iterator[tuple[int, int]]:
        """Also where it overlaps itself."""
        pattern = self._patterns.get(form)
        if pattern is None:
            gap = b"[%s]{0,%d}+" % (re.escape(self._breaks), GAP) if self._breaks else b""
            pattern = re.compile(gap.join(re.escape(form[at : at + 1]) for at in range(len(form))))
            self._patterns[form] = pattern
        found = pattern.search(data)
        while found:
            yield self._hidden(data, *found.span()), found.end()
            found = pattern.search(data, found.start() + 1)

    def _hidden(self, data: bytes, start: int, end: int) -> int:
        """From where a value that begins at `start` is not shown."""
        at = start + 1
        while at < end and data[at] in self._breaks:
            at += 1
        return at if b"\n" in data[start:at] or b"\r" in data[start:at] else start

    def _begun(self, data: bytes, dense: bytes) -> list[tuple[int, int, int]]:
        """Every value that may have begun at the end of the data: (its start, bytes of it seen, its length)."""
        begun = []
        for form in self._forms:
            at = dense.find(form[:1], max(0, len(dense) - len(form) + 1))
            while at >= 0:
                if form.startswith(dense[at:]):
                    begun.append((len(dense) - at, len(form)))
                at = dense.find(form[:1], at + 1)
        if not begun:
            return []
        places = self._last(data, max(seen for seen, _ in begun))
        return [(places[seen - 1], seen, whole) for seen, whole in begun if seen <= len(places)]

    def _last(self, data: bytes, most: int) -> list[int]:
        """Where the last bytes stand that are looked at, the last first, as far back as no gap is too wide."""
        places: list[int] = []
        gap = 0
        for at in range(len(data) - 1, -1, -1):
            if data[at] not in self._breaks:
                gap = 0
                places.append(at)
                if len(places) == most:
                    break
            elif (gap := gap + 1) > GAP:
                break
        return places


def _masked(data: bytes, spans: Iterator[tuple[int, int]], upto: int, done: int, masked: int) -> tuple[bytes, int, int]:
    """What is to be written of `data[done:upto]`, how far it is done then, and where its last mask ends."""
    parts: list[bytes] = []
    for start, end in spans:
        if start > upto and start >= masked:
            break
        if end <= done:
            continue
        parts.append(data[done:start])
        if start >= masked:
            parts.append(MASK)
        done = masked = end
    if done < upto:
        parts.append(data[done:upto])
        done = upto
    return b"".join(parts), done, masked
