"""What each control does to the lines, one row per fact."""

import pytest

from pushbutton.terminal import styles
from pushbutton.terminal.terminal import Terminal

RED, GREEN, BOLD = styles.applied(0, b"31"), styles.applied(0, b"32"), styles.applied(0, b"1")


def shown(stream: bytes, size: tuple[int, int] | None = None) -> list[str]:
    machine = Terminal(size)
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
        (b"a\x1b(Bb\x1b=c\x1b8d", "abcd"),
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


@pytest.mark.parametrize(
    ("stream", "line"),
    [
        ("cafe\u0301 loading\rdone        ", "done        "),
        ("e\u0301\u0302X\x1b[2GY", "e\u0301\u0302Y"),
        ("漢\u0301a\x1b[3GX", "漢\u0301X"),
        ("a\u200db\x1b[2GX", "a\u200dX"),
        ("\u0301a\rX", "Xa"),
        ("ab\b\u0301\x1b[3GX", "a\u0301bX"),
        ("a\x1b[31m\u0301\x1b[mb\x1b[3GX", "a\u0301X"),
        ("e\u0301\tb\rX", "X\tb"),
    ],
)
def test_marks_take_no_column_where_a_character_can_take_them(stream: str, line: str) -> None:
    assert shown(stream.encode()) == [line]


def test_a_line_with_very_many_different_marks_loses_none_of_them() -> None:
    text = "".join(chr(0x100 + number) + "\u0301" for number in range(600)) + "e" + "\u0302" * 100
    assert shown(f"{text}\r".encode()) == [text]
    assert shown(f"x\r{text}".encode()) == [text]


def test_a_mark_is_coloured_as_its_character_is() -> None:
    machine = Terminal()
    machine.feed("e\u0301\x1b[31mo\u0308x\x1b[ma\r".encode())
    (line,) = machine.reach()
    assert (line.text, line.spans) == ("e\u0301o\u0308xa", ((2, 5, RED),))


@pytest.mark.parametrize(
    ("stream", "line"),
    [
        (b"abcdef\r\x1b[3@XYZ", "XYZabcdef"),
        (b"abcdef\r\x1b[2C\x1b[@X", "abXcdef"),
        (b"abcdef\r\x1b[2P", "cdef"),
        (b"abcdef\r\x1b[2C\x1b[99P", "ab"),
        (b"abcdef\r\x1b[3X", "   def"),
        (b"abcdef\r\x1b[2C\x1b[99X", "ab"),
        (b"abc\x1b[4P\x1b[4@\x1b[4X", "abc"),
        (b"x\x1b[5b", "xxxxxx"),
        (b"x\x1b[31m\x1b[2b", "xxx"),
        (b"x\r\x1b[5b", "x"),
        (b"x\n\x1b[5b", "x"),
        ("漢字ab\x1b[4G\x1b[P".encode(), "漢 ab"),
        ("漢字\x1b[G\x1b[@x".encode(), "x漢字"),
    ],
    ids=repr,
)
def test_characters_are_inserted_deleted_erased_and_repeated(stream: bytes, line: str) -> None:
    assert shown(stream) == [line]


def test_colours_move_with_their_characters() -> None:
    machine = Terminal()
    machine.feed(b"ab\x1b[31mcd\x1b[m\r\x1b[2@\n" + b"ab\x1b[31mcd\x1b[m\r\x1b[P\n")
    assert [(line.text, line.spans) for line in machine.reach()] == [
        ("  abcd", ((4, 6, RED),)),
        ("bcd", ((1, 3, RED),)),
    ]


@pytest.mark.parametrize("size", [None, (24, 80)])
@pytest.mark.parametrize(
    ("stream", "lines"),
    [
        (b"a\x1b7bc\x1b8X", ["aXc"]),
        (b"a\x1b[sbc\x1b[uX", ["aXc"]),
        (b"a\x1b7\nb\nc\x1b8X", ["aX", "b", "c"]),
        (b"\x1b[31m\x1b7\x1b[ma\x1b8b", ["b"]),
        (b"a\x1b8b", ["ab"]),
        (b"a\x1b7" + b"\n" * 5 + b"\x1b[3A\x1b8X", ["aX", "", "", "", ""]),
    ],
    ids=repr,
)
def test_a_saved_cursor_goes_back_to_its_place(size: tuple[int, int] | None, stream: bytes, lines: list[str]) -> None:
    assert shown(stream, size) == lines


def test_a_saved_place_that_is_out_of_reach_is_forgotten() -> None:
    machine = Terminal()
    machine.feed(b"\x1b7" + b"line\n" * 300 + b"\x1b8X\n")
    assert [line.text for line in machine.reach()] == ["line"] * 198 + ["X"]


