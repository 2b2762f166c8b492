"""A provider's own description: its endpoints, and the keys with which it signs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet

from pushbutton.domain.networks import of_this_machine

from .failures import odd, quoted

__all__ = ["Provider", "is_safe", "read", "read_keys"]


@dataclass(frozen=True, slots=True)
class Provider:
    authorization: str
    token: str
    keys: str
    userinfo: str
    """"" if there is none."""
    auth_methods: tuple[str, ...]
    says_issuer: bool
    """It promises to name itself when the browser comes back (RFC 9207)."""


def read(about: Mapping[str, Any], issuer: str) -> Provider:
    """From its discovery document. Raises `SignInFailed`; one that claims to be another issuer is nobody's."""
    if about.get("issuer") != issuer:
        raise odd(f"the provider's document is of the issuer {quoted(about.get('issuer'))}, not {issuer!r}")
    loopback = urlsplit(issuer).scheme == "http"

    def endpoint(name: str) -> str:
        url = about.get(name)
        if not is_safe(url, loopback=loopback):
            raise odd(f"the provider's {name} is {quoted(url)}, which is no https:// address")
        return str(url)

    methods = about.get("token_endpoint_auth_methods_supported")
    return Provider(
        authorization=endpoint("authorization_endpoint"),
        token=endpoint("token_endpoint"),
        keys=endpoint("jwks_uri"),
        userinfo=endpoint("userinfo_endpoint") if "userinfo_endpoint" in about else "",
        auth_methods=tuple(map(str, methods)) if isinstance(methods, list) else ("client_secret_basic",),
        says_issuer=about.get("authorization_response_iss_parameter_supported") is True,
    )


def read_keys(about: Mapping[str, Any]) -> KeySet:
    """The keys that can check a signature; secret ones and kinds that are not known are left out."""
    found: list[Key] = []
    listed = about.get("keys")
    for data in listed if isinstance(listed, list) else []:
        if not isinstance(data, dict) or data.get("kty") not in {"RSA", "EC", "OKP"} or data.get("use") == "enc":
            continue
        try:
            found.append(JWKRegistry.import_key(data))
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    return KeySet(found)


def is_safe(url: object, *, loopback: bool) -> bool:
    """Whether it is an https:// address, or (`loopback`) an http:// one of this machine's own."""
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        host = parts.hostname or ""
        _ = parts.port  # raises for one that is none
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment:
        return False
    return parts.scheme == "https" or (loopback and parts.scheme == "http" and of_this_machine(host))
