"""Messages to other systems: where they may go, what they say, how they are signed. Pure.

A message is a POST of one JSON object:

    id       the event's number; the header Idempotency-Key holds it too: a message can come twice
    event    run.ended, approval.wanted
    at       when, RFC 3339
    run, task, title, state, actor, reason
    attempt  which try at the press it is: 1 for the first
    url      the run's page; "" where this server does not know its own address

and, of a run that has ended:

    next     the number of the try that follows; null: the press is over

and, while others have to approve the run before it starts:

    needs    how many of them
    until    when it ends without having started, RFC 3339
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from pushbutton.errors import ConfigError

from .approval import Hold
from .event import Event, Json, iso
from .networks import Address, Network, within
from .run import Run

PORTS = {"http": 80, "https": 443}
OPEN_V6 = ipaddress.ip_network("2000::/3")
"""The public addresses of IPv6; all others are local, this machine, or NAT64, which carries any address."""
SHUT: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        # IANA's special-purpose registries, because what Python knows of them differs from version to version.
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
        *("192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
        *("224.0.0.0/4", "240.0.0.0/4"),
        *("2001::/23", "2001:db8::/32", "3fff::/20"),  # Teredo, which carries any address, is in the first
        "2002::/16",  # 6to4 does, too
        "168.63.129.16/32",  # a cloud's inner services
    )
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    scheme: str
    host: str  # ASCII, without brackets
    port: int
    path: str  # with the query; may hold a token
    user: str = ""
    password: str = ""

    @property
    def netloc(self) -> str:
        """As the `Host` header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def key(self) -> str:
        """Tells endpoints apart, and says nothing of their tokens."""
        whole = f"{self.scheme}://{self.user}:{self.password}@{self.netloc}{self.path}"
        return hashlib.sha256(whole.encode()).hexdigest()[:16]

    def __str__(self) -> str:
        """For the log: the path may hold a token."""
        return f"{self.scheme}://{self.netloc}/…"


def endpoints(text: str, *, where: str) -> tuple[Endpoint, ...]:
    """Addresses, comma separated. Raises `ConfigError`, which repeats nothing of them: they may hold a token."""
    words = [word for word in (part.strip() for part in text.split(",")) if word]
    found = dict.fromkeys(_endpoint(word, f"address {number}", where) for number, word in enumerate(words, 1))
    return tuple(found)


def _endpoint(text: str, which: str, where: str) -> Endpoint:
    try:
        parts: SplitResult = urlsplit(text)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except (ValueError, UnicodeError):
        raise ConfigError(f"{which} is no address; write it like https://example.com/hook.", file=where) from None
    if parts.scheme not in PORTS or not host or parts.fragment or not text.isprintable() or " " in text:
        raise ConfigError(f"{which} is no address; write it like https://example.com/hook.", file=where)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise ConfigError(f"{which} has letters in its path that an address cannot have; write them as %…", file=where)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Endpoint(parts.scheme, host, port or PORTS[parts.scheme], path, user, password)


def refusal(address: Address, scheme: str, allowed: Sequence[Network]) -> str:
    """Why no message may go to this address: "" when it may. `allowed` are networks of one's own that may be asked."""
    bare = getattr(address, "ipv4_mapped", None) or address
    if within(bare, allowed):
        return ""
    if scheme != "https":
        return "it is not https; only networks that webhook_allow names are asked without"
    if not _is_open(bare):
        return f"{address} is not an address of the open internet; name its network in webhook_allow if it is meant"
    return ""


def _is_open(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address not in OPEN_V6:
        return False
    return address.is_global and not within(address, SHUT)


def ended(event: Event, run: Run, url: str) -> bytes:
    """The message that a run is over. `url` is its page's."""
    return _message("run.ended", event, run, url, {"next": run.next or None})


def wanted(event: Event, run: Run, hold: Hold, url: str) -> bytes:
    """The message that a run waits for others."""
    return _message("approval.wanted", event, run, url, {"needs": hold.missing, "until": iso(hold.until)})


def _message(name: str, event: Event, run: Run, url: str, more: Mapping[str, Json]) -> bytes:
    told = {
        "id": event.id,
        "event": name,
        "at": iso(event.at),
        "run": run.id,
        "task": run.task,
        "title": run.title,
        "state": str(event.data["state"]),
        "actor": run.actor,
        "attempt": run.cause.attempt,
        "reason": run.reason,
        **more,
        "url": url,
    }
    return json.dumps(told, ensure_ascii=False).encode(errors="replace")


def signature(secret: str, body: bytes) -> str:
    """The value of the header X-Pushbutton-Signature: HMAC-SHA256 of the body's bytes."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
