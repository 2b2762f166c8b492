"""Text that people can trust: characters that cannot be seen, or that reverse others, are shown as escapes.

Control and format characters, blanks of other kinds than the common one, marks of direction, tag letters, fillers,
selectors of variants and halves of characters become `\\u202e` and the like. Emoji stay as they are, with the selectors
and joiners that belong to them, and so do joiners between the letters of scripts that are written with them. Blanks
that the eye passes over (in front, behind, several together) become "␣". Letters that look like others are not seen
through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["in_browsers", "pieces", "unseen", "visible"]

_EMOJI = (
    r"\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff"
    r"\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
_STYLED = rf"{_EMOJI}0-9#*\u00a9\u00ae\u203c\u2049\u2122\u2139"  # what a selector makes an emoji, or a text again
_JOINING = r"\u0620-\u06d3\u06fa-\u06ff\u0750-\u077f\u08a0-\u08c9\u0900-\u0dff"
_IGNORED = (
    r"\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb"
    r"\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_SEEN_FORMATS = r"\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"  # Cf by name, and rare
_UNSEEN = (
    rf"[\0-\x1f\x7f-\xa0\xad\u1680\u2000-\u200b\u200e\u200f\u2028-\u202f\u205f-\u206f\u3000{_IGNORED}{_SEEN_FORMATS}]"
    rf"|(?<![{_STYLED}])[\ufe00-\ufe0f]|(?<=[{_STYLED}])[\ufe00-\ufe0d]"
    rf"|(?<![{_EMOJI}\ufe0f{_JOINING}])[\u200c\u200d]|[\u200c\u200d](?![{_EMOJI}{_JOINING}])"
)
_TAGGED = ("gbeng", "gbsct", "gbwls")  # of the flags that are written with tag letters, the three that there are
_FLAGS = "|".join(
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in tag) + "\U000e007f" for tag in _TAGGED
)
_BLANKS = r"^ +| +$| {2,}"
_HALVES = r"[\ud800-\udfff]"
_ONE_LINE = re.compile(f"(?P<flag>{_FLAGS})|(?P<unseen>{_UNSEEN}|{_HALVES})|(?P<blank>{_BLANKS})")
_LINES = re.compile(f"(?P<flag>{_FLAGS})|(?P<kept>[\n\t])|(?P<unseen>{_UNSEEN}|{_HALVES})|(?P<blank> +$)", re.MULTILINE)


def pieces(text: str, *, lines: bool = False) -> Iterator[tuple[str, str]]:
    """The text in pieces: ("", as it is), ("unseen", an escape) or ("blank", a sign for each blank).

    With `lines` it may have several, with tabs and blanks in front of them.
    """
    at = 0
    for match in (_LINES if lines else _ONE_LINE).finditer(text):
        kind = match.lastgroup or ""
        if kind not in ("unseen", "blank"):
            continue
        if match.start() > at:
            yield "", text[at : match.start()]
        yield kind, "␣" * len(match[0]) if kind == "blank" else _escape(match[0])
        at = match.end()
    if at < len(text):
        yield "", text[at:]


def visible(text: str, *, lines: bool = False) -> str:
    return "".join(piece for _, piece in pieces(text, lines=lines))


def unseen(text: str, *, lines: bool = False) -> bool:
    """Whether it holds characters that cannot be seen, or that turn others round. Blanks are not meant."""
    return any(kind == "unseen" for kind, _ in pieces(text, lines=lines))


def in_browsers() -> str:
    """The pattern of one character that has to be escaped, as JavaScript reads it with the flag “u”."""
    return re.sub(r"\\U000([0-9a-f]{5})", r"\\u{\1}", _UNSEEN).replace(r"\0", r"\x00")


def _escape(letter: str) -> str:
    return f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"
