"""A server whose root file system is read-only, and which has no privilege at all: what `--read-only --tmpfs /tmp
--cap-drop ALL --security-opt no-new-privileges` gives it, in a mount namespace of its own.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import pushbutton

from . import somebody
from .serving import Served
from .worlds import script

CLOSED = """
mount --make-rprivate / && mount --bind {volume} {volume} &&
mount -o remount,bind,ro / && mount -t tmpfs -o mode=1777 tmpfs /tmp &&
exec setpriv --reuid={user} --regid={user} --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs -- "$@"
"""
LOOK = """
import os, subprocess, tempfile

def writable(folder):
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        return error.strerror
    return "writable"

made = os.environ["PUSHBUTTON_FILES"] + "/made.txt"
open(made, "w").write("made")
os.write(3, f"status at work\\nartifact {made}\\n".encode())
for folder in (os.getcwd(), "/var/tmp", "/tmp", os.path.dirname(made)):
    print(writable(folder))
print(open(os.environ["BROUGHT"]).read(), end="")
"""
WORK = """
from typing import Annotated
from pushbutton import Field, status, task

def colours():
    return ["red", "green"]

@task
def work(colour: Annotated[str, Field(choices=colours)]):
    status(colour)
"""


def test_everything_works_with_a_read_only_root_and_without_any_privilege():
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("it takes root to make a file system read-only")
    if Path(pushbutton.__file__).is_relative_to("/tmp"):
        pytest.skip("the test covers /tmp, and Pushbutton itself lies there")
    with somebody.place(inside="/var/tmp") as volume, somebody.place(inside="/var/tmp") as tasks:
        script(tasks, "look.py", LOOK, head="[params.brought]\ntype = 'file'")
        (tasks / "work.py").write_text(WORK)
        before = ["unshare", "-m", "sh", "-c", CLOSED.format(volume=volume, user=somebody.NOBODY), "sh"]
        data = volume / "data"
        with Served(tasks, data=data, before=before, by=somebody.python(), env=somebody.modules()) as server:
            sheet = server.http.post("/api/uploads?name=sheet.csv", content=b"12 for Mona\n").json()["value"]
            looked, worked = server.press("look", brought=sheet), server.press("work", colour="green")
            assert server.finished(looked)["state"] == "succeeded", server.output(looked)
            read_only = "Read-only file system"
            said = [read_only, read_only, "writable", "writable", "12 for Mona"]
            assert server.output(looked).decode().splitlines() == said
            assert server.http.get(f"/api/runs/{looked}/artifacts/made.txt").content == b"made"
            assert server.finished(worked)["state"] == "succeeded", server.output(worked)
            assert server.http.get("/").status_code == 200
            server.restart()
            assert server.run(worked)["state"] == "succeeded"
            assert "Traceback" not in server.err, server.err
