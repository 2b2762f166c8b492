"""A person as a proxy in front names them: by headers, which are believed from named addresses only."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pushbutton.domain.identity import Identity, group_names, one_line, user_name
from pushbutton.errors import BadInput, ConfigError, SignInFailed
from pushbutton.sentence import say

__all__ = ["TrustedProxy"]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_SENTENCE = say("The proxy in front of this server said unclearly who you are; an administrator finds why in the log.")


@dataclass(frozen=True, slots=True)
class TrustedProxy:
    """`networks`: the trusted addresses. The others: names of headers, lower case; "" for one that is not sent."""

    networks: tuple[Network, ...]
    user: str
    groups: str = ""
    title: str = ""
    email: str = ""
    separator: str = ","  # between groups

    @classmethod
    def of(
        cls, networks: str, user: str, groups: str = "", title: str = "", email: str = "", *, separator: str = ","
    ) -> TrustedProxy:
        """From the settings. Raises `ConfigError`."""
        if not user:
            raise ConfigError("name the header in which the proxy says who signed in.", file="proxy_user_header")
        headers = [header.strip().lower() for header in (user, groups, title, email)]
        named = [header for header in headers if header]
        if len(set(named)) < len(named):
            raise ConfigError("two of the proxy's headers have the same name.", file="proxy_user_header")
        if not separator.strip():
            raise ConfigError("say what stands between two groups, such as , or |.", file="proxy_groups_separator")
        return replace(cls(_networks(networks), *headers), separator=separator.strip())

    def identity(self, peer: str, headers: Iterable[tuple[bytes, bytes]]) -> Identity | None:
        """None: no person is named, or the peer is not believed. Raises `SignInFailed` for what is unclear.

        `peer`: the address at the other end of the connection itself, never what a header says of it. `headers`: raw,
        as ASGI gives them, every copy of each.
        """
        if not self._believes(peer):
            return None
        wanted = {header.encode() for header in (self.user, self.groups, self.title, self.email) if header}
        said: dict[str, list[bytes]] = {}
        for raw, value in headers:
            if (lower := raw.lower()) in wanted:
                said.setdefault(lower.decode(), []).append(value)
        for header, copies in said.items():
            if len(copies) > 1:
                times = f"“{header}” {len(copies)} times"
                raise SignInFailed(_SENTENCE, reason=f"the proxy at {peer} sent the header {times}")
        shown = {self.title, self.email}
        texts = {header: _decoded(header, copies[0], shown=header in shown) for header, copies in said.items()}
        if not texts.get(self.user):
            return None
        try:
            name = user_name(texts[self.user])
        except BadInput as error:
            raise SignInFailed(_SENTENCE, reason=f"the proxy at {peer}, in “{self.user}”: {error}") from None
        return Identity(
            name=name,
            title=one_line(texts.get(self.title)),
            email=one_line(texts.get(self.email)),
            groups=group_names(texts.get(self.groups, "").split(self.separator)),
            source="proxy",
        )

    def _believes(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False  # a socket file, or nothing
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self.networks)


def _decoded(name: str, value: bytes, *, shown: bool) -> str:
    """UTF-8; what is only `shown` may be ISO-8859-1 as well, the encoding of older HTTP."""
    try:
        return value.decode().strip()
    except UnicodeDecodeError:
        if shown:
            return value.decode("latin-1").strip()
        raise SignInFailed(_SENTENCE, reason=f"the proxy's header “{name}” is not UTF-8") from None


def _networks(text: str) -> tuple[Network, ...]:
    where = "proxy_from"
    found: list[Network] = []
    for word in filter(None, (part.strip() for part in text.split(","))):
        try:
            network = ipaddress.ip_network(word)
        except ValueError:
            raise ConfigError(
                f"“{word}” is no address or network such as 10.0.0.7 or 10.0.0.0/24.", file=where
            ) from None
        if network.prefixlen == 0:
            raise ConfigError(f"{word} is everybody; name the addresses that only the proxy has.", file=where)
        found.append(network)
    if not found:
        raise ConfigError("name the addresses of the proxy that is believed, such as 127.0.0.1.", file=where)
    return tuple(found)
