"""The lines depend on the bytes alone, and hostile bytes stay within bounds."""

import json
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pushbutton.terminal import cells, screen, scroll, sweep, terminal
from pushbutton.terminal.cells import Kept, Settled
from pushbutton.terminal.styles import Span, read_line
from pushbutton.terminal.terminal import Terminal

Shape = tuple[int, str, tuple[Span, ...], bool]

PIECES = [
    *[bytes([code]) for code in range(256)],
    *[
        b"\n",
        b"\r\n",
        b"\r",
        b"\b",
        b"\t",
        b"a",
        b"lines\nof\ntext\n",
        b"\x1b[31m",
        b"\x1b[0m",
        b"\x1b[m",
        b"\x1b[1;48;5;9m",
    ],
    *[b"\x1b[A", b"\x1b[2A", b"\x1b[B", b"\x1b[3C", b"\x1b[D", b"\x1b[E", b"\x1b[F", b"\x1b[4G", b"\x1b[9999C"],
    *[
        b"\x1b[K",
        b"\x1b[1K",
        b"\x1b[2K",
        b"\x1b[J",
        b"\x1b[2J",
        b"\x1b[?25l",
        b"\x1b]0;title\x07",
        b"\x1bP+q\x1b\\",
        b"\x1b(B",
    ],
    *[b"\x1b7", b"\x1b8", b"\x1b[s", b"\x1b[u", b"\x1bM", b"\x1bD", b"\x1bE", b"\x1bc"],
    *[
        b"\x1b[H",
        b"\x1b[2;3H",
        b"\x1b[99;99f",
        b"\x1b[3d",
        b"\x1b[1J",
        b"\x1b[?1049h",
        b"\x1b[?1049l",
        b"\x1b[2r",
        b"\x1b[1;2r",
    ],
    *[
        b"\x1b[@",
        b"\x1b[2@",
        b"\x1b[P",
        b"\x1b[2P",
        b"\x1b[X",
        b"\x1b[3X",
        b"\x1b[b",
        b"\x1b[9b",
        b"\x1b[8m",
        b"\x1b[28m",
    ],
    *[
        b"\x1b[L",
        b"\x1b[3L",
        b"\x1b[M",
        b"\x1b[2M",
        b"\x1b[S",
        b"\x1b[9S",
        b"\x1b[T",
        b"\x1b[2T",
        b"\x1b[2;3r\x1b[2;1H",
    ],
    *["\re\u0301 1\ro\u0308x\u0301\u0302 2\ra\re\u0301".encode(), "\be\u0301\bo\u0308\u0301\ba".encode()],
    *[b"\r50%\r60%\r70%\r80%", b"\b|\b/\b-\b|", b"\x1b[2D==\x1b[2D>>\x1b[2D--", b"abcdefghij"],
    *["\r漢a\r字\rb漢\r█".encode(), "\b\b漢\b\b字\b\b漢".encode(), "\u0301".encode(), "\u200d".encode()],
    *["ü".encode(), "漢字".encode(), "🚀".encode(), "e\u0301".encode(), "█".encode()],
]
SIZES = st.sampled_from([None, (24, 80), (3, 5), (2, 2), (5, 1), (300, 9)])
STREAMS = st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join)


def shapes(settled: list[Settled]) -> list[Shape]:
    found: list[Shape] = []
    for piece in settled:
        if isinstance(piece, Kept):
            place, style = piece.offset, piece.style
            lines = piece.data.split(b"\n")[:-1]
            assert len(lines) == piece.lines
            for line in lines:
                text, spans, style = read_line(line.rstrip(b"\r"), style)
                found.append((place, text, spans, False))
                place += len(line) + 1
        else:
            text, spans, after = read_line(piece.data, 0)
            assert after == 0
            found.append((piece.begin, text, spans, piece.continued))
    return found


def lines(*feeds: bytes, size: tuple[int, int] | None = None, machine: Terminal | None = None) -> list[Shape]:
    machine = machine or Terminal(size)
    found = [shape for feed in feeds for shape in shapes(machine.feed(feed))]
    assert machine.settled >= len(found)
    machine.finish()
    return found + [(row.begin, row.text, row.spans, row.continued) for row in machine.reach()]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    make_small(monkeypatch)


def make_small(patch: pytest.MonkeyPatch) -> None:
    """All bounds so low that short streams meet them."""
    for name, value in {"REACH": 4, "WIDTH": 16, "PIECE": 24, "STRING": 12, "_LONG": 2}.items():
        patch.setattr(terminal, name, value)
    for name, value in {"REACH": 4, "WIDTH": 16, "NARROW": 8, "REPEATED": 6}.items():
        patch.setattr(screen, name, value)
    for name, value in {"NARROW": 8, "CLUSTERS": 2, "DEEP": 3}.items():
        patch.setattr(cells, name, value)
    patch.setattr(terminal, "NARROW", 8)
    for name, value in {"REACH": 4, "NARROW": 8, "ROWS": 3}.items():
        patch.setattr(scroll, name, value)
    for name, value in {"NARROW": 8, "_WORTH": 4, "_FEW": 2, "CLUSTERS": 2, "DEEP": 3}.items():
        patch.setattr(sweep, name, value)


