"""Copies of what a job hands over, and opening it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pushbutton.supervisor import results as module
from pushbutton.supervisor.opened import Refused, opened
from pushbutton.supervisor.redact import Redactor
from pushbutton.supervisor.reported_file import Named
from pushbutton.supervisor.results import Results


def test_a_link_that_is_put_in_the_place_of_a_folder_after_the_look_is_not_followed(tmp_path, monkeypatch):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (inside / "list.csv").write_text("mine")
    (outside / "list.csv").write_text("theirs")
    real = os.path.realpath

    def looked(path: str) -> str:
        """Whoever wants to cheat does so right after the path was followed."""
        found = real(path)
        if found.endswith("list.csv") and not inside.is_symlink():
            inside.rename(tmp_path / "away")
            inside.symlink_to(outside)
        return found

    monkeypatch.setattr(os.path, "realpath", looked)
    with pytest.raises(Refused) as refused:
        opened(str(inside / "list.csv"), below=[str(tmp_path)])
    assert refused.value.why in ("moved", "missing")


def test_the_root_of_all_folders_as_working_folder_opens_nothing():
    with pytest.raises(Refused) as refused:
        opened("/etc/hostname", below=["/"])
    assert refused.value.why == "outside"


def test_a_folder_whose_name_only_begins_like_one_that_is_allowed_is_another(tmp_path):
    for name in ("job", "job-of-others"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text(name)
    opened_at, _ = opened(str(tmp_path / "job" / "x"), below=[str(tmp_path / "job")])
    os.close(opened_at)
    with pytest.raises(Refused):
        opened(str(tmp_path / "job-of-others" / "x"), below=[str(tmp_path / "job")])


@pytest.mark.parametrize("path", ["a\0b", "", "x/" * 3000, "list.csv/x"])
def test_a_path_that_is_none_is_refused(path, tmp_path):
    (tmp_path / "list.csv").touch()
    with pytest.raises(Refused):
        opened(os.path.join(str(tmp_path), path), below=[str(tmp_path)])  # noqa: PTH118  as the supervisor puts it


def results(folder: Path, **wanted: object) -> Results:
    spec = {"cwd": str(folder), "env": {}, "results": wanted}
    return Results(spec, lambda: Redactor(["hunter2-hunter2"]), lambda: None, str(folder))


def taken(all_: Results, *paths: str) -> list[tuple[str, dict[str, object]]]:
    for path in paths:
        all_.take(Named(path))
    found: list[tuple[str, dict[str, object]]] = []
    while all_.pending:
        found += [(kind, facts) for _, kind, facts in all_.ready()]
    return found


def test_the_name_of_a_file_is_kept_without_secrets_controls_and_at_a_length_that_every_disk_takes(tmp_path):
    names = ["of hunter2-hunter2.txt", "a\nb\u202e.txt", "n" * 240 + ".txt", ".hidden", "ü.tar.gz"]
    for name in names:
        (tmp_path / name).touch()
    kept = [str(facts["name"]) for _, facts in taken(results(tmp_path), *names, ".hidden")]
    assert kept == ["of •••.txt", "a\ufffdb\ufffd.txt", "n" * 196 + ".txt", ".hidden", "ü.tar.gz", ".hidden-2"]
    assert sorted(kept) == sorted(os.listdir(tmp_path / "results"))


def test_nothing_is_left_of_a_copy_that_was_refused(tmp_path):
    (tmp_path / "big").write_bytes(bytes(2000))
    (tmp_path / "made").write_bytes(b"\0hunter2-hunter2")
    found = taken(results(tmp_path, most=1000), "big", "made", "nowhere")
    assert [facts["why"] for _, facts in found] == ["large", "secret", "missing"]
    assert list(tmp_path.glob("results*/**")) == [tmp_path / "results"]


def test_a_disk_that_does_not_answer_is_given_up_and_the_next_file_is_kept(tmp_path, monkeypatch):
    """A pipe in which nothing comes stands for it: reading it does not end."""
    reading, writing = os.pipe()
    real = opened
    monkeypatch.setattr(module, "STALL", 0.05)
    monkeypatch.setattr(
        module, "opened", lambda path, **more: (os.dup(reading), path) if path.endswith("hung") else real(path, **more)
    )
    (tmp_path / "good").write_text("good")
    all_ = results(tmp_path)
    assert [(kind, facts.get("why")) for kind, facts in taken(all_, "hung")] == [("refused", "stuck")]
    monkeypatch.setattr(module, "STALL", 60.0)  # a busy machine is none that does not answer
    assert [(kind, facts.get("why")) for kind, facts in taken(all_, "good")] == [("artifact", None)]
    os.close(writing)  # its thread may go now
    os.close(reading)
    assert [one.name for one in tmp_path.glob("results*")] == ["results"]


def test_no_more_files_may_be_named_than_anybody_looks_at(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MANY", 3)
    (tmp_path / "a").touch()
    all_ = results(tmp_path)
    found = taken(all_, "a", "nowhere", "a", "a", "nowhere")
    assert [facts.get("why", "") for _, facts in found] == ["", "missing", "", "many", "many"]
    assert all_.many
