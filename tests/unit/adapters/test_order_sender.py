"""What goes into the pipes of spools, in each protocol. Real pipes, with a test at the other end."""

from __future__ import annotations

import fcntl
import json
import os
import select
from pathlib import Path

import pytest

from pushbutton.adapters.order_sender import OrderSender
from pushbutton.domain.order import Order, OrderKind

STOP = Order(OrderKind.STOP, {"by": "ada", "grace": 2.0}, n=2)


def report(n: int, lines: str) -> Order:
    return Order(OrderKind.REPORT, {"lines": lines}, n=n)


class Spool:
    def __init__(self, folder: Path, *pipes: str, **born: object) -> None:
        self.folder = folder
        self.pipes: dict[str, int] = {}
        for pipe in pipes:
            os.mkfifo(folder / pipe)
            self.pipes[pipe] = os.open(folder / pipe, os.O_RDWR | os.O_NONBLOCK)
        facts = {"t": 1, "o": 0, "k": "born", "pid": 7, "start": 1, "boot": "", **born}
        (folder / "events").write_text(json.dumps(facts) + "\n")

    def read(self, pipe: str) -> bytes:
        found = b""
        while select.select([self.pipes[pipe]], [], [], 0)[0]:
            found += os.read(self.pipes[pipe], 1 << 20)
        return found

    def close(self) -> None:
        for fd in self.pipes.values():
            os.close(fd)


def test_numbered_orders_go_to_control_once_each_behind_a_line_break(tmp_path):
    spool, sender = Spool(tmp_path, "control", "channel", protocol=2), OrderSender()
    orders = [report(1, "a\nb"), STOP]
    assert sender.tell(1, tmp_path, orders) == 0
    assert sender.tell(1, tmp_path, [*orders, report(3, "c")]) == 0
    assert sender.told(1) == 3
    said = spool.read("control")
    assert said.startswith(b"\n{")
    assert [json.loads(line) for line in said.splitlines() if line] == [
        {"n": 1, "do": "report", "lines": "a\nb"},
        {"n": 2, "do": "stop", "by": "ada", "grace": 2.0},
        {"n": 3, "do": "report", "lines": "c"},
    ]
    assert spool.read("channel") == b""
    sender.hang_up(1)
    assert sender.told(1) == 0
    spool.close()


def test_what_there_is_no_room_for_goes_out_later_and_whole(tmp_path):
    spool, sender = Spool(tmp_path, "control", protocol=2), OrderSender()
    orders = [report(n, str(n) * 50_000) for n in range(1, 4)]
    sender.tell(1, tmp_path, orders)
    assert sender.told(1) == 1
    said = spool.read("control")
    while sender.told(1) < 3:
        sender.tell(1, tmp_path, orders)
        said += spool.read("control")
    assert [json.loads(line)["n"] for line in said.splitlines() if line] == [1, 2, 3]
    sender.hang_up(1)
    spool.close()


@pytest.mark.parametrize("pipes", [("control", "channel", "elsewhere"), ("control", "channel")])
def test_a_supervisor_of_protocol_1_gets_lines_and_orders_to_stop_as_it_knows_them(tmp_path, pipes):
    spool, sender = Spool(tmp_path, *pipes), OrderSender()
    orders = [report(1, "status one\n" + "y" * 5_000), STOP, report(3, "status two")]
    assert sender.tell(1, tmp_path, orders) == 3
    assert spool.read(pipes[-1]) == b"status one\n" + b"y" * 5_000 + b"\nstatus two\n"
    assert json.loads(spool.read("control")) == {"do": "stop", "by": "ada", "grace": 2.0}
    if "elsewhere" in pipes:
        assert spool.read("channel") == b""
    spool.close()


def test_of_protocol_1_what_has_not_gone_out_whole_does_not_count(tmp_path):
    spool, sender = Spool(tmp_path, "control", "channel"), OrderSender()
    orders = [report(1, "a" * 60_000), report(2, "b" * 60_000)]
    assert sender.tell(1, tmp_path, orders) == 1
    held = os.open(tmp_path / "channel", os.O_RDWR)
    with pytest.raises(BlockingIOError):
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)  # a job's turn would fall into the torn line
    said = spool.read("channel")
    assert sender.tell(1, tmp_path, orders) == 2
    assert said + spool.read("channel") == b"a" * 60_000 + b"\n" + b"b" * 60_000 + b"\n"
    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert sender.tell(1, tmp_path, [*orders, report(3, "c")]) == 2  # a job has its turn
    os.close(held)
    assert sender.tell(1, tmp_path, [*orders, report(3, "c")]) == 3
    assert spool.read("channel") == b"c\n"
    spool.close()


def test_nobody_there_or_not_born_yet_is_waited_for(tmp_path):
    sender = OrderSender()
    assert (sender.tell(1, tmp_path, [STOP]), sender.told(1)) == (0, 0)
    spool = Spool(tmp_path, "control", protocol=2)
    spool.close()
    assert (sender.tell(1, tmp_path, [STOP]), sender.told(1)) == (0, 0)
    spool.pipes = {"control": os.open(tmp_path / "control", os.O_RDWR | os.O_NONBLOCK)}
    assert (sender.tell(1, tmp_path, [STOP]), sender.told(1)) == (0, 2)
    spool.close()
