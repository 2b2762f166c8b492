"""Sign-in with an LDAP directory: look the person up, then let the directory take their password (search, then bind).

The password goes to the directory alone, and never in the clear: ldaps://, or ldap:// with StartTLS, with a certificate
that is checked. Only ldap:// to this machine's own loopback address may do without, when no `ca` is given.

bonsai speaks through the system's libldap, in a process for each question (`lookup` says why). It is not installed with
Pushbutton, because it is built on the spot.
"""

from __future__ import annotations

import asyncio
import functools
import importlib.util
import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pushbutton.adapters.bounded_threads import BoundedThreads
from pushbutton.domain.credentials import concealed
from pushbutton.domain.encodable import is_encodable
from pushbutton.domain.environment import kept
from pushbutton.domain.identity import Identity, group_names, one_line, user_name
from pushbutton.domain.networks import of_this_machine
from pushbutton.domain.password import LONGEST
from pushbutton.errors import BadInput, ConfigError, SignInFailed

__all__ = ["AT_ONCE", "REFUSAL_SECONDS", "WAITING", "Ldap"]

SECONDS = 8.0
"""For everything that one sign-in asks the directory, together."""
REFUSAL_SECONDS = 0.5
"""A refusal comes no sooner, so that its time does not tell who is in the directory."""
LOOK_SECONDS = 20.0
"""For `MANY` people who are looked up together, when nobody waits for it."""
MANY = 50
AT_ONCE = 4
WAITING = 12

