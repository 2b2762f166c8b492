"""Named secrets with a real server and real jobs: each reaches its job, and nothing else, however the job writes it."""

from __future__ import annotations

import base64
import json
import os
import pty
import select
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from .serving import PATIENCE, Served, environment, until
from .worlds import alive, script

VALUES = {
    "OF_ENV": "Env/wörd+more? 17",
    "OF_FILE": "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B+/AQEFAASCBKcw\nggSjAgEAAoIBAQDI0JbJ\n-----END KEY-----",
    "OF_COMMAND": "hunter2hunter2-hunter2",
    "KEPT": "correct horse battery staple",
}
CONFIG = """
secrets:
  OF_ENV: {env: ORDERS_DB}
  OF_FILE: {file: key.pem}
  OF_COMMAND: {command: [cat, vault]}
tasks:
  as-they-are:
    command: [sh, -c, 'printf "%s\\n" "$OF_ENV" "$OF_FILE" "$OF_COMMAND" "$KEPT"; env; exec sleep 4711']
    secrets: [OF_ENV, OF_FILE, OF_COMMAND, KEPT]
"""
TELL = """
import base64, json, os, sys, textwrap, time, urllib.parse
from pushbutton import artifact, progress, secret, status, step, task

NAMES = ["OF_ENV", "OF_FILE", "OF_COMMAND", "KEPT"]

def fold(text, width, end="\\n"):
    return end.join(text[at : at + width] for at in range(0, len(text), width))

@task(secrets=NAMES)
def tell():
    for name in NAMES:
        value = secret(name)
        data = value.encode()
        coded = base64.b64encode(b"user:" + data).decode()
        os.write(1, b"whole: " + data + b"\\n")
        for byte in b"bytewise: " + data + b"\\n":
            os.write(1, bytes([byte]))
        for at in range(0, len(data), 3):
            os.write(1, data[at : at + 3])
            time.sleep(0.005)
        print(flush=True)
        for text in (value, coded, urllib.parse.quote_plus(value), json.dumps(value), data.hex()):
            print("form:", text)
            for width in (1, 2, 3, 5, 8, 20):
                print(fold(text, width))
                print(fold(text, width, "\\r\\n"))
        print(textwrap.indent(textwrap.fill(value, 12), "    "))
        print(urllib.parse.quote(value, safe="").lower(), json.dumps(value, ensure_ascii=False).replace("/", "\\\\/"))
        print(repr(value), [value], {"name": value}, repr(data))
        os.write(2, b"error: " + data + b"\\n")
        status(f"I know {value}")
        status(base64.b64encode(data).decode())
        progress(50, f"half of {value}")
        with step(f"step {value}"):
            pass
    print("all of it:", *(secret(name) for name in NAMES), "the end")
    raise ValueError(f"no such secrets: {[secret(name) for name in NAMES]}")
"""


def spellings(value: str) -> set[bytes]:
    """What must be found nowhere. Line breaks are left out where it is looked for."""
    coded = base64.b64encode(b"\0" + value.encode())[4:-4]
    texts = (value, urllib.parse.quote(value), urllib.parse.quote_plus(value), json.dumps(value)[1:-1])
    return {*(text.encode() for text in texts), coded, value.encode().hex().encode(), *value.encode().splitlines()}


def dense(data: bytes) -> bytes:
    return data.translate(None, b"\r\n \t")


def found(data: bytes) -> list[bytes]:
    """Every spelling of every value that is in the data, whatever lines it is broken into."""
    squeezed = dense(data)
    return [form for value in VALUES.values() for form in spellings(value) if dense(form) in squeezed]


