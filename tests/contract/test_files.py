"""Every `Files` keeps these promises."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pushbutton.adapters.files import FileFolder
from pushbutton.runtime.ports import UPLOADS, Files
from pushbutton.runtime.ports.files import NoPlainFile, all_given, given, result, upload


class Sent:
    """What is brought at one node and looked for at another."""

    def __init__(self, here: Files, there: Files) -> None:
        self._here, self._there = here, there
        self.put, self.copy = here.put, here.copy

    def __getattr__(self, name: str) -> Any:
        return getattr(self._there, name)


@pytest.fixture(params=["folder", "node", "another node"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Files]:
    (tmp_path / "uploads").mkdir()
    folder = FileFolder(tmp_path / "uploads", tmp_path / "runs")
    if request.param == "folder":
        yield folder
        return
    address = request.getfixturevalue("tables")
    from pushbutton.adapters.postgres import Address, NodeFiles, Pieces
    from pushbutton.adapters.postgres.connections import Connections

    connections = Connections(Address.of(address))
    here = NodeFiles(folder, Pieces(connections))
    elsewhere = FileFolder(tmp_path / "two" / "uploads", tmp_path / "two" / "runs")
    yield here if request.param == "node" else Sent(NodeFiles(elsewhere, Pieces(connections)), here)
    connections.end()


def put(files: Files, name: str, data: bytes = b"content") -> None:
    with files.put(name) as file:
        file.write(data)


def content(files: Files, name: str) -> bytes:
    with files.open(name) as file:
        return file.read()


def test_what_was_put_is_there(files):
    put(files, upload("a"))
    assert content(files, upload("a")) == b"content"
    found = files.find(upload("a"))
    assert found
    assert (found.name, found.size) == (upload("a"), 7)
    assert [file.name for file in files.below(UPLOADS)] == [upload("a")]


def test_what_was_not_put_whole_is_not_there(files):
    with contextlib.suppress(RuntimeError), files.put(upload("a")) as file:
        file.write(b"half")
        raise RuntimeError
    assert files.find(upload("a")) is None
    assert list(files.below(UPLOADS)) == []


def test_nothing_is_put_over_another(files):
    put(files, upload("a"))
    with pytest.raises(FileExistsError):
        put(files, upload("a"), b"other")
    assert content(files, upload("a")) == b"content"


def test_a_copy_is_a_runs_own(files):
    put(files, upload("a"))
    own = given(7, "sheet", "Bücher (1).csv")
    files.copy(upload("a"), own)
    files.remove(upload("a"))
    assert content(files, own) == b"content"
    place = files.place(own)
    assert place.name == "Bücher (1).csv"
    assert not stat.S_IMODE(place.stat().st_mode) & 0o222
    assert [file.name for file in place.parent.iterdir()] == [place.name]


def test_a_copy_of_what_is_not_there_is_refused_and_leaves_nothing(files):
    with pytest.raises(FileNotFoundError):
        files.copy(upload("a"), given(7, "sheet", "a.csv"))
    assert files.find(given(7, "sheet", "a.csv")) is None


def test_a_folder_goes_with_all_that_is_in_it(files):
    put(files, upload("a"))
    for run, entry in ((7, "one"), (7, "two"), (8, "one")):
        files.copy(upload("a"), given(run, entry, "a.csv"))
    files.remove(all_given(7))
    assert files.find(given(7, "one", "a.csv")) is None
    assert content(files, given(8, "one", "a.csv")) == b"content"
    files.remove(all_given(7))
    files.remove(upload("never"))


def test_what_lies_here_of_another_run_of_its_number_goes(files, tmp_path):
    (tmp_path / "runs/7/in/sheet").mkdir(parents=True)
    (tmp_path / "runs/7/in/sheet/a.csv").write_text("of another")
    files.renew(7)
    put(files, upload("a"))
    files.copy(upload("a"), given(7, "sheet", "a.csv"))
    assert content(files, given(7, "sheet", "a.csv")) == b"content"
    assert files.place(given(7, "sheet", "a.csv")).read_bytes() == b"content"


def test_its_mark_is_another_one_once_it_was_replaced(files):
    put(files, upload("a"))
    before = files.find(upload("a"))
    assert files.find(upload("a")) == before
    files.remove(upload("a"))
    put(files, upload("a"), b"CONTENT")
    after = files.find(upload("a"))
    assert before
    assert after
    assert before.mark != after.mark


def test_what_was_touched_is_young(files):
    put(files, upload("a"))
    before = files.find(upload("a"))
    files.touch(upload("a"))
    after = files.find(upload("a"))
    assert before
    assert after
    assert after.at >= before.at
    with pytest.raises(FileNotFoundError):
        files.touch(upload("b"))


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "a/../../a", "\0"])
def test_no_name_leads_out(files, name):
    with pytest.raises(FileNotFoundError):
        files.open(upload(name))
    with pytest.raises(FileNotFoundError):
        files.open(result(7, name))


def test_nothing_is_read_through_a_link(files, tmp_path):
    (tmp_path / "secret").write_text("secret")
    files.place(upload("a")).symlink_to(tmp_path / "secret")
    with pytest.raises(OSError):
        files.open(upload("a"))
    with pytest.raises(NoPlainFile):
        files.find(upload("a"))
    assert list(files.below(UPLOADS)) == []


def test_what_a_run_handed_over_is_found_where_0_2_0_left_it_too(files, tmp_path):
    for folder, name in (("results", "new.csv"), ("files", "old.csv"), ("results", "both.csv"), ("files", "both.csv")):
        (tmp_path / "runs/7" / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / "runs/7" / folder / name).write_text(folder)
    found = [content(files, result(7, name)) for name in ("new.csv", "old.csv", "both.csv")]
    assert found == [b"results", b"files", b"results"]


def test_a_large_one_is_read_from_any_place_on(files):
    data = bytes(range(256)) * 4099
    with files.put(upload("a")) as file:
        for begin in range(0, len(data), 100_003):
            file.write(data[begin : begin + 100_003])
    with files.open(upload("a")) as found:
        assert found.seek(0, 2) == len(data)
        for place in (0, 5, 262_143, 262_144, 700_001):
            found.seek(place)
            assert found.read(300_000) == data[place : place + 300_000]
    found = files.find(upload("a"))
    assert found
    assert found.size == len(data)


def test_what_runs_take_up_is_counted(files):
    assert files.taken(60).whole


def test_of_a_folder_output_and_files_are_counted_apart_and_for_as_long_as_one_waits(tmp_path):
    uploads, runs = tmp_path / "uploads", tmp_path / "runs"
    for place, count in ((uploads / "a", 1), (runs / "1" / "output", 2), (runs / "1" / "results" / "table.csv", 4)):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"x" * count * 100_000)
    files = FileFolder(uploads, runs)
    found = files.taken(60)
    assert 200_000 <= found.output < 250_000
    assert 500_000 <= found.files < 600_000
    assert found.whole
    assert not files.taken(0).whole


def test_the_room_on_the_disk_is_known(files):
    found = files.disk()
    assert 0 < found.free <= found.size