@pytest.mark.parametrize(
    ("stream", "lines"),
    [
        (b"0123456789abc\x1b[AX", ["012X456789abc"]),
        (b"0123456789abc\rX", ["0123456789", "Xbc"]),
        (b"0123456789abc\nend\n\x1b[3A\x1b[2KX", ["X", "abc", "end"]),
        (b"0123456789abcdefghijKLM\n\x1b[2K\x1b[A\x1b[2K\x1b[A\x1b[2K\x1b[A\x1b[2K\x1b[Gdone\n", ["done"]),
        (b"0123456789abcdefghijKLM\n\x1b[3A\x1b[2Ka\n\x1b[2Kb\n\x1b[2Kc\nd", ["a", "b", "c", "d"]),
        (b"0123456789\rX", ["X123456789"]),
        (b"0123456789\x1b[31m\x1b[mx\rY", ["0123456789", "Y"]),
        (b"0123456789\bX", ["01234567X9"]),
        (b"0123456789\x1b[KX", ["0123456789X"]),
        (b"abc\x1b[99CX\x1b[99GY", ["abc      Y"]),
        ("012345678漢x\x1b[DX\r".encode(), ["012345678漢X"]),
        (b"0123456789abc\x1b[A\nX", ["0123456789", "Xbc"]),
        (b"0123456789abc\n\x1b[2A\x1b[2BX", ["0123456789abc", "X"]),
        (b"abcdef\r\x1b[9@X", ["X        a"]),
    ],
    ids=repr,
)
def test_a_line_wraps_at_the_width_that_the_job_was_told(stream: bytes, lines: list[str]) -> None:
    assert shown(stream, (6, 10)) == lines


def test_a_line_that_was_wrapped_is_one_line_all_the_same() -> None:
    assert shown(b"x" * 200 + b"\r\n" + b"y" * 200 + b"\rz", (24, 80)) == ["x" * 200, "y" * 160, "z" + "y" * 39]


@pytest.mark.parametrize("size", [None, (24, 80)])
@pytest.mark.parametrize(
    ("stream", "lines"),
    [
        (b"log\n\x1b[H\x1b[2JEvery 2s\x1b[3;1HMon 1", ["log", "Every 2s", "", "Mon 1"]),
        (b"log\n\x1b[H\x1b[Ja\n\x1b[H\x1b[Jb\n", ["log", "a", "b"]),
        (b"log\n\x1b[H\x1b[2Ja\nb\n\x1b[HX\x1b[K\nY\x1b[K\n", ["log", "X", "Y"]),
        (b"log\n\x1b[H\x1b[2Ja\nb\nc\n\x1b[HX\x1b[K\n\x1b[J", ["log", "X"]),
        (b"log\n\x1b[HX", ["log", "X"]),
        (b"log\x1b[1;1fX", ["log", "X"]),
        (b"\x1b[2J\x1b[2;3Hb\x1b[1;1Ha\x1b[2dc", ["a", " cb"]),
        (b"log\n\x1b[?1049h\x1b[H\x1b[2Jtitle\x1b[9;9H\x1b[?1049l\rnext\n", ["log", "title", "next"]),
        (b"\x1b[2;1Hbar\x1b[1;1H\x1b[2K", ["", "bar"]),
        (b"\x1b[H\x1b[2J\x1b[2;1Hbar\x1b[1Jx", ["", "   x"]),
        (b"log\n\x1bcnext\n", ["log", "next"]),
    ],
    ids=repr,
)
def test_rows_of_a_screen_are_lines(size: tuple[int, int] | None, stream: bytes, lines: list[str]) -> None:
    assert [line.rstrip() for line in shown(stream, size)] == lines


def test_a_bar_at_the_bottom_covers_nothing_that_is_said() -> None:
    bar = b"\x1b7\x1b[6;0f\x1b[42mProgress: [ %d%%]\x1b[m\x1b8"
    begin, end = b"\n\x1b7\x1b[0;5r\x1b8\x1b[1A", b"\n\x1b7\x1b[0;6r\x1b8\x1b[1A\x1b[J"
    steps = b"".join(bar % number + b"Setting up %d\n" % number for number in range(9))
    said = ["Preparing", *(f"Setting up {number}" for number in range(9))]
    assert shown(b"Preparing\n" + begin + steps, (6, 40)) == [*said, "", "Progress: [ 8%]"]
    assert shown(b"Preparing\n" + begin + steps + end + b"done\n", (6, 40)) == [*said, "done"]


def test_what_stands_fast_at_the_top_stays_on_the_screen() -> None:
    stream = b"\x1b[H\x1b[2Jtitle\x1b[2;4r\x1b[2;1Ha\nb\nc\nd\ne\x1b[5;1Hfoot"
    assert shown(stream, (5, 40)) == ["a", "b", "title", "c", "d", "e", "foot"]


def test_a_screen_that_scrolls_is_a_log_again() -> None:
    machine = Terminal((3, 40))
    machine.feed(b"\x1b[H\x1b[2J" + b"line\n" * 5 + b"\x1b[2A\x1b[J")
    assert [line.text for line in machine.reach()] == ["line"] * 5


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
        (b"8", "h"),
        (b"8;31;28", "f1"),
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
    style = styles.applied(0, codes)
    assert styles.classes(style) == classes
    assert styles.style_after(styles.sequence(style), RED) == style


def test_the_json_of_a_line_holds_runs_with_their_classes() -> None:
    text, spans, _ = styles.read_line(b"ok \x1b[31;1mfailed\x1b[m!", 0)
    assert styles.Line(7, text, spans, 1_000_000).to_json() == {
        "number": 7,
        "at": "1970-01-01T00:00:01.000000Z",
        "runs": [["ok "], ["failed", "f1 b"], ["!"]],
    }
