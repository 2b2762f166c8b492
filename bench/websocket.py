"""A client for WebSockets (RFC 6455), as much of one as it takes to follow a stream of texts."""

from __future__ import annotations

import base64
import os
import socket
from collections.abc import Iterator, Mapping

from machine import Missing

CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def messages(port: int, path: str, headers: Mapping[str, str], seconds: float) -> Iterator[str]:
    """What a server on this machine sends, message by message, until it closes. Raises `Missing`."""
    with socket.create_connection(("127.0.0.1", port), seconds) as sock, sock.makefile("rb") as reader:
        asked = {
            "Host": f"127.0.0.1:{port}",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            **headers,
        }
        lines = (f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in asked.items()), "", "")
        sock.sendall("\r\n".join(lines).encode())
        status = reader.readline().decode().strip()
        if " 101 " not in f"{status} ":
            raise Missing(f"{path} does not speak WebSocket: {status}")
        while reader.readline().strip():
            pass
        whole = b""
        while True:
            head = reader.read(2)
            if len(head) < 2:
                return
            last, kind, size = head[0] & 0x80, head[0] & 0x0F, head[1] & 0x7F
            if size > 125:
                size = int.from_bytes(reader.read(2 if size == 126 else 8), "big")
            data = reader.read(size)
            if kind == CLOSE:
                return
            if kind == PING:
                sock.sendall(_masked(PONG, data))
            if kind in {CONTINUED, TEXT, BINARY}:
                whole += data
                if last:
                    yield whole.decode()
                    whole = b""


def _masked(kind: int, data: bytes) -> bytes:
    """A short frame as clients have to send it."""
    mask = os.urandom(4)
    mixed = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
    return bytes((0x80 | kind, 0x80 | len(data))) + mask + mixed
