"""A server that is the first process of its container (PID 1): when it ends, the kernel ends all others. Tried in a PID
namespace of its own, which is what a container has as well.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from pushbutton.supervisor import process

from .serving import Lines, Served, environment, until
from .worlds import script

ALONE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
if os.geteuid():
    ALONE[1:1] = ["--user", "--map-root-user"]


def _possible() -> bool:
    try:
        return subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


pytestmark = pytest.mark.skipif(not _possible(), reason="this system gives us no PID namespace")


class Contained:
    """`pushbutton serve FOLDER` as PID 1."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / ".pushbutton"
        self.outer = subprocess.Popen(
            [*ALONE, sys.executable, "-m", "pushbutton", "serve", str(folder), "--port", "0"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        assert self.outer.stdout
        assert self.outer.stderr
        self.out, self.err = Lines(self.outer.stdout), Lines(self.outer.stderr)
        self.url = self.out.wait_for(r"(http://\S+?)/?$")[1]
        (server,) = process.below(self.outer.pid)[:1]
        self.server = server

    def press(self, task: str) -> None:
        request = urllib.request.Request(
            f"{self.url}/api/tasks/{task}/runs", b'{"inputs": {}}', {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 202

    def close(self) -> None:
        self.outer.kill()
        self.outer.wait()
        self.out.close()
        self.err.close()


@pytest.fixture
def contained(tmp_path) -> Iterator[Contained]:
    body = "trap 'echo tidied > tidied; exit 0' TERM\ntouch started\nwhile true; do sleep 0.05; done"
    script(tmp_path, "long.sh", body)
    server = Contained(tmp_path)
    yield server
    server.close()


def test_who_is_left_by_a_killed_supervisor_is_no_zombie_when_it_has_ended(contained, tmp_path):
    contained.press("long")
    until((tmp_path / "started").exists, what="the job")
    (supervisor,) = [one for one in process.below(contained.server.pid) if one.parent == contained.server.pid]
    below = {(one.pid, one.start) for one in process.descendants(supervisor.pid, process.everybody())}
    assert below
    process.send(supervisor, signal.SIGKILL)

    def there() -> set[tuple[int, int]]:
        return {(one.pid, one.start) for one in process.everybody().values()}

    until(lambda: not below & there(), what="nobody of the run is left, not even as a zombie")


def test_at_its_end_the_jobs_get_their_moment_and_it_says_that_they_ended_with_it(contained, tmp_path):
    contained.press("long")
    until((tmp_path / "started").exists, what="the job")
    os.kill(contained.server.pid, signal.SIGTERM)
    contained.outer.wait(60)
    assert (tmp_path / "tidied").read_text() == "tidied\n"
    assert contained.out.text.splitlines()[-1] == (
        "Stopped, and 1 run with it: nothing outlives the first process (PID 1) of a container."
    )
    with Served(tmp_path) as server:
        assert server.finished(1)["reason"] == (
            "It was stopped because the machine was shutting down or an administrator said so."
        )
