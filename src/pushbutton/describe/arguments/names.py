"""The name of an input, from what a script calls it."""

from __future__ import annotations

import keyword
import re

__all__ = ["identifier"]


def identifier(called: str) -> str:
    """For "--db_host" it is "db_host", for "-site" "site", for "dry-run" "dry_run", for "2fa" "n2fa"."""
    name = re.sub(r"\W", "_", called.lstrip("-"), flags=re.ASCII).strip("_") or "value"
    if name[0].isdigit():
        name = f"n{name}"
    return f"{name}_" if keyword.iskeyword(name) else name
