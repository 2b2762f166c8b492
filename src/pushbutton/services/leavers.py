"""Looks up the people whom the directory named, and ends the access of those who left or are locked there.

What they have (sessions, tokens, links) counts again once they sign in. A directory that does not answer, or sees
nobody, takes nothing from anybody; nor does one that misses most of the people at once, for then it is the directory
that is not as it was.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from pushbutton.domain.audit import SERVER, Act, Deed
from pushbutton.domain.person import Entry, Snapshot, User
from pushbutton.errors import SignInFailed, StoreError
from pushbutton.runtime.clock import now
from pushbutton.runtime.directory import Directory
from pushbutton.runtime.ports.people import Authority, Change

log = logging.getLogger(__name__)

SOURCE = "ldap"
FIRST = 60.0  # seconds after the start
AGAIN = 900.0  # after a look that came to nothing
FEW = 5  # may always go at once


async def run(directory: Directory, authority: Authority, hours: float) -> None:
    """Look every so many hours until cancelled."""
    pause = min(FIRST, hours * 3600)
    while True:
        await asyncio.sleep(pause)
        pause = hours * 3600
        try:
            await look(directory, authority)
        except (SignInFailed, StoreError) as error:
            log.warning("who left the directory is not known: %s", getattr(error, "reason", error))
            pause = min(pause, AGAIN)
        except Exception:
            log.exception("looking who left the directory failed; trying again")
            pause = min(pause, AGAIN)


async def look(directory: Directory, authority: Authority) -> Sequence[str]:
    """The users found to be gone. Raises `SignInFailed` when the directory cannot be asked."""
    people = {user.name: user for user in directory.all.users.values() if user.source == SOURCE and not user.left}
    found = await authority.gone(sorted(people))
    if len(found) > max(FEW, len(people) // 2):
        log.error(
            "the directory misses %d of %d people at once, so nothing was taken from anybody. If they did leave, "
            "remove them: pushbutton user remove NAME", len(found), len(people),
        )  # fmt: skip
        return ()
    return [name for name in sorted(found) if await _left(directory, people[name], found[name])]


async def _left(directory: Directory, known: User, why: str) -> bool:
    at = now()

    def work(seen: Snapshot) -> Change:
        user = seen.users.get(known.name)
        if user is None or user.source != known.source or user.seen_at != known.seen_at:
            return Change()  # signed in meanwhile
        ended: list[Entry] = [session for session in seen.sessions.values() if session.user == user.name]
        act = Act(SERVER, Deed.USER_GONE, f"user {user.name}", at, {"source": user.source, "found": why})
        return Change(act, put=[replace(user, gone_at=at)], drop=ended)

    await directory.change(work)
    user = directory.all.users.get(known.name)
    return user is not None and user.left
