"""Orders as a supervisor takes them from its pipe: any bytes, in any pieces."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushbutton.supervisor.control import LONGEST, Control

from .supervised import Supervised

ORDERS = st.lists(
    st.fixed_dictionaries({"n": st.integers(1, 6), "do": st.sampled_from(["stop", "report", "dance"])}), max_size=30
)


def line(order: Any) -> bytes:
    return json.dumps(order).encode() + b"\n"


def nexts(numbers: list[int]) -> int:
    """How far they count up from 1, whatever else is among them."""
    last = 0
    for number in numbers:
        last += number == last + 1
    return last


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    return [data[begin:end] for begin, end in itertools.pairwise(at)]


@given(st.binary(max_size=2000), st.lists(st.integers(0, 2000), max_size=8))
def test_no_bytes_end_it_and_what_follows_them_is_heard(data, cuts):
    control = Control()
    for piece in pieces(data, cuts):
        assert all(isinstance(order, dict) for order in control.feed(piece))
    last = control.heard
    assert control.feed(b"\n" + line({"n": last + 1, "do": "stop"}))[-1] == {"n": last + 1, "do": "stop"}


@given(ORDERS, st.lists(st.integers(0, 3000), max_size=20))
def test_however_they_are_cut_each_is_heard_once_and_in_order(orders, cuts):
    data = b"".join(line(order) for order in orders)
    whole, cut = Control(), Control()
    heard = [order for piece in pieces(data, cuts) for order in cut.feed(piece)]
    assert heard == whole.feed(data)
    numbers = [order["n"] for order in heard]
    assert numbers == list(range(1, cut.heard + 1))
    assert cut.heard == nexts([order["n"] for order in orders])


@given(st.lists(st.binary(max_size=60).filter(lambda torn: b"\n" not in torn), max_size=6), st.integers(1, 9))
def test_repetitions_behind_lines_that_were_torn_change_nothing(torn, count):
    """A server that is killed and starts again ends the line that it finds, and begins from the last it knows of."""
    orders = [{"n": n, "do": "report", "lines": f"status {n}"} for n in range(1, count + 1)]
    control, heard = Control(), []
    for debris in torn:
        for order in orders:
            heard += control.feed(b"\n" + line(order))
        control.feed(line(orders[-1])[:-3] if not debris else b"{" + debris)
    heard += control.feed(b"\n" + b"".join(map(line, orders)))
    assert heard == orders


@pytest.mark.parametrize("n", [0, -1, 2, 1.0, True, "1", None, [], 1 << 60])
def test_a_number_that_is_not_the_next_is_no_order(n):
    control = Control()
    assert control.feed(line({"n": n, "do": "stop"})) == []
    assert control.heard == 0


@pytest.mark.parametrize("text", ["1", '"x"', "[]", "null", "{", '{"n": 1', "[" * 100_000, "\x00", "{}"])
def test_what_is_no_order_is_passed_over(text):
    control = Control()
    assert control.feed(f"{text}\n".encode()) == []
    assert control.feed(line({"n": 1, "do": "stop"})) == [{"n": 1, "do": "stop"}]


def test_one_without_a_number_is_heard_each_time():
    control = Control()
    assert control.feed(line({"n": 1, "do": "report"}) + 2 * line({"do": "stop"}))[1:] == 2 * [{"do": "stop"}]
    assert control.heard == 1


@pytest.mark.parametrize("size", [1000, 200_000])
def test_a_line_without_end_costs_no_more_than_an_order_may_and_hides_nothing_behind_it(size):
    control = Control()
    for _ in range(3 * LONGEST // size):
        control.feed(b"x" * size)
        assert len(control._begun) <= LONGEST + size
    assert control.feed(line({"n": 1, "do": "stop"})) == []  # the end of that line
    assert control.feed(2 * line({"n": 1, "do": "stop"})) == [{"n": 1, "do": "stop"}]


def test_a_supervisor_says_what_it_speaks_and_what_it_has_heard_behind_what_it_did(tmp_path):
    with Supervised(tmp_path, ["sleep", "600"], secrets=["hunter2-hunter2"]) as supervised:
        supervised.wait_for("started")
        assert supervised.records[0]["protocol"] == 2
        one = line({"n": 1, "do": "report", "lines": "status it is hunter2-hunter2\nstatus b\ud800"})
        supervised.order(one[:20])
        supervised.order(one[20:] + one + line({"n": 2, "do": "dance"}) + line({"n": 4, "do": "report", "lines": "x"}))
        supervised.order(b'{"n": 3, "do": "rep\n' + line({"n": 3, "do": "report", "lines": "artifact /etc/hostname"}))
        supervised.order(b"x" * 3_000 + b"\n" + 2 * line({"n": 4, "do": "stop", "grace": 0, "by": "ada"}))
        supervised.wait_for("end")
        records = supervised.records
    assert supervised.lines == ["status it is •••", "status b?"]
    told = [record for record in records if record["k"] in {"line", "refused", "heard", "stop"}]
    heard = [int(str(record["n"])) for record in told if record["k"] == "heard"]
    assert heard == sorted(set(heard))
    assert heard[-1] == 4
    assert [record["by"] for record in told if record["k"] == "stop"] == ["ada"]
    assert [record["why"] for record in told if record["k"] == "refused"] == ["elsewhere"]
    # What is heard has been written down before.
    assert told[-1] == [record for record in told if record["k"] == "heard"][-1]
