"""Lines that are put in, taken out and scrolled: what a real terminal shows of the same bytes is on our screen too."""

from __future__ import annotations

import random
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from pushbutton.terminal import screen
from pushbutton.terminal.terminal import Terminal

HEIGHT, COLUMNS = 6, 60
STREAMS = 60
FULL = b"\x1b[H\x1b[2J" + b"\r\n".join(b"row %d" % row for row in range(HEIGHT))  # drawn by a program, to the last row


def shown(stream: bytes, size: tuple[int, int] | None = (HEIGHT, COLUMNS)) -> list[str]:
    machine = Terminal(size)
    machine.feed(stream)
    return [line.text.rstrip() for line in machine.reach()]


@pytest.mark.parametrize(
    ("stream", "lines"),
    [
        (FULL + b"\x1b[2;1H\x1b[L", ["row 0", "", "row 1", "row 2", "row 3", "row 4"]),
        (FULL + b"\x1b[2;1H\x1b[3Lx", ["row 0", "x", "", "", "row 1", "row 2"]),
        (FULL + b"\x1b[2;1H\x1b[999L", ["row 0"]),
        (FULL + b"\x1b[2;4H\x1b[Lx", ["row 0", "x", "row 1", "row 2", "row 3", "row 4"]),
        (FULL + b"\x1b[2;1H\x1b[M", ["row 0", "row 2", "row 3", "row 4", "row 5"]),
        (FULL + b"\x1b[2;1H\x1b[2M\x1b[6;1Hx", ["row 0", "row 3", "row 4", "row 5", "", "x"]),
        (FULL + b"\x1b[2;1H\x1b[999Mx", ["row 0", "x"]),
        (FULL + b"\x1b[2;4r\x1b[2;1H\x1b[M", ["row 0", "row 2", "row 3", "", "row 4", "row 5"]),
        (FULL + b"\x1b[2;4r\x1b[2;1H\x1b[L", ["row 0", "", "row 1", "row 2", "row 4", "row 5"]),
        (FULL + b"\x1b[2;4r\x1b[5;1H\x1b[L\x1b[M", [f"row {row}" for row in range(6)]),
        (FULL + b"\x1b[T", ["", "row 0", "row 1", "row 2", "row 3", "row 4"]),
        (FULL + b"\x1b[2;5r\x1b[2T", ["row 0", "", "", "row 1", "row 2", "row 5"]),
        (FULL + b"\x1b[1;2H\x1bMx", [" x", "row 0", "row 1", "row 2", "row 3", "row 4"]),
    ],
    ids=repr,
)
def test_drawn_rows_are_put_in_and_taken_out(stream: bytes, lines: list[str]) -> None:
    assert shown(stream) == lines


@pytest.mark.parametrize(
    ("stream", "lines"),
    [
        (FULL + b"\x1b[2S\x1b[6;1Hx", [*(f"row {row}" for row in range(6)), "", "x"]),
        (FULL + b"\x1b[2;5r\x1b[S\x1b[5;1Hx", ["row 1", "row 0", "row 2", "row 3", "row 4", "x", "row 5"]),
        (b"a\r\nb\r\n\x1b[Sc", ["a", "b", "", "c"]),
        (
            b"one\r\ntwo\r\nthree\r\nfour\r\nfive\r\nsix\x1b[2A\r\x1b[2Lx",
            ["five", "six", "one", "two", "three", "x", "", "four"],
        ),
    ],
    ids=repr,
)
def test_what_was_said_goes_above_the_screen_and_is_not_lost(stream: bytes, lines: list[str]) -> None:
    assert shown(stream) == lines


@pytest.mark.parametrize("size", [None, (HEIGHT, COLUMNS), (24, 80)])
@pytest.mark.parametrize(
    ("stream", "lines"),
    [
        (b"a\r\nb\r\n\x1b[A\x1b[Lx", ["a", "x", "b"]),
        (b"a\r\nb\r\nc\r\n\x1b[2A\x1b[Mx\r\ny", ["a", "x", "y"]),
        (b"a\r\nask?\x1b[M\rb\r\nc\r\n", ["a", "b", "c"]),
        (b"a\r\nb\r\n\x1b[2A\x1b[9Mc\r\nd\r\n", ["c", "d"]),
        (b"a\r\nb\x1b[1;1;1;1;1T\x1b[ S\x1b[?1S\x1b[>1T", ["a", "b"]),
    ],
    ids=repr,
)
def test_lines_of_a_log_are_put_in_and_taken_out(size: tuple[int, int] | None, stream: bytes, lines: list[str]) -> None:
    assert shown(stream, size) == lines


def test_a_log_without_a_terminal_does_not_scroll() -> None:
    assert shown(b"a\nb\n\x1b[9S\x1b[9Tc\n", None) == ["a", "b", "c"]


