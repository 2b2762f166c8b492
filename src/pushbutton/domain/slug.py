"""Names as they stand in URLs and on the command line. Pure."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["slug"]

LONGEST = 80


def slug(name: str) -> str:
    """In a-z, 0-9 and "-"; "" where nothing of it can be said in these."""
    plain = (
        unicodedata.normalize("NFKD", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name)).encode("ascii", "ignore").decode()
    )
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:LONGEST].strip("-")
