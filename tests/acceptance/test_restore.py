"""A copy of the data folder, served beside the original: what a restored backup does."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.acceptance.serving import Served, until
from tests.acceptance.worlds import script


@pytest.mark.parametrize("left_out", ["nothing", "worker"])
def test_in_a_restored_copy_what_ran_is_lost_and_the_original_goes_on(tmp_path: Path, left_out: str) -> None:
    tasks, copy = tmp_path / "tasks", tmp_path / "copy"
    tasks.mkdir()
    script(tasks, "wait.sh", "echo begun; (exec env -i sleep 100) & while [ ! -e go ]; do sleep 0.1; done; kill $!\n")
    with Served(tasks, data=tmp_path / "data") as original:
        number = original.press("wait")
        original.output_has(number, b"begun")
        tree = original.data / "runs" / str(number) / "tree"
        until(lambda: "sleep" in tree.read_text(), what="the supervisor has listed its processes")
        without = {"control", "channel", "elsewhere", "hint", "lock", left_out}
        shutil.copytree(original.data, copy, ignore=lambda _, names: without & {*names})
        (copy / "runs" / str(number) / "lock").touch()
        with Served(tasks, data=copy) as restored:
            assert restored.finished(number)["state"] == "lost"
            assert restored.output(number) == b"begun\n"
        (tasks / "go").touch()
        assert original.finished(number)["state"] == "succeeded"
