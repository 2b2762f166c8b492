"""Tasks that a reader keeps at the top: kept with the person who signed in, or in a cookie."""

from __future__ import annotations

import re
from typing import Final

COOKIE: Final = "pins"
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
_MOST = 30


def read(cookie: str) -> tuple[str, ...]:
    """Slugs in the order in which they were added. Anything else is left out."""
    return tuple(dict.fromkeys(slug for slug in cookie.split(".") if _SLUG.fullmatch(slug)))[:_MOST]


def write(slugs: tuple[str, ...]) -> str:
    return ".".join(slugs[-_MOST:])


def turned(slugs: tuple[str, ...], slug: str, keep: bool) -> tuple[str, ...]:
    """With the slug at the end, or without it."""
    rest = tuple(other for other in slugs if other != slug)
    return (*rest, slug) if keep and _SLUG.fullmatch(slug) else rest
