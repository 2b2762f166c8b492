"""What is kept of the calls to hooks, see `runtime.ports.deliveries.Deliveries`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pushbutton.domain.hook import KEPT, Delivery, Verdict
from pushbutton.errors import KeyReused
from tests.contract.test_store import new

CALL = Delivery("k3f9", 5_000_000, "72d3162e", Verdict.PRESSED, run=7, why="ö", body='{"a": 1}', address="::1")


async def test_what_is_kept_is_read_newest_first_with_numbers_that_rise(store):
    first = await store.deliveries.keep(CALL)
    second = await store.deliveries.keep(replace(CALL, verdict=Verdict.SEEN))
    assert (first.number, second.number) == (1, 2)
    assert await store.deliveries.newest("k3f9") == [second, first]
    assert await store.deliveries.newest("k3f9", limit=1) == [second]
    assert await store.deliveries.newest("another") == []
    assert await store.deliveries.one("k3f9", 1) == first
    assert await store.deliveries.one("k3f9", 3) is None
    assert await store.deliveries.one("another", 1) is None


async def test_the_oldest_go_and_those_without_a_signature_drive_out_only_each_other(store):
    signed = [await store.deliveries.keep(CALL) for _ in range(KEPT + 3)]
    foreign = [await store.deliveries.keep(replace(CALL, verdict=Verdict.UNSIGNED)) for _ in range(KEPT + 2)]
    kept = await store.deliveries.newest("k3f9", limit=1000)
    assert kept == [*reversed(foreign[2:]), *reversed(signed[3:])]


async def test_what_is_forgotten_is_gone_and_other_hooks_keep_theirs(store):
    await store.deliveries.keep(CALL)
    other = await store.deliveries.keep(replace(CALL, hook="another"))
    await store.deliveries.forget("k3f9")
    assert await store.deliveries.newest("k3f9") == []
    assert await store.deliveries.newest("another") == [other]


async def test_a_call_is_kept_with_the_press_that_it_makes_and_again_with_its_run(store):
    call = replace(CALL, run=0)
    first = await store.press(new(key="hook:k3f9:1", delivery=call))
    again = await store.press(new(key="hook:k3f9:1", delivery=call))
    assert (first.made, again.made) == (True, False)
    kept = [(one.verdict, one.run) for one in await store.deliveries.newest("k3f9")]
    assert kept == [(Verdict.SEEN, first.run.id), (Verdict.PRESSED, first.run.id)]


async def test_a_call_whose_press_is_refused_is_not_kept_with_it(store):
    await store.press(new(key="k", fingerprint="one"))
    with pytest.raises(KeyReused):
        await store.press(new(key="k", fingerprint="another", delivery=CALL))
    assert await store.deliveries.newest("k3f9") == []
