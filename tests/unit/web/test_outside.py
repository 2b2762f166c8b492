"""What programs and browsers around the server ask and keep."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pushbutton import testing
from pushbutton.app import Pushbutton

CLOSED = {"proxy_user_header": "Remote-User", "proxy_from": "192.0.2.1", "admins": "user:ada"}


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Pushbutton]:
    async with testing.opened(tmp_path, data=str(tmp_path / "data"), root_path="/buttons") as app:
        yield app


def client(app: Pushbutton, scheme: str = "http") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=f"{scheme}://localhost")


async def asked(app: Pushbutton, method: str, path: str, headers: dict[bytes, bytes]) -> tuple[int, bytes]:
    """Status and body of a request with these headers and no others."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.0", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": list(headers.items()),
        "client": ("127.0.0.1", 9), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


async def test_a_balancer_that_names_no_host_learns_that_the_server_lives_and_nothing_else(app):
    assert (await asked(app, "OPTIONS", "/", {}))[0] == 204
    assert await asked(app, "GET", "/api/health", {}) == (200, b'{"ok":true}')
    for method, path in (("GET", "/"), ("GET", "/api/tasks"), ("POST", "/api/health"), ("OPTIONS", "/api/tasks")):
        assert (await asked(app, method, path, {}))[0] == 403, (method, path)
    assert (await asked(app, "OPTIONS", "/", {b"host": b"evil.example"}))[0] == 403
    assert (await asked(app, "GET", "/api/health", {b"host": b""}))[0] == 403


async def test_the_root_without_its_last_slash_leads_to_the_front_page(app):
    async with client(app) as http:
        answer = await http.get("/buttons?q=x")
        assert (answer.status_code, answer.headers["location"]) == (308, "/buttons/?q=x")
        assert "content-security-policy" in answer.headers
        assert (await http.get(answer.headers["location"])).status_code == 200
        assert (await http.get("/buttonsx")).status_code == 404


async def test_json_is_kept_in_no_cache_and_what_is_public_may_be(app):
    async with client(app) as http:
        for path in ("/api/runs", "/api/tasks", "/api/runs/7", "/api/nowhere", "/api/health"):
            assert (await http.get(f"/buttons{path}")).headers["cache-control"] == "no-store", path
        assert (await http.get("/buttons/history.csv")).headers["cache-control"] == "no-store"
        assert "no-store" not in (await http.get("/buttons/static/page.js")).headers.get("cache-control", "")


async def test_over_https_each_cookie_says_so_by_its_name(tmp_path):
    async with testing.opened(tmp_path, data=str(tmp_path / "data"), root_path="/buttons", **CLOSED) as app:
        async with client(app, "https") as http:
            cookie = (await http.get("/buttons/signin")).headers["set-cookie"]
            assert cookie.startswith("__Host-form=")
            assert {"Path=/", "Secure", "HttpOnly"} <= set(cookie.split("; "))
        async with client(app) as http:
            assert (await http.get("/buttons/signin")).headers["set-cookie"].startswith("form=")


async def test_how_somebody_liked_the_pages_counts_also_under_the_old_name(app):
    async with client(app, "https") as http:
        assert 'data-theme="dark"' in (await http.get("/buttons/", headers={"cookie": "theme=dark"})).text
        cookies = {"cookie": "theme=dark; __Secure-theme=light"}
        assert 'data-theme="light"' in (await http.get("/buttons/", headers=cookies)).text
