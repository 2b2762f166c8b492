"""The disk of one worker of a fleet is full: a real file system, which has no room."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .serving import Served, until
from .test_fleet import Working, node
from .worlds import script

ROOM = 24  # MB
WRITER = """
import os, time
def wait(name):
    while not os.path.exists(os.environ["BESIDE"] + "/" + name):
        time.sleep(0.01)
print("begun", flush=True)
wait("full")
for _ in range(200):
    os.write(1, b"lost " * 10_000)
print("gone on", flush=True)
open(os.environ["BESIDE"] + "/gone-on", "w").close()
wait("room")
print("after", flush=True)
"""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A folder with little room."""
    folder = tmp_path / "two"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}m", "t", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("nothing can be mounted here, so no disk was full: that is for root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@contextlib.contextmanager
def full(folder: Path) -> Iterator[None]:
    """Nothing more can be written there."""
    file = folder / "filler"
    with file.open("wb", buffering=0) as filler:
        for size in (1 << 20, 4096, 1):
            with contextlib.suppress(OSError):
                while True:
                    filler.write(b"x" * size)
    try:
        assert os.statvfs(folder).f_bavail == 0
        yield
    finally:
        file.unlink()


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    folder = tmp_path / "tasks"
    folder.mkdir()
    script(folder, "writer.py", WRITER, head=f'where = ["small"]\nenv.BESIDE = "{tmp_path}"')
    script(folder, "short.sh", "echo short", head='where = ["small"]\nat_once = 9')
    script(folder, "other.sh", "echo elsewhere")
    return folder


def notes(server: Served, number: int) -> list[str]:
    return [event["data"]["text"] for event in server.events(number) if event["kind"] == "note"]


def test_a_worker_whose_disk_is_full_says_so_hurts_no_other_and_goes_on_when_there_is_room(
    tmp_path,
    tasks,
    small,
    address,
):
    with node(tmp_path, address, "one") as one, Working(tmp_path, address, "two", tags="small", at_once=3) as two:
        writer = one.press("writer")
        one.output_has(writer, b"begun\n")
        with full(small):
            (tmp_path / "full").touch()
            until((tmp_path / "gone-on").exists, what="the job goes on")
            two.command.err.wait_for("takes nothing new: its disk is full")
            waits = one.press("short")
            assert one.finished(one.press("other"))["state"] == "succeeded"
            assert one.run(writer)["state"] == "running"
            assert one.run(waits)["state"] == "waiting", "it is nobody's that could not run it"
        (tmp_path / "room").touch()
        assert one.finished(writer)["state"] == "succeeded"
        assert any("disk was full" in text and "were lost" in text for text in notes(one, writer))
        kept = (small / "runs" / str(writer) / "output").read_bytes()
        assert one.output(writer) == kept
        assert kept.startswith(b"begun\n")
        assert kept.endswith(b"after\n")
        done = one.finished(waits)
        assert (done["state"], done["worker"]) == ("succeeded", "two")
        assert one.output(waits) == b"short\n"
        assert "Traceback" not in two.command.err.text, two.command.err.text
