"""A secret's value as it may turn up in what a job writes: plain, escaped, encoded."""

from __future__ import annotations

import binascii
import json
import re

URL_SAFE = bytes.maketrans(b"+/", b"-_")
SHORTEST = 4
"""Shorter values are not masked: they would turn up everywhere, and the mask itself would give them away."""
CODED = 8
"""The same for the part of a base64 text that nothing but the value decides."""
_KEPT = (b"-._~", b"-._~/", b"-._", b"-._/", b"-._*", b"-._~!*'()", b"-._~!*'();,/?:@&=+$#")
"""What programs leave as it is in a URL, beside letters and digits."""
_MARKUP = tuple(
    str.maketrans(marks)
    for marks in (
        {"'": "&#x27;", '"': "&quot;"},
        {"'": "&#39;", '"': "&#34;"},
        {"'": "&apos;", '"': "&quot;"},
        {"'": "'"},
    )
)


def forms(value: str) -> set[bytes]:
    """The value and each of its lines, plain and as a string of JSON, Python, a shell or HTML; and the whole inside a
    URL, in base64 and in hexadecimal.
    """
    plain = value.encode(errors="surrogateescape")
    if len(plain) < SHORTEST:
        return set()  # its other forms are longer, and would be masked though it is not
    texts = {text for text in (value, *value.splitlines()) if len(text.encode(errors="surrogateescape")) >= SHORTEST}
    found = {form.encode(errors="surrogateescape") for text in texts for form in (text, *_quoted(text))}
    return found | _in_urls(plain) | in_base64(plain) | {plain.hex().encode(), plain.hex().upper().encode()}


def _quoted(text: str) -> set[str]:
    found = {repr(text)[1:-1], repr(text.encode(errors="surrogateescape"))[2:-1]}
    for only_ascii in (True, False):
        plain = json.dumps(text, ensure_ascii=only_ascii)[1:-1]
        careful = re.sub("[<>&]", _by_number, plain)
        for form in (plain, plain.replace("/", "\\/"), careful, re.sub("['+`]", _by_number, careful)):
            found |= {form, form.replace('\\"', "\\u0022")}
    found |= {re.sub(r"\\u[0-9a-f]{4}", lambda code: f"\\u{code[0][2:].upper()}", form) for form in found}
    found |= {text.replace("'", "'\\''"), text.replace("'", "'\"'\"'"), re.sub(r"([^\w@%+=:,./-])", r"\\\1", text)}
    markup = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return found | {markup.translate(marks) for marks in _MARKUP}


def _by_number(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _in_urls(plain: bytes) -> set[bytes]:
    found = set()
    for digits in (b"%%%02X", b"%%%02x"):
        for kept in _KEPT:
            coded = b"".join(c if c.isalnum() or c in kept else digits % c[0] for c in _bytes(plain))
            found |= {coded, coded.replace(b"%20", b"+")}
    return found


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


def _bytes(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]
