"""What each control does to the lines, one row per fact."""

import pytest

from pushbutton.domain import ink
from pushbutton.domain.terminal import Terminal

RED, GREEN, BOLD = ink.applied(0, b"31"), ink.applied(0, b"32"), ink.applied(0, b"1")


def shown(stream: bytes) -> list[str]:
    machine = Terminal()
    assert machine.feed(stream) == []
    machine.finish()
    return [line.text for line in machine.reach()]


@pytest.mark.parametrize(
    ("stream", "lines"),
    [
        (b"", []),
        (b"a", ["a"]),
        (b"a\n", ["a"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\r\r\nb", ["a", "b"]),
        (b"\n\n", ["", ""]),
        (b"abc\rx", ["xbc"]),
        (b"abc\rxyzw", ["xyzw"]),
        (b"abc\b\bX", ["aXc"]),
        (b"\b\ba", ["a"]),
        (b"abc\r\x1b[K", []),
        (b"abc\b\x1b[K", ["ab"]),
        (b"abc\b\x1b[0K", ["ab"]),
        (b"abc\b\b\x1b[1K", ["  c"]),
        (b"abc\x1b[2Kd", ["   d"]),
        (b"abc\x1b[9K", ["abc"]),
        (b"a\nb\n\x1b[AX", ["a", "X"]),
        (b"a\nb\n\x1b[2AX", ["X", "b"]),
        (b"a\nb\n\x1b[99AX", ["X", "b"]),
        (b"a\nb\n\x1b[0AX", ["a", "X"]),
        (b"a\nb\n\x1b[2A\x1b[BX", ["a", "X"]),
        (b"a\nb\n\x1b[2A\x1b[99BX", ["a", "b", "X"]),
        (b"ab\ncd\x1b[FX", ["Xb", "cd"]),
        (b"ab\ncd\x1b[A\x1b[EX", ["ab", "Xd"]),
        (b"ab\ncd\x1b[AX", ["abX", "cd"]),
        (b"a\x1b[3Cb", ["a   b"]),
        (b"abc\x1b[2DX", ["aXc"]),
        (b"abc\x1b[99DX", ["Xbc"]),
        (b"abc\x1b[2GX", ["aXc"]),
        (b"abc\x1b[GX", ["Xbc"]),
        (b"a\nb\n\x1b[2AX\nY", ["X", "Y"]),
    ],
    ids=repr,
)
def test_cursor_moves_and_erasing(stream: bytes, lines: list[str]) -> None:
    assert shown(stream) == lines


@pytest.mark.parametrize(
    ("stream", "lines"),
    [
        (b"a\nb\n\x1b[J", ["a", "b"]),
        (b"a\nb\n\x1b[2J", ["a", "b"]),
        (b"a\nb\n\x1b[H\x1b[2J\x1b[3Jc", ["a", "b", "c"]),
        (b"a\nb\n\x1b[1J", ["a", "b"]),
        (b"a\nb\n\x1b[2A\x1b[J", ["a", "b"]),
        (b"long\nlonger\n\x1b[2A\x1b[Jx\ny\n", ["x", "y"]),
        (b"one\ntwo\nthree\n\x1b[3A\x1b[Jx\n\n", ["x", "", "three"]),
    ],
    ids=repr,
)
def test_erasing_the_screen_takes_away_only_what_is_written_again(stream: bytes, lines: list[str]) -> None:
    assert shown(stream) == lines


@pytest.mark.parametrize(
    ("stream", "line"),
    [
        (b"a\x1b]0;title\x07b", "ab"),
        (b"a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\b", "alinkb"),
        (b"a\x1bPq#0\nx\x1b\\b", "ab"),
        (b"a\x1b_Gpicture\x1b\\b", "ab"),
        (b"a\x1b^x\x1b\\b\x1bXx\x1b\\c", "abc"),
        (b"a\x1b]0;title\x18b", "ab"),
        (b"a\x1b]0;title\x1b[31mb", "ab"),
        (b"a\x1b(Bb\x1b=c\x1b7d\x1b8", "abcd"),
        (b"a\x1b[?25lb\x1b[?2004hc\x1b[6nd\x1b[1;5re", "abcde"),
        (b"a\x1b[>4;2mb", "ab"),
        (b"a\x1b[31\xc3\xbcb", "aüb"),
        (b"a\x1b[" + b"1;" * 200 + b"mb", "a" + ("1;" * 200)[96:] + "mb"),
        (b"a\x1b", "a"),
        (b"a\x1b[3", "a"),
        (b"a\x1b]0;never ends", "a"),
    ],
    ids=repr,
)
def test_sequences_that_show_nothing(stream: bytes, line: str) -> None:
    assert shown(stream) == [line]


def test_an_unterminated_title_ends_with_its_line() -> None:
    assert shown(b"a\x1b]0;title\nb\n") == ["a", "b"]


def test_an_unterminated_string_ends_after_a_mebibyte() -> None:
    assert shown(b"\x1bP" + b"x" * (1 << 20) + b"y") == ["y"]


@pytest.mark.parametrize("code", [code for code in range(0x20) if code not in (8, 9, 10, 13, 27)] + [0x7F])
def test_other_control_characters_show_their_picture_or_nothing(code: int) -> None:
    silent = {0x00, 0x05, 0x07, 0x0E, 0x0F, 0x11, 0x13, 0x7F}
    expected = "ab" if code in silent else f"a{chr(0x2400 + code)}b"
    assert shown(b"a" + bytes([code]) + b"b\n") == [expected]
    assert shown(b"\ra" + bytes([code]) + b"b\n") == [expected]


@pytest.mark.parametrize(
    ("stream", "line"),
    [
        (b"a\tb", "a\tb"),
        (b"a\tb\rX", "X\tb"),
        (b"a\tb\r\x1b[3CX", "a  X    b"),
        (b"abc\r\tX", "abc     X"),
        (b"a\tb\x1b[9GX", "a\tX"),
    ],
    ids=repr,
)
def test_tabs_stand_at_stops_of_eight_and_stay_tabs(stream: bytes, line: str) -> None:
    assert shown(stream) == [line]


@pytest.mark.parametrize(
    ("stream", "line"),
    [
        ("漢字\x1b[3GX", "漢X "),
        ("漢字\x1b[2GX", " X字"),
        ("🚀ab\x1b[3GX", "🚀Xb"),
        ("é█ab\x1b[3GX", "é█Xb"),
    ],
)
def test_wide_characters_take_two_columns(stream: str, line: str) -> None:
    assert shown(stream.encode()) == [line]


def test_broken_utf_8_becomes_the_replacement_character() -> None:
    assert shown(b"a\xffb\xe2\x82\nc\xf0\x9f") == ["a\ufffdb\ufffd", "c\ufffd"]


def test_a_character_split_across_feeds_is_whole() -> None:
    machine = Terminal()
    for byte in "€🚀".encode():
        machine.feed(bytes([byte]))
    assert [line.text for line in machine.reach()] == ["€🚀"]


def test_the_cursor_reaches_the_last_two_hundred_lines_only() -> None:
    machine = Terminal()
    machine.feed(b"line\n" * 300 + b"\x1b[999AX")
    assert machine.settled == 101
    assert [line.text for line in machine.reach()] == ["Xine"] + ["line"] * 198


def test_a_line_of_more_than_4096_columns_cannot_be_gone_back_over() -> None:
    machine = Terminal()
    machine.feed(b"a\n" + b"w" * 4097 + b"\nb\n\x1b[9AX")
    assert [line.text for line in machine.reach()] == ["X"]
    assert machine.settled == 2


def test_colours_are_carried_so_that_each_line_has_its_own() -> None:
    machine = Terminal()
    machine.feed(b"\x1b[31mred\nstill\n\x1b[0mplain\n")
    assert [(line.text, line.spans) for line in machine.reach()] == [
        ("red", ((0, 3, RED),)),
        ("still", ((0, 5, RED),)),
        ("plain", ()),
    ]


def test_rewritten_text_has_the_colour_that_it_was_written_in() -> None:
    machine = Terminal()
    machine.feed(b"\x1b[31mabcdef\r\x1b[32mXY\x1b[m\x1b[2CZ")
    (line,) = machine.reach()
    assert (line.text, line.spans) == ("XYcdZf", ((0, 2, GREEN), (2, 4, RED), (5, 6, RED)))


@pytest.mark.parametrize(
    ("codes", "classes"),
    [
        (b"31", "f1"),
        (b"97;44", "F7 b4"),
        (b"1;2;3;4;7;9", "b d i u v s"),
        (b"38;5;208", "x208"),
        (b"38;5;9", "F1"),
        (b"48;5;3", "b3"),
        (b"48;5;240", "y240"),
        (b"38;2;1;2;255", "#0102ff"),
        (b"48;2;0;0;0", "@000000"),
        (b"38:2::1:2:3", "#010203"),
        (b"38:2:1:2:3", "#010203"),
        (b"38:5:208", "x208"),
        (b"4:3", "u"),
        (b"4;4:0", ""),
        (b"1;22", ""),
        (b"1;31;0", ""),
        (b"31;39", ""),
        (b"41;49", ""),
        (b"1;;31", "f1"),
        (b"38;5;999;1", "b"),
        (b"58;2;1;2;3;4", "u"),
        (b"77", ""),
        (b"38", ""),
        (b"38;2;1", ""),
    ],
)
def test_colour_codes_become_classes(codes: bytes, classes: str) -> None:
    style = ink.applied(0, codes)
    assert ink.classes(style) == classes
    assert ink.style_after(ink.sequence(style), RED) == style


def test_the_json_of_a_line_holds_runs_with_their_classes() -> None:
    text, spans, _ = ink.read_line(b"ok \x1b[31;1mfailed\x1b[m!", 0)
    assert ink.Line(7, text, spans, 1_000_000).to_json() == {
        "number": 7,
        "at": "1970-01-01T00:00:01.000000Z",
        "runs": [["ok "], ["failed", "f1 b"], ["!"]],
    }
