"""Requests to the provider, with a limit on their time and size."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.request import getproxies

import httpx

from .failures import down, odd
from .resolving import NameResolution

__all__ = ["LARGEST", "Wire", "json_object"]

LARGEST = 512 << 10
"""Bytes of one answer."""


class Wire:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._http: httpx.AsyncClient | None = None

    async def close(self) -> None:
        if self._http:
            await self._http.aclose()
            self._http = None

    @asynccontextmanager
    async def limited(self) -> AsyncIterator[None]:
        """Everything inside together: an answer that comes byte by byte is not endless either."""
        try:
            async with asyncio.timeout(self._seconds):
                yield
        except TimeoutError:
            raise down(f"the provider took more than {self._seconds:g} s") from None

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON object there. Raises `SignInFailed`."""
        status, body = await self.ask("GET", url, headers=dict(headers or {}))
        if status != httpx.codes.OK:
            raise down(f"{url} answered with status {status}")
        return json_object(body, url)

    async def ask(self, method: str, url: str, **more: Any) -> tuple[int, bytes]:
        """Status and body. Raises `SignInFailed`. No redirect is followed: an endpoint is where the provider says."""
        if self._http is None:
            # An answer that is not compressed cannot be small on its way and large here.
            headers = {"accept": "application/json", "accept-encoding": "identity"}
            # Behind a proxy, the proxy resolves the name.
            transport = None if set(getproxies()) - {"no"} else NameResolution()
            self._http = httpx.AsyncClient(timeout=self._seconds, headers=headers, transport=transport)
        body = bytearray()
        try:
            async with self._http.stream(method, url, **more) as answer:
                async for piece in answer.aiter_raw():
                    body += piece
                    if len(body) > LARGEST:
                        raise odd(f"{url} answered more than {LARGEST:,} bytes")
                return answer.status_code, bytes(body)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise down(f"{url} cannot be asked: {type(error).__name__} {error}".strip()) from None


def json_object(body: bytes, url: str) -> dict[str, Any]:
    """Raises `SignInFailed` for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise odd(f"{url} answered something that is no JSON object")
    return found
