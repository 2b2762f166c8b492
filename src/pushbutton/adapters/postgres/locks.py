"""Locks of a whole database, by number. Whoever takes two takes them in this order."""

from __future__ import annotations

from typing import Final

__all__ = ["HOLDER", "PEN", "SERVER"]

_OURS: Final = 20546
SERVER: Final = f"{_OURS}, 2"
"""Held by the connection through which a server writes: while it is there no other server writes."""
PEN: Final = f"{_OURS}, 1"
"""Held for a transaction that writes, of a server or of a command beside it."""
HOLDER: Final = f"""SELECT a.application_name FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.classid = {_OURS} AND l.objid = 2
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
"""Who holds `SERVER`, by the name that its connection gave."""
