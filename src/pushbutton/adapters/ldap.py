"""Sign-in with an LDAP directory: look the person up, then ask the directory to take their password (search, then bind).

The password goes to the directory alone, and never in the clear: ldaps://, or ldap:// with StartTLS, with a certificate
that is checked. Only ldap:// to this machine's own loopback address may do without, when no `ca` is given.

bonsai speaks through the system's libldap. It is not installed with Pushbutton, because it is built on the spot.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pushbutton.domain.identity import Identity, group_names, one_line, user_name
from pushbutton.domain.password import LONGEST
from pushbutton.domain.text import whole
from pushbutton.errors import BadInput, ConfigError, SignInFailed

from .turns import Turns

__all__ = ["AT_ONCE", "WAITING", "Ldap"]

SECONDS = 8.0
"""For everything that one sign-in asks the directory, together."""
REFUSAL_SECONDS = 0.5
"""A refusal comes no sooner, so that its time does not tell who is in the directory."""
AT_ONCE = 4
WAITING = 30
MOST_GROUPS = 1_000

_DOWN = "The directory does not answer at this moment; try again in a minute."
_UNCLEAR = "The directory said unclearly who you are; whoever looks after this server finds why in the log."


class Ldap:
    def __init__(
        self,
        url: str,
        base: str,
        *,
        bind_dn: str = "",
        bind_password: str = "",
        user_filter: str = "(uid={name})",
        name_attribute: str = "uid",
        groups_base: str = "",
        groups_filter: str = "(|(member={dn})(uniqueMember={dn})(memberUid={name}))",
        ca: str = "",
        seconds: float = SECONDS,
    ) -> None:
        """The settings of the same names, with `ldap_` in front. Raises `ConfigError`; asks nobody anything yet."""
        try:
            import bonsai  # noqa: PLC0415  not everybody has it
        except ImportError:
            raise ConfigError(
                "sign-in with LDAP needs one more package: pip install 'pushbutton[ldap]' (docs/howto/sign-in.md says "
                "what it is built with).",
                file="ldap_url",
            ) from None
        self._bonsai = bonsai
        parts = urlsplit(url)
        if parts.scheme not in {"ldap", "ldaps"} or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ConfigError(f"“{url}” is no address such as ldaps://directory.example.org.", file="ldap_url")
        if not base:
            raise ConfigError("name where people are looked up.", file="ldap_base")
        if bind_dn and not bind_password:
            raise ConfigError(f"give the password of {bind_dn}.", file="ldap_bind_password")
        if "{name}" not in user_filter:
            raise ConfigError("the filter has to hold {name}.", file="ldap_user_filter")
        if groups_base and not ("{dn}" in groups_filter or "{name}" in groups_filter):
            raise ConfigError("the filter has to hold {dn} or {name}.", file="ldap_groups_filter")
        self._url, self._ca, self._base = url, ca, base
        self._start_tls = parts.scheme == "ldap" and (bool(ca) or not _is_own(parts.hostname))
        self._bind = (bind_dn, bind_password)
        self._user_filter, self._name_attribute = user_filter, name_attribute
        self._groups_base, self._groups_filter = groups_base, groups_filter
        self._seconds = seconds
        self._turns = Turns("ldap", AT_ONCE, WAITING)

    def close(self) -> None:
        """Waits for those who are being asked about, not longer than a sign-in may take."""
        self._turns.close()

    async def check(self, name: str, password: str) -> Identity | None:
        """Who it is, if the directory takes the password. None: nobody of that name, or not with that password.

        Raises `SignInFailed` when the directory cannot be asked or does not say clearly, `TooManySignIns`.
        """
        begun = time.monotonic()
        found = None
        # A directory takes an empty password as no sign-in at all and says yes, and C ends a text at its first NUL.
        if password and "\0" not in password and len(password) <= LONGEST and whole(password):
            try:
                plain = user_name(name)
            except BadInput:
                pass
            else:
                found = await self._turns.take(lambda: self._look(plain, password))
        if found is None:
            await asyncio.sleep(begun + REFUSAL_SECONDS - time.monotonic())
        return found

    # -- in a thread

    def _look(self, name: str, password: str) -> Identity | None:
        end = time.monotonic() + self._seconds
        try:
            with self._opened(*self._bind, end) as connection:
                entry = self._found(connection, name, end)
                # For nobody the same is asked, so that it takes as long.
                dn = str(entry.dn) if entry else f"cn={secrets.token_hex(8)},{self._base}"
                if not self._takes(dn, password, end) or entry is None:
                    return None
                return self._identity(entry, self._groups(connection, entry, end))
        except self._bonsai.LDAPError as error:
            raise SignInFailed(_DOWN, reason=f"the directory at {self._url}: {_reason(error)}") from None

    def _opened(self, dn: str, password: str, end: float) -> Any:
        client = self._bonsai.LDAPClient(self._url, self._start_tls)
        client.set_cert_policy("demand")
        if self._ca:
            client.set_ca_cert(self._ca)
        if dn:
            client.set_credentials("SIMPLE", user=dn, password=password)
        return client.connect(timeout=self._left(end))

    def _found(self, connection: Any, name: str, end: float) -> Any:
        """The entry of that name; None if there is none. Raises `SignInFailed` if there are several."""
        wanted = [self._name_attribute, "cn", "displayName", "mail", "memberOf"]
        scope = self._bonsai.LDAPSearchScope.SUBTREE
        condition = _filled(self._user_filter, {"name": name})
        try:
            entries = connection.search(self._base, scope, condition, wanted, self._left(end), 2)
        except self._bonsai.errors.SizeLimitError:
            entries = [None, None]
        if len(entries) > 1:
            raise SignInFailed(_UNCLEAR, reason=f"the directory has several entries for {condition}")
        return entries[0] if entries else None

    def _takes(self, dn: str, password: str, end: float) -> bool:
        """Whether the directory lets them in. Anything that it answers but yes is a no: locked, expired, unknown."""
        errors = self._bonsai.errors
        try:
            self._opened(dn, password, end).close()
        except (errors.ConnectionError, errors.TimeoutError, errors.ClosedConnection):
            raise
        except self._bonsai.LDAPError:
            return False
        return True

    def _groups(self, connection: Any, entry: Any, end: float) -> frozenset[str]:
        if not self._groups_base:
            return group_names(self._first_of(dn) for dn in entry.get("memberOf", []))
        mine = {"dn": str(entry.dn), "name": self._name(entry)}
        scope = self._bonsai.LDAPSearchScope.SUBTREE
        condition = _filled(self._groups_filter, mine)
        groups = connection.search(self._groups_base, scope, condition, ["cn"], self._left(end), MOST_GROUPS)
        return group_names(name for group in groups for name in group.get("cn", []))

    def _first_of(self, dn: object) -> object:
        """`ops` of `cn=ops,ou=groups,dc=example,dc=org`."""
        try:
            return self._bonsai.LDAPDN(str(dn)).rdns[0][0][1]
        except (self._bonsai.errors.InvalidDN, IndexError):
            return None

    def _name(self, entry: Any) -> str:
        """As the directory writes it. Of several always the same, whichever was typed: it is one person."""
        return min((text for text in entry.get(self._name_attribute, []) if isinstance(text, str)), default="")

    def _identity(self, entry: Any, groups: frozenset[str]) -> Identity:
        try:
            name = user_name(self._name(entry))
        except BadInput as error:
            reason = f"the {self._name_attribute} of {one_line(str(entry.dn))}: {error}"
            raise SignInFailed(_UNCLEAR, reason=reason) from None
        return Identity(
            name=name,
            title=one_line(next(iter(entry.get("displayName", []) or entry.get("cn", [])), "")),
            email=one_line(next(iter(entry.get("mail", [])), "")),
            groups=groups,
            source="ldap",
        )

    def _left(self, end: float) -> float:
        left = end - time.monotonic()
        if left <= 0:
            raise SignInFailed(_DOWN, reason=f"the directory at {self._url} took more than {self._seconds:g} s")
        return left


def _filled(template: str, values: Mapping[str, str]) -> str:
    """The filter with these values, each escaped as RFC 4515 says, so that none can end what it stands in."""
    return re.sub(r"\{(dn|name)\}", lambda place: _escaped(values.get(place[1], "")), template)


def _escaped(text: str) -> str:
    return re.sub(r"[\\*()\0]", lambda char: f"\\{ord(char[0]):02x}", text)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__} {one_line(str(error))}"


def _is_own(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
