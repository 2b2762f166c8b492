"""The command line with real processes: a server, clients that come and go, jobs that live and die."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from .proxy import free_port
from .serving import PATIENCE, Command, Lines, Served, environment, until

TASKS = """
import sys, time
from pathlib import Path
from pushbutton import SecretStr, progress, status, step

def talk(lines: int = 3):
    '''Say a few things.'''
    with step("Talk"):
        for number in range(lines):
            status(f"said {number}")
            progress(number + 1, of=lines)
            print("line", number, flush=True)

def gated(gate: str, lines: int = 2000):
    '''Write, wait for a file, write on.'''
    for number in range(lines):
        print(f"before {number} \\u2713", flush=number % 100 == 0)
    status("at the gate")
    sys.stdout.flush()
    while not Path(gate).exists():
        time.sleep(0.01)
    sys.stdout.buffer.write(b"half a character: \\xe2\\x9c|\\r\\n")
    for number in range(lines):
        print(f"after {number}", flush=number % 100 == 0)
    status("through the gate")

def bad(code: int = 7):
    sys.exit(code)

def given(file: Path, password: SecretStr, why: str = ""):
    print(file.read_text(), len(str(getattr(password, "get_secret_value", lambda: password)())), why)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "jobs.py").write_text(TASKS)
    return tmp_path


@pytest.fixture
def server(folder: Path) -> Iterator[Served]:
    """For what ends it, or counts its runs."""
    with Served(folder / "jobs.py") as served:
        yield served


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """For what presses and looks. Each leaves no run behind that goes on."""
    path = tmp_path_factory.mktemp("cli") / "jobs.py"
    path.write_text(TASKS)
    with Served(path) as served:
        yield served


def next_number(server: Served) -> int:
    """Of the next run."""
    return max((run["number"] for run in server.get("/api/runs?limit=1")), default=0) + 1


