"""Every `Output` keeps these promises."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from pushbutton.adapters.output import OutputFiles
from pushbutton.runtime.ports import Output

Write = Callable[[int, bytes], None]


@pytest.fixture(params=["files"])
def written(tmp_path: Path) -> tuple[Output, Write]:
    """The port, and what puts more at the end of a run's output, as its supervisor does."""

    def write(run: int, data: bytes) -> None:
        (tmp_path / str(run)).mkdir(exist_ok=True)
        with (tmp_path / str(run) / "output").open("ab") as file:
            file.write(data)

    return OutputFiles(tmp_path), write


def test_a_run_that_wrote_nothing_has_no_output(written):
    output, _ = written
    assert (output.size(7), output.read(7, 0, 10), output.read(7, 5, 10)) == (0, b"", b"")
    assert output.digest(7) == hashlib.sha256().hexdigest()


def test_what_was_written_is_read_from_any_place_on(written):
    output, write = written
    write(7, b"hello world")
    write(8, b"another's")
    assert output.size(7) == 11
    assert (output.read(7, 0, 5), output.read(7, 6, 100), output.read(7, 11, 5)) == (b"hello", b"world", b"")


def test_it_grows_while_it_is_read(written):
    output, write = written
    write(7, b"one")
    before = output.digest(7)
    write(7, b" two")
    assert output.read(7, 3, 100) == b" two"
    assert (before, output.digest(7)) == tuple(hashlib.sha256(text).hexdigest() for text in (b"one", b"one two"))


def test_its_encoding_is_what_its_run_was_started_with(written, tmp_path):
    output, write = written
    write(7, b"gr\xfcn")
    assert output.encoding(7) == output.encoding(9) == ""
    (tmp_path / "7" / "encoding").write_text("cp1252")
    assert output.encoding(7) == "cp1252"
    for spoiled in (b"\xff no encoding", b"no-encoding", b"utf-16", b"base64", b""):
        (tmp_path / "7" / "encoding").write_bytes(spoiled)
        assert output.encoding(7) == ""  # a folder that somebody changed: it is shown all the same


def test_one_runs_log_is_the_same_output_and_says_when_it_came(tmp_path):
    folder = tmp_path / "7"
    folder.mkdir()
    (folder / "output").write_bytes(b"one two")
    (folder / "times").write_bytes(struct.pack("<QQQQ", 0, 1_000_000, 4, 2_000_000) + b"torn")
    (folder / "screen").write_text("24 80\n")
    log = OutputFiles(tmp_path).log(7)
    assert (log.size(), log.read(4, 10)) == (7, b"two")
    assert (log.times(), log.noted(1, 5)[:16]) == (2, struct.pack("<QQ", 4, 2_000_000))
    assert (log.screen(), log.encoding()) == ((24, 80), "")


def test_the_log_of_a_run_that_wrote_nothing_is_empty(tmp_path):
    log = OutputFiles(tmp_path).log(7)
    assert (log.size(), log.read(0, 10), log.times(), log.noted(0, 5)) == (0, b"", 0, b"")
    assert (log.screen(), log.encoding()) == (None, "")
