"""What is kept of the calls to hooks, see `runtime.ports.deliveries.Deliveries`."""

from __future__ import annotations

from dataclasses import replace

from pushbutton.domain.hook import KEPT, Delivery, Verdict

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