@settings(max_examples=600, deadline=None)
@given(STREAMS, st.lists(st.integers(0, 200), max_size=8), st.booleans(), SIZES)
@example(b"a\tb\rX\n", [2], True, None)
@example(b"\x1b[31mred\n\x1b[A\x1b[2Kx\n", [5, 9], True, (3, 5))
def test_any_split_gives_the_same_lines_as_one_feed(
    stream: bytes, cuts: list[int], low: bool, size: tuple[int, int] | None
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if low:
            make_small(patch)
        places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
        whole = lines(stream, size=size)
        assert lines(*[stream[start:end] for start, end in pairwise(places)], size=size) == whole
        assert lines(*[stream[place : place + 1] for place in range(len(stream))], size=size) == whole


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 400), SIZES)
def test_any_bytes_in_any_split_give_the_same_lines(stream: bytes, cut: int, size: tuple[int, int] | None) -> None:
    assert lines(stream[:cut], stream[cut:], size=size) == lines(stream, size=size)


@settings(max_examples=300, deadline=None)
@given(STREAMS, STREAMS, st.booleans(), SIZES)
def test_a_restored_terminal_goes_on_as_the_one_that_was_dumped(
    before: bytes, after: bytes, low: bool, size: tuple[int, int] | None
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if low:
            make_small(patch)
        machine = Terminal(size)
        first = shapes(machine.feed(before))
        restored = Terminal.restore(json.loads(json.dumps(machine.dump())))
        assert first + lines(after, machine=restored) == lines(before + after, size=size)


@settings(max_examples=300, deadline=None)
@given(STREAMS, SIZES)
def test_no_text_holds_a_control_character(stream: bytes, size: tuple[int, int] | None) -> None:
    for _, text, _, _ in lines(stream, size=size):
        assert all(char == "\t" or ord(char) >= 32 for char in text)


@settings(max_examples=300, deadline=None)
@given(STREAMS, SIZES)
def test_spans_rise_within_the_text_and_are_never_empty(stream: bytes, size: tuple[int, int] | None) -> None:
    for _, text, spans, _ in lines(stream, size=size):
        done = 0
        for start, end, style in spans:
            assert done <= start < end <= len(text)
            assert style
            done = end


@settings(max_examples=300, deadline=None)
@given(STREAMS, SIZES)
def test_lines_begin_in_the_order_of_the_bytes(stream: bytes, size: tuple[int, int] | None) -> None:
    begins = [begin for begin, *_ in lines(stream, size=size)]
    assert begins == sorted(begins)


@pytest.mark.parametrize(
    "unit",
    [
        b"x",
        b"\t",
        b"\x1b",
        b"\x1b[",
        b"\x1b[1;",
        b"\x1b]0;",
        b"\x1bP",
        b"\xf0\x9f",
        b"\r",
        b"\r\n",
        b"\b",
        b"\n\x1b[200A",
        b"a\x1b[9999C",
        "🚀".encode(),
        b"\x1b[38;2;1;2;3ma\x1b[4mb",
        b"\x1b[B\x1b[9999Cx\x1b[A\x1b[31mx",
    ],
    ids=repr,
)
def test_memory_stays_bounded_for(unit: bytes) -> None:
    block = unit * (20_000 // len(unit))
    machine = Terminal()
    tracemalloc.start()
    try:
        for _ in range(10):
            machine.feed(block)
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "unit",
    [
        b"\x1b[9999;9999Hx\x1b[Hy",
        b"\x1b[H\x1b[2J\x1b[9Bx",
        b"x\x1b[9999b\r\x1b[9999@",
        b"x" * 300 + b"\x1b[3A\x1b[K\r\x1b[B",
        b"\x1b7\x1b[2;9r\x1b[9;1Hx\n\x1b8",
        "a\u0301\u0302\u0303b\u0304\x1b[31m".encode(),
    ],
    ids=repr,
)
def test_rows_of_a_screen_stay_bounded_for(unit: bytes) -> None:
    for size in (None, (24, 80)):
        machine = Terminal(size)
        for _ in range(4):
            machine.feed(unit * (5_000 // len(unit)))
        state = machine.dump()["rows"]
        assert len(state) <= 2 * screen.REACH
        assert len(json.dumps(state)) < 12 * 200 * 4096


def test_rows_in_reach_take_no_more_than_their_bound() -> None:
    machine = Terminal()
    machine.feed(b"\n" * 300)
    tracemalloc.start()
    try:
        for _ in range(199):
            machine.feed(b"\x1b[A\r\x1b[31m" + "🚀".encode() * 2048)
        assert tracemalloc.get_traced_memory()[1] < 16_000_000
    finally:
        tracemalloc.stop()


def test_bytes_without_newline_settle_as_continued_lines() -> None:
    found = lines(b"x" * 200_000)
    assert [len(text) for _, text, _, _ in found] == [65_536, 65_536, 65_536, 200_000 - 3 * 65_536]
    assert [continued for *_, continued in found] == [False, True, True, True]


@pytest.mark.usefixtures("small")
def test_a_wide_character_is_not_cut_in_two_by_the_end_of_a_line() -> None:
    assert [text for _, text, _, _ in lines(b"x" * 15 + "漢".encode())] == ["x" * 15, "漢"]
