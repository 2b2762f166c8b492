"""A secret's value as bytes, and inside a base64 text."""

from __future__ import annotations

import binascii

URL_SAFE = bytes.maketrans(b"+/", b"-_")
SHORTEST = 4
"""Shorter values are not masked: they would turn up everywhere, and the mask itself would give them away."""
CODED = 8
"""The same for the part of a base64 text that nothing but the value decides."""


def encoded(text: str) -> bytes:
    """As a job would write it: bytes that were no text stay as they are, and half characters are kept."""
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return text.encode(errors="surrogatepass")


def in_base64(plain: bytes) -> set[bytes]:
    """The characters that stand for it in any base64 text, wherever in that text it begins."""
    found = set()
    for before in range(3):
        # Where in a group of three the value begins is unknown; the characters that its neighbours have a part in
        # are left out.
        coded = binascii.b2a_base64(b"\0" * before + plain, newline=False)
        core = coded[(before * 4 + 2) // 3 : (before + len(plain)) * 4 // 3]
        if len(core) >= CODED:
            found |= {core, core.translate(URL_SAFE)}
    return found
