"""The files that came to a folder that a task watches, as its page shows them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pushbutton.domain.on_file import Verdict
from pushbutton.web.words.i18n import mark

SHOWN: Final[Mapping[Verdict, tuple[str, str, str]]] = {
    Verdict.THERE: ("skipped", "halt", mark("Was there before")),
    Verdict.PRESSED: ("succeeded", "check", mark("Pressed")),
    Verdict.WAITS: ("waiting", "clock", mark("Waits")),
    Verdict.UNFIT: ("failed", "cross", mark("Did not fit")),
    Verdict.REFUSED: ("failed", "cross", mark("Refused")),
}
"""A colour, an icon and a word."""
