"""A job's reports: lines made whole, bounded in length and number, and without secrets."""

from __future__ import annotations

import sys

from . import reported_file, slim_json
from .redact import Redactor
from .reported_file import Named

LINE = 64 << 10  # the longest line taken; the rest of it is dropped
CUT = " … (cut: "
"""The mark behind a text of which `job.channel` left out the end."""
MOST = 100_000  # lines taken of one run: a loop that reports without end must not fill the history
MOST_BYTES = 64 << 20  # the same in bytes


class Awaited:
    """A report whose process waits for a word on the pipe `receipt`: until what it wrote before is taken."""

    __slots__ = ("line", "receipt")

    def __init__(self, line: str, receipt: str) -> None:
        self.line, self.receipt = line, receipt


class Reports:
    """`taken` counts lines; `full` is True from the first one on that is too much. `spoiled` counts those of them that
    a fault of ours kept from being read.
    """

    def __init__(self, redact: Redactor, encoding: str = "") -> None:
        self.taken = self.spoiled = 0
        self.full = False
        self._bytes = 0
        self._redact, self._encoding = redact, encoding
        self._begun: dict[int, bytes] = {}  # by descriptor: a line that is not complete

    def feed(self, fd: int, data: bytes) -> list[str | Awaited | Named]:
        """The lines that are complete with this, clean; a file that one names, by the path that it has."""
        *lines, rest = (self._begun.get(fd, b"") + data).split(b"\n")
        self._begun[fd] = rest[: LINE + 1]  # of a line without end only this much is kept
        return [found for line in lines if (found := self._take(line))]

    def finish(self, fd: int) -> list[str | Awaited | Named]:
        """A last line that was not completed."""
        found = self._take(self._begun.pop(fd, b""))
        return [found] if found else []

    def _take(self, line: bytes) -> str | Awaited | Named:
        if not line.strip():
            return ""
        self._bytes += min(len(line), LINE)
        if self.taken >= MOST or self._bytes > MOST_BYTES:
            self.full = True
            if b"artifact" not in line and b"receipt" not in line:
                return ""
        else:
            self.taken += 1
        try:
            if len(line) > LINE:  # no JSON any more, and the name of no file
                found: str | Awaited | Named = f"{self._text(_begun(line[:LINE]), cut=True)}…"
            else:
                found = self._clean(self._decoded(line))
            if not self.full or isinstance(found, Named):  # files have a limit of their own
                return found
            return Awaited("", found.receipt) if isinstance(found, Awaited) else ""
        except Exception:  # noqa: BLE001  a fault of ours costs this one line; the job that wrote it must not die of it
            self.spoiled += 1
            sys.excepthook(*sys.exc_info())  # to the spool's log, as if it had ended us
            return ""

    def _decoded(self, line: bytes) -> str:
        """Reports are UTF-8; a line of a job that speaks another encoding may be in that one."""
        if self._encoding:
            try:
                return line.decode()
            except UnicodeDecodeError:
                return line.decode(self._encoding, "replace")
        return line.decode(errors="replace")

    def _clean(self, text: str) -> str | Awaited | Named:
        """Without secrets, also those that would only be whole once JSON or terminal escapes are undone.

        What a line is, is decided when these are undone, and nothing is undone after that.
        """
        try:
            value = _understood(text)
            if isinstance(value, str):
                return reported_file.in_line(value) or self._text(value)
            if named := reported_file.in_json(value):
                return named
            receipt = _receipt(value)
            line = slim_json.dumps(self._cleaned(value))
            return Awaited(line, receipt) if receipt else line
        except RecursionError:
            return f"status {self._text(text)}"  # so that no later reader undoes it

    def _text(self, text: str, *, cut: bool = False) -> str:
        return self._redact.clean(without_escapes(text), cut=cut)

    def _cleaned(self, value: object) -> object:
        if isinstance(value, str):
            head, mark, tail = value.rpartition(CUT)
            return f"{self._text(head, cut=True)}{mark}{self._text(tail)}" if mark else self._text(value)
        if isinstance(value, list):
            return [self._cleaned(inner) for inner in value]
        if isinstance(value, dict):
            return {str(self._cleaned(key)): self._cleaned(inner) for key, inner in value.items()}
        if isinstance(value, int | float) and not isinstance(value, bool):
            digits = slim_json.dumps(value)
            clean = self._redact.clean(digits)
            return value if clean == digits else clean  # a PIN is a secret as well
        return value


def _receipt(value: object) -> str:
    """Taken out of what a process says while it waits; "": it waits for nothing."""
    data = value.get("data") if isinstance(value, dict) else None
    receipt = data.pop("receipt", "") if isinstance(data, dict) else ""
    return receipt if isinstance(receipt, str) else ""


def names_file(text: str) -> bool:
    """Whether a line names a file once every escape is undone that any reader undoes."""
    try:
        value = _understood(text[:LINE])
    except RecursionError:
        return False  # a status, to a reader
    return bool(reported_file.in_line(value) if isinstance(value, str) else reported_file.in_json(value))


def _understood(text: str) -> object:
    """The report in a line, JSON or text, without terminal escapes, as it is read later. Raises RecursionError for JSON
    that is nested too deeply to be looked through.
    """
    plain = without_escapes(text).strip()
    if plain.startswith("{"):
        try:
            said = slim_json.loads(plain)
        except ValueError:
            pass  # no JSON: a line like any other. Nested too deeply for us is another thing: others may get further
        else:
            return _plain(said)
    return plain


def _plain(value: object) -> object:
    """Its texts, and its keys, without terminal escapes."""
    if isinstance(value, str):
        return without_escapes(value)
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, dict):
        return {without_escapes(key): _plain(inner) for key, inner in value.items()}
    return value


def _begun(line: bytes) -> str:
    """The text of a line that was cut, without what would be a piece of a character or of a terminal escape."""
    end = len(line)
    while end and end > len(line) - 4 and line[end - 1] & 0xC0 == 0x80:
        end -= 1
    text = line[: end - 1 if end and line[end - 1] >= 0xC0 else end].decode(errors="replace")
    head, escape, tail = text.rpartition("\x1b")
    return head if escape and all(" " <= char <= "?" for char in tail[1:]) else text


def without_escapes(text: str) -> str:
    """Terminal escapes: they are not shown, and they must not tear a secret into two harmless halves.

    By hand, because `re` takes as long to load as all the rest.
    """
    plain, *escaped = text.split("\x1b")
    return plain + "".join(map(_behind_escape, escaped))


def _behind_escape(text: str) -> str:
    """The rest of a text that follows an ESC; all, with the ESC, where that begins nothing."""
    if text.startswith("["):  # parameters, what stands in between, and a last letter
        at = 1
        while "0" <= text[at : at + 1] <= "?":
            at += 1
        while " " <= text[at : at + 1] <= "/":
            at += 1
        return text[at + 1 :] if "@" <= text[at : at + 1] <= "~" else f"\x1b{text}"
    if text.startswith("]"):  # a title or a link, up to a BEL or the next ESC
        return text.partition("\x07")[2]
    return text[1:] if "@" <= text[:1] <= "_" else f"\x1b{text}"
