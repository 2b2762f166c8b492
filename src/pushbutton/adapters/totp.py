"""The second factor: six digits that change every 30 seconds (RFC 6238), and recovery codes instead of a lost phone."""

from __future__ import annotations

import hashlib
import hmac
import io
import re
import secrets
import time
from collections.abc import Iterable

import pyotp

__all__ = ["check", "new_recovery_codes", "new_secret", "picture", "spent", "uri"]

STEP_SECONDS = 30
AROUND = 1
"""Steps before and after the present one that are taken too: clocks differ, and people need time to type."""
RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another


def new_secret() -> str:
    """160 random bits in base32: what the phone and the store keep."""
    return pyotp.random_base32()


def uri(secret: str, name: str, issuer: str = "Pushbutton") -> str:
    """The text of the picture: `otpauth://totp/…`."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


def picture(text: str) -> str:
    """A QR code as an `<svg>` for a page: no style, no script, dark on light whatever the page's colours are."""
    import segno  # noqa: PLC0415  takes a while to load, and is needed once for each person

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", scale=4, dark="#000", light="#fff", xmldecl=False, svgclass="qr", lineclass=None, nl=False
    )
    return out.getvalue().decode()


def check(secret: str, code: str, last_step: int, *, at: float | None = None) -> int | None:
    """The step whose code it is: keep it as the user's `last_step`. None: wrong, too old, or used before.

    `last_step`: 0 for a secret that was never used. `at`: Unix time, now if not given. Never the same step twice, so a
    code that somebody saw being typed is worth nothing.
    """
    typed = re.sub(r"[ \u00a0-]", "", code)
    if not re.fullmatch(r"[0-9]{6}", typed):
        return None
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    now = int((time.time() if at is None else at) // STEP_SECONDS)
    found = None
    for step in range(now - AROUND, now + AROUND + 1):  # all of them, whichever it is
        if hmac.compare_digest(totp.generate_otp(step), typed) and step > last_step:
            found = step
    return found


def new_recovery_codes() -> tuple[list[str], list[str]]:
    """Ten codes to show once, and what to keep of each. Each is 79 random bits: enough for a plain hash."""
    codes = ["-".join(_letters(4) for _ in range(4)) for _ in range(RECOVERY_CODES)]
    return codes, [_hashed(code) for code in codes]


def spent(code: str, kept: Iterable[str]) -> str | None:
    """Which of the kept hashes the code belongs to: remove it, each is good for once. None: none of them."""
    given = _hashed(code)
    found = None
    for hashed in kept:
        if hmac.compare_digest(hashed, given):
            found = hashed
    return found


def _letters(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(count))


def _hashed(code: str) -> str:
    plain = re.sub(r"[^a-z0-9]", "", code.lower())
    return hashlib.sha256(plain.encode()).hexdigest()
