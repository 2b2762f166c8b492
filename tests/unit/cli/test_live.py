"""The lines in which a run is shown."""

from __future__ import annotations

import asyncio
import io
import re
import time
from collections.abc import Mapping
from typing import Any

import pytest
from rich.console import Console

from pushbutton.cli.live import LiveView, Plain, duration, safe_line
from pushbutton.domain.event import Kind


class Shown:
    def __init__(self) -> None:
        self.out, self.told = io.BytesIO(), io.StringIO()
        self.view = Plain(self.out, self.told)

    @property
    def lines(self) -> list[str]:
        return self.told.getvalue().splitlines()


def test_output_is_passed_on_byte_by_byte() -> None:
    shown = Shown()
    shown.view.output(b"\xff\x00\r")
    shown.view.output(b"\n\x1b[2J")
    assert shown.out.getvalue() == b"\xff\x00\r\n\x1b[2J"
    assert shown.lines == []


def test_steps_lie_in_steps_and_say_how_long_they_took() -> None:
    shown = Shown()
    shown.view.event(Kind.STEP, {"name": "Build", "state": "running"}, 10.0)
    shown.view.event(Kind.STEP, {"name": "Compile"}, 11.0)
    shown.view.event(Kind.STEP, {"name": "Compile", "state": "failed"}, 13.5)
    shown.view.event(Kind.STEP, {"name": "Build", "state": "succeeded"}, 95.0)
    assert shown.lines == ["▶ Build", "  ▶ Compile", "  ✘ Compile 2.5 s", "✔ Build 1:25"]


def test_of_progress_each_tenth_is_a_line_and_each_new_text() -> None:
    shown = Shown()
    for percent in range(101):
        shown.view.event(Kind.PROGRESS, {"percent": percent}, 0.0)
    assert shown.lines == [f"[{percent:3.0f} %]" for percent in range(0, 101, 10)]
    shown.view.event(Kind.PROGRESS, {"percent": 100, "text": "sweeping"}, 0.0)
    shown.view.event(Kind.PROGRESS, {"percent": None}, 0.0)
    assert shown.lines[-2:] == ["[100 %] sweeping", "[  ? %]"]


def test_the_end_names_the_time_the_reason_and_who_is_left() -> None:
    shown = Shown()
    shown.view.event(Kind.STATE, {"state": "running"}, 100.0)
    shown.view.event(
        Kind.STATE, {"state": "failed", "reason": "It took longer than it may.", "survivors": ["7 sleep"]}, 112.0
    )
    assert shown.lines[-1] == "✘ Failed after 12 s: It took longer than it may. Still alive: 7 sleep."


def told(*events: tuple[float, Kind, Mapping[str, Any]]) -> list[str]:
    shown = Shown()
    for at, kind, data in events:
        shown.view.event(kind, data, at)
    shown.view.close()
    return shown.lines


def test_what_lasts_less_than_a_second_is_no_line_of_ours() -> None:
    waiting, running, over = ({"state": state} for state in ("waiting", "running", "succeeded"))
    said, step = {"text": "hello"}, {"name": "Build"}
    assert told((0, Kind.STATE, waiting), (0.4, Kind.STATE, running), (1.3, Kind.STATE, over)) == ["✔ Succeeded."]
    assert told((0, Kind.STATE, waiting), (0.1, Kind.STATE, running), (0.9, Kind.STATUS, said)) == ["● hello"]
    assert told((0, Kind.STEP, step), (0.99, Kind.STEP, step | {"state": "succeeded"})) == ["▶ Build", "✔ Build"]


def test_what_lasts_a_second_is_told_before_what_comes_after() -> None:
    waiting, running, over = ({"state": state} for state in ("waiting", "running", "succeeded"))
    said = {"text": "hello"}
    assert told((0, Kind.STATE, waiting), (1, Kind.STATE, running), (1.2, Kind.STATUS, said)) == [
        "· It waits for its turn.",
        "· It runs.",
        "● hello",
    ]
    assert told((0, Kind.STATE, running), (1.5, Kind.STATUS, said), (2, Kind.STATE, over)) == [
        "· It runs.",
        "● hello",
        "✔ Succeeded after 2.0 s.",
    ]
    assert told((0, Kind.STATE, running), (1, Kind.STATE, running | {"reason": "Once more."})) == [
        "· It runs.",
        "· It runs. Once more.",
    ]


class Rung(io.StringIO):
    """Something to write on that says when it was written on."""

    def __init__(self) -> None:
        super().__init__()
        self.rung = asyncio.Event()

    def write(self, text: str) -> int:
        self.rung.set()
        return super().write(text)


async def test_a_second_of_silence_is_enough_to_be_told() -> None:
    stream = Rung()
    view = Plain(io.BytesIO(), stream)
    view.event(Kind.STATE, {"state": "running"}, time.time() - 0.9)
    assert stream.getvalue() == ""
    await stream.rung.wait()
    assert stream.getvalue() == "· It runs.\n"


def test_no_word_of_a_job_can_move_the_terminal_or_begin_a_line() -> None:
    shown = Shown()
    shown.view.event(Kind.STATUS, {"text": "one\n\x1b[2J\x07two\x9b", "level": "bad"}, 0.0)
    assert shown.lines == ["✘ one ⏎ �two�"]


def test_marks_become_plain_where_the_stream_cannot_write_them() -> None:
    raw = io.BytesIO()
    view = Plain(io.BytesIO(), io.TextIOWrapper(raw, encoding="ascii"))
    view.event(Kind.STATUS, {"text": "käse", "level": "good"}, 0.0)
    assert raw.getvalue() == b"+ k?se\n"


@pytest.mark.parametrize(
    ("line", "safe"),
    [
        ("plain\ttab", "plain\ttab"),
        ("crlf\r", "crlf"),
        ("10 %\r20 %\r30 %", "30 %"),
        ("\x1b[1;31mred\x1b[0m", "\x1b[1;31mred\x1b[0m"),
        ("\x1b[2J\x1b[Hclear", "clear"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link", "link"),
        ("\x1bcreset", "reset"),
        ("bell\x07\x9b2J\x00", "bell2J"),
        ("cut \x1b[", "cut "),
        ("\x1b[5n\x1b[6n\x1bZ", ""),
    ],
)
def test_a_line_of_output_keeps_its_colours_and_nothing_else(line: str, safe: str) -> None:
    assert safe_line(line) == safe


@pytest.mark.parametrize(
    ("seconds", "shown"), [(-1, "0.0 s"), (0.44, "0.4 s"), (12, "12 s"), (187, "3:07"), (7387, "2:03:07")]
)
def test_durations_are_short(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_terminal_gets_every_line_once_however_the_pieces_are_cut(size: int) -> None:
    lines = [f"line {number} ✓" + ("\x1b[31m red\x1b[0m" if number % 3 == 0 else "") for number in range(200)]
    data = ("\n".join(lines) + "\nno end").encode()
    file = io.StringIO()
    view = LiveView(
        Console(file=file, force_terminal=True, width=80, highlight=False, soft_wrap=True, color_system=None)
    )
    for start in range(0, len(data), size):
        view.output(data[start : start + size])
    view.close()
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", file.getvalue())
    found = [line.rpartition("\r")[2] for line in shown.split("\n")]
    wanted = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines] + ["no end"]
    assert [line for line in found if line in set(wanted)][-len(wanted) :] == wanted
