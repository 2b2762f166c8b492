"""Hashes of local users' passwords: right, bounded, and as slow for nobody as for somebody."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from argon2 import PasswordHasher, Type, _password_hasher, extract_parameters, low_level

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
async def test_somebody_unknown_takes_as_long_as_a_wrong_password(
    passwords: Passwords, unknown: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted in work, since a clock shows what else the machine does: one hash each, of the same costs."""
    hashed = await passwords.hash(WORDS)
    asked = []
    verify, make = low_level.verify_secret, low_level.hash_secret

    def verified(kept: bytes, secret: bytes, kind: Type) -> bool:
        asked.append((extract_parameters(kept.decode()), len(secret)))
        return verify(kept, secret, kind)

    def made(secret: bytes, salt: bytes, **costs: Any) -> bytes:
        result = make(secret, salt, **costs)
        asked.append((extract_parameters(result.decode()), len(secret)))
        return result

    monkeypatch.setattr(_password_hasher, "verify_secret", verified)
    monkeypatch.setattr(_password_hasher, "hash_secret", made)
    for kept in (hashed, unknown):
        assert not await passwords.check(kept, "wrong password")
    wrong, strange = asked
    assert wrong == strange


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