def script(folder: Path, name: str, body: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def pushbutton(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pushbutton", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment(), check=False)


def alive(mark: str) -> list[int]:
    """Processes with this in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if mark.encode() in words:
                found.append(int(entry.name))
    return found


# -- press and watch


def test_press_follow_shows_output_on_stdout_and_what_is_said_on_stderr(shared: Served) -> None:
    number = next_number(shared)
    with Command("press", "talk", "--lines", "2", "--follow", "--server", shared.url) as press:
        assert press.wait() == 0
    assert press.out.text == "line 0\nline 1"
    told = press.err.text
    assert told.startswith(f"Run {number}: {shared.url}/runs/{number}\n")
    for line in ("▶ Talk", "● said 0", "● said 1", "[ 50 %]", "✔ Talk"):
        assert line in told
    assert re.search(r"^✔ Succeeded", told, re.MULTILINE)


def test_a_run_that_is_silent_for_a_second_is_said_to_run(folder: Path) -> None:
    script(folder, "waiting.sh", f"until [ -e {folder}/gate ]; do sleep 0.01; done")
    with (
        Served(folder / "waiting.sh") as server,
        Command("press", "waiting", "--follow", "--server", server.url) as press,
    ):
        press.err.wait_for("^· It runs.$")
        (folder / "gate").touch()
        assert press.wait() == 0
    said = r"Run 1: .*\n(?:· It waits for its turn.\n)?· It runs.\n✔ Succeeded after \d+\.\d s\."
    assert re.fullmatch(said, press.err.text)


def test_press_says_number_and_address_and_does_not_wait(shared: Served) -> None:
    number = next_number(shared)
    with Command("press", "talk", "--server", shared.url) as press:
        assert press.wait() == 0
    assert press.out.text == f"Run {number}: {shared.url}/runs/{number}"
    assert shared.finished(number)["state"] == "succeeded"


def test_press_with_a_key_again_answers_with_the_same_run(shared: Served) -> None:
    number = next_number(shared)
    for said in (f"Run {number}: ", f"Run {number} is there already: "):
        with Command("press", "talk", "--key", "once", "--server", shared.url) as press:
            assert press.wait() == 0
        assert press.out.text.startswith(said)
    assert next_number(shared) == number + 1


def test_press_refuses_wrong_inputs_by_name_and_starts_nothing(shared: Served) -> None:
    number = next_number(shared)
    with Command("press", "talk", "--lnies", "2", "--server", shared.url) as press:
        assert press.wait() == 2
    assert press.err.text == (
        "pushbutton: Nothing was started:\n  --lnies: There is no such option. Did you mean --lines?"
    )
    with Command("press", "talk", "--lines", "many", "--server", shared.url) as press:
        assert press.wait() == 2
    assert "  --lines: Write a whole number, such as 3." in press.err.text
    assert next_number(shared) == number


def test_the_help_of_a_press_says_what_belongs_to_the_press_and_whether_a_reason_is_needed(folder: Path) -> None:
    (folder / "pushbutton.yaml").write_text(
        "tasks:\n  one: {command: [echo, '{why}'], reason: required, params: {why: {help: What for}, n: {type: int}}}\n"
        "  two: {command: [echo]}\n"
    )
    with Served(folder / "pushbutton.yaml") as server:
        with Command("press", "one", "--help", "--server", server.url) as one:
            assert one.wait() == 0
        with Command("press", "two", "--help", "--server", server.url) as two:
            assert two.wait() == 0
    task, ours = one.out.text.split("Of the press itself:")
    assert re.search(r"^  --why TEXT +What for \(required\)$", task, re.MULTILINE)
    assert re.search(r"^  --n NUMBER +\(required\)$", task, re.MULTILINE)
    assert re.search(r"^  --why TEXT +a reason that is kept with the run \(required\)$", ours, re.MULTILINE)
    assert re.search(r"^  --follow  +watch the run to its end$", ours, re.MULTILINE)
    assert "--why of the task stands behind “--”, after all others." in ours
    assert "It has no inputs." in two.out.text
    assert re.search(r"^  --why TEXT +a reason that is kept with the run \(optional\)$", two.out.text, re.MULTILINE)
    assert "behind “--”" not in two.out.text


def test_a_preset_is_kept_pressed_with_and_removed(shared: Served, folder: Path) -> None:
    def cli(*words: str) -> str:
        done = pushbutton(folder, *words, "--server", shared.url)
        return done.stdout + done.stderr

    assert "No preset is kept." in cli("preset", "list", "talk")
    kept = cli("preset", "save", "talk", "Five lines", "--lines", "5")
    assert 'pushbutton press talk --preset "Five lines"' in kept
    assert '{"lines": 5}' in cli("preset", "list", "talk")
    for given, lines in ((), 5), (("--lines", "1"), 1):
        cli("press", "talk", "--preset", "Five lines", "--follow", *given)
        assert shared.get("/api/runs?limit=1")[0]["inputs"] == {"lines": lines}
    assert "is removed" in cli("preset", "remove", "talk", "Five lines")
    assert "There is no such preset" in cli("press", "talk", "--preset", "Five lines")


def test_press_of_a_task_that_is_not_there_names_the_nearest(shared: Served) -> None:
    with Command("press", "takl", "--server", shared.url) as press:
        assert press.wait() == 3
    assert press.err.text == "pushbutton: There is no task named “takl”. Did you mean “talk”?"


def test_a_run_that_fails_passes_its_code_on(shared: Served) -> None:
    number = next_number(shared)
    with Command("press", "bad", "--code", "9", "--follow", "--server", shared.url) as press:
        assert press.wait() == 9
    with Command("watch", str(number), env={"PUSHBUTTON_SERVER": shared.url}) as watch:
        assert watch.wait() == 9
    assert "✘ Failed" in watch.err.text
    assert "(code 9)" in watch.err.text


def test_ctrl_c_while_following_leaves_the_run_running(shared: Served, folder: Path) -> None:
    gate, number = folder / "gate", next_number(shared)
    with Command("press", "gated", "--gate", gate, "--lines", "1", "--follow", "--server", shared.url) as press:
        press.err.wait_for("at the gate")
        press.signal(signal.SIGINT)
        assert press.wait() == 130
    assert press.err.text.splitlines()[-1] == (
        f"· Run {number} goes on. Watch: pushbutton watch {number} --server {shared.url}. "
        f"Stop it: pushbutton stop {number} --server {shared.url}"
    )
    assert shared.run(number)["state"] == "running"
    gate.touch()
    assert shared.finished(number)["state"] == "succeeded"


@pytest.mark.parametrize("end", ["kill", "term"])
def test_watch_over_a_restarted_server_shows_every_byte_once(server: Served, folder: Path, end: str) -> None:
    gate = folder / "gate"
    number = server.press("gated", gate=str(gate))
    log = folder / "log"
    with log.open("wb") as file:
        watch = subprocess.Popen(
            [sys.executable, "-m", "pushbutton", "watch", str(number), "--server", server.url],
            stdout=file,
            stderr=subprocess.PIPE,
            env=environment(),
        )
    assert watch.stderr
    told = Lines(watch.stderr)
    try:
        told.wait_for("at the gate")
        server.kill9() if end == "kill" else server.term()
        gate.touch()  # the job goes on while nobody serves
        told.wait_for("Lost contact")
        server.restart()
        assert watch.wait(PATIENCE) == 0
    finally:
        watch.kill()
        watch.wait()
        told.close()
    assert log.read_bytes() == server.output(number)
    assert log.read_bytes().startswith("before 0 ✓\n".encode())
    assert b"half a character: \xe2\x9c|\r\n" in log.read_bytes()
    assert log.read_bytes().endswith(b"after 1999\n")
    for once in ("at the gate", "through the gate", "✔ Succeeded"):
        assert told.text.count(once) == 1, told.text


def test_a_watcher_who_comes_late_sees_it_all(shared: Served) -> None:
    number = shared.press("talk", lines=500)
    shared.finished(number)
    with Command("watch", str(number), "--server", shared.url) as watch:
        assert watch.wait() == 0
    assert watch.out.text.split("\n") == [f"line {n}" for n in range(500)]


def test_press_brings_files_along_and_reads_secrets_from_standard_input(shared: Served, folder: Path) -> None:
    number = next_number(shared)
    (folder / "note.txt").write_text("what the file says")
    press = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "pushbutton",
                "press",
                "given",
                "--follow",
                "--file",
                "note.txt",
                "--password",
                "-",
            ),
            *("--", "--why", "an input that is named like an option"),
        ],
        input="twelve chars\nmore\n",
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(PUSHBUTTON_SERVER=shared.url),
        check=False,
    )
    assert press.returncode == 0, press.stderr
    assert press.stdout == "what the file says 12 an input that is named like an option\n"
    assert shared.run(number)["inputs"]["password"] == "•••"
    assert shared.run(number)["why"] == ""


def test_run_reads_a_secret_from_standard_input_and_says_when_it_is_too_short_to_be_masked(folder: Path) -> None:
    params = "".join(f'# [params.{name}]\n# type = "secret"\n# pass = "env"\n' for name in ("password", "pin"))
    path = script(folder, "pin.sh", f'# /// pushbutton\n{params}# ///\necho "is $PIN and $PASSWORD"')
    run = subprocess.run(
        [sys.executable, "-m", "pushbutton", "run", path, "--password", "-", "--pin", "-"],
        input="hunter2hunter2\n831\nmore\n",
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(),
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == "is 831 and •••\n"
    note = "· A secret of this run is too short to be masked: what the job writes of it is shown as it is."
    assert note in run.stderr.splitlines()


def test_watch_into_a_pipe_that_closes_ends_without_a_word(shared: Served) -> None:
    number = shared.press("gated", gate="/nowhere", lines=50_000)
    watch = subprocess.Popen(
        [sys.executable, "-m", "pushbutton", "watch", str(number), "--server", shared.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert watch.stdout
    assert watch.stderr
    assert watch.stdout.read(10) == b"before 0 \xe2"
    watch.stdout.close()
    told = watch.stderr.read().decode()
    watch.stderr.close()
    assert watch.wait(PATIENCE) == 1
    assert "pushbutton:" not in told
    assert "Traceback" not in told
    assert shared.run(number)["state"] == "running"
    shared.http.post(f"/api/runs/{number}/cancel").raise_for_status()
    shared.finished(number)


def test_stop_ends_a_run_and_its_watcher_exits_with_1(shared: Served, folder: Path) -> None:
    number = next_number(shared)
    with Command("press", "gated", "--gate", folder / "never", "--follow", "--server", shared.url) as press:
        press.err.wait_for("at the gate")
        with Command("stop", str(number), "--server", shared.url) as stop:
            assert stop.wait() == 0
        assert stop.out.text == f"Run {number} is being stopped. See its end: pushbutton watch {number}"
        assert press.wait() == 1
    assert "▲ Stopped" in press.err.text
    with Command("stop", str(number), "--server", shared.url) as stop:
        assert stop.wait() == 4
    assert stop.err.text == f"pushbutton: Run {number} is not running any more: it is cancelled."


def test_runs_lists_the_newest_first(shared: Served) -> None:
    first, second = shared.press("talk"), shared.press("bad")
    for number in (first, second):
        shared.finished(number)
    with Command("runs", "--server", shared.url) as runs:
        assert runs.wait() == 0
    rows = runs.out.text.splitlines()[:3]
    assert [row.split()[:3] for row in rows] == [
        ["RUN", "TASK", "STATE"],
        [str(second), "bad", "failed"],
        [str(first), "talk", "succeeded"],
    ]
    with Command("runs", "--task", "talk", "--json", "--server", shared.url) as runs:
        assert runs.wait() == 0
    listed = json.loads(runs.out.text)
    assert listed[0]["number"] == first
    assert {run["task"] for run in listed} == {"talk"}


def test_without_a_server_there_is_one_sentence(folder: Path) -> None:
    with Command("runs", "--server", "http://127.0.0.1:9") as runs:
        assert runs.wait() == 5
    assert runs.err.text == (
        "pushbutton: No server answers at http://127.0.0.1:9. Start one with “pushbutton serve”, "
        "or name another with --server."
    )


# -- serve


def health(port: int) -> int:
    """The status of the answer; 0 while nobody listens."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/health").status_code
    except httpx.ConnectError:
        return 0


def test_serve_says_what_it_serves_once_it_does(folder: Path) -> None:
    script(folder, "fine.sh", "echo hi")
    (folder / "pushbutton.yaml").write_text("tasks:\n  x:\n    comand: [ls]\n")
    with Served(folder) as server:
        server.command.out.wait_for("Nobody has to sign in: everybody on this machine may press everything.")
        told = server.out
        assert server.http.get("/api/health").json()["ok"]
    assert told.startswith(f"Pushbutton is ready: {server.url}/\nTasks: 2, 1 of them broken:\n  pushbutton.yaml line 3")
    assert f"\nData:  {folder}/.pushbutton\n" in told


def test_check_run_and_serve_say_all_mistakes_of_a_file_at_once(folder: Path) -> None:
    (folder / "kitchen.py").write_text(
        "from pushbutton import task\n\n\n@task(\n    titel='Tea',\n    busy='later',\n)\n"
        "def brew(cups: complex):\n    ...\n"
    )
    mistakes = {
        5: "There is no option named “titel” for a task. Did you mean “title”?",
        6: "“busy” must be one of: queue, skip, join, replace.",
        8: "A form cannot ask for “cups: complex”; use str,",
    }
    checked, ran = pushbutton(folder, "check", "kitchen.py"), pushbutton(folder, "run", "kitchen.py", "--cups", "2")
    assert (checked.returncode, ran.returncode) == (6, 6)
    assert [line.partition(" ")[0] for line in checked.stdout.splitlines()[:-1]] == [
        f"kitchen.py:{line}:{column}:" for line, column in ((5, 5), (6, 5), (8, 10))
    ]
    assert checked.stdout.endswith("1 task: brew. 3 mistakes.\n")
    for line, sentence in mistakes.items():
        assert sentence in checked.stdout
        assert f"\n  kitchen.py line {line}: {sentence}" in ran.stderr
    (folder / "pushbutton.yaml").write_text("env: {A B: 1}\ntasks: {a: {command: [ls]}}\n")
    with Served(folder / "kitchen.py", folder / "pushbutton.yaml") as server:
        alone = "pushbutton.yaml line 1: “env” must be a table of names"
        assert f"\nMistakes that break no task by themselves:\n  {alone}" in server.out
        assert "“env” must be a table of names" in server.http.get("/", headers={"accept": "text/html"}).text
        page = server.http.get("/tasks/brew", headers={"accept": "text/html"}).text
        card = server.http.get("/", headers={"accept": "text/html"}).text
        for line, sentence in mistakes.items():
            assert f"\n  kitchen.py line {line}: {sentence}" in server.out
            assert f"kitchen.py line {line}: {sentence}" in page
        assert f"{folder}/kitchen.py:" not in page  # the lines are said with the mistakes
        assert "kitchen.py line 5: " in card
        assert "and 2 more" in card
        assert len(server.http.get("/api/tasks/brew").json()["broken"].splitlines()) == 3


def test_a_server_whose_words_nobody_reads_serves_all_the_same(folder: Path) -> None:
    """As in `pushbutton serve | head -1`."""
    port = free_port()
    words = [sys.executable, "-m", "pushbutton", "serve", ".", "--port", str(port)]
    read, write = os.pipe()
    os.close(read)
    server = subprocess.Popen(words, cwd=folder, env=environment(), stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    try:
        until(lambda: health(port) == 200 or server.poll() is not None, what="it serves, or has ended")
        assert server.poll() is None
    finally:
        server.terminate()
        _, complaint = server.communicate()
    assert (server.returncode, complaint) == (0, "")


def test_a_second_server_on_the_same_data_is_refused(shared: Served) -> None:
    with Command("serve", shared.data.parent / "jobs.py", "--data", shared.data, "--port", "0") as second:
        assert second.wait() == 5
    assert second.err.text == (
        f"pushbutton: {shared.data} is in use by another server (process {shared.pid}). "
        "Stop that server first, or give this one another folder with --data."
    )
    assert second.out.text == ""


def test_a_taken_port_is_named(shared: Served, tmp_path: Path) -> None:
    with Command("serve", tmp_path, "--data", tmp_path / "other", "--port", str(shared.port)) as second:
        assert second.wait() == 5
    assert second.err.text == (
        f"pushbutton: Port {shared.port} of 127.0.0.1 is taken by another program. "
        "Choose another with --port, or any free one with --port 0."
    )


def test_an_address_that_others_can_reach_is_refused(tmp_path: Path) -> None:
    with Command("serve", tmp_path, "--host", "0.0.0.0", "--port", "0") as serve:
        assert serve.wait() == 4
    assert "there is no login" in serve.err.text
    assert not (tmp_path / ".pushbutton").exists()


def test_an_address_that_others_can_reach_is_served_when_that_is_meant(tmp_path: Path) -> None:
    words = ("serve", tmp_path, "--host", "0.0.0.0", "--port", "0", "--i-know-there-is-no-login")
    with Command(*words) as serve:
        serve.out.wait_for(r"http://127\.0\.0\.1:\d+/$")
        serve.out.wait_for("everybody who can reach 0.0.0.0 may press everything")
        serve.signal(signal.SIGTERM)
        assert serve.wait() == 0
    assert serve.out.text.endswith("Stopped. No job is running.")


def test_serve_of_what_is_not_there_names_it(tmp_path: Path) -> None:
    with Command("serve", tmp_path / "nowhere", "--data", tmp_path / "data", "--port", "0") as serve:
        assert serve.wait() == 6
    assert serve.err.text.endswith("nowhere:1: There is no such file or folder.")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_server_says_how_many_runs_go_on(server: Served, folder: Path, number: int) -> None:
    run = server.press("gated", gate=str(folder / "gate"), lines=1)
    server.output_has(run, b"before")
    server.command.signal(number)
    assert server.command.wait() == 0
    assert server.out.splitlines()[-1] == "Stopped. 1 run goes on without it; the next server finds it."
    assert server.held() == [run]
    (folder / "gate").touch()
    server.restart()
    assert server.finished(run)["state"] == "succeeded"


# -- run


def test_run_passes_the_jobs_code_and_output_on(folder: Path) -> None:
    path = script(folder, "seven.sh", "echo to stdout; echo to stderr >&2; exit 7")
    with Command("run", path) as run:
        assert run.wait() == 7
    assert run.out.text == "to stdout\nto stderr"
    assert run.err.text == "✘ Failed: The job reported a failure (code 7)."


def test_run_takes_a_report_that_only_looks_like_json_for_a_text(folder: Path) -> None:
    path = script(folder, "brace.sh", "echo '{\"file\": report.csv}' >&3; echo '{' >&3; echo done; exit 3")
    with Command("run", path) as run:
        assert run.wait() == 3
    assert run.out.text == "done"
    assert run.err.text.splitlines()[:2] == ['● {"file": report.csv}', "● {"]


def test_run_of_a_function_takes_its_params_as_options(folder: Path) -> None:
    with Command("run", f"{folder}/jobs.py:talk", "--lines=2") as run:
        assert run.wait() == 0
    assert run.out.text == "line 0\nline 1"
    assert run.err.text.startswith("▶ Talk\n● said 0\n[ 50 %]\n● said 1\n[100 %]\n✔ Talk")


def test_run_of_a_file_with_several_tasks_says_which(folder: Path) -> None:
    with Command("run", "jobs.py", cwd=folder) as run:
        assert run.wait() == 2
    assert run.err.text == (
        "pushbutton: jobs.py has 4 tasks; say which: jobs.py:talk, jobs.py:gated, jobs.py:bad, jobs.py:given"
    )


def test_run_of_a_command_in_yaml(folder: Path) -> None:
    (folder / "pushbutton.yaml").write_text(
        "tasks:\n  greet:\n    command: [echo, 'hello {name}']\n    params:\n      name: {}\n"
    )
    with Command("run", "pushbutton.yaml:greet", "--name", "a  b; c", cwd=folder) as run:
        assert run.wait() == 0
    assert run.out.text == "hello a  b; c"


def test_run_without_a_required_param_names_all(folder: Path) -> None:
    with Command("run", "jobs.py:gated", cwd=folder) as run:
        assert run.wait() == 2
    assert run.err.text == "pushbutton: Nothing was started:\n  --gate: Fill this in."


def test_run_help_shows_the_params(folder: Path) -> None:
    with Command("run", "jobs.py:gated", "--help", cwd=folder) as run:
        assert run.wait() == 0
    assert "--gate TEXT" in run.out.text
    assert "(required)" in run.out.text
    assert "(default: 2000)" in run.out.text


def test_run_keeps_what_the_job_wrote_byte_by_byte(folder: Path) -> None:
    path = script(folder, "bytes.sh", r"head -c 300000 /dev/zero; printf '\377\376 \342\234'")
    done = subprocess.run(
        [sys.executable, "-m", "pushbutton", "run", path], capture_output=True, env=environment(), check=True
    )
    assert done.stdout == b"\0" * 300_000 + b"\xff\xfe \xe2\x9c"


def test_ctrl_c_ends_the_job_and_all_that_it_started(folder: Path) -> None:
    mark = f"4{os.getpid()}.25"
    path = script(folder, "deep.sh", f"setsid sleep {mark} & (sleep {mark} &) ; echo ready; wait")
    with Command("run", path) as run:
        run.out.wait_for("ready")
        until(lambda: len(alive(mark)) == 2, what="both")
        run.signal(signal.SIGINT)
        assert run.wait() == 130
    assert "Asked it to end; it has 10 s." in run.err.text
    assert "▲ Stopped: It was stopped." in run.err.text
    assert alive(mark) == []


def test_a_second_ctrl_c_ends_at_once_what_does_not_listen(folder: Path) -> None:
    mark = f"5{os.getpid()}.25"
    body = f"trap '' TERM INT; echo ready; while :; do sleep {mark}; done"
    path = script(folder, "deaf.sh", f"# /// pushbutton\n# grace = 3600\n# ///\n{body}")
    with Command("run", path) as run:
        run.out.wait_for("ready")
        run.signal(signal.SIGINT)
        run.err.wait_for("Ctrl.C again")
        run.signal(signal.SIGINT)
        assert run.wait() == 130
    assert run.err.text.endswith("· Ended at once.")
    assert alive(mark) == []
    assert alive(str(path)) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_itself_killed_ends_its_job(folder: Path, number: int) -> None:
    mark = f"7{os.getpid()}.{number}"
    path = script(folder, "orphan.sh", f"setsid sleep {mark} & echo ready; wait")
    with Command("run", path) as run:
        run.out.wait_for("ready")
        run.signal(number)
        assert run.wait() == (-9 if number == signal.SIGKILL else 128 + number)
    until(lambda: not alive(mark) and not alive(str(path)), what="the job is gone")


def test_run_into_a_pipe_that_closes_leaves_nothing_behind(folder: Path) -> None:
    mark = f"6{os.getpid()}.25"
    path = script(folder, "endless.sh", f"sleep {mark} & while :; do echo more; done")
    reading, writing = os.pipe()
    run = subprocess.Popen(
        [sys.executable, "-m", "pushbutton", "run", path], stdout=writing, stderr=subprocess.PIPE, env=environment()
    )
    os.close(writing)
    assert os.read(reading, 4) == b"more"
    os.close(reading)
    _, told = run.communicate(timeout=PATIENCE)
    assert run.returncode == 1
    assert b"Traceback" not in told
    assert alive(mark) == []


def test_ctrl_c_is_heard_in_the_middle_of_much_output(folder: Path) -> None:
    path = script(folder, "flood.sh", "while :; do echo more and more and more; done")
    run = subprocess.Popen(
        [sys.executable, "-m", "pushbutton", "run", path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert run.stdout
    run.stdout.read(1 << 20)
    run.send_signal(signal.SIGINT)
    _, told = run.communicate(timeout=PATIENCE)
    assert run.returncode == 130
    assert "▲ Stopped" in told.decode()
    assert alive(str(path)) == []


def test_run_on_a_terminal_shows_a_bar_and_no_escape_of_the_job(folder: Path) -> None:
    (folder / "bar.py").write_text(
        "import os, time\nfrom pushbutton import progress, step\n\n"
        "def bar():\n"
        "    with step('Fill'):\n"
        "        progress(50, 'half')\n"
        "        print('\\x1b]0;title\\x07\\x1b[31mred\\x1b[0m \\x1b[2Jclear', flush=True)\n"
        "        while not os.path.exists('shown'): time.sleep(0.02)\n"
    )
    ours, theirs = pty.openpty()
    run = subprocess.Popen(
        [sys.executable, "-m", "pushbutton", "run", folder / "bar.py"],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env=environment(TERM="xterm-256color", COLUMNS="100"),
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            data = os.read(ours, 65536)
        except OSError:
            break
        if not data:
            break
        shown += data
        if b"50 %" in shown and b"clear" in shown:
            (folder / "shown").touch()
    os.close(ours)
    assert run.wait(PATIENCE) == 0
    text = shown.decode()
    assert "50 %" in text
    assert "━" in text
    assert "\x1b[31mred" in text
    assert "clear" in text
    assert "\x1b[2J" not in text
    assert "title" not in text
    assert "✔ Succeeded" in text


# -- check, schema, and what a job says


def test_check_names_the_place_and_exits_with_6(folder: Path) -> None:
    (folder / "pushbutton.yaml").write_text("tasks:\n  x:\n    comand: [ls]\n")
    with Command("check", ".", cwd=folder) as check:
        assert check.wait() == 6
    lines = check.out.text.splitlines()
    assert "pushbutton.yaml:3:5: There is no key “comand” here. Did you mean “command”?" in lines
    assert re.fullmatch(r"\d+ tasks?: [a-z0-9, -]+\. \d mistakes?\.", lines[-1])
    with Command("check", ".", "--json", cwd=folder) as check:
        assert check.wait() == 6
    assert 3 in [problem["line"] for problem in json.loads(check.out.text)]
    with Command("check", "jobs.py", cwd=folder) as check:
        assert check.wait() == 0
    assert re.fullmatch(r"\d+ tasks?: [a-z0-9, -]+\. All is well\.", check.out.text)


def test_check_says_of_a_folder_without_a_task_that_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "tidy.sh").write_text("#!/bin/sh\n")  # without the x bit
    for words, said in (
        (["empty"], "There is no task here."),
        (["empty", "--json"], "[]"),
        (["other"], "There is no task here; 1 passed over."),
    ):
        with Command("check", *words, cwd=tmp_path) as check:
            assert check.wait() == 0
        assert (check.out.text.splitlines()[-1], check.err.text) == (said, ""), words
    with Command("check", cwd=tmp_path / "empty") as check:
        assert check.wait() == 0
    assert check.out.text == "There is no task here."


def test_check_names_a_script_whose_arguments_nobody_has_described(tmp_path: Path) -> None:
    for name, block in (("bare.sh", ""), ("told.sh", "# /// pushbutton\n# [params.shop]\n# ///\n")):
        (tmp_path / name).write_text(f'#!/bin/sh\n{block}echo "$1"\n')
        (tmp_path / name).chmod(0o755)
    with Command("check", ".", cwd=tmp_path) as check:
        assert check.wait() == 0
    named = [line for line in check.out.text.splitlines() if "looks at its arguments" in line]
    assert [line.partition(":")[0] for line in named] == ["bare.sh"]


def test_what_a_job_says_outside_of_a_run_is_printed_and_loads_no_option_parser() -> None:
    code = (
        "import sys; sys.argv = ['pushbutton', 'status', 'hello']\n"
        "from pushbutton.__main__ import main\n"
        "assert main() == 0\n"
        "heavy = {'typer', 'rich', 'httpx', 'asyncio', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=False)
    assert (done.returncode, done.stderr) == (0, "● hello\n")


def test_the_first_output_of_a_run_is_shown_while_it_runs(folder: Path) -> None:
    with Command("run", f"{folder}/jobs.py:gated", "--gate", folder / "gate", "--lines", "1") as run:
        run.out.wait_for("before 0")
        assert run.alive
        (folder / "gate").touch()
        assert run.wait() == 0
    assert until(lambda: "after 0" in run.out.text, what="the rest")
