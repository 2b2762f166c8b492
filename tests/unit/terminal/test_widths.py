"""How many columns a character takes, against the Unicode data that this Python brings."""

import unicodedata

from pushbutton.terminal.widths import MARKS, spread

AROUND_NUMBERS = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
HANGUL = {*range(0x1160, 0x1200), *range(0xD7B0, 0xD7FC)}
CHANGED = {  # by Unicode 15 to 18: hexagrams, monograms and what goes with them became wide, a sign of Ahom no mark
    *(*range(0x2630, 0x2638), *range(0x268A, 0x2690), *range(0x4DC0, 0x4E00), 0x1171E),
    *(*range(0x1D300, 0x1D357), *range(0x1D360, 0x1D377)),
}


def columns(char: str) -> int:
    return 0 if MARKS.fullmatch(char) else len(spread(char))


def expected(char: str) -> int:
    code = ord(char)
    if code == 0xAD or code in AROUND_NUMBERS:
        return 1
    if code in HANGUL or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def test_every_assigned_character_is_as_wide_as_unicode_says() -> None:
    assert int(unicodedata.unidata_version.split(".")[0]) >= 14
    wrong = [
        f"U+{code:04X}"
        for code in range(0x20, 0x110000)
        if not 0x7F <= code < 0xA0
        and code not in CHANGED
        and unicodedata.category(char := chr(code)) not in {"Cn", "Cs"}
        and columns(char) != expected(char)
    ]
    assert wrong == []


def test_what_is_newer_than_this_pythons_data() -> None:
    """U+1FAE9 (a face, Unicode 16) is wide, U+0897 (a mark, Unicode 16) takes nothing, the hexagrams became wide."""
    assert [columns(char) for char in "\U0001fae9\u0897\u4dc0"] == [2, 0, 2]


def test_text_of_many_different_wide_characters_is_spread_like_that_of_few() -> None:
    text = "".join(chr(code) for code in range(0x4E00, 0x4F00)) + "a🚀"
    assert spread(text) == "".join(map(spread, text))
