"""The words in the reader's language.

English is the source: a text is written in the code as it is shown, and a catalogue (`locale/<language>.json`) maps
it to another language. A text without translation is shown in English. Plurals are two texts, each with its own
entry. `{name}` stands for a value.

What other rooms say is a `Sentence`: it is translated by its id, with its values in their places. A plural among these
has one entry, a list with a text for each of the language's forms. A plain text, such as a job's or one that an older
version kept, is shown as it is.
"""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from markupsafe import Markup, escape

from pushbutton.sentence import Sentence, Value

LANGUAGES: Final = {"en": "English", "de": "Deutsch"}
"""By code, each named in itself."""


class Texts:
    """One language. Calling it with a source text gives the text to show."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._catalogue = _catalogue(language)

    def __call__(self, source: str, /, **values: object) -> str:
        text = self._catalogue.get(source, source)
        return text.format(**values) if values else text

    def n(self, one: str, many: str, n: int, /, **values: object) -> str:
        """`one` for exactly one, else `many`; `{n}` is the number, written for the reader."""
        return self(one if n == 1 else many, n=self.number(n), **values)

    def html(self, source: str, /, **values: object) -> Markup:
        """Like calling, but values may be HTML (`Markup`); everything else is escaped."""
        return Markup(escape(self._catalogue.get(source, source))).format(**values)  # noqa: S704 - escaped just here

    def sentence(self, said: str) -> str:
        """A sentence of another room, in this language if it has an id that the catalogue knows; else as it stands."""
        if isinstance(said, Sentence) and (entry := _said(self.language).get(said.id)):
            return self._filled(entry, said)
        return said

    def _filled(self, entry: str | list[str], said: Sentence) -> str:
        form = entry if isinstance(entry, str) else entry[_FORM[self.language](said.values.get("n"))]
        if not said.values:
            return form
        try:
            return _FILL[self.language].vformat(form, (), {name: self._value(one) for name, one in said.values.items()})
        except (LookupError, ValueError, TypeError):  # the journal holds what another version said by this id
            return said

    def _value(self, value: Value) -> Value:
        if isinstance(value, list | tuple):
            return ", ".join(str(self._value(one)) for one in value)
        return self.sentence(value) if isinstance(value, Sentence) else value

    def number(self, value: float, digits: int = 0) -> str:
        """1289 is "1,289" in English and "1.289" in German."""
        text = f"{value:,.{digits}f}"
        return text.translate(_SWAP) if self.language == "de" else text

    def size(self, count: int) -> str:
        """Bytes for people: "412 bytes", "38.2 MB"."""
        if count < 1000:
            return self.n("1 byte", "{n} bytes", count)
        amount = float(count)
        for unit in ("kB", "MB", "GB"):
            amount /= 1000
            if amount < 999.5 or unit == "GB":
                return f"{self.number(amount, 1 if amount < 100 else 0)} {unit}"
        raise AssertionError

    def percent(self, value: float) -> str:
        return f"{int(value)} %"


def mark(source: str) -> str:
    """Says that a text is for the catalogue where it is written down before it is looked up."""
    return source


class _GermanFill(string.Formatter):
    """A number with a form of its own, such as `{n:,}`, is written for the reader; one without is a name."""

    def format_field(self, value: object, format_spec: str) -> str:
        text = format(value, format_spec)
        return text.translate(_SWAP) if format_spec and isinstance(value, int | float) else text


_FILL: Final = {"de": _GermanFill()}
_FORM: Final[Mapping[str, Callable[[Value], int]]] = {"de": lambda n: int(n != 1)}
"""Which of a plural's texts is for this number. English needs neither: it is what was said."""
_SWAP = str.maketrans({",": ".", ".": ","})
_OTHERS = "sentences of other rooms"


@cache
def texts(language: str) -> Texts:
    """The one instance of a language; English for one that is not shipped."""
    return Texts(language if language in LANGUAGES else "en")


def choose(cookie: str, accept: str) -> str:
    """The language for a reader: what was chosen, else the best of the Accept-Language header, else English."""
    if cookie in LANGUAGES:
        return cookie
    wishes: list[tuple[float, str]] = []
    for part in accept.split(",")[:20]:
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        wishes.append((weight, tag.split("-")[0].lower()))
    for weight, code in sorted(wishes, key=lambda wish: -wish[0]):
        if weight > 0 and code in LANGUAGES:
            return code
    return "en"


@cache
def _sections(language: str) -> dict[str, dict[str, str | list[str]]]:
    if language == "en":
        return {}
    text = files("pushbutton.web").joinpath(f"words/locale/{language}.json").read_text("utf-8")
    sections: dict[str, dict[str, str | list[str]]] = json.loads(text)
    return sections


@cache
def _catalogue(language: str) -> dict[str, str]:
    entries = [entry for section in _sections(language).values() for entry in section.items()]
    return {source: text for source, text in entries if isinstance(text, str)}


@cache
def _said(language: str) -> dict[str, str | list[str]]:
    """By id."""
    return _sections(language).get(_OTHERS, {})


__all__ = ["LANGUAGES", "Texts", "choose", "mark", "texts"]
