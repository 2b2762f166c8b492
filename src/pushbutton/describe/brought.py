"""Whether a path is a file that who presses brings along, or one on the server."""

from __future__ import annotations

import re

__all__ = ["is_brought"]

_NOT_BROUGHT = re.compile(
    r"(?:^|_)(?:out|output|dest|destination|dir|directory|folder|root|target|to)(?:$|_)|(?:dir|folder|root)$"
    r"|^out_?(?:file|path|put)"
)


def is_brought(name: str) -> bool:
    """By the name of an input that is a path without a default: not where something goes, and no folder."""
    return not _NOT_BROUGHT.search(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())
