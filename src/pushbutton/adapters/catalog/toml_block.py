"""The TOML of a block in a script's head: its table, where each key stands, and what is wrong with it in plain words.

TOML's own reader stops at the first thing that it does not understand, forgets where things stood, and speaks to
programmers. Lines and columns here count from 1.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .numbers import as_written
from .schema import KeyPath

__all__ = ["Fault", "Places", "read_toml"]

_AT = re.compile(r" ?\(at line (\d+), column (\d+)\)| ?\(at end of document\)")
_TEXT = re.compile(r"'''(?:.|\n)*?'{3,5}|\"\"\"(?:\\(?:.|\n)|[^\\])*?\"{3,5}|'[^'\n]*'|\"(?:\\.|[^\"\\\n])*\"")
_COMMENT = re.compile(r"#[^\n]*")
_BARE = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class Fault:
    line: int
    column: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Places:
    """Where the keys of a block stand."""

    _by_path: dict[tuple[str, ...], tuple[int, int]] = field(default_factory=dict)

    def of(self, place: KeyPath) -> tuple[int, int]:
        """Line and column; of the nearest thing above it that is written there."""
        path = [str(part) for part in place if not isinstance(part, int)]
        while path:
            if found := self._by_path.get(tuple(path)):
                return found
            path.pop()
        return 1, 1


def read_toml(lines: Sequence[str]) -> tuple[dict[str, Any], Places, Fault | None]:
    """The table (empty where it cannot be read), where its keys stand, and why it cannot be read."""
    text = "\n".join(lines)
    try:
        table = tomllib.loads(text, parse_float=as_written)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, or a number of too many digits
        return {}, Places(), _fault(text, error)
    return table, Places(_Walk(text).places()), None


# -- where


class _Walk:
    """Over a text that is TOML: from key to key, and past values."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._found: dict[tuple[str, ...], tuple[int, int]] = {}

    def places(self) -> dict[tuple[str, ...], tuple[int, int]]:
        table: tuple[str, ...] = ()
        while self._more():
            begun = self._at
            if self._text[begun] == "[":
                self._at += 2 if self._text.startswith("[[", begun) else 1
                table = self._key()
                self._note(table, begun)
                self._at = self._text.index("]", self._at)
                self._at += 2 if self._text.startswith("]]", self._at) else 1
            else:
                self._pair(table)
        return self._found

    def _pair(self, table: tuple[str, ...]) -> None:
        self._more()
        begun = self._at
        path = (*table, *self._key())
        self._note(path, begun)
        self._at = self._text.index("=", self._at) + 1
        self._value(path)

    def _value(self, path: tuple[str, ...]) -> None:
        self._more()
        sign = self._text[self._at]
        if sign in "[{":
            self._at += 1
            while self._more(",") and self._text[self._at] not in "]}":
                if sign == "[":
                    self._value(path)
                else:
                    self._pair(path)
            self._at += 1
        elif match := _TEXT.match(self._text, self._at):
            self._at = match.end()
        else:
            while self._at < len(self._text) and self._text[self._at] not in ",]}\n#":
                self._at += 1

    def _key(self) -> tuple[str, ...]:
        parts = []
        while self._more("."):
            match = _TEXT.match(self._text, self._at) or _BARE.match(self._text, self._at)
            if match is None:
                break
            parts.append(str(tomllib.loads(f"x = {match[0]}")["x"]) if match[0][0] in "'\"" else match[0])
            self._at = match.end()
        return tuple(parts)

    def _more(self, besides: str = "") -> bool:
        """Past blanks, line ends and comments."""
        while self._at < len(self._text):
            if match := _COMMENT.match(self._text, self._at):
                self._at = match.end()
            elif self._text[self._at].isspace() or self._text[self._at] in besides:
                self._at += 1
            else:
                return True
        return False

    def _note(self, path: tuple[str, ...], at: int) -> None:
        for length in range(1, len(path) + 1):
            self._found.setdefault(path[:length], _line_and_column(self._text, at))


# -- what is wrong


def _fault(text: str, error: Exception) -> Fault:
    said = _AT.sub("", str(error))
    match = _AT.search(str(error))
    at = _offset(text, int(match[1]), int(match[2])) if match and match[1] else len(text.rstrip())
    at, sentence = _words(text, said, at)
    line, column = _line_and_column(text, at)
    return Fault(line, column, sentence)


