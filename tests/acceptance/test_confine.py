"""Jobs that are kept from the data folder by the kernel. Real jobs, real rules."""

from __future__ import annotations

import os

import pytest

from pushbutton.adapters import confinement
from pushbutton.app import Pushbutton
from pushbutton.errors import ConfigError
from pushbutton.supervisor import confine
from pushbutton.testing import opened, press_and_wait

from .serving import Command
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


async def test_no_supervisor_writes_for_a_job_to_what_it_is_kept_from(tmp_path):
    tasks, data = tmp_path / "tasks", tmp_path / "data"
    tasks.mkdir()
    said = r"""{"kind": "artifact", "data": {"path": "%s", "receipt": "sly"}}\n"""
    script(
        tasks,
        "job.sh",
        f"""
        ln -s {data}/server.key $PUSHBUTTON_RECEIPTS/sly || exit 1
        echo mine > $PUSHBUTTON_FILES/mine
        printf '{said}' $PUSHBUTTON_FILES/mine >&3
        """,
    )
    async with opened(tasks, data=str(data), confine="data") as app:
        key = (data / "server.key").read_bytes()
        done = await press_and_wait(app, "job")
        assert (data / "server.key").read_bytes() == key
    assert done.run.state == "succeeded", done.output
    assert [event.data["name"] for event in done.events if event.kind == "artifact"] == ["mine"]


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


@pytest.fixture
def places(tmp_path):
    tasks, data = tmp_path / "tasks", tmp_path / "data"
    tasks.mkdir()
    return tasks, data


async def test_a_task_asks_for_it_itself_whatever_its_form(places):
    tasks, data = places
    look = f"head -c 4 {data}/server.key >/dev/null 2>&1 && echo reads it; echo done"
    script(tasks, "open.sh", look)
    script(tasks, "closed.sh", look, head='confine = "data"')
    (tasks / "pushbutton.yaml").write_text(f"tasks:\n  written:\n    confine: data\n    command: [sh, -c, '{look}']\n")
    (tasks / "work.py").write_text(
        "from pushbutton import task\nimport subprocess\n"
        f"@task(confine='data')\ndef declared():\n    subprocess.run(['sh', '-c', {look!r}])\n"
    )
    async with opened(tasks, data=str(data)) as app:
        said = {name: (await press_and_wait(app, name)).output for name in ("open", "closed", "written", "declared")}
    assert said == {"open": "reads it\ndone\n", **dict.fromkeys(("closed", "written", "declared"), "done\n")}


async def test_a_task_cannot_ask_for_less_than_the_server_wants(places):
    tasks, data = places
    script(tasks, "sly.sh", "true", head='confine = "nothing"')
    script(tasks, "plain.sh", f"head -c 4 {data}/server.key")
    async with opened(tasks, data=str(data), confine="data") as app:
        assert "“confine” must be one of: data" in (await app.open()).catalog.task("sly").broken
        assert (await press_and_wait(app, "plain")).run.state == "failed"


async def test_a_task_that_asks_for_what_is_not_possible_here_is_broken_with_a_sentence(tmp_path):
    script(tmp_path, "closed.sh", "true", head='confine = "data"')
    script(tmp_path, "open.sh", "true")
    async with opened(tmp_path, data=str(tmp_path / "data")) as app:
        tasks = (await app.open()).catalog.tasks()
    assert tasks["closed"].broken.startswith("closed.sh line 1: “confine” is not possible here: jobs start in")
    assert tasks["open"].broken == ""


@pytest.mark.parametrize("by", ["server", "task"])
async def test_what_tells_choices_is_kept_from_the_data_folder_as_well(places, by):
    tasks, data = places
    told = f"['sh', '-c', 'head -c 4 {data}/server.key; echo nothing']"
    asks = 'confine = "data"\n' if by == "task" else ""
    script(tasks, "pick.sh", "echo $WHAT", head=f"{asks}[params.what]\nchoices_from = {told}")
    async with opened(tasks, data=str(data), confine="data" if by == "server" else "") as app:
        catalog = (await app.open()).catalog
        offered = await catalog.offered("pick")
    assert ([choice.value for choice in offered.task.params[0].choices], offered.faults) == (["nothing"], {})


async def test_what_tells_a_secret_is_kept_from_the_data_folder_as_well(places):
    tasks, data = places
    command = f"[sh, -c, 'cat {data}/server.key 2>/dev/null || echo twelve-bytes']"
    (tasks / "pushbutton.yaml").write_text(
        f"secrets:\n  WORD:\n    command: {command}\n"
        "tasks:\n  count:\n    secrets: [WORD]\n    command: [sh, -c, 'echo ${{#WORD}}']\n"
    )
    async with opened(tasks, data=str(data), confine="data") as app:
        assert (await press_and_wait(app, "count")).output == "12\n"


def test_a_run_without_a_server_is_kept_from_the_data_folder_that_one_has(places):
    tasks, data = places
    data.mkdir()
    (data / "server.key").write_text("a key")
    look = f"cat {data}/server.key 2>/dev/null; : >made-here && echo made"
    file = script(tasks, "closed.sh", look, head='confine = "data"')
    with Command("run", file, env={"PUSHBUTTON_DATA": str(data)}) as run:
        assert run.wait() == 0
    assert run.out.text == "made"
    with Command("run", file, env={"PUSHBUTTON_DATA": str(tasks / "inside")}) as run:
        assert run.wait() == 0  # where there is no data folder there is nothing to be kept from
    assert run.out.text == "a keymade"
    (tasks / "inside").mkdir()
    with Command("run", file, env={"PUSHBUTTON_DATA": str(tasks / "inside")}) as run:
        assert run.wait() != 0
    assert "“confine” is not possible here: jobs start" in run.err.text


async def test_it_is_refused_where_jobs_start_above_the_data_folder(tmp_path):
    with pytest.raises(ConfigError, match="choose another place with --data"):
        await Pushbutton(tmp_path, confine="data").open()
    assert list(tmp_path.iterdir()) == []


def test_it_is_refused_where_the_kernel_cannot_do_it(tmp_path, monkeypatch):
    monkeypatch.setattr(confine, "version", lambda: 2)
    with pytest.raises(ConfigError, match=r"Linux 6\.2 or newer"):
        confinement.check("data", tmp_path / "data", [str(tmp_path / "tasks")])


def test_anything_else_to_be_kept_from_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="“everything” is not possible"):
        confinement.check("everything", tmp_path / "data", [str(tmp_path / "tasks")])
