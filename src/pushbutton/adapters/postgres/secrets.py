"""Stored secrets of nodes that share a database: rows of it, each sealed with the key that all nodes share.

A value is bound to its name: moved under another one, it does not open. Names are not secret.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from pushbutton.errors import NoSuchSecret, SecretsLocked, StoreDamaged
from pushbutton.runtime.ports.people import Sealed

from .connections import Connections
from .pieces import Pieces

__all__ = ["SharedSecrets"]

Ask = Callable[[str, Sequence[Any]], Iterable[tuple[Any, ...]]]
"""Carries a statement out, each by itself."""

_PUT = """INSERT INTO secrets (name, sealed) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed RETURNING 1"""


class SharedSecrets:
    """Everything here blocks for the time of a statement, and raises `StoreError` as well."""

    def __init__(self, ask: Ask, seal: Sealed, text: Callable[[bytes], str]) -> None:
        """`seal`: by the key that all nodes share; `text`: a value as a job gets it, raises for what none could get."""
        self._ask, self._seal, self._text = ask, seal, text

    @classmethod
    def of(cls, connections: Connections, seal: Sealed, text: Callable[[bytes], str]) -> SharedSecrets:
        link = Pieces(connections)
        return cls(lambda sql, values: link.do(lambda db: list(db.execute(sql, values))), seal, text)

    def names(self) -> Collection[str]:
        return [str(name) for (name,) in self._ask("SELECT name FROM secrets ORDER BY name", ())]

    def get(self, name: str) -> str:
        """Raises `NoSuchSecret`, `SecretsLocked`."""
        for (sealed,) in self._ask("SELECT sealed FROM secrets WHERE name = ?", (name,)):
            return self._open(name, str(sealed))
        raise NoSuchSecret(name)

    def put(self, name: str, value: bytes) -> None:
        """Keep it, in the place of what was there. Raises what `text` raises."""
        list(self._ask(_PUT, (name, self._seal.close(json.dumps([name, self._text(value)])))))

    def remove(self, name: str) -> None:
        """Raises `NoSuchSecret`."""
        if not list(self._ask("DELETE FROM secrets WHERE name = ? RETURNING 1", (name,))):
            raise NoSuchSecret(name)

    def rotate(self) -> int:
        """Raises `SecretsLocked`: their key seals more than them."""
        raise SecretsLocked(
            "Secrets in a database are sealed with the server.key that all nodes share, which seals the audit trail as "
            "well and stays what it is."
        )

    def all(self) -> Mapping[str, str]:
        """Raises `SecretsLocked`."""
        rows = self._ask("SELECT name, sealed FROM secrets ORDER BY name", ())
        return {str(name): self._open(str(name), str(sealed)) for name, sealed in rows}

    def _open(self, name: str, sealed: str) -> str:
        try:
            bound, value = json.loads(self._seal.open(sealed))
        except StoreDamaged:
            bound, value = "", ""
        if bound != name:
            raise SecretsLocked(f"The stored secret “{name}” does not open with the key that is there: set it anew.")
        return str(value)
