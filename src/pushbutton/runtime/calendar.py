"""The calendar of schedules that other programs subscribe to: whose it is, and what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pushbutton.domain.actor import LOCAL, NOBODY, Actor, Verb
from pushbutton.domain.run import Run
from pushbutton.errors import NoSuchLink

from . import later, schedules, tokens
from .clock import now
from .core import Core
from .schedules import Planned

NAME: Final = "calendar"
"""Of the token: it stands among the person's others, and is revoked there."""


async def subscribe(core: Core, actor: Actor) -> str:
    """Make the secret part of the actor's calendar address; an earlier address counts no more. Whoever has it sees when
    which task is pressed, as far as the actor may, and nothing else. Raises `Refused`.
    """
    if actor.name == LOCAL.name and not core.directory.closed:
        return LOCAL.name
    rights = frozenset(right for right in actor.rights if right.verb is Verb.SEE)
    text, _ = await tokens.make(core, actor, NAME, rights, None, instead=True)
    return text


async def planned(core: Core, text: str) -> tuple[Sequence[Planned], Sequence[Run]]:
    """The schedules, and the runs that wait for their moment, of whoever has this address. Raises `NoSuchLink`."""
    reader = await _reader(core, text)
    return await schedules.listed(core, reader), await later.listed(core, reader)


async def _reader(core: Core, text: str) -> Actor:
    """A token that may do more than look is not taken from an address, which others can read."""
    if text == LOCAL.name and not core.directory.closed:
        return LOCAL
    at = now()
    token = core.directory.token(text, at)
    if token is None:
        await core.directory.look()  # another process may just have made it
        token = core.directory.token(text, at)
    looks = token is not None and all(right.verb is Verb.SEE for right in token.scope)
    actor = core.directory.of_token(token) if token and looks else NOBODY
    if token is None or not actor.known:
        raise NoSuchLink
    await core.directory.used(token, at)
    return actor
