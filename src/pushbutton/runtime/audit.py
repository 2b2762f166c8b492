"""The audit trail, for administrators: reading, checking and exporting it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from pushbutton import threads
from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.audit import Deed, Head, Record, act
from pushbutton.domain.audit_chain import Chain, Checked, Fault
from pushbutton.domain.event import Json
from pushbutton.domain.policy import require
from pushbutton.domain.redaction import spellings, vouched, without
from pushbutton.errors import StoreDamaged
from pushbutton.sentence import kept, say

from .clock import now
from .core import Core
from .ports.people import Audit, AuditQuery

PAGE = 1000
NAMED = 20
"""Runs."""
ABOUT = "the audit trail"


async def records(core: Core, actor: Actor, query: AuditQuery) -> Sequence[Record]:
    """Newest first. Raises `Refused`."""
    require(actor, Verb.ADMIN)
    return await core.store.audit.records(query)


async def verify(core: Core, actor: Actor) -> Checked:
    """Check every record, and record what came of it. Raises `Refused`."""
    require(actor, Verb.ADMIN)
    checked = await check(core.store.audit)
    more: dict[str, Json] = {"more": list(checked.more)} if checked.more else {}
    head, well, said = checked.head.note, not checked.fault, checked.sentence
    # The sentences are a part of what is recorded, so the chain covers their ids and values as well.
    told = kept({"head": head, "well": well, "said": said, **more})
    await core.store.audit.record(act(actor, Deed.AUDIT_CHECK, ABOUT, now(), **told))
    return checked


async def check(audit: Audit, *, noted: Head | None = None) -> Checked:
    """Walk the whole chain; it may grow meanwhile. `noted`: a record and its hash that were kept elsewhere."""
    heads = [*([noted] if noted else []), *await audit.known()]
    redacted = await _redacted(audit)
    while True:
        checked = await _walk(audit, heads, redacted)
        before, redacted = redacted, await _redacted(audit)
        if not checked.fault or redacted == before:
            break  # or else something was taken out of a record meanwhile
    return _with_runs(checked, await audit.unpressed(NAMED + 1))


def _with_runs(checked: Checked, unpressed: Sequence[int]) -> Checked:
    """Also finds the runs whose press is not in the trail."""
    if not unpressed:
        return checked
    named = ", ".join(map(str, unpressed[:NAMED])) + (", …" if len(unpressed) > NAMED else "")
    if not checked.fault:
        checked = replace(checked, fault=Fault.PRESS, number=unpressed[0])
        return replace(checked, more=(say("The same of runs {named}.", named=named),) if len(unpressed) > 1 else ())
    return replace(checked, more=(*checked.more, say("There is no press of these runs: {named}.", named=named)))


async def _redacted(audit: Audit) -> dict[int, str]:
    found = [record async for page in _pages(audit, AuditQuery(about=ABOUT, verb=Deed.AUDIT_REDACT)) for record in page]
    return vouched(reversed(found))


async def _walk(audit: Audit, noted: Sequence[Head], redacted: dict[int, str]) -> Checked:
    chain, after = Chain(audit.key, noted, redacted), None
    while True:
        head = await audit.head()  # before the records: one that comes in between is read in the next round
        page = await audit.chain(after, PAGE + 1)
        if not page or chain.wrong:
            return chain.end(head)
        behind = page[PAGE] if len(page) > PAGE else None
        await threads.auditing(chain.feed, page[:PAGE], behind)  # a million of them must not delay a press
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


async def holding(audit: Audit, secret: str) -> Sequence[Record]:
    """The records in which it stands, oldest first. Raises `BadInput` for one that is too short to be looked for."""
    forms, after = spellings(secret), None
    found: list[Record] = []
    while page := await audit.chain(after, PAGE):
        found += await threads.auditing(_holding, page, forms)
        after = page[-1].id
    return found


def _holding(records: Sequence[Record], forms: Sequence[str]) -> Sequence[Record]:
    return [record for record in records if without(record.act, forms) != record.act]


async def redact(audit: Audit, actor: Actor, secret: str, records: Sequence[Record], *, why: str = "") -> Sequence[int]:
    """Take a secret out of these records; that it was done is a record as well. Raises `StoreDamaged` where the trail
    is not as it was written: a forged record must not become valid by it.
    """
    checked = await check(audit)
    if checked.fault:
        raise StoreDamaged(
            say("{wrong} Nothing was taken out: find out first what happened there.", wrong=checked.sentence)
        )
    done = act(actor, Deed.AUDIT_REDACT, ABOUT, now(), **({"why": why} if why else {}))
    return await audit.redact([record.id for record in records], spellings(secret), done)
