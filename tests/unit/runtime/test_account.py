"""Somebody at another's open browser, or with an old letter in hand: the account stays its owner's."""

from __future__ import annotations

import pyotp
import pytest

from pushbutton.adapters import totp
from pushbutton.domain.person import User
from pushbutton.errors import BadInput, InviteGone, SignInFailed
from tests.unit.runtime.worlds import a_core, at, put, somebody

OLD, NEW = "four words and a half", "another four words"
MINE, THEIRS = totp.new_secret(), totp.new_secret()


async def test_a_second_factor_is_not_put_in_the_place_of_another(tmp_path):
    async with a_core(tmp_path) as core:
        await core.people.take_factor(somebody(core), MINE, pyotp.TOTP(MINE).now(), at())
        kept = core.directory.all.users["ada"].factor
        with pytest.raises(BadInput, match="take it away first"):
            await core.people.take_factor(somebody(core), THEIRS, pyotp.TOTP(THEIRS).now(), at())
        assert core.directory.all.users["ada"].factor == kept


async def test_who_signs_in_elsewhere_takes_the_factor_away_with_a_code_of_it_alone(tmp_path):
    async with a_core(tmp_path) as core:
        await put(core, User("ada", source="oidc", factor=core.signin.sealed.close(MINE)))
        for wrong in ("", "000000", pyotp.TOTP(THEIRS).now()):
            with pytest.raises(SignInFailed):
                await core.people.drop_factor(somebody(core), wrong, at())
        assert core.directory.all.users["ada"].factor
        await core.people.throttle.undone("own:ada", "", at() / 1e6)  # the next one is heard at once
        await core.people.drop_factor(somebody(core), pyotp.TOTP(MINE).now(), at())
        assert not core.directory.all.users["ada"].factor


async def test_an_invitation_that_lies_about_is_worth_nothing_once_the_password_was_changed(tmp_path):
    async with a_core(tmp_path) as core:
        await put(core, User("eve", password=await core.signin.passwords.hash(OLD)))
        letter = await core.people.invite(somebody(core), "eve", at())
        assert (await core.signin.invited(letter, at())).user == "eve"
        await core.people.set_password(somebody(core, "eve"), OLD, NEW, at())
        with pytest.raises(InviteGone):
            await core.signin.invited(letter, at())
