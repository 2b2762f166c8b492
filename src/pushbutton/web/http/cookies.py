"""The names of our cookies. Over https a prefix of the name keeps other hosts, and plain http, from setting them."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.types import Scope


def secure(scope: Scope) -> bool:
    return bool(scope.get("scheme") == "https")


def host(scope: Scope, name: str) -> str:
    """A cookie that lets somebody in or ties a form to a browser: no other host, and no plain http, can set it. Its
    path is that of the whole host.
    """
    return f"__Host-{name}" if secure(scope) else name


def path(scope: Scope, below: str = "") -> str:
    """Where such a cookie counts; `below` the root, where it may be there alone."""
    root = str(scope.get("root_path", "")).rstrip("/")
    return "/" if secure(scope) else f"{root}/{below}"


def liking(scope: Scope, name: str) -> str:
    """A cookie with a setting of the pages, for the root alone."""
    return f"__Secure-{name}" if secure(scope) else name


def liked(request: HTTPConnection, name: str) -> str:
    """The value of such a cookie, "" where there is none; a browser may have one of a version that named them alike."""
    cookies = request.cookies
    return cookies.get(liking(request.scope, name)) or cookies.get(name, "")
