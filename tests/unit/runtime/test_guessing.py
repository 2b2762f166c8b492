"""Guessing passwords and codes: many at once are no faster than one after another, and nobody is slowed for another."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pyotp
import pytest
from argon2 import PasswordHasher

from pushbutton.adapters import passwords, totp
from pushbutton.adapters.memory import MemoryStore
from pushbutton.domain.audit import Act
from pushbutton.domain.person import Session, User
from pushbutton.domain.throttle import FREE, FREE_ACCOUNT, FREE_ADDRESS
from pushbutton.domain.token import hashed
from pushbutton.errors import InviteGone, SignInFailed, SlowDown
from pushbutton.runtime import throttle as counting
from pushbutton.runtime.core import Core
from pushbutton.runtime.directory import Directory
from pushbutton.runtime.ports.people import Begun
from pushbutton.runtime.signin import BEGUN, BEGUN_FROM_ONE, From
from pushbutton.runtime.throttle import Throttle
from tests.unit.runtime.worlds import a_core, at, put

PASSWORD = "four words and a half"
SECRET = totp.new_secret()
HERE = From("192.0.2.7", "a browser", at=1)
MOMENT = 1000.0


@pytest.fixture(autouse=True)
def _one_moment(monkeypatch):
    """All tries of a test come in one moment, however long a machine takes for them; and a hash costs little."""
    monkeypatch.setattr(counting, "clock", SimpleNamespace(now=lambda: int(MOMENT * 1e6)))
    cheap = partial(PasswordHasher, time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "PasswordHasher", cheap)


async def with_password(core: Core, *, factor: bool = False) -> None:
    sealed = core.signin.sealed.close(SECRET) if factor else ""
    await put(core, User("ada", password=await core.signin.passwords.hash(PASSWORD), factor=sealed))


async def half(core: Core) -> Session:
    """Signed in with the password alone."""
    user = core.directory.all.users["ada"]
    _, session = await core.directory.begin(user, Act("ada", "session.half", "user ada", at()), pending=True)
    return session


def kinds(answers: list[object]) -> list[type]:
    return sorted({type(answer) for answer in answers}, key=str)


async def test_a_hundred_codes_at_once_are_slowed_like_a_hundred_in_a_row(tmp_path):
    async with a_core(tmp_path) as core:
        await with_password(core, factor=True)
        session = await half(core)
        tries = [core.signin.second(session, f"{number:06}", HERE) for number in range(100)]
        answers = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(type(answer) is SignInFailed for answer in answers) <= FREE
        assert sum(isinstance(answer, SlowDown) for answer in answers) >= 100 - FREE


async def test_passwords_at_once_are_slowed_as_well(tmp_path):
    async with a_core(tmp_path) as core:
        await with_password(core)
        tries = [core.signin.with_password("ada", f"guess {number}", HERE) for number in range(10)]
        answers = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(type(answer) is SignInFailed for answer in answers) == FREE
        assert sum(isinstance(answer, SlowDown) for answer in answers) == 10 - FREE


async def test_many_who_sign_in_rightly_are_not_slowed_by_each_other(tmp_path):
    async with a_core(tmp_path) as core:
        await with_password(core)
        for _ in range(FREE_ADDRESS + 2):
            assert (await core.signin.with_password("ada", PASSWORD, From("192.0.2.7", at=at()))).session.user == "ada"


async def test_who_types_a_strange_name_slows_nobodys_code(tmp_path):
    async with a_core(tmp_path) as core:
        await with_password(core, factor=True)
        session = await half(core)
        for name in ("ada code", "code:ada", "password:ada", " ADA CODE "):
            for number in range(FREE_ACCOUNT + 2):
                with pytest.raises(SignInFailed):
                    await core.signin.with_password(name, "guess", From(f"198.51.100.{number}", at=1))
        code = pyotp.TOTP(SECRET).now()
        signed = await core.signin.second(session, code, From("203.0.113.9", at=at()))
        assert (signed.session.user, signed.session.pending) == ("ada", False)


async def test_a_network_of_ipv6_is_one_address():
    throttle = Throttle(MemoryStore().memos, b"a key")
    for number in range(FREE_ADDRESS + 1):
        await throttle.failed(f"name{number}", f"2001:db8:1:2::{number:x}", 0.0)
    assert await throttle.wait("somebody", "2001:db8:1:2:ffff::1", 0.1) > 0
    assert await throttle.wait("somebody", "2001:db8:1:3::1", 0.1) == 0


async def test_an_ipv4_address_in_the_clothes_of_ipv6_is_the_same():
    throttle = Throttle(MemoryStore().memos, b"a key")
    for number in range(FREE_ADDRESS + 1):
        await throttle.failed(f"name{number}", "192.0.2.7", 0.0)
    assert await throttle.wait("somebody", "::ffff:192.0.2.7", 0.1) > 0


async def test_a_try_that_was_right_leaves_no_trace():
    throttle = Throttle(MemoryStore().memos, b"a key")
    for second in range(100):
        assert await throttle.wait("ada", "192.0.2.7", float(second)) == 0
        await throttle.failed("ada", "192.0.2.7", float(second))
        await throttle.undone("ada", "192.0.2.7", float(second))


class Provider:
    def __init__(self) -> None:
        self.count = 0

    async def begin(self, redirect_uri: str) -> Begun:
        self.count += 1
        return Begun("https://login.example/", f"state{self.count}", "nonce", "verifier")


async def test_who_begins_very_many_sign_ins_elsewhere_loses_only_their_own(tmp_path):
    async with a_core(tmp_path) as core:
        core.signin.provider = Provider()  # type: ignore[assignment]  # begins, and is asked for no more
        mine = await core.signin.elsewhere("https://here.example/", "/", "192.0.2.7")
        for _ in range(3 * BEGUN_FROM_ONE):
            await core.signin.elsewhere("https://here.example/", "/", "198.51.100.1")
        for number in range(2 * BEGUN):
            await core.signin.elsewhere("https://here.example/", "/", f"2001:db8::{number:x}")
        held = await core.store.memos.read("sign-in elsewhere", at=at())
        assert hashed(mine.state) in held
        assert len(held) <= 1 + 2 * BEGUN_FROM_ONE


async def test_a_password_that_is_changed_while_another_signs_in_with_it_lets_nobody_in(tmp_path):
    async with a_core(tmp_path) as core:
        await with_password(core)
        seen = core.directory.all.users["ada"]
        await put(core, User("ada", password=await core.signin.passwords.hash("another four words")))
        with pytest.raises(SignInFailed, match="changed"):
            await core.directory.begin(seen, Act("ada", "session.begin", "user ada", at()))
        assert not core.directory.all.sessions


async def test_half_a_session_that_was_ended_does_not_become_a_whole_one(tmp_path):
    async with a_core(tmp_path) as core:
        await with_password(core, factor=True)
        session = await half(core)
        await core.signin.end(core.directory.of_session(session), session, at())
        with pytest.raises(SignInFailed, match="changed"):
            await core.signin.second(session, pyotp.TOTP(SECRET).now(), From("192.0.2.7", at=at()))
        assert not core.directory.all.sessions


async def test_a_second_factor_that_came_meanwhile_is_asked_for(tmp_path):
    async with a_core(tmp_path) as core:
        await with_password(core)
        seen = core.directory.all.users["ada"]
        await put(core, User("ada", password=seen.password, factor=core.signin.sealed.close(SECRET)))
        with pytest.raises(SignInFailed, match="changed"):
            await core.directory.begin(seen, Act("ada", "session.begin", "user ada", at()))


async def test_the_password_of_ones_own_account_is_not_guessed_from_an_open_browser(tmp_path):
    async with a_core(tmp_path) as core:
        await with_password(core, factor=True)
        ada = core.directory.actor(core.directory.all.users["ada"])
        verbs = core.people
        answers: list[object] = []
        for number in range(5):
            answers += await asyncio.gather(
                verbs.set_password(ada, f"guess {number}", "another four words", at()),
                verbs.drop_factor(ada, f"guess {number}", at()),
                return_exceptions=True,
            )
        assert sum(type(answer) is SignInFailed for answer in answers) == FREE
        assert kinds(answers) == sorted([SignInFailed, SlowDown], key=str)
        refused = [record for record in await core.store.audit.chain(None, 100) if record.act.verb == "user.refuse"]
        assert [(record.act.actor, record.act.about) for record in refused] == [("ada", "user ada")] * FREE


async def test_who_took_up_an_invitation_is_not_slowed_by_mistakes_of_others_behind_the_same_address(tmp_path):
    async with a_core(tmp_path) as core:
        for number in range(FREE_ADDRESS + 5):
            await core.signin.throttle.failed(f"password:name{number}", "192.0.2.7", MOMENT)
        letter = await core.people.invite(core.directory.actor(core.directory.all.users["ada"]), "ada", at())
        here = From("192.0.2.7", at=at())
        await core.signin.redeem(letter, PASSWORD, here)
        assert (await core.signin.with_password("ada", PASSWORD, here)).session.user == "ada"


async def test_an_older_invitation_is_over_at_once_also_when_another_process_made_the_newer_one(tmp_path):
    async with a_core(tmp_path) as core:
        ada = core.directory.actor(core.directory.all.users["ada"])
        first = await core.people.invite(ada, "eve", at())
        beside = Directory(core.store.people)  # as the command line has one
        await beside.open()
        await replace(core.people, directory=beside).invite(ada, "eve", at())
        await beside.close()
        with pytest.raises(InviteGone):
            await core.signin.invited(first, at())
