"""Saved views: filters of the history that a person keeps under a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.identity import one_line
from pushbutton.domain.link import new_id
from pushbutton.domain.person import Snapshot
from pushbutton.domain.policy import require, require_directly
from pushbutton.domain.saved_view import SavedView
from pushbutton.errors import BadInput, Refused
from pushbutton.sentence import say

from .clock import now
from .core import Core
from .ports.people import Change

MOST: Final = 30
"""Views that a person keeps."""
LONGEST_NAME: Final = 60
LONGEST: Final = 1000
"""Characters of a query."""


def of(core: Core, actor: Actor) -> Sequence[SavedView]:
    """The actor's own and everybody's, by their names."""
    mine = "" if actor.own else actor.user  # whoever holds somebody's link sees nothing of theirs
    found = [one for one in core.directory.all.views.values() if one.owner in ("", mine)]
    return sorted(found, key=lambda one: (one.name.casefold(), one.id))


async def keep(core: Core, actor: Actor, name: str, query: str) -> SavedView:
    """In the place of the actor's own one that has this name or this query, which so gets another name. Raises
    `Refused`, `BadInput`.
    """
    require_directly(actor)
    name = one_line(name)[:LONGEST_NAME].strip()
    if not name:
        raise BadInput(say("Give it a name by which it is found again."))
    if not query or len(query) > LONGEST:
        raise BadInput(say("Choose first which runs it is to show."))
    made = SavedView(new_id(), name, actor.user, query, now())

    def work(seen: Snapshot) -> Change:
        own = [one for one in seen.views.values() if one.owner == actor.user]
        same = [one for one in own if name == one.name or query == one.query]
        if len(own) - len(same) >= MOST:
            raise Refused(say("There are {n} saved views already: remove those that nobody needs.", n=MOST))
        return Change(put=[made], drop=same)

    await core.directory.change(work)
    return made


async def remove(core: Core, actor: Actor, id: str) -> None:  # noqa: A002
    """Nothing, where it is gone already or is another's. Raises `Refused`."""
    require_directly(actor)
    found = next((one for one in of(core, actor) if one.id == id), None)
    if found is not None and found.owner != actor.user:
        require(actor, Verb.ADMIN)

    def work(seen: Snapshot) -> Change:
        return Change(drop=[found] if found and found.id in seen.views else [])

    await core.directory.change(work)
