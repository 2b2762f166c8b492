"""Hashes of local users' passwords: right, bounded, and as slow for nobody as for somebody."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from pushbutton.adapters.passwords import AT_ONCE, WAITING, Passwords
from pushbutton.errors import TooManySignIns

WORDS = "four words will do"


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords()
    yield made
    made.close()


async def test_the_password_is_known_again_and_another_is_not(passwords: Passwords) -> None:
    hashed = await passwords.hash(WORDS)
    assert hashed.startswith("$argon2id$")
    assert WORDS not in hashed
    assert await passwords.check(hashed, WORDS)
    assert not await passwords.check(hashed, WORDS + " ")
    assert not await passwords.check(hashed, "")


async def test_the_same_password_is_kept_differently_each_time(passwords: Passwords) -> None:
    assert await passwords.hash(WORDS) != await passwords.hash(WORDS)


async def test_it_does_not_matter_how_a_keyboard_composes_a_letter(passwords: Passwords) -> None:
    assert await passwords.check(await passwords.hash("zwölf mal süß"), "zwo\u0308lf mal su\u0308ß")


@pytest.mark.parametrize("kept", ["", "!", "$argon2id$v=19$m=65536,t=3,p=4$short", "plain text"])
async def test_what_is_no_hash_is_nobodys_password(passwords: Passwords, kept: str) -> None:
    assert not await passwords.check(kept, kept)


async def test_a_password_that_nobody_can_have_is_wrong(passwords: Passwords) -> None:
    empty = await passwords.hash("")
    assert not await passwords.check(empty, "\ud800")
    assert not await passwords.check(empty, "x" * 1_001)


async def test_a_hash_that_costs_less_than_it_should_is_stale(passwords: Passwords) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(WORDS)
    assert passwords.stale(old)
    assert await passwords.check(old, WORDS)
    assert not passwords.stale(await passwords.hash(WORDS))


@pytest.mark.parametrize("unknown", [None, "", "!"])
async def test_somebody_unknown_takes_as_long_as_a_wrong_password(passwords: Passwords, unknown: str | None) -> None:
    hashed = await passwords.hash(WORDS)
    spent: dict[str | None, list[float]] = {hashed: [], unknown: []}
    for _ in range(5):
        for kept, seconds in spent.items():
            begun = time.perf_counter()
            assert not await passwords.check(kept, "wrong password")
            seconds.append(time.perf_counter() - begun)
    # The quickest of each: whatever else the machine does only makes one slower.
    assert 0.6 < min(spent[unknown]) / min(spent[hashed]) < 1.7


async def test_a_flood_is_refused_hashes_two_at_once_and_holds_nobody_up(passwords: Passwords) -> None:
    asked = [asyncio.create_task(passwords.check(None, WORDS)) for _ in range(AT_ONCE + WAITING)]
    await asyncio.sleep(0)  # each has taken its place
    with pytest.raises(TooManySignIns, match="Too many people sign in at this moment; try again in a few seconds"):
        await passwords.check(None, WORDS)
    with pytest.raises(TooManySignIns):
        await passwords.hash(WORDS)
    assert sum(thread.name.startswith("password") for thread in threading.enumerate()) == AT_ONCE
    turns = 0
    while not all(task.done() for task in asked):  # the event loop goes round meanwhile
        await asyncio.wait(asked, timeout=0.01, return_when=asyncio.FIRST_COMPLETED)
        turns += 1
    assert turns > WAITING
    assert [task.result() for task in asked] == [False] * len(asked)
    assert await passwords.check(None, WORDS) is False  # there is room again


async def test_those_who_go_away_leave_their_places(passwords: Passwords) -> None:
    hashed = await passwords.hash(WORDS)
    for _ in range(3):
        asked = [asyncio.create_task(passwords.check(None, WORDS)) for _ in range(AT_ONCE + WAITING)]
        await asyncio.sleep(0)
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        assert await passwords.check(hashed, WORDS)
