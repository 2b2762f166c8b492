"""The contact for a task, as an author writes it: a name, an address, or a name before an address in <…>."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Contact", "contact_of", "is_mail_address"]

_NAMED: Final = re.compile(r"(?P<label>[^<>]*\S)\s*<(?P<address>\S+)>\s*")
_MAIL: Final = re.compile(r"[^\s@<>:/?&]+@[^\s@<>:/?&]+")
_LINK: Final = re.compile(r"https?://\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Contact:
    label: str
    href: str = ""  # mailto: or http(s); "": there is nothing to open


def contact_of(text: str) -> Contact:
    """Any text is shown; only a mail address or a link can be opened."""
    text = text.strip()
    if (named := _NAMED.fullmatch(text)) and (href := _href(named["address"])):
        return Contact(named["label"], href)
    return Contact(text, _href(text))


def is_mail_address(text: object) -> bool:
    """Whether it looks like one, and nothing else stands beside it."""
    return isinstance(text, str) and len(text) <= 254 and text.isprintable() and bool(_MAIL.fullmatch(text))


def _href(address: str) -> str:
    if _MAIL.fullmatch(address):
        return f"mailto:{address}"
    return address if _LINK.fullmatch(address) else ""
