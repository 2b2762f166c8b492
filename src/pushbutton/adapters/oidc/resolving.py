"""A transport of httpx that finds other machines by `resolved`, so in threads of our own."""

from __future__ import annotations

import ipaddress

import httpx

from pushbutton.adapters.name_resolution import resolved

__all__ = ["NameResolution"]

_PORTS = {"http": 80, "https": 443}


class NameResolution(httpx.AsyncHTTPTransport):
    """Connects to the addresses of a name, one after the other; the certificate is checked against the name."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        try:
            addresses = [str(ipaddress.ip_address(host))]
        except ValueError:
            try:
                addresses = list(await resolved(host, request.url.port or _PORTS.get(request.url.scheme, 0)))
            except OSError as error:
                raise httpx.ConnectError(str(error), request=request) from error
        limits = dict(request.extensions.get("timeout", {}))
        if limits.get("connect"):
            limits["connect"] /= max(1, len(addresses))
        extensions = {**request.extensions, "timeout": limits, "sni_hostname": host}
        for address in addresses:
            there = httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,
                stream=request.stream,
                extensions=extensions,
            )
            try:
                return await super().handle_async_request(there)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if address == addresses[-1]:
                    raise
        raise httpx.ConnectError(f"{host} has no address", request=request)
