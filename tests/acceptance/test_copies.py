"""A copy of the data folder, served beside the original: nothing that waited starts there before a person says so."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.serving import Command, Served, until
from tests.acceptance.worlds import script

JOB = """
echo "$PUSHBUTTON_RUN" >> "ran-in-$(basename "$(dirname "$(dirname "$PUSHBUTTON_SPOOL")")")"
until [ -e go ]; do sleep 0.02; done
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Path]]:
    """A server with a run that goes on, one that was claimed and never started, and three that wait; and a copy."""
    folder = tmp_path_factory.mktemp("copies")
    tasks = folder / "tasks"
    tasks.mkdir()
    script(tasks, "job.sh", JOB)
    script(tasks, "fresh.sh", "echo fresh\n")
    with Served(tasks, data=folder / "data") as original:
        runs = [original.press("job") for _ in range(4)]
        until((tasks / "ran-in-data").exists, what="the first one runs")
        assert runs == [1, 2, 3, 4]
        subprocess.run(["cp", "-a", original.data, folder / "copy"], check=True)
        yield original, folder / "copy"
        (tasks / "go").touch()
        for run in runs:
            assert original.finished(run)["state"] == "succeeded"
        assert (tasks / "ran-in-data").read_text().split() == [str(run) for run in runs]


def test_nothing_that_waited_starts_in_a_copy_until_it_is_released(office):
    original, folder = office
    with Served(original.data.parent / "tasks", data=folder) as copy:
        copy.command.err.wait_for(r"is a copy \(its files were copied\)\. 4 runs that had not ended there wait")
        assert copy.finished(copy.press("fresh"))["state"] == "succeeded"
        assert copy.finished(1)["state"] == "lost"
        assert [copy.run(run)["state"] for run in (2, 3, 4)] == ["waiting"] * 3
        copy.restart()
        assert copy.finished(copy.press("fresh"))["state"] == "succeeded"
        assert [copy.run(run)["state"] for run in (2, 3, 4)] == ["waiting"] * 3
        assert "is a copy" not in copy.command.err.text
        to = ("--server", copy.url)
        with Command("release", "3", *to) as release:
            assert release.wait() == 0
            assert release.out.text == "Run 3 is released."
        until(lambda: copy.run(3)["state"] == "running", what="it runs, once it was released")
        with Command("release", "--all", "--drop", *to) as drop:
            assert drop.wait() == 0
            assert drop.out.text.splitlines() == [
                "Run 2 is dropped: it never starts.",
                "Run 4 is dropped: it never starts.",
            ]
        assert [copy.run(run)["state"] for run in (2, 4)] == ["cancelled"] * 2
        assert (original.data.parent / "tasks" / "ran-in-copy").read_text() == "3\n"
        with Command("release", *to) as left:
            assert left.wait() == 0
            assert left.out.text == "Nothing is set aside."
        copy.http.post("/api/runs/3/cancel")
        copy.finished(3)
