"""The values that a source may give."""

from __future__ import annotations

from pushbutton.supervisor.redact import Redactor

__all__ = ["LARGEST", "Missing", "is_short", "text"]

LARGEST = 64 << 10
"""Bytes; the system takes no longer variable than twice this."""


class Missing(Exception):
    """A source has no usable value; the message goes on from “… cannot be had from …:” and holds nothing of it."""


def text(data: bytes) -> str:
    """The value, without the line break that editors and `echo` put behind it. Raises `Missing`."""
    data = data[:-2] if data.endswith(b"\r\n") else data.removesuffix(b"\n")
    if not data:
        raise Missing("it is empty")
    if len(data) > LARGEST:
        raise Missing(f"it is longer than {LARGEST >> 10} KiB")
    if b"\0" in data:
        raise Missing("it holds a zero byte, which no variable can hold")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Missing("it is not UTF-8") from None


def is_short(data: bytes) -> bool:
    """Whether jobs could show it: it is too short to be masked. Raises `Missing`, as `text`."""
    return Redactor([text(data)]).unmasked > 0
