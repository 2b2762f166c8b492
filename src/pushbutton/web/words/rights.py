"""Grants in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pushbutton.domain.actor import EVERYWHERE, Verb
from pushbutton.domain.policy import Grant, Role
from pushbutton.domain.visible import visible

from .i18n import Texts, mark

_GIVES: Final[Mapping[str, str]] = {
    Role.VIEWER: mark("may look at {tasks}"),
    Role.PRESSER: mark("may press and stop {tasks}"),
    Role.APPROVER: mark("may approve {tasks}"),
    Role.ADMIN: mark("may administer {tasks}"),
    Verb.SEE: mark("may see {tasks}"),
    Verb.OUTPUT: mark("may read the output of {tasks}"),
    Verb.PRESS: mark("may press {tasks}"),
    Verb.STOP: mark("may stop {tasks}"),
    Verb.APPROVE: mark("may approve {tasks}"),
    Verb.SECRETS: mark("may see the names of the secrets of {tasks}"),
    Verb.ADMIN: mark("may administer {tasks}"),
}
"""By what a grant gives."""


def of_grant(grant: Grant, titles: Mapping[str, str], t: Texts) -> str:
    """The rights that it gives, and for which tasks."""
    return given(grant.gives, grant.where, titles, t)


def given(gives: str, where: str, titles: Mapping[str, str], t: Texts) -> str:
    """The rights of a grant, and for which tasks; `titles` of these. An unknown right is shown as it is."""
    return t(_GIVES[gives], tasks=place(where, titles, t)) if gives in _GIVES else visible(f"{gives}, {where}")


def place(where: str, titles: Mapping[str, str], t: Texts) -> str:
    """The tasks of a grant."""
    kind, _, name = where.partition(":")
    if where == EVERYWHERE:
        return t("all tasks")
    return (
        t("all tasks in “{group}”", group=visible(name)) if kind == "group" else f"“{visible(titles.get(name, name))}”"
    )
