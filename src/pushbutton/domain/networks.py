"""Addresses and networks, as settings name them."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from pushbutton.errors import ConfigError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(text: str, *, where: str) -> tuple[Network, ...]:
    """Addresses and networks, comma separated: `127.0.0.1, 10.0.0.0/8, ::1`. Raises `ConfigError`."""
    found = []
    for word in filter(None, (part.strip() for part in text.split(","))):
        try:
            found.append(ipaddress.ip_network(word))
        except ValueError:
            raise ConfigError(
                f"“{word[:80]}” is neither an address nor a network; write it like 127.0.0.1 or 10.0.0.0/8.", file=where
            ) from None
    return tuple(found)


def address(text: str) -> Address | None:
    """One address, without a port or brackets; None for anything else.

    An IPv4-mapped IPv6 address (`::ffff:10.0.0.1`) is the IPv4 address.
    """
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


HOUSEHOLD = 64
"""Bits of an IPv6 address that name a network; the client chooses the rest."""


def household(text: str) -> str:
    """The form in which an address is counted: an IPv6 address as its network, anything that is no address as it is."""
    one = address(text)
    if isinstance(one, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((one, HOUSEHOLD), strict=False))
    return text if one is None else str(one)


def within(one: Address, known: Sequence[Network]) -> bool:
    return any(one in network for network in known)


def of_this_machine(host: str) -> bool:
    """Whether only this machine reaches it: a name or an address, without brackets."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
