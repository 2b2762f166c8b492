"""Asks the directory about people, in a process of its own: a question on stdin, the answer on stdout.

A process, because the system's libldap waits in places where nothing can be waited for with a limit (a TLS handshake),
and bonsai holds the interpreter meanwhile: as a thread of the server it would stop everything, and could not be ended.
It knows nothing but the standard library and bonsai, and its arguments hold nothing: everybody on a machine sees them.

The question is one JSON object: `url`, `start_tls`, `ca`, `bind_dn`, `bind_password`, `base`, `user_filter`,
`attributes`, `name_attribute`, `groups_base`, `groups_filter`, `name`, `password`, `nobody` (a DN that is not there).
The answer is another: `outcome` is one of `OUTCOMES`, with `dn`, `entry` (attribute: texts) and `groups` for `yes`, and
with `reason` for `trouble`.

With `names` in place of `name`, it is asked who of them may not sign in any more, whatever the password. The answer is
`looked`, with `gone` (name: why), or `trouble`: as long as anything is unclear, nobody is gone.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import bonsai

OUTCOMES = ("yes", "no", "several", "looked", "trouble")
MOST = 1_000
"""Values of one attribute, and groups."""
FEW = 20
"""Other names of one person that are tried."""
MARKS = ("pwdAccountLockedTime", "nsAccountLock", "userAccountControl", "accountExpires", "loginDisabled")
"""Attributes that say that an account is locked: OpenLDAP, 389 Directory, Active Directory (two), eDirectory."""
_BY_AN_ADMINISTRATOR = "000001010000Z"
"""OpenLDAP's mark for a lock without an end. Any other time is of somebody who guessed passwords, and passes."""
_DISABLED = 2
_NEVER = (0, (1 << 63) - 1)
_BEFORE_1970 = 11_644_473_600
"""Seconds from 1601, from which Active Directory counts tenths of a microsecond."""


def answer(question: Mapping[str, Any]) -> dict[str, Any]:
    try:
        with _opened(question, question["bind_dn"], question["bind_password"]) as connection:
            condition = filled(question["user_filter"], {"name": question["name"]})
            entries = _search(connection, question["base"], condition, question["attributes"], 2)
            if len(entries) > 1:
                return {"outcome": "several"}
            # For nobody the same is asked, so that it takes as long.
            if not _takes(question, str(entries[0].dn) if entries else question["nobody"]) or not entries:
                return {"outcome": "no"}
            entry = {name: _texts(entries[0], name) for name in question["attributes"]}
            found: dict[str, Any] = {"outcome": "yes", "dn": str(entries[0].dn), "entry": entry, "groups": []}
            if question["groups_base"]:
                mine = {"dn": found["dn"], "name": min(entry[question["name_attribute"]], default="")}
                condition = filled(question["groups_filter"], mine)
                groups = _search(connection, question["groups_base"], condition, ["cn"], MOST)
                found["groups"] = [name for group in groups for name in _texts(group, "cn")]
            return found
    except bonsai.LDAPError as error:
        return {"outcome": "trouble", "reason": f"{type(error).__name__} {error}"}


def looked(question: Mapping[str, Any]) -> dict[str, Any]:
    gone: dict[str, str] = {}
    try:
        with _opened(question, question["bind_dn"], question["bind_password"]) as connection:
            for name in question["names"]:
                entries = list(_of_name(connection, question, name))
                if len(entries) > 1:
                    continue  # unclear
                if why := locked(_raw(entries[0]), time.time()) if entries else "nobody of that name":
                    gone[name] = why
            # An account that may read nothing any more finds nobody.
            anybody = f"({question['name_attribute']}=*)"
            if gone and not _search(connection, question["base"], anybody, [question["name_attribute"]], 2):
                return {"outcome": "trouble", "reason": f"nobody at all can be seen below {question['base']}"}
    except bonsai.LDAPError as error:
        return {"outcome": "trouble", "reason": f"{type(error).__name__} {error}"}
    return {"outcome": "looked", "gone": gone}


