"""Every `Files` keeps these promises."""

from __future__ import annotations

import contextlib
import stat
from pathlib import Path

import pytest

from pushbutton.adapters.files import FileFolder
from pushbutton.runtime.ports import UPLOADS, Files
from pushbutton.runtime.ports.files import NoPlainFile, all_given, given, result, upload


@pytest.fixture(params=["folder"])
def files(tmp_path: Path) -> Files:
    (tmp_path / "uploads").mkdir()
    return FileFolder(tmp_path / "uploads", tmp_path / "runs")


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
