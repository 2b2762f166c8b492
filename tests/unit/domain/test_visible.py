"""What cannot be seen in a text is shown, and what can be seen stays as it is."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from pushbutton.domain.visible import pieces, unseen, visible

UNSEEN = {"Cc", "Cf", "Zs", "Zl", "Zp", "Cs"}


def test_every_character_of_a_kind_that_cannot_be_seen_is_an_escape():
    for code in range(sys.maxunicode + 1):
        letter = chr(code)
        if unicodedata.category(letter) in UNSEEN and letter != " ":
            shown = visible(f"a{letter}b")
            assert shown in (f"a\\u{code:04x}b", f"a\\U{code:08x}b")
            assert shown.isascii()
            assert unseen(letter)


@pytest.mark.parametrize("letter", ["\u3164", "\u034f", "\u2800", "\ufe0f", "\ufe01", "\U000e0101", "\uffa0", "\u115f"])
def test_fillers_and_selectors_that_belong_to_nothing_are_escapes(letter: str):
    assert unseen(f"a{letter}b")


@pytest.mark.parametrize(
    "text",
    [
        *("Grüße, naïve café", "日本語 中文", "👍🏽", "❤️", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👩🏿‍⚕️", "1️⃣", "🇩🇪", "‼️"),
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # the flag of Scotland
        *("می\u200cخواهم", "क्\u200dष", "a b", "C:\\new\\u0041", "→ ↑️"),
    ],
)
def test_what_can_be_seen_stays_as_it_is(text: str):
    assert visible(text) == text
    assert not unseen(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("invoice\u202efdp.exe", "invoice\\u202efdp.exe"),
        ("ad\u200cmin", "ad\\u200cmin"),
        ("👍\u200dx", "👍\\u200dx"),
        ("❤️\ufe0f", "❤️\\ufe0f"),
        ("\U0001f3f4\U000e0072\U000e006d\U000e007f", "\U0001f3f4\\U000e0072\\U000e006d\\U000e007f"),
        ("one\r\ntwo\t3", "one\\u000d\\u000atwo\\u00093"),
        (" a  b   ", "␣a␣␣b␣␣␣"),
        ("12\u00a0000", "12\\u00a0000"),
    ],
)
def test_what_cannot_be_seen_is_shown(text: str, shown: str):
    assert visible(text) == shown


def test_a_text_of_several_lines_keeps_them_and_what_stands_in_front_of_them():
    assert visible("if x:\n\tgo   on  \n    end\r", lines=True) == "if x:\n\tgo   on␣␣\n    end\\u000d"
    assert not unseen("a\n\tb  ", lines=True)


def test_the_pieces_say_which_of_them_were_made():
    assert list(pieces("a\u200b b ")) == [("", "a"), ("unseen", "\\u200b"), ("", " b"), ("blank", "␣")]
