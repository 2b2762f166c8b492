"""Audiences: all who may do the same share what is drawn for them. Who may do everything is in the first one, "".

A board's topic carries its audience where there is one: `patch:~3f0c:de:run:42`. Only the server puts it there.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace

from pushbutton.domain.actor import LOCAL, Actor, Verb
from pushbutton.domain.approval import identity
from pushbutton.domain.policy import decide
from pushbutton.errors import NoSuchRun
from pushbutton.runtime import visibility
from pushbutton.runtime.core import Core
from pushbutton.web.http.numbers import number_of

MARK = "~"
OWN = "inbox"
"""The part that is drawn for one person alone, not for all with the same rights: own runs do not wait for oneself."""
MOST = 1000


class Audiences:
    """Those of a server."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Actor] = OrderedDict()

    def __iter__(self) -> Iterator[str]:
        """Their marks."""
        return iter(["", *(f"{MARK}{key}:" for key in self._known)])

    def add(self, actor: Actor, *, alone: bool = False) -> str:
        """The mark before the rest of a topic."""
        key = actor.audience
        if alone:
            key = hashlib.sha256(f"{key}|{identity(actor)}".encode()).hexdigest()[:16]
        if not key:
            return ""
        known = replace(actor, title="", credential=actor.credential if actor.own else "", address="")
        self._known[key] = known if alone or actor.own else Actor("somebody", actor.rights, actor.within)
        self._known.move_to_end(key)
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return f"{MARK}{key}:"

    def split(self, rest: str) -> tuple[Actor, str]:
        """(for whom to draw, the rest without the mark)."""
        if not rest.startswith(MARK):
            return LOCAL, rest
        key, _, bare = rest[1:].partition(":")
        return self._known[key], bare

    async def topic(self, core: Core, actor: Actor, topic: str) -> str:
        """A board's topic as the actor gets it; "" for what does not exist for them."""
        prefix, _, rest = topic.partition(":")
        name, _, which = rest.rpartition(":")
        kind = name.rpartition(":")[2]
        if prefix == "tail" or kind == "run":
            verb = Verb.OUTPUT if prefix == "tail" else Verb.SEE
            number = rest if prefix == "tail" else which
            try:
                run = await visibility.run(core.store, core.catalog, actor, number_of(number))
            except NoSuchRun:
                return ""
            if not decide(actor, verb, *visibility.resources(core.catalog, run)):
                return ""
        elif actor.own or (kind == "task" and which not in visibility.tasks(core.catalog, actor)):
            return ""
        return topic if prefix == "tail" else f"{prefix}:{self.add(actor, alone=which == OWN)}{rest}"
