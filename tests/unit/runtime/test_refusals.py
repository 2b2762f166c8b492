"""Refusals in the audit trail: the first few one by one, a flood as a number."""

from __future__ import annotations

from pushbutton.adapters.memory.people import MemoryAudit
from pushbutton.domain.audit import Act, Record
from pushbutton.runtime.refusals import COUNTED, SINGLE, SINGLE_EACH, Refusals


def refused(actor: str = "eve", address: str = "10.0.0.1") -> Act:
    return Act(actor, "request.refuse", "run 7", 1, {"tried": "POST runs/approve"}, address)


async def recorded(audit: MemoryAudit) -> list[Record]:
    return list(await audit.chain(None, 10_000))


async def test_the_first_few_are_records_at_once():
    audit = MemoryAudit()
    refusals = Refusals(audit)
    for _ in range(SINGLE_EACH):
        refusals.note(refused())
    await refusals.written()
    assert [record.act for record in await recorded(audit)] == [refused()] * SINGLE_EACH


async def test_what_comes_behind_is_one_record_with_its_number():
    audit = MemoryAudit()
    refusals = Refusals(audit)
    for _ in range(SINGLE_EACH + 340):
        refusals.note(refused())
    refusals.note(refused("bob"))
    refusals.flush()
    await refusals.written()
    last = (await recorded(audit))[-1].act
    assert (len(await recorded(audit)), last.actor, last.data["more"]) == (SINGLE_EACH + 2, "eve", 340)


async def test_a_flood_from_everywhere_makes_few_records_a_minute():
    audit = MemoryAudit()
    refusals = Refusals(audit)
    for number in range(5_000):
        refusals.note(refused(address=f"10.0.{number // 250}.{number % 250}"))
    refusals.flush()
    await refusals.written()
    found = [record.act for record in await recorded(audit)]
    assert len(found) == SINGLE + COUNTED + 1
    assert sum(int(str(act.data.get("more", 1))) for act in found) == 5_000
    assert any(act.address == "" for act in found), "the others, counted together"


async def test_the_next_minute_begins_anew():
    audit = MemoryAudit()
    refusals = Refusals(audit)
    for _ in range(2):
        for _ in range(SINGLE_EACH):
            refusals.note(refused())
        refusals.flush()
    await refusals.written()
    assert len(await recorded(audit)) == 2 * SINGLE_EACH