def test_a_line_that_was_wrapped_is_cut_where_rows_come_in() -> None:
    assert shown(b"\x1b[H\x1b[2J" + b"abcdefghijklmnop\x1b[2;1H\x1b[Lx", (HEIGHT, 12)) == ["abcdefghijkl", "x", "mnop"]


def test_a_saved_place_stays_in_its_line() -> None:
    assert shown(FULL + b"\x1b[3;1H\x1b7\x1b[1;1H\x1b[L\x1b8X")[3] == "Xow 2"


@pytest.mark.parametrize("size", [None, (24, 80), (200, 80)])
@pytest.mark.parametrize(
    "unit",
    [b"x\x1b[L", b"x\n\x1b[A\x1b[99L", b"\x1b[Hx\x1b[99S", b"\x1b[Hx\x1b[99T", b"x" * 300 + b"\x1b[A\x1b[M\x1b[2L"],
    ids=repr,
)
def test_rows_stay_bounded_for(unit: bytes, size: tuple[int, int] | None) -> None:
    machine = Terminal(size)
    for _ in range(4):
        machine.feed(unit * 200)
        assert len(machine.dump()["rows"]) <= 2 * screen.REACH + 1


class Tmux:
    """A real terminal: what its screen shows of some bytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "conf").write_text("set -g status off\n")
        self._base = ["tmux", "-S", str(folder / "socket"), "-f", str(folder / "conf")]

    def shows(self, stream: bytes) -> list[str]:
        name = uuid.uuid4().hex[:8]
        file = self._folder / name
        file.write_bytes(stream)
        told = f"tmux -S {self._folder / 'socket'} wait-for -S {name}"
        size = ["-x", str(COLUMNS), "-y", str(HEIGHT)]
        self._tell("new-session", "-d", "-s", name, *size, f"stty raw -echo; cat {file}; {told}; exec sleep 1000")
        self._tell("wait-for", name)
        rows = self._tell("capture-pane", "-p", "-t", name).split("\n")[:HEIGHT]
        self._tell("new-session", "-d", "-s", f"{name}-stays", "exec sleep 1000")
        self._tell("kill-session", "-t", name)
        return [row.rstrip() for row in rows]

    def _tell(self, *words: str) -> str:
        env = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        done = subprocess.run([*self._base, *words], check=True, capture_output=True, env=env, timeout=300)
        return done.stdout.decode()

    def end(self) -> None:
        subprocess.run([*self._base, "kill-server"], check=False, capture_output=True)


@pytest.fixture(scope="module")
def tmux(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tmux]:
    if not shutil.which("tmux"):
        pytest.skip("needs tmux")
    one = Tmux(tmp_path_factory.mktemp("tmux"))
    try:
        yield one
    finally:
        one.end()


def on_the_screen(stream: bytes) -> list[str]:
    machine = Terminal((HEIGHT, COLUMNS))
    machine.feed(stream)
    rows = []
    for row in range(HEIGHT):
        index, part = machine._find(row)
        text = machine._rows[index].show()[0] if index < len(machine._rows) else ""
        rows.append(text[part * COLUMNS :][:COLUMNS].rstrip())
    return rows


def screens(seed: int) -> bytes:
    """A program that draws: rows, margins, lines in and out, scrolling, in an order of its own. It stays within the
    margins: tmux puts lines in outside of them too, other terminals do not.
    """
    chance = random.Random(seed)
    first, last = 1, HEIGHT
    parts = [FULL] if chance.random() < 0.8 else [b"\x1b[H\x1b[2Ja\r\nb"]
    for number in range(chance.randint(1, 12)):
        count = b"" if chance.random() < 0.4 else b"%d" % chance.choice([1, 2, 3, 9])
        what, row = chance.randint(0, 7), chance.randint(first, last)
        match what:
            case 0:
                parts.append(b"\x1b[%d;%dH" % (row, chance.randint(1, 9)))
            case 1 | 2:
                first = chance.randint(1, HEIGHT - 1) if what == 1 else 1
                last = chance.randint(first + 1, HEIGHT) if what == 1 else HEIGHT
                parts.append(b"\x1b[%d;%dr\x1b[%d;1H" % (first, last, chance.randint(first, last)))
            case 3 | 4:
                parts.append(b"\r\x1b[%s%s" % (count, chance.choice([b"L", b"M"])))
            case 5:
                parts.append(b"\x1b[%s%s" % (count, chance.choice([b"S", b"T"])))
            case 6:
                parts.append(b"\x1bM")
            case _:
                parts.append(b"%d:%d" % (seed % 10, number))
    return b"".join([*parts, b"@"])


def test_the_screen_is_that_of_a_real_terminal(tmux: Tmux) -> None:
    streams = [screens(seed) for seed in range(STREAMS)]
    differ = [
        (stream, ours, theirs)
        for stream in streams
        if (ours := on_the_screen(stream)) != (theirs := tmux.shows(stream))
    ]
    assert differ == []
