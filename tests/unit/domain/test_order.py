"""Reports in pieces that an order holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pushbutton.domain.order import MOST, MOST_SIZE, PIECE, Order, OrderKind, fits, pieces

LINES = st.lists(
    st.one_of(st.text("aü\u2028\x00 \r😀", max_size=9), st.just("x" * 40_000), st.just("é" * 70_000)), max_size=12
)


@given(LINES)
def test_the_lines_are_all_there_in_their_order_and_no_piece_is_larger_than_one_line_may_be(lines):
    found = list(pieces("\n".join(lines)))
    expected = [line for line in lines if line.strip()]
    said = [line for piece in found for line in piece.split("\n")]
    assert [line[:1000] for line in said] == [line[:1000] for line in expected]
    assert all(len(piece.encode()) < PIECE + 20 for piece in found)
    for line, whole in zip(said, expected, strict=True):
        assert line == whole or len(line.encode()) > PIECE  # who cuts it sees that something follows


def test_half_a_character_is_replaced():
    assert list(pieces("a\udc80b")) == ["a?b"]


def test_there_is_a_limit_for_reports_and_none_for_an_order_to_stop():
    report, stop = Order(OrderKind.REPORT), Order(OrderKind.STOP)
    assert fits(0, 0, [report] * (MOST + 1), MOST_SIZE + 1)
    assert fits(MOST - 1, MOST_SIZE - 5, [report], 5)
    assert not fits(MOST, 0, [report], 1)
    assert not fits(1, MOST_SIZE - 5, [report], 6)
    assert fits(MOST, MOST_SIZE, [stop], 50)
