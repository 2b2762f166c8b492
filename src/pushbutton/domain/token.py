"""Random secrets that we give away, and the hashes by which we know them again.

The prefixes are for secret scanners: `pbr_` a run's own token, `pbt_` a person's token for programs, `pbs_` a session,
`pbi_` an invitation, `pbl_` a hand-over link. All hold at least 192 random bits, which is enough for a plain hash.
"""

from __future__ import annotations

import hashlib
import secrets


def new_token(prefix: str = "pbr") -> str:
    return f"{prefix}_{secrets.token_urlsafe(24)}"


def hashed(token: str) -> str:
    """What the store keeps of it."""
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()
