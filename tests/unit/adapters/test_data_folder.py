"""The data folder is its owner's alone, whoever made it."""

from __future__ import annotations

from pathlib import Path

from pushbutton.adapters import data_folder


def test_a_folder_that_somebody_else_made_is_closed_to_others(tmp_path: Path):
    data, runs = tmp_path / "data", tmp_path / "data" / "runs"
    runs.mkdir(parents=True)
    data.chmod(0o755)
    runs.chmod(0o2770)
    data_folder.make(data, runs, data / "uploads")
    assert [path.stat().st_mode & 0o777 for path in (data, runs, data / "uploads")] == [0o700, 0o700, 0o700]
