"""Files in the folder that a job has for results: how each is called, and which is a report."""

from __future__ import annotations

import os

from . import slim_json
from .opened import Refused, opened
from .reports import LINE

MOST = 1001
"""Files that are looked at: one more than may be handed over, so that it is said."""


def title(name: str) -> str:
    """“02-open_orders.csv” is “Open orders”: a number in front only says where it stands."""
    stem = name.rpartition(".")[0] or name
    plain = (stem.lstrip("0123456789").lstrip("-_. ") or stem).replace("_", " ").replace("-", " ").strip()
    return plain[:1].upper() + plain[1:]


def report(path: str, reader: int | None = None) -> bytes | None:
    """A JSON file as a line of a report. None for another one, for what is no JSON, and for what is too large."""
    if not path.endswith(".json"):
        return None
    try:
        fd, _ = opened(path, below=(), own=os.path.dirname(path), reader=reader)
    except Refused:
        return None
    try:
        data = os.read(fd, LINE)
    except OSError:
        return None
    finally:
        os.close(fd)
    try:
        value = slim_json.loads(data.decode("utf-8-sig"))
        said = {"kind": "result", "data": {"title": title(os.path.basename(path)), "json": value}}
        line = slim_json.dumps(said).encode()
    except (ValueError, TypeError, RecursionError):
        return None
    return line + b"\n" if len(line) <= LINE else None
