"""What everything that checks passwords must guarantee, see `runtime.ports.people.Passwords`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from pushbutton.adapters.passwords import Passwords as Argon
from pushbutton.errors import TooManySignIns
from pushbutton.runtime.ports.people import Passwords

WORDS = "four words will do"


@pytest.fixture(params=[Argon])
def passwords(request: pytest.FixtureRequest) -> Iterator[Passwords]:
    made = request.param()
    yield made
    made.close()


async def test_a_password_is_known_again_and_no_other_is(passwords):
    hashed = await passwords.hash(WORDS)
    assert WORDS not in hashed
    assert [await passwords.check(hashed, typed) for typed in (WORDS, WORDS.upper(), "")] == [True, False, False]


async def test_nobody_has_no_password(passwords):
    assert not await passwords.check(None, WORDS)
    assert not await passwords.check("", WORDS)


async def test_what_was_hashed_now_is_not_to_be_made_anew(passwords):
    assert not passwords.stale(await passwords.hash(WORDS))


async def test_of_too_many_at_once_some_are_refused_at_once(passwords):
    asked = [asyncio.create_task(passwords.check(None, WORDS)) for _ in range(40)]
    await asyncio.wait(asked, return_when=asyncio.FIRST_EXCEPTION)
    refused = [one for one in asked if one.done() and isinstance(one.exception(), TooManySignIns)]
    assert 0 < len(refused) < len(asked)
    for one in asked:
        one.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
