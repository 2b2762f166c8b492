"""Letters by SMTP: a connection each, encrypted unless the settings say otherwise; one thread for each run."""

from __future__ import annotations

from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate

from pushbutton.domain.mail_server import MailServer
from pushbutton.domain.messages import Channel
from pushbutton.errors import Undelivered
from pushbutton.runtime.ports.messages import Letter

__all__ = ["SmtpPost"]

SECONDS = 20.0
"""For each step of one letter."""


class SmtpPost:
    """`sender` is (name, address)."""

    def __init__(self, server: MailServer, sender: tuple[str, str], password: str, *, seconds: float = SECONDS) -> None:
        self._server, self._sender, self._password, self._seconds = server, sender, password, seconds

    async def send(self, channel: Channel, addresses: Sequence[str], letter: Letter) -> None:  # noqa: ARG002  of the port
        import aiosmtplib  # noqa: PLC0415  few servers have somebody to write to

        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host, port=server.port, use_tls=server.encrypted, start_tls=server.starttls,
            timeout=self._seconds,
        )  # fmt: skip
        where = f"{server.host}:{server.port}"
        try:
            async with client:
                if server.user:
                    await client.login(server.user, self._password)
                await client.send_message(self._mail(addresses, letter), recipients=list(addresses))
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [one.code for one in error.recipients]
            why = "; ".join(f"{one.recipient}: {one.code} {one.message}" for one in error.recipients)
            raise Undelivered(where, why, final=min(codes) >= 500) from None
        except aiosmtplib.SMTPException as error:
            raise Undelivered(where, _said(error)) from None
        except (OSError, ValueError) as error:
            raise Undelivered(where, f"{type(error).__name__}: {error}") from None

    def _mail(self, addresses: Sequence[str], letter: Letter) -> EmailMessage:
        name, address = self._sender
        domain = address.rpartition("@")[2]
        mail = EmailMessage()
        mail["Subject"] = letter.subject
        mail["From"] = Address(name, addr_spec=address)
        mail["To"] = ", ".join(addresses)
        mail["Date"] = formatdate(usegmt=True)
        mail["Message-ID"] = f"<{letter.key}@{domain}>"
        if letter.thread:
            # Of a letter that was never sent: all about one run refer to it, whichever of them comes first.
            mail["In-Reply-To"] = mail["References"] = f"<{letter.thread}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"  # so that no holiday note answers
        mail["X-Auto-Response-Suppress"] = "All"
        mail.set_content(letter.text)
        mail.add_alternative(letter.html, subtype="html")
        return mail


def _said(error: Exception) -> str:
    return " ".join(str(getattr(error, "message", "") or error).split()) or type(error).__name__