def _words(text: str, said: str, at: int) -> tuple[int, str]:
    """A better place, and a sentence, for what TOML's reader said about this place."""
    open_text, open_bracket = _open(text, at)
    if re.match(r"Illegal character '\\[nr]|Found invalid character '\\[nr]|Unterminated|Expected ['\"]{2,}", said):
        begun = at if open_text is None else open_text
        quote = text[begun : begun + 3] if text[begun : begun + 3] in ("'''", '"""') else text[begun]
        return begun, f"The text that begins here is not closed: write {quote} at its end."
    if match := re.match(r"Unclosed (array|inline table)", said):
        what, sign = ("list", "]") if match[1] == "array" else ("table", "}")
        more = ", on the same line" if sign == "}" else ""
        sentence = (
            f"The {what} that begins here is not closed: write {sign} at its end{more}, and “,” between its items."
        )
        return at if open_bracket is None else open_bracket, sentence
    if re.match(r"Illegal character|Found invalid character", said):
        return at, "A character that cannot be seen stands here: take it out."
    if said.startswith("Invalid value"):
        return at, _no_value(text, at)
    return at, next((sentence(said) for pattern, sentence in _SENTENCES if re.match(pattern, said)), _NO_TOML)


def _no_value(text: str, at: int) -> str:
    given = re.match(r"[^\s,\]}#]*", text[at:])
    word = given[0] if given else ""
    if not word:
        return 'There is no value behind the “=”: text stands in quotes, as in: title = "Back up".'
    if word.lower() in ("true", "false", "yes", "no", "on", "off"):
        return f"Write {'true' if word.lower() in ('true', 'yes', 'on') else 'false'} in place of {word}."
    return 'This is no value: text stands in quotes, as in: title = "Back up".'


def _twice(said: str) -> str:
    name = ".".join(re.findall(r"'([^']*)'", said))
    return f"“{name}” stands here twice: leave one of them."


_NO_TOML = (
    "This cannot be read as TOML: a line is a name, “=” and a value, or the head of a table such as [params.name]."
)
_SENTENCES: Sequence[tuple[str, Any]] = (
    ("Expected '='", lambda _: 'Behind a name stand “=” and its value, as in: title = "Back up".'),
    ("Expected newline", lambda _: "Something stands behind the value: one line holds one name and its value."),
    ("Expected ']", lambda _: "The head of a table is not closed: write ] at its end, as in: [params.name]."),
    ("Cannot declare|Duplicate inline", _twice),
    ("Cannot overwrite", lambda _: "This name has a value already: leave one of them."),
    (
        "Cannot (?:mutate|redefine)",
        lambda _: "This adds to a table or list that was whole already: write it in one place.",
    ),
    (r"Unescaped '\\", lambda _: "In text between \" a “\\” must be written twice; between ' it stands for itself."),
    (
        "Invalid hex|Escaped character",
        lambda _: "Behind \\u stand four digits of a character, behind \\U eight (0-9, a-f).",
    ),
    ("Invalid date", lambda _: "There is no such date or time."),
    ("Exceeds the limit", lambda _: "A number here has too many digits: put it in quotes."),
    ("maximum recursion", lambda _: "Lists or tables in one another go too deep."),
)


def _open(text: str, upto: int) -> tuple[int | None, int | None]:
    """Where the text begins that is not closed, and the last list or table that is not closed before `upto`."""
    brackets: list[int] = []
    for begun, sign in _signs(text):
        if sign in "'\"":
            return begun, brackets[-1] if brackets else None
        if begun >= upto:
            break
        if sign in "[{":
            brackets.append(begun)
        elif brackets:
            brackets.pop()
    return None, brackets[-1] if brackets else None


def _signs(text: str) -> Iterator[tuple[int, str]]:
    """Brackets outside of text and comments, and as the last one the quote that begins a text without an end."""
    at = 0
    while at < len(text):
        if match := _COMMENT.match(text, at) or _TEXT.match(text, at):
            empty = match[0] in ("''", '""') and text.startswith(match[0][0], match.end())
            if empty:  # three of them begin a text of several lines, which has no end
                yield at, match[0][0]
                return
            at = match.end()
            continue
        if text[at] in "'\"":
            yield at, text[at]
            return
        if text[at] in "[]{}":
            yield at, text[at]
        at += 1


def _offset(text: str, line: int, column: int) -> int:
    begun = 0
    for _ in range(line - 1):
        begun = text.index("\n", begun) + 1
    return begun + column - 1


def _line_and_column(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1
