"""A shell's words, read character by character: quotes, what is filled in, here-documents, comments."""

from __future__ import annotations

import re
from bisect import bisect_right

from .tree import Body, Literal, NotFollowed, Parameter, Part, Substitution, Word

__all__ = ["Words"]

BLANK = " \t"
ENDS = " \t\n;&|<>()"  # of a word, outside of quotes
_NAME = re.compile(r"[A-Za-z_]\w*|\d|[@*#?$!_-]", re.ASCII)
_LONG_NAME = re.compile(r"[A-Za-z_]\w*|\d+|[@*#?$!_-]", re.ASCII)
_DEEPEST = 60


class Words:
    """`texts`: comments and here-documents with their lines, in which the help of options may stand."""

    def __init__(self, source: str, line: int = 1) -> None:
        self.source, self.at = source, 0
        self._first = line
        self.depth = 0
        self.texts: list[tuple[int, str]] = []
        self._starts = [0, *(match.end() for match in re.finditer("\n", source))]

    @property
    def line(self) -> int:
        return self._first - 1 + bisect_right(self._starts, self.at)

    def here(self, size: int = 1) -> str:
        return self.source[self.at : self.at + size]

    def lost(self, text: str) -> NotFollowed:
        return NotFollowed(self.line, text)

    def body_until(self, closing: str) -> Body:
        raise NotImplementedError

    def word(self, ends: str = ENDS) -> Word:
        line, parts = self.line, list[Part]()
        self._deeper()
        while self.at < len(self.source):
            here = self.here()
            if here in ends and not (here in "<>" and self.here(2) in ("<(", ">(")):
                break
            if here in "<>":
                self.at += 2
                parts.append(Substitution(self.body_until(")")))
            elif here == "(":
                break
            else:
                parts += self._part(here, ends)
        self.depth -= 1
        return Word(tuple(parts), line)

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.lost("it is nested too deeply")

    def _part(self, here: str, ends: str) -> list[Part]:
        if here == "\\":
            self.at += 2
            text = self.source[self.at - 1 : self.at]
            return [] if text == "\n" else [Literal(text, quoted=True)]
        if here == "'":
            return [self._single()]
        if here == '"':
            return self._double()
        if here == "$":
            return self._dollar(quoted=False)
        if here == "`":
            return [self._backtick(quoted=False)]
        if here in "?*+@!" and self.source[self.at + 1 : self.at + 2] == "(" and "(" in ends:
            return [self._extended()]
        begun = self.at
        self.at += 1
        while self.at < len(self.source) and self.here() not in f"{ends}\\'\"$`?*+@!":
            self.at += 1
        return [Literal(self.source[begun : self.at])]

    def _single(self) -> Literal:
        end = self.source.find("'", self.at + 1)
        if end < 0:
            raise self.lost("a text in quotes has no end")
        text, self.at = self.source[self.at + 1 : end], end + 1
        return Literal(text, quoted=True)

    def _double(self) -> list[Part]:
        """Behind the first quote up to the last one."""
        line = self.line
        self.at += 1
        parts: list[Part] = [Literal("", quoted=True)]
        self._deeper()
        while self.here() != '"':
            if self.at >= len(self.source):
                raise NotFollowed(line, "a text in quotes has no end")
            parts += self._inside_double()
        self.depth -= 1
        self.at += 1
        return parts

    def _inside_double(self) -> list[Part]:
        here = self.here()
        if here == "\\":
            self.at += 2
            text = self.source[self.at - 1 : self.at]
            if text == "\n":
                return []
            return [Literal(text if text in '$`"\\' else f"\\{text}", quoted=True)]
        if here == "$":
            return self._dollar(quoted=True)
        if here == "`":
            return [self._backtick(quoted=True)]
        begun = self.at
        while self.at < len(self.source) and self.here() not in '\\$`"':
            self.at += 1
        return [Literal(self.source[begun : self.at], quoted=True)]

    def _backtick(self, *, quoted: bool) -> Substitution:
        begun, line = self.at + 1, self.line
        self.at = begun
        while self.here() != "`":
            if self.at >= len(self.source):
                raise self.lost("a command in backquotes has no end")
            self.at += 2 if self.here() == "\\" else 1
        inner = re.sub(r"\\([`$\\])", r"\1", self.source[begun : self.at])
        self.at += 1
        other = type(self)(inner, line)
        other.depth = self.depth
        return Substitution(other.body_until(""), quoted=quoted)

    def _extended(self) -> Literal:
        """`@(a|b)`: a pattern of bash."""
        begun, open_ = self.at, 0
        while self.at < len(self.source):
            open_ += {"(": 1, ")": -1}.get(self.here(), 0)
            self.at += 1
            if not open_ and self.source[self.at - 1] == ")":
                return Literal(self.source[begun : self.at])
        raise self.lost("a bracket is not closed")

    def _dollar(self, *, quoted: bool) -> list[Part]:
        self.at += 1
        here = self.here()
        if here == "'" and not quoted:
            return [self._escaped()]
        if here == '"' and not quoted:
            return self._double()
        if self.here(2) == "((":
            begun = self.at
            text = self.arithmetic()
            if text is not None:
                return [Substitution(arithmetic=text, quoted=quoted)]
            self.at = begun
        if here == "(":
            self.at += 1
            return [Substitution(self.body_until(")"), quoted=quoted)]
        if here == "{":
            return [self._braces(quoted=quoted)]
        match = _NAME.match(self.source, self.at)
        if match is None:
            return [Literal("$", quoted=quoted)]
        self.at = match.end()
        return [Parameter(match[0], quoted=quoted)]

    def _escaped(self) -> Literal:
        """`$'…'`."""
        begun = self.at + 1
        self.at = begun
        while self.here() != "'":
            if self.at >= len(self.source):
                raise self.lost("a text in quotes has no end")
            self.at += 2 if self.here() == "\\" else 1
        text = self.source[begun : self.at]
        self.at += 1
        return Literal(
            re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match[1], match[1]), text), quoted=True
        )

    def arithmetic(self) -> str | None:
        """The text between `((` and `))`; None: that is something else, and nothing was read."""
        begun, open_ = self.at + 2, 2
        at = begun
        while at < len(self.source) and open_:
            open_ += {"(": 1, ")": -1}.get(self.source[at], 0)
            if open_ == 1 and self.source[at : at + 2] != "))":
                return None
            at += 1
            if open_ == 1:
                self.at = at + 1
                return self.source[begun : at - 1]
        return None

    def _braces(self, *, quoted: bool) -> Parameter:
        """`${…}`."""
        line = self.line
        self.at += 1
        before = ""
        if self.here() in ("#", "!") and self.source[self.at + 1 : self.at + 2] not in ("}", ":", "-", "="):
            before = self.here()
            self.at += 1
        match = _LONG_NAME.match(self.source, self.at)
        if match is None:
            raise self.lost("a “${” is not followed by a name")
        self.at = match.end()
        element = ""
        if self.here() == "[":
            end = self.source.find("]", self.at)
            element = self.source[self.at : end + 1]
            self.at = end + 1 if end > 0 else len(self.source)
        begun = self.at
        found = re.compile(r":?[-=?+]|##?|%%?|//?|\^\^?|,,?|:|@").match(self.source, self.at)
        operator = found[0] if found else ""
        self.at = begun + len(operator)
        rest = self._until_brace(line, plain_quotes=quoted and operator.strip(":") in ("-", "=", "?", "+"))
        shown = f"{before}{element}{operator}"
        return Parameter(match[0], shown, rest, quoted=quoted)

    def _until_brace(self, line: int, *, plain_quotes: bool) -> Word:
        """`plain_quotes`: inside of double quotes a single one is a character like others."""
        parts = list[Part]()
        self._deeper()
        while self.here() != "}":
            if self.at >= len(self.source):
                raise NotFollowed(line, "a “${” is not closed")
            if self.here() == "'" and plain_quotes:
                parts.append(Literal("'"))
                self.at += 1
            else:
                parts += self._part(self.here(), "}")
        self.depth -= 1
        self.at += 1
        return Word(tuple(parts), line)
