"""The names of the server. Another name may belong to another site, and be rebound to our address."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[^\s:/?#@\\\[\]]{1,253})(?::([0-9]{1,5}))?", re.ASCII)


class Hosts:
    def __init__(self, names: Collection[str]) -> None:
        self._names = frozenset(name.rstrip(".").lower() for name in names)

    def known(self, host: str) -> bool:
        """Whether a `Host` header, with or without a port, is one of ours. Case and a dot at the end do not matter."""
        found = _HOST.fullmatch(host)
        if not found or int(found[2] or 0) > 65_535:
            return False
        name = found[1].lower()
        if name.startswith("["):
            return _is_address(name[1:-1], 6)
        name = name.removesuffix(".")
        return name in self._names or _is_address(name, 4)


def _is_address(name: str, version: int) -> bool:
    """A bare address cannot be rebound to another one."""
    try:
        return ipaddress.ip_address(name).version == version
    except ValueError:
        return False
