"""What every second factor must guarantee, see `runtime.ports.people.Factor`."""

from __future__ import annotations

import time
from xml.etree import ElementTree as ET

import pyotp
import pytest

from pushbutton.adapters import totp
from pushbutton.runtime.ports.people import Factor


@pytest.fixture(params=[totp])
def factor(request: pytest.FixtureRequest) -> Factor:
    made: Factor = request.param
    return made


def code_of(factor: Factor, secret: str) -> str:
    """What a telephone shows now that read the address, by another program than ours."""
    read = pyotp.parse_uri(factor.uri(secret, "ada"))
    assert isinstance(read, pyotp.TOTP)
    return read.at(int(time.time()))


def test_a_telephone_that_read_the_address_shows_a_code_that_is_taken_once(factor):
    secret = factor.new_secret()
    code = code_of(factor, secret)
    step = factor.check(secret, code, 0)
    assert step
    assert factor.check(secret, code, step) is None


def test_the_codes_of_other_secrets_are_wrong(factor):
    """By chance one in 300,000 is right, but not all of three."""
    mine = factor.new_secret()
    others = [factor.new_secret() for _ in range(3)]
    assert len({mine, *others}) == 4
    assert None in {factor.check(mine, code_of(factor, other), 0) for other in others}
    assert factor.check(mine, "", 0) is None


def test_the_picture_is_one_that_a_page_can_hold(factor):
    picture = ET.fromstring(factor.picture(factor.uri(factor.new_secret(), "ada")))
    assert picture.tag.endswith("svg")


def test_each_recovery_code_is_known_by_what_is_kept_of_it_and_by_nothing_else(factor):
    codes, kept = factor.new_recovery_codes()
    assert len(set(codes)) == len(set(kept)) == len(codes) > 5
    assert [factor.spent(code, kept) for code in codes] == kept
    assert not set(codes) & set(kept)
    left = kept[1:]
    assert factor.spent(codes[0], left) is None
    assert factor.spent("", kept) is None
