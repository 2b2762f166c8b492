"""Every `Output` keeps these promises."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pushbutton.adapters.output import OutputFiles
from pushbutton.domain.run import RunState
from pushbutton.runtime.ports import Output

from . import machines

Write = Callable[[int, bytes], Awaitable[None]]


@dataclass
class World:
    output: Output
    write: Write  # puts more at the end of a run's output, as its supervisor does
    encode: Callable[[int, str], None]  # says its encoding, before it writes


@pytest.fixture(params=["files", "own", "mirror"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    if request.param == "files":
        yield _files(tmp_path)
        return
    address = request.getfixturevalue("tables")
    async with (
        machines.machine(tmp_path / "one", address, "one") as one,
        machines.machine(tmp_path / "two", address, "two") as two,
    ):
        yield _elsewhere(one, one if request.param == "own" else two)


def _files(folder: Path) -> World:
    async def write(run: int, data: bytes) -> None:
        (folder / str(run)).mkdir(exist_ok=True)
        with (folder / str(run) / "output").open("ab") as file:
            file.write(data)

    def encode(run: int, name: str) -> None:
        (folder / str(run)).mkdir()
        (folder / str(run) / "encoding").write_text(name)

    return World(OutputFiles(folder), write, encode)


def _elsewhere(one: machines.Machine, read: machines.Machine) -> World:
    """The runs are those of `one`."""

    async def write(run: int, data: bytes) -> None:
        if not (one.runs / str(run)).exists():
            one.begin(run)
        end = one.shipper.follow(run)
        one.write(run, data)
        await one.shipper.settled(run)
        end()
        await read.output.bring(machines.a_run(run, "one"))

    return World(read.output, write, lambda run, name: one.begin(run, encoding=name))


async def test_a_run_that_wrote_nothing_has_no_output(world):
    await world.output.bring(machines.a_run(7))
    assert (world.output.size(7), world.output.read(7, 0, 10), world.output.read(7, 5, 10)) == (0, b"", b"")
    assert world.output.digest(7) == hashlib.sha256().hexdigest()


async def test_what_was_written_is_read_from_any_place_on(world):
    await world.write(7, b"hello world")
    await world.write(8, b"another's")
    output = world.output
    assert output.size(7) == 11
    assert (output.read(7, 0, 5), output.read(7, 6, 100), output.read(7, 11, 5)) == (b"hello", b"world", b"")


async def test_it_grows_while_it_is_read(world):
    await world.write(7, b"one")
    before = world.output.digest(7)
    await world.write(7, b" two")
    assert world.output.read(7, 3, 100) == b" two"
    assert (before, world.output.digest(7)) == tuple(hashlib.sha256(text).hexdigest() for text in (b"one", b"one two"))


async def test_its_encoding_is_what_its_run_was_started_with(world):
    world.encode(7, "cp1252")
    await world.write(7, b"gr\xfcn")
    await world.write(9, b"plain")
    assert (world.output.encoding(7), world.output.encoding(9)) == ("cp1252", "")


@pytest.mark.parametrize("spoiled", [b"\xff no encoding", b"no-encoding", b"utf-16", b"base64", b""])
def test_a_folder_that_somebody_changed_is_shown_all_the_same(tmp_path, spoiled):
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "encoding").write_bytes(spoiled)
    assert OutputFiles(tmp_path).encoding(7) == ""


async def test_of_a_run_that_is_over_all_is_there_and_nobody_can_have_more(world):
    await world.write(7, b"all of it")
    await world.output.bring(machines.a_run(7, "one", RunState.SUCCEEDED))
    assert world.output.size(7) == 9
    assert not world.output.lags(7)


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
