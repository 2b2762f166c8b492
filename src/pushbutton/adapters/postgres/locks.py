"""Locks of a whole database. Whoever takes two takes them in this order."""

from __future__ import annotations

from typing import Final

__all__ = ["HOLDER", "MOVE", "NODE", "NODES", "PEN"]

_OURS: Final = 20546
NODE: Final = f"hashtextextended(current_schema() || ' ' || ?::text, {_OURS})"
"""Held by the connection through which a node of that name writes: while it is there no other of that name writes."""
PEN: Final = f"{_OURS}, 1"
"""Held for a transaction that writes, of a node or of a command beside it."""
MOVE: Final = f"{_OURS}, 2"
"""Held while a history is moved into the database or out of it. A node takes `NODE` first and then looks for it; a move
takes it first and then looks for nodes: so one of both sees the other.
"""
HOLDER: Final = f"""SELECT a.application_name
FROM (SELECT {NODE} AS number) AS lock, pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND (l.classid::bigint << 32 | l.objid::bigint) = lock.number
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
"""The connection that holds `NODE`, by the name that it gave."""
NODES: Final = """SELECT a.application_name FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND a.application_name LIKE 'pushbutton (process %'
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) LIMIT 1"""
"""Any node that is connected, by that name."""
