"""The socket of a server that follows one that was killed."""

from __future__ import annotations

import socket
import threading

import pytest

from pushbutton.web import server


def test_a_port_that_becomes_free_in_a_moment_is_taken() -> None:
    before = socket.create_server(("127.0.0.1", 0))
    port = before.getsockname()[1]
    threading.Timer(0.1, before.close).start()
    with server.listen("127.0.0.1", port) as sock:
        assert sock.getsockname()[1] == port


def test_a_port_that_stays_taken_is_told_after_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "FREED", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(OSError, match="in use"):
        server.listen("127.0.0.1", other.getsockname()[1])
