"""The address of a mail server, as the setting “smtp” has it. Pure.

smtp://user@mail.example.org:587     TLS is begun on the way (STARTTLS), or nothing is sent
smtps://user@mail.example.org:465    TLS from the beginning
smtp://relay.example.org:25?tls=no   without TLS; on this machine's own addresses, TLS is used where it is offered
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parseaddr
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from pushbutton.errors import ConfigError

from .contact import is_mail_address
from .networks import of_this_machine

PORTS: Final = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailServer:
    host: str
    port: int
    user: str = ""
    encrypted: bool = False  # from the beginning
    starttls: bool | None = True  # None: where it is offered


def mail_server(text: str, *, where: str) -> MailServer | None:
    """None for nothing. Raises `ConfigError`."""
    if not text.strip():
        return None
    wrong = ConfigError("write the mail server like smtp://user@mail.example.org:587, or smtps://….", file=where)
    try:
        parts = urlsplit(text.strip())
        port = parts.port or PORTS.get(parts.scheme, 0)
        asked = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    except ValueError:
        raise wrong from None
    if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or asked not in ({}, {"tls": "no"}):
        raise wrong
    if parts.password is not None:
        raise ConfigError("a password does not stand in the address: give it as smtp_password.", file=where)
    encrypted = parts.scheme == "smtps"
    starttls: bool | None = not encrypted
    if not encrypted and (asked or of_this_machine(parts.hostname)):
        starttls = False if asked else None
    return MailServer(parts.hostname, port, unquote(parts.username or ""), encrypted, starttls)


def mail_sender(text: str, server: MailServer | None, *, where: str) -> tuple[str, str]:
    """(name, address) of the sender; where nothing is said, one at the mail server. Raises `ConfigError`."""
    if not text.strip():
        return "Pushbutton", f"pushbutton@{server.host if server else 'localhost'}"
    name, address = parseaddr(text)
    if not is_mail_address(address):
        raise ConfigError(f"“{text}” is no sender: write it like Pushbutton <push@example.org>.", file=where)
    return name or "Pushbutton", address
