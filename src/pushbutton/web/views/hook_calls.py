"""The calls of a hook as its page shows them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pushbutton.domain.hook import Delivery, Scheme, Verdict
from pushbutton.web.words.i18n import mark

SCHEMES: Final[Mapping[Scheme, str]] = {
    Scheme.GITHUB: mark("GitHub (X-Hub-Signature-256)"),
    Scheme.GITLAB: mark("GitLab (X-Gitlab-Token)"),
    Scheme.STANDARD: mark("Standard Webhooks (webhook-signature)"),
    Scheme.HMAC: mark("Another one: HMAC-SHA-256 in a header"),
}
_SHOWN: Final[Mapping[Verdict, tuple[str, str, str]]] = {
    Verdict.PRESSED: ("succeeded", "check", mark("Pressed")),
    Verdict.SEEN: ("skipped", "halt", mark("Seen before")),
    Verdict.NO_MATCH: ("skipped", "halt", mark("No match")),
    Verdict.UNFIT: ("failed", "cross", mark("Did not fit")),
    Verdict.UNREADABLE: ("failed", "cross", mark("Not readable")),
    Verdict.UNSIGNED: ("failed", "cross", mark("Not signed")),
    Verdict.PAUSED: ("attention", "halt", mark("Paused")),
    Verdict.REFUSED: ("failed", "cross", mark("Refused")),
}
MOST_SHOWN: Final = 4000
"""Characters of a body."""


@dataclass(frozen=True, slots=True)
class CallRow:
    delivery: Delivery
    colour: str
    icon: str
    word: str
    body: str
    cut: bool
    again: bool  # it can be read once more


def row(one: Delivery) -> CallRow:
    colour, icon, word = _SHOWN[one.verdict]
    believed = one.verdict is not Verdict.UNSIGNED
    return CallRow(one, colour, icon, word, one.body[:MOST_SHOWN], len(one.body) > MOST_SHOWN, believed)