_LOOKUP = Path(__file__).with_name("lookup.py")
_DOWN = "The directory does not answer at this moment; try again in a minute."
_UNCLEAR = "The directory said unclearly who you are; an administrator finds why in the log."


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
        if not importlib.util.find_spec("bonsai"):
            raise ConfigError(
                "sign-in with LDAP needs one more package: pip install 'pushbutton[ldap]' (docs/howto/sign-in.md says "
                "what it is built with).",
                file="ldap_url",
            )
        host = _host(url)
        if not base:
            raise ConfigError("name where people are looked up.", file="ldap_base")
        if bind_dn and not bind_password:
            raise ConfigError(f"give the password of {bind_dn}.", file="ldap_bind_password")
        if "{name}" not in user_filter:
            raise ConfigError("the filter has to hold {name}.", file="ldap_user_filter")
        if groups_base and not ("{dn}" in groups_filter or "{name}" in groups_filter):
            raise ConfigError("the filter has to hold {dn} or {name}.", file="ldap_groups_filter")
        if ca and not Path(ca).is_file():
            raise ConfigError(f"there is no file {ca}.", file="ldap_ca")
        self._url, self._base, self._name_attribute = url, base, name_attribute
        self._question = {
            "url": url,
            "start_tls": url.startswith("ldap:") and (bool(ca) or not of_this_machine(host)),
            "ca": ca,
            "bind_dn": bind_dn,
            "bind_password": bind_password,
            "base": base,
            "user_filter": user_filter,
            "attributes": list(dict.fromkeys([name_attribute, "cn", "displayName", "mail", "memberOf"])),
            "name_attribute": name_attribute,
            "groups_base": groups_base,
            "groups_filter": groups_filter,
        }
        self._seconds = seconds
        self._turns = BoundedThreads("ldap", AT_ONCE, WAITING)
        self._looks = BoundedThreads("ldap-looks", 1, 0)  # of its own: who signs in does not wait for it
        self._looking: subprocess.Popen[bytes] | None = None
        self._closed = False

    def close(self) -> None:
        """Waits for those who are being asked about, not longer than a sign-in may take."""
        self._closed = True
        if self._looking:
            self._looking.kill()
        self._turns.close()
        self._looks.close()

    async def check(self, name: str, password: str) -> Identity | None:
        """The person, if the directory takes the password. None: nobody of that name, or not with that password.

        Raises `SignInFailed` when the directory cannot be asked or does not say clearly, `TooManySignIns`.
        """
        begun = time.monotonic()
        found = None
        # A directory takes an empty password as no sign-in at all and says yes, and C ends a text at its first NUL.
        if password and "\0" not in password and len(password) <= LONGEST and is_encodable(password):
            try:
                plain = user_name(name)
            except BadInput:
                pass
            else:
                found = await self._turns.take(lambda: self._look(plain, password))
        if found is None:
            await asyncio.sleep(begun + REFUSAL_SECONDS - time.monotonic())
        return found

    async def gone(self, names: Sequence[str]) -> Mapping[str, str]:
        """Those of them who are not there any more, or locked, and how that shows. Raises `SignInFailed`,
        `TooManySignIns`.
        """
        found: dict[str, str] = {}
        for begin in range(0, len(names), MANY):
            found |= await self._looks.take(functools.partial(self._look_up, names[begin : begin + MANY]))
        return found

    # -- in a thread

    def _look_up(self, names: Sequence[str]) -> dict[str, str]:
        answer = self._answer({"names": list(names)}, LOOK_SECONDS)
        if answer["outcome"] != "looked":
            raise SignInFailed(_DOWN, reason=f"the directory at {concealed(self._url)}: {one_line(answer['reason'])}")
        gone: dict[str, str] = answer["gone"]
        return gone

    def _look(self, name: str, password: str) -> Identity | None:
        nobody = f"cn={secrets.token_hex(8)},{self._base}"
        answer = self._answer({"name": name, "nobody": nobody, "password": password}, self._seconds)
        match answer["outcome"]:
            case "yes":
                return self._identity(answer)
            case "no":
                return None
            case "several":
                raise SignInFailed(_UNCLEAR, reason=f"the directory has several entries named {name}")
            case _:
                raise SignInFailed(
                    _DOWN, reason=f"the directory at {concealed(self._url)}: {one_line(answer['reason'])}"
                )

    def _answer(self, more: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        environment = {name: value for name, value in os.environ.items() if name.startswith("LDAP")}
        pipe = subprocess.PIPE
        with subprocess.Popen(
            [sys.executable, "-I", _LOOKUP],
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env={**kept(os.environ), **environment},
        ) as asking:
            if "names" in more:
                self._looking = asking
                if self._closed:
                    asking.kill()
            try:
                said, complaint = asking.communicate(json.dumps({**self._question, **more}).encode(), timeout=seconds)
            except BaseException as error:
                asking.kill()
                if not isinstance(error, subprocess.TimeoutExpired):
                    raise
                return {"outcome": "trouble", "reason": f"it took more than {seconds:g} s"}
        if asking.returncode:
            last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
            return {"outcome": "trouble", "reason": f"the process that asks ended with {asking.returncode}: {last}"}
        found: dict[str, Any] = json.loads(said)
        return found

    def _identity(self, answer: Mapping[str, Any]) -> Identity:
        entry: Mapping[str, list[str]] = answer["entry"]
        try:
            # Of several always the same, whichever was typed: it is one person.
            name = user_name(min(entry[self._name_attribute], default=""))
        except BadInput as error:
            reason = f"the {self._name_attribute} of {one_line(answer['dn'])}: {error}"
            raise SignInFailed(_UNCLEAR, reason=reason) from None
        groups = answer["groups"] if self._question["groups_base"] else map(_first_of, entry["memberOf"])
        return Identity(
            name=name,
            title=one_line(next(iter(entry["displayName"] or entry["cn"]), "")),
            email=one_line(next(iter(entry["mail"]), "")),
            groups=group_names(groups),
            source="ldap",
        )


def _first_of(dn: str) -> str:
    """`ops` of `cn=ops,ou=groups,dc=example,dc=org`, with what RFC 4514 escapes as it is; "" for what is no DN."""
    first = re.match(r"[\w.-]+=((?:\\.|[^\\,+])*)", dn)
    # One character or the two digits of a byte may follow a backslash.
    pieces = re.findall(rb"\\([0-9A-Fa-f]{2})|\\?(.)", first[1].encode(errors="replace"), re.DOTALL) if first else []
    return b"".join(bytes.fromhex(byte.decode()) if byte else char for byte, char in pieces).decode(errors="replace")


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for one that is none
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"ldap", "ldaps"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ConfigError(f"“{concealed(url)}” is no address such as ldaps://directory.example.org.", file="ldap_url")
    return parts.hostname
