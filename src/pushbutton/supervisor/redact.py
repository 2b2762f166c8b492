"""Takes secrets out of a stream of bytes, before anything is written.

A value may be split over two reads: the end of what was read is held back, but only as much of it as could be the
beginning of a secret, so that other output is not delayed. A beginning that nothing follows is let go by `release`,
as long as it is only a small part of the value; should the rest come after all, that is masked.

A value may also be broken into lines of any width: what is looked through is the stream without its line breaks. Blanks
are not looked at either where a value has some itself, for it is there that texts are wrapped, and indented. A line
break behind the very first byte of a value is the exception: that byte is shown, for many a line ends in it.
"""

from __future__ import annotations

from .base64 import SHORTEST, encoded, in_base64

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator

MASK = b"\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2"  # three bullets
ASCII_MASK = b"***"
"""Of a job that speaks another encoding: what it writes, a file too, may be in that one or in UTF-8."""
GAP = 32
"""So many bytes may stand between two of a value that is broken into lines: the break, and an indent."""
SHOWN = 3
"""A beginning inside a line is let go up to so many bytes; before a line break, up to a third of the value."""


class Redactor:
    """A byte is masked when it lies in any form of any value, however these overlap.

    `encoding`: that of the stream, where it is not UTF-8: values are looked for in both. A text for an event is UTF-8.

    `token` is one of ours, good for one run: it is looked for as it is and in base64. Alone, it is not looked for in
    lines of other widths, which would cost a second look at each byte.

    One Redactor is for one stream: `feed` it from the beginning, `finish` it at the end. `anew` is for another one.
    `unmasked` counts the values that are too short to be looked for.
    """

    def __init__(self, values: list[str], token: str = "", encoding: str = "") -> None:
        self._mask = ASCII_MASK if encoding else MASK
        spaced = any(" " in value or "\t" in value for value in values)
        self._breaks = (b"\r\n \t" if spaced else b"\r\n") if values else b""
        groups: dict[bytes, set[bytes]] = {}
        for core, written in _forms(values, token, encoding).items():
            dense = {form for form in map(self._dense, written) if len(form) >= SHORTEST}
            groups.setdefault(self._dense(core), set()).update(dense)
        # Mostly there is nothing to find, and one look for what all of a group have in them tells that.
        self._groups = [(core, sorted(group)) for core, group in groups.items() if group]
        self.unmasked = sum(len(value) > 0 and self._least(value, encoding) < SHORTEST for value in values)
        self._begins: dict[bytes, list[bytes]] = {}  # by their beginnings, which many share; the longest comes first
        self._heads: dict[bytes, set[int]] = {}  # by their first one, two or three bytes, how long forms are
        for form in sorted(set().union(*groups.values()), key=len, reverse=True):
            self._begins.setdefault(form[:SHORTEST], []).append(form)
            for seen in range(1, SHORTEST):
                self._heads.setdefault(form[:seen], set()).add(len(form))
        self._patterns: dict[bytes, re.Pattern[bytes]] = {}
        self._tail = b""  # what may go on; some of it may be written already
        self._done = 0  # so much of the tail is written, or masked
        self._masked = 0  # where in the tail the last mask ends

    def _least(self, value: str, encoding: str) -> int:
        """How many bytes the value has in the encoding in which it has fewest."""
        coded = value.encode(encoding, "replace") if encoding else encoded(value)
        return min(len(self._dense(encoded(value))), len(self._dense(coded)))

    def anew(self) -> Redactor:
        """For another stream with the same values, without the work of taking them apart."""
        other = Redactor.__new__(Redactor)
        other.__dict__.update(self.__dict__, _tail=b"", _done=0, _masked=0)
        return other

    @property
    def holds(self) -> bool:
        """Whether something is held back."""
        return self._done < len(self._tail)

    def feed(self, data: bytes) -> bytes:
        """The bytes that may be written now."""
        if not self._groups:
            return data
        self._tail += data
        return self._pass(lambda _, __: False)

    def release(self) -> bytes:
        """Nothing came for a while: what was held back and says little of a secret."""
        broken = self._tail.endswith((b"\n", b"\r"))
        return self._pass(lambda seen, whole: seen <= (whole // 3 if broken else min(SHOWN, whole // 3)))

    def finish(self) -> bytes:
        """The bytes that were held back and turned out to be harmless."""
        return self._pass(lambda _, __: True)

    def clean(self, text: str, *, cut: bool = False) -> str:
        """A whole text at once, for events. `cut`: there was more of it, and what may be the beginning of a value at
        its end goes, too.
        """
        if not self._groups:
            return text
        data = encoded(text)
        dense = self._dense(data)
        begun = self._begun(data, dense) if cut else ()
        upto = min((self._hidden(data, start, len(data)) for start, _, _ in begun), default=len(data))
        clean, _, _ = _masked(data, self._spans(data, dense), upto, 0, 0, MASK)
        return clean.decode(errors="replace")

    def _pass(self, let_go: Callable[[int, int], bool]) -> bytes:
        """`let_go(seen, whole)`: whether a beginning of `seen` bytes of a form that has `whole` may be written."""
        data = self._tail
        dense = self._dense(data)
        begun = self._begun(data, dense)
        held = (self._hidden(data, start, len(data)) for start, seen, whole in begun if not let_go(seen, whole))
        upto = min(held, default=len(data))
        spans = self._spans(data, dense)
        clean, done, masked = _masked(data, spans, upto, self._done, self._masked, self._mask)
        kept = min((start for start, _, _ in begun), default=len(data))
        self._tail, self._done, self._masked = data[kept:], done - kept, masked - kept
        return clean

    def _dense(self, data: bytes) -> bytes:
        return data.translate(None, self._breaks) if self._breaks else data

    def _spans(self, data: bytes, dense: bytes) -> Iterator[tuple[int, int]]:
        """(start, end) of each value in the data, by their starts; those that overlap are one."""
        # Looking for one form after the other is far quicker than a pattern.
        there = [form for core, group in self._groups if core in dense for form in group if form in dense]
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
        if not self._breaks:
            at = data.find(form)
            while at >= 0:
                yield at, at + len(form)
                at = data.find(form, at + 1)
            return
        import re  # noqa: PLC0415  see `_forms`

        pattern = self._patterns.get(form)
        if pattern is None:
            gap = b"[%s]{0,%d}+" % (re.escape(self._breaks), GAP)
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
        for seen in range(1, min(SHORTEST, len(dense) + 1)):
            begun += [(seen, whole) for whole in self._heads.get(dense[-seen:], ())]
        for at in self._beginnings(dense):
            rest = dense[at:]
            for form in self._begins.get(dense[at : at + SHORTEST], ()):
                if len(rest) < len(form) and form.startswith(rest):
                    begun.append((len(rest), len(form)))
        if not begun:
            return []
        places = self._last(data, max(seen for seen, _ in begun))
        return [(places[seen - 1], seen, whole) for seen, whole in begun if seen <= len(places)]

    def _beginnings(self, dense: bytes) -> Iterator[int]:
        """Where a form may begin that is longer than what is left from there."""
        if len(dense) < len(self._begins):
            yield from range(len(dense) - SHORTEST + 1)
            return
        for begin, (longest, *_) in self._begins.items():
            at = dense.find(begin, max(0, len(dense) - len(longest) + 1))
            while at >= 0:
                yield at
                at = dense.find(begin, at + 1)

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


def _forms(values: list[str], token: str, encoding: str) -> dict[bytes, set[bytes]]:
    """By what each of a group has in it. Only a run that has secrets pays for what takes them apart, which takes as
    long to load as all the rest.
    """
    found = {form: {form} for form in (token.encode(), *in_base64(token.encode())) if form}
    if values:
        from .secret_forms import forms  # noqa: PLC0415

        for value in values:
            for core, written in forms(value, encoding).items():
                found.setdefault(core, set()).update(written)
    return found


def _masked(
    data: bytes, spans: Iterator[tuple[int, int]], upto: int, done: int, masked: int, mask: bytes
) -> tuple[bytes, int, int]:
    """The bytes to write for `data[done:upto]`, how far it is done then, and where its last mask ends."""
    parts: list[bytes] = []
    for start, end in spans:
        if start > upto and start >= masked:
            break
        if end <= done:
            continue
        parts.append(data[done:start])
        if start >= masked:
            parts.append(mask)
        done = masked = end
    if done < upto:
        parts.append(data[done:upto])
        done = upto
    return b"".join(parts), done, masked
