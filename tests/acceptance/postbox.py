"""A real mail server for tests: it takes letters at an address, keeps them, and can be stopped and come back there."""

from __future__ import annotations

import email
import email.policy
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from email.message import EmailMessage
from typing import Any, Self

import apsw
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from .serving import Served, until


class Postbox:
    """`mails` holds what was taken, in order; where `answer` is set, it is said to each letter instead of taking it."""

    def __init__(self, **options: Any) -> None:
        self.mails: list[EmailMessage] = []
        self.answer = ""
        self.refused: dict[str, str] = {}  # what is said to a receiver
        self.logins: list[tuple[str, str]] = []
        self._options = options
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._controller: Controller | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **self._options)
        self._controller.start()

    def stop(self) -> None:
        if self._controller:
            self._controller.stop()
            self._controller = None

    def login(self, _server: object, _session: Session, _envelope: Envelope, _way: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.logins.append((given.login.decode(), given.password.decode()))
        return AuthResult(success=given.password == b"right", handled=False)

    async def handle_RCPT(  # noqa: N802  as aiosmtpd calls it
        self, _server: object, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: object, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answer:
            return self.answer
        mail = email.message_from_bytes(envelope.original_content or b"", policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    @property
    def subjects(self) -> list[str]:
        return [str(mail["subject"]) for mail in self.mails]

    def to(self, name: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if f"{name}@" in str(mail["to"])]

    def wait(self, count: int, what: str = "") -> list[EmailMessage]:
        until(lambda: len(self.mails) >= count, what=what or f"{count} letters; there are {self.subjects}")
        return self.mails


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def with_tls(cert: Any, key: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def steady(true: Callable[[], bool], seconds: float = 1.0) -> bool:
    """Whether it stays so for that time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not true():
            return False
        time.sleep(0.05)
    return True


def waiting(server: Served, channel: str) -> int:
    """How many messages wait for it."""
    with closing(apsw.Connection(str(server.data / "history.db"), flags=apsw.SQLITE_OPEN_READONLY)) as db:
        asked = "SELECT count(*) FROM messages WHERE channel = ? AND told_at IS NULL"
        return int(db.execute(asked, (channel,)).get)
