"""One message to another system, and to nobody else: resolved once, looked at, and connected to what was looked at.

The name is resolved once; every address that it has must be one that may be asked (`domain.webhook.refusal`), and the
connection goes to one of these and nothing is resolved again. The certificate is checked against the name.
Redirects are not followed, no proxy or password of the environment is used, and of the answer only the head is read.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence

from pushbutton import threads
from pushbutton.domain.networks import Address, Network, address
from pushbutton.domain.webhook import Endpoint, refusal, signature
from pushbutton.errors import Undelivered

from .name_resolution import resolved

SECONDS = 10.0
"""For one attempt, name and all."""
AGAIN = frozenset({408, 425, 429})
"""Refusals that are about now, not about the message."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class Webhook:
    """`allowed` networks may be asked although they are not of the open internet, and by http."""

    def __init__(
        self,
        *,
        secret: str = "",
        allowed: Sequence[Network] = (),
        resolve: Resolve = resolved,
        seconds: float = SECONDS,
    ) -> None:
        self._secret, self._allowed, self._resolve, self._seconds = secret, allowed, resolve, seconds
        self._tls: ssl.SSLContext | None = None

    async def send(self, endpoint: Endpoint, number: int, body: bytes) -> None:
        """Returns when it was taken (2xx). Raises `Undelivered`."""
        import httpx  # noqa: PLC0415  takes a while to load, and few have somebody to tell

        try:
            async with asyncio.timeout(self._seconds):
                status = await self._post(endpoint, number, body)
        except TimeoutError:
            raise Undelivered(str(endpoint), f"no answer within {self._seconds:g} seconds") from None
        except (OSError, httpx.HTTPError, ssl.SSLError) as error:
            raise Undelivered(str(endpoint), f"{type(error).__name__}: {error}") from None
        if 300 <= status < 400:
            raise Undelivered(str(endpoint), f"it answered {status}, and redirects are not followed", final=True)
        if status >= 400:
            raise Undelivered(str(endpoint), f"it answered {status}", final=status < 500 and status not in AGAIN)

    async def _post(self, endpoint: Endpoint, number: int, body: bytes) -> int:
        import httpx  # noqa: PLC0415

        hosts = await self._looked_at(endpoint)
        headers = {
            "host": endpoint.netloc,
            "content-type": "application/json",
            "user-agent": "Pushbutton",
            "idempotency-key": str(number),
            "x-pushbutton-event": str(number),
        }
        if self._secret:
            headers["x-pushbutton-signature"] = signature(self._secret, body)
        if self._tls is None:
            self._tls = await threads.notifying(ssl.create_default_context)
        # The path goes beside the address, because httpx logs addresses, and it may hold a token.
        aside = {"sni_hostname": endpoint.host, "target": endpoint.path.encode("ascii")}
        auth = httpx.BasicAuth(endpoint.user, endpoint.password) if endpoint.user or endpoint.password else None
        async with httpx.AsyncClient(
            verify=self._tls,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(self._seconds, connect=self._seconds / len(hosts)),
        ) as client:
            for host in hosts:
                place = httpx.URL(scheme=endpoint.scheme, host=host, port=endpoint.port, path="/")
                try:
                    async with client.stream(
                        "POST", place, content=body, headers=headers, extensions=aside, auth=auth
                    ) as answer:
                        return answer.status_code
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    if host == hosts[-1]:
                        raise
        raise AssertionError("unreachable: a name without an address was refused")

    async def _looked_at(self, endpoint: Endpoint) -> Sequence[str]:
        """The addresses to connect to. One among them that may not be asked makes the whole name suspicious."""
        found: list[Address] = []
        for text in await self._resolve(endpoint.host, endpoint.port):
            one = address(text) if ":" not in text else _v6(text)
            why = refusal(one, endpoint.scheme, self._allowed) if one else f"{text} is no address"
            if one is None or why:
                raise Undelivered(str(endpoint), why, final=True)
            found.append(one)
        if not found:
            raise Undelivered(str(endpoint), "the name has no address")
        return [str(one) for one in found]


def _v6(text: str) -> Address | None:
    """With a zone (`fe80::1%eth0`) it is a neighbour's, whatever the rest says: the rest alone is enough to know."""
    return address(f"[{text.partition('%')[0]}]")
