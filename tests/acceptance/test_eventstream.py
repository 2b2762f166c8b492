"""The tests' own event-stream parser, against the examples and the sentences of the HTML standard."""

from __future__ import annotations

import random

import pytest

from .eventstream import Event, Parser, parsed


def datas(data: bytes) -> list[str]:
    return [event.data for event in parsed(data)]


def test_several_data_lines_are_one_text_with_line_feeds():
    assert parsed(b"data: YHOO\ndata: +2\ndata: 10\n\n") == [Event("message", "YHOO\n+2\n10", "")]


def test_the_standards_example_of_comments_ids_and_an_unfinished_end():
    text = b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n"
    assert parsed(text) == [Event("message", "first event", "1"), Event("message", "second event", "")]


def test_an_empty_data_field_is_an_event_and_no_data_is_none():
    assert datas(b"data\n\ndata\ndata\n\ndata:") == ["", "\n"]
    assert parsed(b"event: x\nid: 3\n\n") == []


def test_only_one_space_behind_the_colon_is_taken_off():
    assert datas(b"data:test\n\ndata: test\n\ndata:  test\n\n") == ["test", "test", " test"]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_each_of_the_three_line_ends_ends_a_line(end):
    assert parsed(end.join([b"event: a", b"data: b", b"data: c", b"", b""])) == [Event("a", "b\nc", "")]


def test_the_three_line_ends_may_be_mixed():
    assert datas(b"data:1\r\ndata:2\rdata:3\n\r\ndata:4\r\r\n") == ["1\n2\n3", "4"]


def test_one_byte_order_mark_at_the_start_is_passed_over_and_a_second_is_not():
    assert datas(b"\xef\xbb\xbfdata:1\n\n") == ["1"]
    assert datas(b"\xef\xbb\xbf\xef\xbb\xbfdata:1\n\ndata:2\n\n") == ["2"]


def test_an_id_with_nul_is_passed_over():
    assert [event.last_id for event in parsed(b"id: 7\ndata: 1\n\nid: 8\0\ndata: 2\n\n")] == ["7", "7"]


def test_an_id_counts_only_when_its_event_is_complete():
    parser = Parser("4")
    parser.feed(b"id: 5\ndata: half")
    assert (parser.last_id, parser.cut) == ("4", True)


def test_retry_takes_ascii_digits_only():
    parser = Parser()
    parser.feed("retry: ٣\nretry: -1\nretry: 3.5\n".encode())
    assert parser.retry is None
    parser.feed(b"retry: 2000\n")
    assert parser.retry == 2000


def test_unknown_fields_and_comments_are_passed_over():
    parser = Parser()
    assert [event.data for event in parser.feed(b":\n: hi\ndatas: 1\n data: 2\nDATA: 3\ndata: 4\n\n")] == ["4"]
    assert parser.comments == ["", " hi"]


def test_an_events_name_does_not_stay_for_the_next():
    assert [event.name for event in parsed(b"event: a\ndata: 1\n\ndata: 2\n\n")] == ["a", "message"]


def test_wherever_the_bytes_are_cut_the_events_are_the_same():
    text = "\ufeffid: 1\r\nevent: ä\r\ndata: 🙂\r\rdata: \u2028\n\n: c\nretry: 5\ndata: x\r\n\r\n".encode()
    whole, dice = parsed(text), random.Random(1)
    assert [event.data for event in whole] == ["🙂", "\u2028", "x"]
    for _ in range(200):
        cuts = sorted(dice.sample(range(len(text)), 5))
        parser = Parser()
        pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        assert [event for piece in pieces for event in parser.feed(piece)] == whole
