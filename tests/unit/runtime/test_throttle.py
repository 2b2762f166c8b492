"""How long somebody waits who got a password wrong, with a clock that the test moves."""

from __future__ import annotations

from itertools import pairwise

from pushbutton.adapters.memory import MemoryStore
from pushbutton.domain.throttle import FADE, FREE, FREE_ACCOUNT, FREE_ADDRESS, LONGEST
from pushbutton.runtime.ports import memos
from pushbutton.runtime.throttle import Throttle

HOME, AWAY = "192.0.2.1", "198.51.100.7"


def throttle() -> Throttle:
    return Throttle(MemoryStore().memos, b"a key")


async def guess(at: Throttle, tries: int, *, account: str = "ada", address: str = AWAY, now: float = 0.0) -> float:
    """Keep on guessing, as soon as each try is heard; when the last one was made."""
    for _ in range(tries):
        now += await at.wait(account, address, now)
        await at.failed(account, address, now)
    return now


async def test_the_first_mistakes_cost_nothing():
    at = throttle()
    for _ in range(FREE):
        assert await at.wait("ada", HOME, 0.0) == 0.0
        await at.failed("ada", HOME, 0.0)
    assert await at.wait("ada", HOME, 0.0) > 0.0


async def test_each_further_mistake_makes_the_wait_longer_up_to_the_longest():
    at, waits, now = throttle(), [], 0.0
    await guess(at, FREE)
    for _ in range(14):
        waits.append(await at.wait("ada", AWAY, now))
        now = await guess(at, 1, now=now)
    assert waits[0] == 1.0
    assert all(1.5 * one < other <= 2 * one for one, other in pairwise(waits[:9]))
    assert 0.95 * LONGEST < waits[-1] <= LONGEST


async def test_who_guesses_all_day_gets_a_hundred_and_thirty_tries():
    at, now, tries = throttle(), 0.0, 0
    while now < 86_400.0:
        now = await guess(at, 1, now=now)
        tries += 1
    assert 86_400 / LONGEST <= tries <= 130


async def test_an_account_is_guarded_against_guesses_from_many_addresses():
    at = throttle()
    for n in range(FREE_ACCOUNT):
        assert await at.wait("ada", f"10.0.0.{n}", 0.0) == 0.0
        await at.failed("ada", f"10.0.0.{n}", 0.0)
    assert await at.wait("ada", "10.0.0.99", 0.0) > 0.0
    assert await at.wait("bob", "10.0.0.99", 0.0) == 0.0


async def test_one_address_is_slowed_over_many_accounts():
    at = throttle()
    for n in range(FREE_ADDRESS):
        assert await at.wait(f"somebody-{n}", AWAY, 0.0) == 0.0
        await at.failed(f"somebody-{n}", AWAY, 0.0)
    assert await at.wait("ada", AWAY, 0.0) > 0.0
    assert await at.wait("ada", HOME, 0.0) == 0.0


async def test_an_owner_is_not_locked_out_by_guesses_from_elsewhere():
    at = throttle()
    await at.passed("ada", HOME, 0.0)
    now = await guess(at, 50)
    assert await at.wait("ada", AWAY, now) == LONGEST
    assert await at.wait("ada", HOME, now) == 0.0


async def test_an_owner_is_not_locked_out_by_mistakes_in_other_accounts_behind_the_same_address():
    at = throttle()
    await at.passed("ada", HOME, 0.0)
    for n in range(3 * FREE_ADDRESS):
        await at.failed(f"somebody-{n}", HOME, 0.0)
    assert await at.wait("bob", HOME, 0.0) > 0.0
    assert await at.wait("ada", HOME, 0.0) == 0.0


async def test_an_address_that_an_owner_used_is_no_way_to_guess_that_account():
    at = throttle()
    await at.passed("ada", HOME, 0.0)
    await guess(at, FREE, address=HOME)
    assert await at.wait("ada", HOME, 0.0) > 0.0


async def test_signing_in_to_an_account_of_ones_own_does_not_free_ones_guesses():
    at = throttle()
    for n in range(FREE_ADDRESS):
        await at.failed(f"somebody-{n}", AWAY, 0.0)
        await at.passed("mallory", AWAY, 0.0)
    assert await at.wait("ada", AWAY, 0.0) > 0.0


async def test_signing_in_forgets_ones_mistakes():
    at = throttle()
    await guess(at, FREE - 1, address=HOME)
    await at.passed("ada", HOME, 0.0)
    for _ in range(FREE):
        assert await at.wait("ada", HOME, 0.0) == 0.0
        await at.failed("ada", HOME, 0.0)


async def test_a_mistake_is_forgotten_after_a_while():
    at, now = throttle(), 0.0
    for _ in range(50 * FREE):
        assert await at.wait("ada", HOME, now) == 0.0
        await at.failed("ada", HOME, now)
        now += FADE


async def test_the_mistakes_of_an_office_in_a_week_do_not_add_up():
    at, now = throttle(), 0.0
    for n in range(7 * 90):
        assert await at.wait(f"somebody-{n}", HOME, now) == 0.0
        await at.failed(f"somebody-{n}", HOME, now)
        now += 86_400.0 / 90


async def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(memos, "MOST", 100)
    at = throttle()
    await guess(at, FREE + 3, address=HOME)
    for n in range(1000):
        await at.failed(f"a{n}", f"10.0.{n // 256}.{n % 256}", 0.0)
        await at.passed(f"b{n}", f"10.0.{n // 256}.{n % 256}", 0.0)
    for kind in (at._counted, at._owned):
        assert 0 < len(await at.memos.read(kind, at=0)) <= 100
