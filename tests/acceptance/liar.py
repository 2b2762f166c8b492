"""A provider that lies as it is told, on a real socket: each attack is one field that differs from the truth.

with Liar() as liar:
    liar.claims["aud"] = "another"
    params = liar.params(begun)         # what the browser would bring back
"""

from __future__ import annotations

import base64
import hmac
import json
import threading
import time
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from pushbutton.runtime.ports.people import Begun

CLIENT = "pushbutton"


def base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


@cache
def true_key() -> RSAKey:
    return RSAKey.generate_key(2_048, {"kid": "one", "use": "sig"})


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Those who hang up are meant to."""


class Liar:
    """Everything is true until a test changes it."""

    def __init__(self) -> None:
        liar = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                liar.asked.append(self.path)
                liar.answer(self, self.path)

            def do_POST(self) -> None:
                liar.asked.append(self.path)
                liar.forms.append(self.rfile.read(int(self.headers["content-length"])).decode())
                liar.authorizations.append(self.headers.get("authorization"))
                liar.answer(self, self.path)

            def log_message(self, *_: object) -> None: ...

        self.asked: list[str] = []
        self.forms: list[str] = []
        self.authorizations: list[str | None] = []
        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        self.key: RSAKey | ECKey = true_key()
        self.keys: list[Any] = [self.key.as_dict(private=False)]
        self.discovery: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
        }
        now = int(time.time())
        self.claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": "7",
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "preferred_username": "ada",
            "groups": ["ops"],
        }
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "one"}
        self.userinfo: Any = {"sub": "7"}
        self.token: dict[str, Any] = {"access_token": "a-token", "token_type": "Bearer"}
        self.sign: Callable[[dict[str, Any], dict[str, Any]], str] = lambda header, claims: jwt.encode(
            header, claims, self.key, algorithms=[header["alg"]]
        )
        self.raw: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        """Path -> what answers there instead, with bytes of its own."""

    def params(self, begun: Begun) -> dict[str, str]:
        """What the browser brings back. The nonce is signed as it was asked for, unless the claims have another."""
        self.claims.setdefault("nonce", parse_qs(urlsplit(begun.url).query)["nonce"][0])
        return {"code": "a-code", "state": begun.state}

    def answer(self, handler: BaseHTTPRequestHandler, path: str) -> None:
        if raw := self.raw.get(path):
            return raw(handler)
        match path:
            case "/.well-known/openid-configuration":
                said: Any = self.discovery
            case "/keys":
                said = {"keys": self.keys}
            case "/userinfo":
                said = self.userinfo
            case "/token":
                said = {"id_token": self.sign(self.header, self.claims), **self.token}
            case _:
                return send(handler, 404, b"{}")
        return send(handler, 200, json.dumps(said).encode())

    def unsigned(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        """A token of the form that `alg: none` has."""
        parts = [base64url(json.dumps(part).encode()) for part in (header, claims)]
        return (b".".join(parts) + b".").decode()

    def with_shared_secret(self, secret: bytes) -> Callable[[dict[str, Any], dict[str, Any]], str]:
        """Tokens signed with HMAC, by whoever knows `secret`: a public key is known to everybody."""

        def sign(header: dict[str, Any], claims: dict[str, Any]) -> str:
            text = self.unsigned(header, claims)[:-1].encode()
            return (text + b"." + base64url(hmac.digest(secret, text, sha256))).decode()

        return sign

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"content-type": "application/json", "content-length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)
