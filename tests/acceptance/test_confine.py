"""Jobs that are kept from the data folder by the kernel. Real jobs, real rules."""

from __future__ import annotations

import os

import pytest

from pushbutton.adapters import confining
from pushbutton.app import Pushbutton
from pushbutton.errors import ConfigError
from pushbutton.supervisor import confine
from pushbutton.testing import opened, press_and_wait

from .worlds import script

pytestmark = pytest.mark.skipif(not confine.possible(), reason="this kernel has no Landlock that is new enough")


async def test_a_job_reaches_nothing_in_the_data_folder_but_what_is_its_own(tmp_path):
    tasks, data = tmp_path / "tasks", tmp_path / "data"
    tasks.mkdir()
    script(tasks, "first.sh", "echo private")
    script(
        tasks,
        "second.sh",
        f"""
        d={data}
        for file in server.key worker runs/1/output runs/1/events runs/2/output runs/2/events runs/2/control; do
            head -c 1 "$d/$file" >/dev/null 2>&1 && echo "read $file"
            (: >> "$d/$file") 2>/dev/null && echo "wrote $file"
            rm -f "$d/$file" 2>/dev/null && echo "removed $file"
            ln "$d/$file" stolen 2>/dev/null && echo "linked $file"
        done
        ln -s "$d/server.key" link; head -c 1 link >/dev/null 2>&1 && echo "read through a link"
        (cd "$d/runs/2/files" && head -c 1 ../../../server.key) >/dev/null 2>&1 && echo "read upwards"
        if [ "$(id -u)" != 0 ]; then  # the kernel lets root read environments, whatever Landlock says
            head -c 1 /proc/{os.getpid()}/environ >/dev/null 2>&1 && echo "read the server's environment"
        fi
        head -c 1 /proc/$PPID/cwd/output >/dev/null 2>&1 && echo "read through the supervisor"
        readlink /proc/{os.getpid()}/fd/0 && echo "looked into the server"
        head -c 1 "/proc/{os.getpid()}/root$d/server.key" >/dev/null 2>&1 && echo "read through the server"
        true
        """,
    )
    async with opened(tasks, data=str(data), confine="data") as app:
        await press_and_wait(app, "first")
        done = await press_and_wait(app, "second")
        key = (data / "server.key").read_text()
    assert (done.run.state, done.output) == ("succeeded", "")
    assert key


async def test_a_confined_job_works_as_any_other(tmp_path):
    tasks, data = tmp_path / "tasks", tmp_path / "data"
    tasks.mkdir()
    script(
        tasks,
        "job.py",
        """
        import os, subprocess, sys, tempfile
        open("made-here", "w").write("x"); os.rename("made-here", "moved"); os.remove("moved")
        subprocess.run(["sh", "-c", "echo hello | tee copy; ls / > /dev/null"], check=True)
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"y")
        report = os.path.join(os.environ["PUSHBUTTON_FILES"], "report.csv")
        open(report, "w").write("a,b")
        os.write(3, f"status at work\\nartifact {report}\\n".encode())
        subprocess.run(["pushbutton", "status", "from the command"], check=True, close_fds=True)
        print(open("/proc/self/status").read().split("NoNewPrivs:")[1].split()[0])
        """,
    )
    async with opened(tasks, data=str(data), confine="data") as app:
        done = await press_and_wait(app, "job")
        kept = [event.data["name"] for event in done.events if event.kind == "artifact"]
    assert done.run.state == "succeeded", done.output
    assert done.output == f"hello\n{1 if os.geteuid() else 0}\n"
    assert {"at work", "from the command"} <= {*done.statuses}
    assert kept == ["report.csv"]


async def test_it_is_refused_where_jobs_start_above_the_data_folder(tmp_path):
    with pytest.raises(ConfigError, match="choose another place with --data"):
        await Pushbutton(tmp_path, confine="data").open()
    assert list(tmp_path.iterdir()) == []


def test_it_is_refused_where_the_kernel_cannot_do_it(tmp_path, monkeypatch):
    monkeypatch.setattr(confine, "version", lambda: 2)
    with pytest.raises(ConfigError, match=r"Linux 6\.2 or newer"):
        confining.check("data", tmp_path / "data", [str(tmp_path / "tasks")])


def test_anything_else_to_be_kept_from_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="“everything” is not possible"):
        confining.check("everything", tmp_path / "data", [str(tmp_path / "tasks")])
