"""What an address of a mail server means."""

from __future__ import annotations

import pytest

from pushbutton.domain.mail_server import MailServer, mail_sender, mail_server
from pushbutton.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("smtp://mail.example.org", MailServer("mail.example.org", 587)),
        ("smtp://ada%40x@mail.example.org:25", MailServer("mail.example.org", 25, "ada@x")),
        ("smtps://mail.example.org", MailServer("mail.example.org", 465, encrypted=True, starttls=False)),
        ("smtp://relay:25?tls=no", MailServer("relay", 25, starttls=False)),
        ("smtp://localhost:25", MailServer("localhost", 25, starttls=None)),
    ],
)
def test_addresses_of_mail_servers(text, expected):
    assert mail_server(text, where="smtp") == expected


@pytest.mark.parametrize(
    "text", ["mail.example.org", "http://x", "smtp://", "smtp://x/y", "smtp://x:a", "smtp://x?tls=1"]
)
def test_what_is_none_is_refused_with_an_example(text):
    with pytest.raises(ConfigError, match="smtp://user@mail"):
        mail_server(text, where="smtp")


def test_a_password_in_the_address_is_refused_and_not_repeated():
    with pytest.raises(ConfigError, match="smtp_password") as refused:
        mail_server("smtp://ada:geheim@mail.example.org", where="smtp")
    assert "geheim" not in str(refused.value)


def test_senders():
    assert mail_sender("Buttons <p@example.org>", None, where="smtp_from") == ("Buttons", "p@example.org")
    assert mail_sender("p@example.org", None, where="smtp_from") == ("Pushbutton", "p@example.org")
    assert mail_sender("", MailServer("m.example.org", 25), where="") == ("Pushbutton", "pushbutton@m.example.org")
    with pytest.raises(ConfigError, match="no sender"):
        mail_sender("nobody", None, where="smtp_from")
