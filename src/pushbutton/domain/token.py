"""Random secrets that are given to people and programs, and the hashes that are kept of them.

The prefixes are for secret scanners: `pbr_` a run's own token, `pbt_` a person's token for programs, `pbs_` a session,
`pbi_` an invitation, `pbl_` a hand-over link. All hold at least 192 random bits, which is enough for a plain hash.
A personal token, which stays in scripts and settings for long, ends with a checksum as well: a scanner can tell it from
anything that only looks like one, without asking the server.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib

_LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_PERSONAL = re.compile(r"pbt_[0-9A-Za-z]{42}")


def new_token(prefix: str = "pbr") -> str:
    return f"{prefix}_{secrets.token_urlsafe(24)}"


def hashed(token: str) -> str:
    """The hash that the store keeps."""
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()


def personal() -> str:
    """A person's token for programs: `pbt_`, 36 random letters and digits, and six more that check them."""
    text = "pbt_" + "".join(secrets.choice(_LETTERS) for _ in range(36))
    return text + _check(text)


def is_personal(text: str) -> bool:
    """Whether it can be one: the form is right and so is the checksum."""
    return bool(_PERSONAL.fullmatch(text)) and text[-6:] == _check(text[:-6])


def unfit_for_metrics(text: str) -> bool:
    """Whether it can be no token of /metrics: it could be guessed, not be sent in a header, or be a person's."""
    return not re.fullmatch(r"[!-~]{16,}", text) or text.startswith("pbt_")


def _check(text: str) -> str:
    """CRC-32 in base 62."""
    rest, digits = zlib.crc32(text.encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, len(_LETTERS))
        digits = _LETTERS[digit] + digits
    return digits
