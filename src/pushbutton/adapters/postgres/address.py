"""The address of a database, and what of it may be shown: everything but its password."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from pushbutton.errors import StoreError

__all__ = ["Address"]

_SECRET = ("password", "sslpassword")
_SHOWN = ("user", "host", "hostaddr", "port", "dbname")


@dataclass(frozen=True, slots=True)
class Address:
    words: dict[str, Any] = field(repr=False)  # as `psycopg.connect` takes them
    shown: str
    place: str  # the same, whoever signs in there

    @classmethod
    def of(cls, text: str) -> Self:
        """Raises `StoreError`, which repeats nothing of the text: its password may stand anywhere in it."""
        if not text.startswith(("postgresql://", "postgres://")):
            raise StoreError("The address of a store begins with postgresql://, as in postgresql://user@host/database.")
        try:
            words = dict(conninfo_to_dict(text))
            if not re.fullmatch(r"[0-9,]*", str(words.get("port") or "")) or "@" in str(words.get("dbname") or ""):
                raise ValueError  # a password with a slash in it, taken for something that may be shown
        except (ProgrammingError, UnicodeError, ValueError):
            raise StoreError(
                "The address of the store cannot be read: it is postgresql://user:password@host:port/database, and in "
                "its words every /, @, : and % is written as %2F, %40, %3A and %25."
            ) from None
        known = {name: str(words.get(name) or "") for name in _SHOWN}
        return cls(words, _shown(known), _shown({**known, "user": ""}))

    def without_secrets(self, text: str) -> str:
        for name in _SECRET:
            if secret := str(self.words.get(name) or ""):
                text = text.replace(secret, "…").replace(quote(secret, safe=""), "…")
        return text


def _shown(words: dict[str, str]) -> str:
    user = f"{words['user']}@" if words["user"] else ""
    hosts, ports = (words["host"] or words["hostaddr"]).split(","), words["port"].split(",")
    ports = ports if len(ports) == len(hosts) else ports * len(hosts)
    places = ",".join(f"{host}:{port}" if port else host for host, port in zip(hosts, ports, strict=False))
    name = f"/{words['dbname']}" if words["dbname"] else ""
    return f"postgresql://{user}{places}{name}"
