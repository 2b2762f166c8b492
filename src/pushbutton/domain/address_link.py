"""The text with which somebody confirms that an address is theirs: `<user, address and end>.pba_<signature>`. Pure.

Signed, like a hand-over link: nothing of it is kept, and whoever has no key can make none.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Final

from .run import Micros

LASTING: Final = 86_400 * 1_000_000
"""How long it counts."""


@dataclass(frozen=True, slots=True)
class Asked:
    user: str
    address: str
    until: Micros


def text(key: bytes, asked: Asked) -> str:
    said = _coded(json.dumps([asked.user, asked.address, asked.until], separators=(",", ":")).encode())
    return f"{said}.{_signature(key, said)}"


def read(key: bytes, given: str, at: Micros) -> Asked | None:
    """None for one that was changed, or is too old."""
    said, _, signature = given.partition(".")
    if not hmac.compare_digest(_signature(key, said).encode(), signature.encode(errors="replace")):
        return None
    try:
        user, address, until = json.loads(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))
    except (ValueError, TypeError, binascii.Error):
        return None
    return Asked(user, address, until) if at < until else None


def _signature(key: bytes, said: str) -> str:
    signed = hmac.new(key, f"address:{said}".encode(errors="replace"), hashlib.sha256).digest()
    return f"pba_{_coded(signed)}"


def _coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