def _of_name(connection: Any, question: Mapping[str, Any], name: str) -> Iterator[Any]:
    """The entries that could sign in under a name, with their `MARKS`. Where people type something else than what they
    are called here, that is found out first.
    """
    attribute, base, condition = question["name_attribute"], question["base"], question["user_filter"]
    typed = list(dict.fromkeys(re.findall(r"\(([A-Za-z][\w.;-]*)[^()=]*=\{name\}\)", condition)))
    names, seen = [name], set()
    if attribute.lower() not in (one.lower() for one in typed):
        for entry in _search(connection, base, f"({attribute}={_escaped(name)})", typed, MOST):
            names += [text for one in typed for text in _texts(entry, one)]
    for one in list(dict.fromkeys(names))[:FEW]:
        for entry in _search(connection, base, filled(condition, {"name": one}), [attribute, *MARKS], MOST):
            mine = name in (text.lower() for text in _texts(entry, attribute))
            if mine and str(entry.dn) not in seen:
                seen.add(str(entry.dn))
                yield entry


def locked(marks: Mapping[str, Sequence[str]], now: float) -> str:
    """Why the directory lets them in no more, by what it says of the account; "" where it says nothing of the kind.
    `now`: seconds since 1970.
    """
    values = {name: marks.get(name, [""])[0] if marks.get(name) else "" for name in MARKS}
    expires = _number(values["accountExpires"])
    if values["pwdAccountLockedTime"] == _BY_AN_ADMINISTRATOR:
        return "locked by pwdAccountLockedTime"
    if _number(values["userAccountControl"]) & _DISABLED:
        return "locked by userAccountControl"
    if expires not in _NEVER and expires / 1e7 - _BEFORE_1970 <= now:
        return "over by accountExpires"
    for name in ("nsAccountLock", "loginDisabled"):
        if values[name].lower() == "true":
            return f"locked by {name}"
    return ""


def _number(text: str) -> int:
    return int(text) if re.fullmatch("-?[0-9]{1,20}", text, re.ASCII) else 0


def _raw(entry: Any) -> dict[str, list[str]]:
    """As the directory writes them: some values come as numbers and truths."""
    return {
        name: [value.decode(errors="replace") if isinstance(value, bytes) else _text(value) for value in entry[name]]
        for name in MARKS
        if name in entry
    }


def _text(value: Any) -> str:
    return str(value).upper() if isinstance(value, bool) else str(value)


def filled(template: str, values: Mapping[str, str]) -> str:
    """The filter with these values, each escaped as RFC 4515 says, so that none can end what it stands in."""
    return re.sub(r"\{(dn|name)\}", lambda place: _escaped(values.get(place[1], "")), template)


def _escaped(text: str) -> str:
    return re.sub(r"[\\*()\0]", lambda char: f"\\{ord(char[0]):02x}", text)


def _opened(question: Mapping[str, Any], dn: str, password: str) -> Any:
    client = bonsai.LDAPClient(question["url"], question["start_tls"])
    client.set_cert_policy("demand")
    if question["ca"]:
        client.set_ca_cert(question["ca"])
    if dn:
        client.set_credentials("SIMPLE", user=dn, password=password)
    return client.connect()


def _search(connection: Any, base: str, condition: str, attributes: list[str], most: int) -> list[Any]:
    try:
        scope = bonsai.LDAPSearchScope.SUBTREE
        return list(connection.search(base, scope, condition, attributes, sizelimit=most))
    except bonsai.errors.SizeLimitError:
        if most > 2:
            raise
        return [None, None]


def _takes(question: Mapping[str, Any], dn: str) -> bool:
    """Whether the directory lets them in. Anything that it answers but yes is a no: locked, expired, unknown."""
    errors = bonsai.errors
    try:
        _opened(question, dn, question["password"]).close()
    except (errors.ConnectionError, errors.TimeoutError, errors.ClosedConnection):
        raise
    except bonsai.LDAPError:
        return False
    return True


def _texts(entry: Any, name: str) -> list[str]:
    return [value for value in entry.get(name, []) if isinstance(value, str)][:MOST]


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    sys.stdout.write(json.dumps(looked(asked) if "names" in asked else answer(asked)))
