"""Asks the directory about one person, in a process of its own: a question on stdin, the answer on stdout.

A process, because the system's libldap waits in places where nothing can be waited for with a limit (a TLS handshake),
and bonsai holds the interpreter meanwhile: as a thread of the server it would stop everything, and could not be ended.
It knows nothing but the standard library and bonsai, and its arguments hold nothing: everybody on a machine sees them.

The question is one JSON object: `url`, `start_tls`, `ca`, `bind_dn`, `bind_password`, `base`, `user_filter`,
`attributes`, `name_attribute`, `groups_base`, `groups_filter`, `name`, `password`, `nobody` (a DN that is not there).
The answer is another: `outcome` is one of `OUTCOMES`, with `dn`, `entry` (attribute: texts) and `groups` for `yes`, and
with `reason` for `trouble`.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from typing import Any

import bonsai

OUTCOMES = ("yes", "no", "several", "trouble")
MOST = 1_000
"""Values of one attribute, and groups."""


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
    sys.stdout.write(json.dumps(answer(json.load(sys.stdin))))
