"""A job's text, with its web addresses as links. Pure."""

from __future__ import annotations

import re
from typing import Final

from markupsafe import Markup, escape

from pushbutton.domain.visible import unseen

_ADDRESS: Final = re.compile(r"\bhttps?://[^\s<>\"“”„‘’]{1,2000}", re.IGNORECASE)
_AFTER: Final = ".,;:!?…'*_"
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}


def linked(text: str) -> Markup:
    """Escaped. Only http and https lead anywhere; the address stands there as it is, so nobody is led elsewhere."""
    made, at = Markup(""), 0
    for found in _ADDRESS.finditer(text):
        address = _without_what_follows(found[0])
        if unseen(address) or address.endswith("://"):
            continue
        made += escape(text[at : found.start()])
        made += Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(address, address)
        at = found.start() + len(address)
    return made + escape(text[at:])


def _without_what_follows(address: str) -> str:
    """The end of a sentence, and what closes a bracket that was opened before it, are no part of an address."""
    while address:
        last = address[-1]
        if last not in _AFTER and address.count(last) <= address.count(_PAIRS.get(last, last)):
            return address
        address = address[:-1]
    return address
