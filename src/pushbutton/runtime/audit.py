"""The audit trail, for those who look after Pushbutton: reading it, checking it, taking it along."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.audit import Deed, Head, Record, act
from pushbutton.domain.chain import Chain, Checked
from pushbutton.domain.policy import require

from .core import Core, now
from .ports.people import Audit, AuditQuery

PAGE = 1000
ABOUT = "the audit trail"


async def records(core: Core, actor: Actor, query: AuditQuery) -> Sequence[Record]:
    """Newest first. Raises `Refused`."""
    require(actor, Verb.ADMIN)
    return await core.store.audit.records(query)


async def verify(core: Core, actor: Actor) -> Checked:
    """Check every record, and record what came of it. Raises `Refused`."""
    require(actor, Verb.ADMIN)
    checked = await check(core.store.audit)
    head, well, said = checked.head.note, not checked.fault, checked.sentence
    await core.store.audit.record(act(actor, Deed.AUDIT_CHECK, ABOUT, now(), head=head, well=well, said=said))
    return checked


async def check(audit: Audit, *, noted: Head | None = None) -> Checked:
    """Walk the whole chain; it may grow meanwhile. `noted`: a record and its hash that were kept elsewhere."""
    chain, after = Chain(audit.key, noted), None
    while True:
        head = await audit.head()  # before the records: one that comes in between is read in the next round
        page = await audit.chain(after, PAGE + 1)
        if not page or chain.wrong:
            return chain.end(head)
        behind = page[PAGE] if len(page) > PAGE else None
        await asyncio.to_thread(chain.feed, page[:PAGE], behind)  # a million of them must not hold up anybody's press
        after = page[:PAGE][-1].id


async def export(core: Core, actor: Actor, query: AuditQuery, form: str) -> AsyncIterator[Sequence[Record]]:
    """Everything that `query` finds, newest first, a page at a time; that it was taken along is recorded first. Raises
    `Refused`.
    """
    require(actor, Verb.ADMIN)
    asked = {"form": form, "actor": query.actor, "kind": query.verb, "about": query.about}
    done = act(actor, Deed.AUDIT_EXPORT, ABOUT, now())
    await core.store.audit.record(replace(done, data={name: value for name, value in asked.items() if value}))
    return _pages(core.store.audit, query)


async def _pages(audit: Audit, query: AuditQuery) -> AsyncIterator[Sequence[Record]]:
    before = query.before
    while page := await audit.records(replace(query, before=before, limit=PAGE)):
        yield page
        before = page[-1].id
