"""The token with which a job may report on its own run over HTTP."""

from __future__ import annotations

import hashlib
import secrets


def new_token() -> str:
    """192 random bits behind a prefix that secret scanners can know."""
    return "pbr_" + secrets.token_urlsafe(24)


def hashed(token: str) -> str:
    """What the store keeps of it. It is random enough for a plain hash."""
    return hashlib.sha256(token.encode()).hexdigest()