def everything(folder: Path) -> dict[str, list[bytes]]:
    """The files below the folder that hold anything of a value."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): there for path in files if (there := found(path.read_bytes()))}


def keep(data: Path, name: str, value: str) -> subprocess.CompletedProcess[str]:
    return secret("set", name, "--data", str(data), given=f"{value}\n")


def secret(*words: str, given: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pushbutton", "secret", *words],
        input=given,
        capture_output=True,
        text=True,
        env=environment(**env),
        timeout=PATIENCE,
        check=False,
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Path]]:
    """A server whose data folder is not where its tasks and their files are."""
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "pushbutton.yaml").write_text(CONFIG)
    (folder / "telling.py").write_text(TELL)
    body = 'for v in "$OF_ENV" "$OF_FILE" "$OF_COMMAND" "$MINE"; do printf %s "$v" | wc -c; done'
    head = 'secrets = {OF_ENV = "OF_ENV", OF_FILE = "OF_FILE", OF_COMMAND = "OF_COMMAND", KEPT = "MINE"}'
    script(folder, "sizes.sh", body, head=head)
    for name, key in (("key.pem", "OF_FILE"), ("vault", "OF_COMMAND")):
        (folder / name).write_text(VALUES[key])
        (folder / name).chmod(0o600)
    data = tmp_path_factory.mktemp("data")
    with Served(folder, data=data, env={"ORDERS_DB": VALUES["OF_ENV"]}) as server:
        assert keep(data, "KEPT", VALUES["KEPT"]).returncode == 0  # beside the running server
        until(lambda: not any(task["broken"] for task in server.tasks().values()), what="it is seen")
        yield server, folder


@pytest.fixture(scope="module")
def told(world: tuple[Served, Path]) -> int:
    server, _ = world
    number = server.press("tell")
    assert server.finished(number)["state"] == "failed"
    return number


def test_each_job_finds_its_secrets_in_its_environment(world):
    server, _ = world
    number = server.press("sizes")
    assert server.finished(number)["state"] == "succeeded"
    assert server.output(number).split() == [str(len(value.encode())).encode() for value in VALUES.values()]


def test_nothing_of_a_value_is_in_the_output_however_the_job_writes_it(world, told):
    server, _ = world
    output = server.output(told)
    assert found(output) == []
    assert output.count("whole: •••\n".encode()) == output.count("bytewise: •••\n".encode()) == len(VALUES)
    assert "all of it: ••• ••• ••• ••• the end".encode() in output


def test_nothing_of_a_value_is_in_any_answer(world, told):
    server, _ = world
    paths = ["", "/events", "/output/lines?from=1&count=5000", "/output/plain", "/output/search?q=correct"]
    answers = [server.http.get(f"/api/runs/{told}{path}", headers={"accept": "application/json"}) for path in paths]
    pages = (
        f"/runs/{told}",
        "/tasks/tell",
        "/",
        "/history",
        "/api/runs",
        "/api/tasks",
        "/history.csv",
        "/api/openapi.json",
    )
    answers += [server.http.get(path) for path in pages]
    everything_said = b"\n".join(answer.content for answer in answers)
    assert "•••".encode() in everything_said
    assert found(everything_said) == []


def test_nothing_of_a_value_is_in_any_file_of_the_data_folder(world, told):
    server, _ = world
    assert any(path.name.startswith("history.db") for path in server.data.iterdir())
    assert everything(server.data) == {}


def test_nothing_of_a_value_is_in_what_the_server_says(world, told):
    server, _ = world
    assert found((server.err + server.out).encode()) == []


def test_while_the_job_runs_no_value_is_in_a_command_line_or_a_file(world):
    server, _ = world
    number = server.press("as-they-are")
    server.output_has(number, b"PUSHBUTTON_RUN")
    lines = [line for path in Path("/proc").glob("[0-9]*/cmdline") if (line := _read(path))]
    assert any(b"4711" in line for line in lines)
    assert [line for line in lines if found(line)] == []
    assert everything(server.data) == {}
    server.http.post(f"/api/runs/{number}/cancel")
    server.finished(number)
    output = server.output(number)
    assert output.startswith("•••\n•••\n•••\n•••\n".encode())
    assert found(output) == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_a_value_that_was_changed_is_another_for_the_next_run(world):
    server, folder = world
    (folder / "vault").write_text("another value")
    number = server.press("sizes")
    server.finished(number)
    assert server.output(number).split()[2] == b"13"
    (folder / "vault").write_text(VALUES["OF_COMMAND"])


def test_a_line_that_ends_like_a_value_begins_is_shown_while_the_job_is_silent(world):
    server, folder = world
    script(folder, "quiet.sh", "echo is it correct; exec sleep 4712", head='secrets = ["KEPT"]')
    until(lambda: "quiet" in server.tasks(), what="the script is seen")
    number = server.press("quiet")
    server.output_has(number, b"is it correct\n")
    server.http.post(f"/api/runs/{number}/cancel")
    server.finished(number)


# -- what cannot be had


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "pushbutton.yaml").write_text(
        "secrets:\n  GONE: {file: none}\n  SLOW: {command: [sh, -c, 'echo $$ > slow; exec sleep 4711']}\n"
        "tasks:\n  gone: {command: [touch, ran], secrets: [GONE]}\n  slow: {command: [touch, ran], secrets: [SLOW]}\n"
        "  other: {command: ['true']}\n  unknown: {command: ['true'], secrets: [NOBODYS]}\n"
    )
    with Served(tmp_path / "tasks", data=tmp_path / "data") as served:
        yield served


def test_a_run_whose_secret_cannot_be_had_fails_with_a_sentence_that_names_it(server, tmp_path):
    run = server.finished(server.press("gone"))
    assert run["state"] == "failed"
    assert run["reason"] == (
        f"The secret “GONE” cannot be had from the file {tmp_path}/tasks/none: No such file or directory."
    )
    assert not (tmp_path / "tasks" / "ran").exists()


def test_a_task_whose_secret_nobody_knows_is_broken_and_mended_when_it_is_kept(server):
    assert "There is no secret named “NOBODYS”" in server.tasks()["unknown"]["broken"]
    answer = server.http.post("/api/tasks/unknown/runs", json={"inputs": {}})
    assert answer.status_code == 409
    keep(server.data, "NOBODYS", "somebody's")
    until(lambda: not server.tasks()["unknown"]["broken"], what="it is mended")
    assert server.finished(server.press("unknown"))["state"] == "succeeded"


def test_a_lost_key_fails_the_run_with_a_sentence(server):
    keep(server.data, "NOBODYS", "somebody's")
    until(lambda: not server.tasks()["unknown"]["broken"], what="it is seen")
    (server.data / "secret.key").unlink()
    run = server.finished(server.press("unknown"))
    assert run["state"] == "failed"
    assert run["reason"].startswith("The secret “NOBODYS” cannot be had from the stored secrets: The key of the stored")


def test_a_secret_that_is_long_in_coming_holds_up_nobody_else_and_can_be_stopped(server, tmp_path):
    slow = server.press("slow")
    mark = tmp_path / "tasks" / "slow"
    until(lambda: mark.exists() and mark.read_text(), what="it is asked for")
    assert server.finished(server.press("other"))["state"] == "succeeded"
    server.http.post(f"/api/runs/{slow}/cancel").raise_for_status()
    run = server.finished(slow)
    assert (run["state"], run["reason"]) == ("cancelled", "It was stopped before it started.")
    until(lambda: not alive(int(mark.read_text())), what="what was asked is gone")
    assert not (tmp_path / "tasks" / "ran").exists()


def test_a_server_that_is_killed_while_it_asks_asks_again_when_it_is_back(server, tmp_path):
    slow = server.press("slow")
    mark = tmp_path / "tasks" / "slow"
    until(lambda: mark.exists() and mark.read_text(), what="it is asked for")
    first = int(mark.read_text())
    server.kill9()
    os.kill(first, 9)
    (tmp_path / "tasks" / "pushbutton.yaml").write_text(
        "secrets:\n  SLOW: {command: [echo, quick-now]}\ntasks:\n  slow: {command: [touch, ran], secrets: [SLOW]}\n"
    )
    server.restart()
    assert server.finished(slow)["state"] == "succeeded"
    assert (tmp_path / "tasks" / "ran").exists()


# -- the command


def heard(terminal: int, said: bytes, text: bytes) -> bytes:
    """Everything that it said until it says the text."""
    while text not in said:
        assert select.select([terminal], [], [], PATIENCE)[0], said
        said += os.read(terminal, 1000)
    return said


@pytest.mark.parametrize(("value", "said"), [("abc", True), ("a b c", True), ("abcd", False)])
def test_who_keeps_a_value_that_is_too_short_to_be_masked_is_told_so(tmp_path, value, said):
    done = keep(tmp_path, "PIN", value)
    assert done.returncode == 0
    assert ("too short to be masked" in done.stdout) is said


def test_a_value_is_asked_for_without_an_echo_and_twice(tmp_path):
    pid, terminal = pty.fork()
    if pid == 0:
        words = [sys.executable, "-m", "pushbutton", "secret", "set", "NAME", "--data", str(tmp_path)]
        os.execve(sys.executable, words, environment())
    said = b""
    for prompt in (b"(it is not shown): ", b"confirmation: "):
        said = heard(terminal, said, prompt)
        os.write(terminal, b"hunter2hunter2\n")
    said = heard(terminal, said, b"is kept in")
    assert os.waitpid(pid, 0)[1] == 0
    assert b"hunter2" not in said
    os.close(terminal)
    script(tmp_path, "job.sh", 'printf %s "$NAME" | wc -c', head='secrets = ["NAME"]')
    ran = subprocess.run(
        [sys.executable, "-m", "pushbutton", "run", str(tmp_path / "job.sh")],
        capture_output=True, text=True, timeout=PATIENCE, check=True, env=environment(PUSHBUTTON_DATA=str(tmp_path)),
    )  # fmt: skip
    assert ran.stdout.strip() == "14"


def test_list_shows_names_sources_and_tasks_and_no_value(world):
    server, folder = world
    shown = secret("list", str(folder), "--data", str(server.data))
    lines = shown.stdout.splitlines()
    assert [line.split()[0] for line in lines] == sorted(VALUES)
    assert lines[0].split(None, 1)[1].startswith("the stored secrets")
    assert "the command “cat”" in shown.stdout
    assert all("as-they-are" in line and "tell" in line for line in lines)
    assert found(shown.stdout.encode()) == []
    told = json.loads(secret("list", str(folder), "--data", str(server.data), "--json").stdout)
    assert {"name": "KEPT", "from": "the stored secrets"}.items() <= told[0].items()


def test_rotate_and_remove_work_beside_a_running_server(server):
    keep(server.data, "NOBODYS", "somebody's")
    keep(server.data, "OTHER", "another one")
    until(lambda: not server.tasks()["unknown"]["broken"], what="it is seen")
    before = (server.data / "secret.key").read_text()
    assert secret("rotate", "--data", str(server.data)).stdout.startswith("2 secrets under a new key.")
    assert (server.data / "secret.key").read_text() != before
    assert server.finished(server.press("unknown"))["state"] == "succeeded"
    assert secret("remove", "NOBODYS", "--data", str(server.data)).returncode == 0
    until(lambda: server.tasks()["unknown"]["broken"], what="that it is gone is seen")


@pytest.mark.parametrize(
    ("words", "given", "code", "said"),
    [
        (["set", "A-B"], "value", 2, "“A-B” cannot be the name of a secret"),
        (["set", "NAME"], "", 2, "The value of “NAME” is not kept: it is empty."),
        (["remove", "NAME"], "", 3, "There is no secret named “NAME”"),
        (["set", "NAME", "--value", "x"], "", 2, "No such option: --value"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_sentence_and_a_code(tmp_path, words, given, code, said):
    answer = secret(*words, "--data", str(tmp_path), given=given)
    assert answer.returncode == code
    assert said in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_the_key_lies_where_the_environment_says(tmp_path):
    (tmp_path / "data").mkdir()
    key = tmp_path / "of-the-machine.key"
    done = secret("set", "NAME", "--data", str(tmp_path / "data"), given="value-1", PUSHBUTTON_KEY_FILE=str(key))
    assert done.returncode == 0, done.stderr
    assert key.stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "data" / "secret.key").exists()
    (tmp_path / "tasks").mkdir()
    script(tmp_path / "tasks", "job.sh", 'printf %s "$NAME" | wc -c', head='secrets = ["NAME"]')
    with Served(tmp_path / "tasks", data=tmp_path / "data", key_file=key) as server:
        number = server.press("job")
        server.finished(number)
        assert server.output(number).strip() == b"7"
