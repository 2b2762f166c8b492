"""A secret's value as it may turn up in what a job writes: plain, escaped, encoded, and one of these inside another."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from .base64 import SHORTEST, encoded, in_base64

_KEPT = (b"-._~", b"-._~/", b"-._", b"-._/", b"-._*", b"-._~!*'()", b"-._~!*'();,/?:@&=+$#")
"""Characters that programs leave as they are in a URL, beside letters and digits."""
_CODED = [code for code in range(256) if not bytes([code]).isalnum()]
_DIGITS = ("%%%02X", "%%%02x")
_QUOTES: tuple[dict[str, str], ...] = (
    {},
    {'"': "&quot;"},
    {'"': "&quot;", "'": "&#x27;"},
    {'"': "&quot;", "'": "&#39;"},
    {'"': "&quot;", "'": "&#039;"},
    {'"': "&quot;", "'": "&apos;"},
    {'"': "&#34;", "'": "&#39;"},
)
_ANGLES: tuple[dict[str, str], ...] = ({"<": "&lt;", ">": "&gt;"}, {"<": "&lt;"}, {})
_BLANKS: tuple[dict[str, str], ...] = (
    {},
    {"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"},
    {"\t": "&#09;", "\n": "&#10;", "\r": "&#13;"},
    {"\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"},
)
_MARKUP = tuple(
    str.maketrans({"&": "&amp;", **quotes, **angles, **blanks})
    for quotes in _QUOTES
    for angles in _ANGLES
    for blanks in _BLANKS
)
"""As texts and attributes of HTML and XML are written by one library or another."""
_PYTHON = {code: repr(chr(code))[1:-1] for code in range(128) if chr(code) != '"' and chr(code) != "'"}
_BYTES = {**_PYTHON, **{code: f"\\x{code:02x}" for code in range(128, 256)}}
_SHELL = {code: f"\\{code:03o}" for code in (*range(32), *range(127, 256))}
_SHELL |= {ord(char): f"\\{name}" for char, name in zip("\a\b\t\n\v\f\r\x1b\\'", "abtnvfrE\\'", strict=True)}
"""Inside of $'…': as `declare -p` and `printf %q` write what has control characters."""
_TAME = re.compile(r"[A-Za-z0-9+/=_.,:@-]*")
"""Like the lines of keys: hardly any program escapes them."""
_CORE = re.compile(rb"[A-Za-z0-9]+")
_MARKS = (b"\\", b"%", b"&")


def forms(value: str, encoding: str = "") -> dict[bytes, set[bytes]]:
    """The value and each of its lines, plain and as a string of JSON, Python, SQL, a shell, HTML or XML, also one in
    another; and the whole inside a URL, in base64 and in hexadecimal.

    By what is in each of a group: where that is not found, none of them is. With an `encoding`, all of them in that one
    as well.
    """
    found: dict[bytes, set[bytes]] = {}
    plain = encoded(value)
    if len(plain) < SHORTEST:
        return found  # its other forms are longer, and would be masked though it is not
    texts = {text for text in (value, *value.splitlines()) if len(encoded(text)) >= SHORTEST}
    for text in texts:
        written = set(map(encoded, _written(text)))
        if text == value:
            written |= _in_urls(value)
        if encoding and not text.isascii():
            written |= _coded(text, encoding)
        _add(found, max(_CORE.findall(encoded(text)), key=len, default=b""), written)
    whole = _as_numbers(plain) | in_base64(encoded(_json(value)))
    if encoding and not value.isascii():
        whole |= _as_numbers(value.encode(encoding, "replace"))
    for form in whole:
        _add(found, form, {form})
    return found


def _coded(text: str, encoding: str) -> set[bytes]:
    """As a job writes it that speaks another encoding: what that one lacks is left out, or replaced by a sign."""
    found = set()
    for form in _written(text):
        try:
            found.add(form.encode(encoding))
        except UnicodeEncodeError:
            found |= {form.encode(encoding, how) for how in ("replace", "ignore", "xmlcharrefreplace")}
    plain = text.encode(encoding, "replace").decode("latin-1")
    escaped = {*_quotes(plain.translate(_BYTES)), plain.translate(_SHELL)}
    escaped |= {form for kept in _KEPT for form in _percent(plain, kept)}
    found |= {form.encode("latin-1") for form in escaped}
    return {form for form in found if len(form.replace(b"?", b"")) >= SHORTEST}


def _as_numbers(plain: bytes) -> set[bytes]:
    return in_base64(plain) | {plain.hex().encode(), plain.hex().upper().encode()}


def _add(found: dict[bytes, set[bytes]], core: bytes, written: set[bytes]) -> None:
    if len(core) >= SHORTEST:  # what escapes a text leaves letters and digits as they are
        found.setdefault(core, set()).update(written)
        return
    for form in written:
        found.setdefault(next((mark for mark in _MARKS if mark in form), form), set()).add(form)


def _written(text: str) -> set[str]:
    if _TAME.fullmatch(text):
        slashes, number = text.replace("/", "\\/"), text.replace("+", "\\u002b")
        once = {text, slashes, number, number.replace("\\u002b", "\\u002B")}
        return once | {form.replace("\\", "\\\\") for form in once}
    once = _quoted(text)
    inner = {_json(text), _json(text, only_ascii=False), _json(text).replace("/", "\\/"), *_python(text), *_html(text)}
    return once | {form for inside in inner - {text} for outer in _OUTER for form in outer(inside)}


def _quoted(text: str) -> set[str]:
    """In one go, by all that is known here."""
    found = {text} | _python(text) | _doubled(text) | _shell(text) | {text.translate(marks) for marks in _MARKUP}
    found |= _quotes(encoded(text).decode("latin-1").translate(_BYTES))
    json_like = set()
    for only_ascii in (True, False):
        plain = _json(text, only_ascii=only_ascii)
        careful = re.sub("[<>&]", _by_number, plain)
        for form in (plain, plain.replace("/", "\\/"), careful, re.sub("['+`]", _by_number, careful)):
            json_like |= {form, form.replace('\\"', "\\u0022")}
    json_like |= {re.sub(r"\\u[0-9a-f]{4}", lambda code: f"\\u{code[0][2:].upper()}", form) for form in json_like}
    return found | json_like


def _json(text: str, *, only_ascii: bool = True) -> str:
    return json.dumps(text, ensure_ascii=only_ascii)[1:-1]


def _python(text: str) -> set[str]:
    if text.isascii():
        return _quotes(text.translate(_PYTHON))
    both = ("".join(char if char in "\"'" else show(char)[1:-1] for char in text) for show in (repr, ascii))
    return {form for plain in both for form in _quotes(plain)}


def _quotes(text: str) -> set[str]:
    """Which quotes stand around all of it decides which of those inside are escaped."""
    return {text, text.replace("'", "\\'"), text.replace('"', '\\"'), text.replace("'", "\\'").replace('"', '\\"')}


def _doubled(text: str) -> set[str]:
    """SQL, CSV and YAML."""
    return {text.replace("'", "''"), text.replace('"', '""')}


def _shell(text: str) -> set[str]:
    return {
        text.replace("'", "'\\''"),
        text.replace("'", "'\"'\"'"),
        re.sub(r"([^\w@%+=:,./-])", r"\\\1", text),
        re.sub(r'([$`"\\])', r"\\\1", text),
        encoded(text).decode("latin-1").translate(_SHELL),
        text.translate({code: form for code, form in _SHELL.items() if code < 128}),
    }


def _html(text: str) -> set[str]:
    """As most write it: each kind of quotes, and nothing but the quotes beside."""
    return {text.translate(_MARKUP[at * len(_ANGLES) * len(_BLANKS)]) for at in range(len(_QUOTES))}


_OUTER: tuple[Callable[[str], set[str]], ...] = (
    lambda text: {_json(text), _json(text, only_ascii=False)},
    _python,
    _doubled,
    _shell,
    _html,
)


def _by_number(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _in_urls(value: str) -> set[bytes]:
    """Once and twice, also as a text of JSON."""
    texts = {encoded(text).decode("latin-1") for text in (value, _json(value))}
    once = {form for text in texts for kept in _KEPT for form in _percent(text, kept)}
    twice = {form for text in once for kept in (_KEPT[0], _KEPT[-1]) for form in _percent(text, kept)}
    return {form.encode("latin-1") for form in once | twice}


def _percent(text: str, kept: bytes) -> set[str]:
    coded = {text.translate({code: digits % code for code in _CODED if code not in kept}) for digits in _DIGITS}
    return coded | {form.replace("%20", "+") for form in coded}
