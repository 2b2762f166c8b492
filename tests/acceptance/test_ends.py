"""Three ends, not one: the job's process has ended, its output has ended, its tree is empty. Real processes."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import pytest

from pushbutton.domain.event import Kind
from pushbutton.domain.run import RunState
from pushbutton.testing import opened, press_and_wait, watched

from .worlds import LIMIT, marked, script, until


@pytest.fixture
def mark() -> str:
    return f"mark-{uuid.uuid4().hex}"


async def test_a_grandchild_that_keeps_the_pipe_neither_hangs_the_run_nor_loses_its_output(tmp_path, mark):
    script(
        tmp_path,
        "job.sh",
        f"""
        (sleep 0.3; echo from the background; sleep 600; : {mark}) &
        echo from the job
        exit 3
        """,
        head="linger = 4.0",
    )
    async with opened(tmp_path) as app:
        done = await press_and_wait(app, "job")
    assert done.output == "from the job\nfrom the background\n"
    assert (done.run.state, done.run.exit_code) == (RunState.FAILED, 3)
    assert marked(mark) == []
    assert "left something running" in done.notes[0]


async def test_a_background_process_that_ends_by_itself_is_waited_for(tmp_path):
    script(tmp_path, "job.sh", "(sleep 0.3; echo late) & exit 0", head=f"linger = {LIMIT}")
    async with opened(tmp_path) as app:
        done = await press_and_wait(app, "job")
    assert done.output == "late\n"
    assert done.run.state is RunState.SUCCEEDED
    assert done.notes == []


async def test_a_job_that_closes_its_output_and_works_on_is_not_over(tmp_path):
    script(tmp_path, "job.sh", "echo said; exec >&- 2>&-; sleep 0.4; : > worked; exit 5")
    async with opened(tmp_path) as app:
        done = await press_and_wait(app, "job")
    assert (tmp_path / "worked").exists()
    assert (done.run.exit_code, done.output) == (5, "said\n")


async def test_a_task_that_leaves_a_service_behind_is_over_at_once_and_the_service_lives(tmp_path, mark):
    script(
        tmp_path,
        "job.sh",
        f"""
        sh -c 'while [ ! -e stop ]; do echo tick; sleep 0.05; done; : {mark}' &
        echo started
        """,
        head='background = "leave"',
    )
    async with opened(tmp_path) as app:
        run = await app.press("job")
        done = await watched(app, run)
        core = await app.open()
        size = core.output.size(run.id)
        await until(lambda: core.output.size(run.id) > size + 20, "its output to go on")
        assert marked(mark)
        (tmp_path / "stop").touch()
        await until(lambda: not core.supervisors.held(run.id), "the supervisor to end with the service")
    assert done.run.state is RunState.SUCCEEDED


@pytest.mark.parametrize(
    ("body", "code", "reason"),
    [
        ("exit 0", 0, ""),
        ("exit 7", 7, "The job reported a failure (code 7)."),
        ("kill -SEGV $$", -11, "The system ended it (signal 11)."),
        ("kill -9 $$", -9, "The system ended it (signal 9)."),
    ],
)
async def test_how_a_job_ends_is_told(tmp_path, body, code, reason):
    script(tmp_path, "job.sh", body)
    async with opened(tmp_path) as app:
        done = await press_and_wait(app, "job")
    assert (done.run.exit_code, done.run.reason) == (code, reason)
    assert done.run.state is (RunState.SUCCEEDED if code == 0 else RunState.FAILED)


async def test_a_program_that_does_not_exist_is_a_failed_run_with_its_reason(tmp_path):
    file = script(tmp_path, "job.sh", "true")
    file.write_text("#!/no/such/interpreter\n")
    async with opened(tmp_path) as app:
        done = await press_and_wait(app, "job")
    assert done.run.state is RunState.FAILED
    assert "the program that its first line (#!) names does not exist" in done.run.reason


async def test_a_folder_that_cannot_be_entered_is_a_failed_run_with_its_reason(tmp_path):
    (tmp_path / "pushbutton.yaml").write_text("tasks:\n  job:\n    command: ['true']\n    cwd: gone\n")
    (tmp_path / "gone").mkdir()
    async with opened(tmp_path) as app:
        (tmp_path / "gone").rmdir()
        done = await press_and_wait(app, "job")
    assert done.run.state is RunState.FAILED
    assert "cannot be entered" in done.run.reason


async def test_the_last_event_is_the_end_and_the_only_one(tmp_path):
    script(tmp_path, "job.sh", 'for n in 1 2 3; do echo "status $n" >&3; done; echo out')
    async with opened(tmp_path) as app:
        done = await press_and_wait(app, "job")
        core = await app.open()
        stored = await core.store.last_event(done.run.id)
    assert done.statuses == ["1", "2", "3"]
    assert [e.data["state"] for e in done.events if e.kind is Kind.STATE] == ["waiting", "running", "succeeded"]
    assert done.events[-1].id == stored


async def test_the_job_finds_a_clean_house(tmp_path):
    """Descriptors 0 to 3 only, an input that ends at once, default signals, none blocked, a session of its own."""
    script(
        tmp_path,
        "job.py",
        """
        import json, os, signal, sys
        fds = sorted(int(fd) for fd in os.listdir("/proc/self/fd"))
        status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
        json.dump({
            "fds": [fd for fd in fds if os.path.exists(f"/proc/self/fd/{fd}") and fd < 1000],
            "stdin": os.readlink("/proc/self/fd/0"),
            "read": sys.stdin.read(),
            "blocked": int(status["SigBlk"], 16),
            "ignored": int(status["SigIgn"], 16) & ~(1 << (signal.SIGPIPE - 1)) & ~(1 << (signal.SIGXFSZ - 1)),
            "leader": os.getsid(0) == os.getpid(),
            "env": sorted(os.environ),
        }, open("seen.json", "w"))
        """,
    )
    os.environ["SECRET_OF_THE_SERVER"] = "x"
    try:
        async with opened(tmp_path) as app:
            await press_and_wait(app, "job")
    finally:
        del os.environ["SECRET_OF_THE_SERVER"]
    import json

    seen = json.loads((tmp_path / "seen.json").read_text())
    assert seen["fds"] == [0, 1, 2, 3]
    assert (seen["stdin"], seen["read"]) == ("/dev/null", "")
    assert (seen["blocked"], seen["ignored"], seen["leader"]) == (0, 0, True)
    assert "SECRET_OF_THE_SERVER" not in seen["env"]


async def test_with_tty_the_job_has_a_terminal_of_the_size_asked_for(tmp_path):
    script(tmp_path, "job.sh", "test -t 1 && echo terminal; stty size <&1", head="tty = [50, 132]")
    async with opened(tmp_path) as app:
        done = await press_and_wait(app, "job")
    assert done.output.replace("\r\n", "\n") == "terminal\n50 132\n"


async def test_nothing_is_left_of_sixty_runs(tmp_path):
    script(tmp_path, "job.sh", "echo x", head="at_once = 8")
    async with opened(tmp_path) as app:
        await press_and_wait(app, "job")
        fds, others = len(os.listdir("/proc/self/fd")), _zombies()
        runs = [await app.press("job") for _ in range(60)]
        for run in runs:
            assert (await run.finished()).state is RunState.SUCCEEDED
        core = await app.open()
        await until(lambda: not any(core.supervisors.held(run.id) for run in runs), "every supervisor to be gone")
        assert len(os.listdir("/proc/self/fd")) <= fds + 2
        await until(lambda: _zombies() <= others, "every supervisor to be reaped")


def _zombies() -> set[str]:
    """Our children that ended and that nobody has waited for."""
    us = (os.getpid(), "Z")
    return {pid for pid in os.listdir("/proc") if pid.isdigit() and _parent_and_state(pid) == us}


def _parent_and_state(pid: str) -> tuple[int, str]:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0, ""
    return int(fields[1]), fields[0]


async def test_output_past_its_cap_is_cut_with_a_word_and_the_job_is_not_hurt(tmp_path):
    script(tmp_path, "job.sh", "seq 1 200000; : > finished", head="output = 10000")
    async with opened(tmp_path) as app:
        done = await press_and_wait(app, "job")
    assert done.run.state is RunState.SUCCEEDED
    assert (tmp_path / "finished").exists()
    assert len(done.output) == 10000
    assert [e.data["kept"] for e in done.events if e.kind is Kind.TRUNCATED] == [10000]


async def test_an_edit_of_a_running_shell_script_does_not_change_the_run(tmp_path):
    file = script(tmp_path, "job.sh", 'echo "status one" >&3\nwhile [ ! -e go ]; do sleep 0.02; done\necho old\n')
    async with opened(tmp_path) as app:
        run = await app.press("job")
        async for event in run.events():
            if event.kind is Kind.STATUS:
                break
        file.write_text(file.read_text().replace("echo old", "echo new") + "echo more\n")
        (tmp_path / "go").touch()
        done = await watched(app, run)
    assert done.output == "old\n"


async def test_a_job_that_reports_without_end_is_not_listened_to_for_ever(tmp_path):
    script(tmp_path, "job.sh", "yes 'status again' | head -n 100200 >&3; echo done")
    async with opened(tmp_path) as app:
        done = await press_and_wait(app, "job")
    assert (done.run.state, done.output) == (RunState.SUCCEEDED, "done\n")
    assert len(done.statuses) == 100_000
    assert "reported more than 100,000 times" in done.notes[0]


async def test_a_shell_job_finds_the_words_to_report_with(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    script(tmp_path, "job.sh", 'pushbutton step "Copy files"\npushbutton status "half done"\npushbutton progress 50')
    async with opened(tmp_path) as app:
        done = await press_and_wait(app, "job")
    assert done.run.state is RunState.SUCCEEDED, done.output
    said = [(e.kind, e.data.get("name") or e.data.get("text") or e.data.get("percent")) for e in done.events[2:-1]]
    assert said == [
        (Kind.STEP, "Copy files"),
        (Kind.STATUS, "half done"),
        (Kind.PROGRESS, 50.0),
        (Kind.STEP, "Copy files"),
    ]
