"""The second factor: codes that change, each good for once."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from pushbutton.adapters import totp

SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""The ASCII secret "12345678901234567890" of RFC 6238, in base32."""


@pytest.mark.parametrize(("at", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924")])
def test_the_codes_are_those_of_the_standard(at: int, code: str) -> None:
    """RFC 6238, appendix B, the last six of its eight digits."""
    assert totp.check(SEED, code, 0, at=at) == at // 30


def test_the_step_before_and_after_are_taken_and_no_other() -> None:
    now = 1111111109  # step 37037036
    taken = {late: totp.check(SEED, "081804", 0, at=now + 30 * late) for late in (-2, -1, 0, 1, 2)}
    assert taken == {-2: None, -1: 37037036, 0: 37037036, 1: 37037036, 2: None}


def test_a_step_is_never_taken_twice_nor_one_before_it() -> None:
    step = totp.check(SEED, "081804", 0, at=1111111109)
    assert step
    assert totp.check(SEED, "081804", step, at=1111111109) is None
    assert totp.check(SEED, "081804", step + 1, at=1111111139) is None


@pytest.mark.parametrize("code", ["", "81804", "0818040", "081805", "o81804", "٠٨١٨٠٤", "081804\n", "+81804", "\ud800"])
def test_anything_else_is_wrong(code: str) -> None:
    assert totp.check(SEED, code, 0, at=1111111109) is None


@pytest.mark.parametrize("code", ["081 804", " 081804 ", "081-804"])
def test_a_code_may_be_typed_as_telephones_show_it(code: str) -> None:
    assert totp.check(SEED, code, 0, at=1111111109)


def test_a_new_secret_is_160_random_bits() -> None:
    assert re.fullmatch("[A-Z2-7]{32}", totp.new_secret())
    assert totp.new_secret() != totp.new_secret()


def test_the_address_for_the_telephone_names_the_user_and_the_server() -> None:
    assert totp.uri(SEED, "ada@example.org") == (
        f"otpauth://totp/Pushbutton:ada%40example.org?secret={SEED}&issuer=Pushbutton"
    )


def test_the_picture_is_an_svg_that_a_strict_page_may_hold() -> None:
    root = ET.fromstring(totp.picture(totp.uri(totp.new_secret(), "ada")))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    names = {name for element in root.iter() for name in element.attrib}
    assert tags <= {"svg", "g", "path"}
    assert names <= {"width", "height", "class", "transform", "fill", "stroke", "d"}


def test_a_recovery_code_is_good_for_once() -> None:
    codes, kept = totp.new_recovery_codes()
    assert len(set(codes)) == len(set(kept)) == 10
    assert not any(code in "".join(kept) for code in codes)
    for code in codes:
        hashed = totp.spent(code, kept)
        assert hashed
        kept.remove(hashed)
        assert totp.spent(code, kept) is None
    assert kept == []


def test_a_recovery_code_may_be_typed_any_way() -> None:
    codes, kept = totp.new_recovery_codes()
    assert totp.spent(f" {codes[3].replace('-', ' ').upper()}", kept) == kept[3]
    assert totp.spent(codes[3].replace("-", ""), kept) == kept[3]
    assert totp.spent(codes[3][:-1], kept) is None
    assert totp.spent("", kept) is None
