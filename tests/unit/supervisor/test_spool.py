"""The spool's files: records, times, caps, full disks."""

from __future__ import annotations

import errno
import fcntl
import os
import socket

import pytest

from pushbutton.supervisor import spool
from pushbutton.supervisor.spool import TIME_RECORD, Spool, is_held, read_records


@pytest.fixture
def folder(tmp_path, monkeypatch):
    place = tmp_path / "7"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def opened(folder):
    """Makes writers and closes them."""
    made = []

    def make(hint: str = "hint", cap: int = 1000) -> Spool:
        made.append(Spool(str(folder), hint, cap))
        return made[-1]

    yield make
    for writer in made:
        writer.close()


def records(folder) -> list[spool.Record]:
    fd = os.open(folder / "events", os.O_RDONLY)
    try:
        return read_records(fd, 0)[0]
    finally:
        os.close(fd)


def kinds(folder) -> list[object]:
    return [record["k"] for record in records(folder)]


def test_a_record_says_when_and_behind_how_much_output(folder, opened):
    writer = opened("hint", 1000)
    writer.write(b"12345")
    writer.record("line", line="x")
    [record] = records(folder)
    assert (record["o"], record["k"], record["line"]) == (5, "line", "x")
    assert abs(int(str(record["t"])) - spool.micros()) < 60_000_000


def test_each_batch_has_its_time(folder, opened):
    writer = opened("hint", 1000)
    writer.write(b"abc")
    writer.write(b"de")
    data = (folder / "times").read_bytes()
    assert [offset for offset, _ in TIME_RECORD.iter_unpack(data)] == [0, 3]


def test_a_hint_names_the_run(folder, opened):
    ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ear.bind("../hint")
    ear.settimeout(60)
    opened("../hint", 1000).write(b"x")
    assert ear.recv(10) == b"7"
    ear.close()


def test_nobody_listening_hurts_nothing(folder, opened):
    opened("../nobody", 1000).write(b"x")
    assert (folder / "output").read_bytes() == b"x"


def test_output_past_the_cap_is_counted_and_said_once(folder, opened):
    writer = opened("hint", 4)
    for _ in range(3):
        writer.write(b"abc")
    assert (folder / "output").read_bytes() == b"abca"
    assert (writer.size, writer.lost) == (4, 5)
    assert kinds(folder) == ["truncated"]


def test_output_lost_to_a_full_disk_is_said_and_goes_on_when_there_is_room(folder, opened, monkeypatch):
    writer = opened("hint", 1000)
    real, full = os.write, True

    def write(fd: int, data: bytes) -> int:
        if full and fd == writer._output:
            raise OSError(errno.ENOSPC, "no room")
        return real(fd, data)

    monkeypatch.setattr(os, "write", write)
    writer.write(b"lost")
    full = False
    writer.write(b"kept")
    assert (folder / "output").read_bytes() == b"kept"
    assert [(record["k"], record["lost"]) for record in records(folder)] == [("storage", 0), ("storage", 4)]


def test_an_event_waits_for_room_and_is_never_lost(folder, opened, monkeypatch):
    writer = opened("hint", 1000)
    real, room = os.write, 10

    def write(fd: int, data: bytes) -> int:
        nonlocal room
        if fd != writer._events:
            return real(fd, data)
        if not room:
            raise OSError(errno.ENOSPC, "no room")
        taken = real(fd, data[:room])
        room -= taken
        return taken

    monkeypatch.setattr(os, "write", write)
    writer.record("end", code=0)
    assert not writer.settle()
    room = 1 << 20
    assert writer.settle()
    assert kinds(folder) == ["end"]


def test_a_line_that_is_not_finished_is_left_for_later(folder):
    (folder / "events").write_bytes(b'{"k":"a"}\n{"k":"b"')
    fd = os.open(folder / "events", os.O_RDONLY)
    found, position = read_records(fd, 0)
    assert ([r["k"] for r in found], position) == (["a"], 10)
    with (folder / "events").open("ab") as file:
        file.write(b"}\n")
    assert [r["k"] for r in read_records(fd, position)[0]] == ["b"]
    os.close(fd)


@pytest.mark.parametrize("debris", [b"garbage\n", b"[1]\n", b"{}\n", b"\x00\xff\n", b"\n"])
def test_debris_is_passed_over(folder, debris):
    (folder / "events").write_bytes(debris + b'{"k":"a"}\n')
    assert kinds(folder) == ["a"]


def test_a_held_lock_is_seen_and_a_free_one_too(tmp_path):
    assert not is_held(tmp_path)
    fd = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    fcntl.flock(fd, fcntl.LOCK_EX)
    assert is_held(tmp_path)
    os.close(fd)
    assert not is_held(tmp_path)


def test_looking_at_a_lock_twice_at_once_shows_nobody_a_holder(tmp_path):
    fd = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    fcntl.flock(fd, fcntl.LOCK_SH)  # another who only looks
    assert not is_held(tmp_path)
    os.close(fd)
