"""Asking from a terminal: codes are short-lived, few, and answered once."""

from __future__ import annotations

import pytest

from pushbutton.adapters.memory import MemoryStore
from pushbutton.adapters.seal import Seal
from pushbutton.errors import NotFound, Refused
from pushbutton.runtime.device_grants import LASTS, MOST, MOST_FROM_ONE, Answer, DeviceGrants, TokenRequest

WANTED = TokenRequest("ci", frozenset(), 90)


async def test_the_answer_is_fetched_once_and_by_who_asked():
    grants = DeviceGrants(MemoryStore().memos, Seal(b"a key"))
    grant, secret = await grants.begin(WANTED, "192.0.2.7", 0)
    assert (await grants.fetch(secret, 1)).answer is Answer.NONE
    await grants.answer(await grants.find(grant.code, 1), Answer.YES, 1, made="pbt_x", by="ada")
    for wrong in (grant.code, "", "nothing"):
        with pytest.raises(NotFound):
            await grants.fetch(wrong, 2)
    found = await grants.fetch(secret, 2)
    assert (found.answer, found.made, found.by) == (Answer.YES, "pbt_x", "ada")
    with pytest.raises(NotFound):
        await grants.fetch(secret, 3)


async def test_a_code_is_read_as_people_type_it():
    grants = DeviceGrants(MemoryStore().memos, Seal(b"a key"))
    grant, _ = await grants.begin(WANTED, "", 0)
    for typed in (grant.code.lower(), grant.code.replace("-", ""), f" {grant.code.replace('-', ' ')} "):
        assert await grants.find(typed, 1) == grant
    assert len(grant.code) == 9


async def test_nobody_answers_twice_or_too_late():
    grants = DeviceGrants(MemoryStore().memos, Seal(b"a key"))
    grant, secret = await grants.begin(WANTED, "", 0)
    await grants.answer(grant, Answer.NO, 1)
    with pytest.raises(NotFound):
        await grants.find(grant.code, 2)
    with pytest.raises(NotFound):
        await grants.answer(grant, Answer.YES, 2, made="x")
    assert (await grants.fetch(secret, 2)).answer is Answer.NO
    late, secret = await grants.begin(WANTED, "", 0)
    with pytest.raises(NotFound):
        await grants.find(late.code, LASTS)
    with pytest.raises(NotFound):
        await grants.fetch(secret, LASTS)


async def test_there_are_never_many():
    grants = DeviceGrants(MemoryStore().memos, Seal(b"a key"))
    for _ in range(MOST_FROM_ONE):
        await grants.begin(WANTED, "192.0.2.7", 0)
    with pytest.raises(Refused, match="Too many"):
        await grants.begin(WANTED, "192.0.2.7", 0)
    for number in range(MOST - MOST_FROM_ONE):
        await grants.begin(WANTED, f"198.51.100.{number}", 0)
    with pytest.raises(Refused, match="Too many"):
        await grants.begin(WANTED, "203.0.113.1", 0)
    await grants.begin(WANTED, "192.0.2.7", LASTS)  # the old ones are forgotten
