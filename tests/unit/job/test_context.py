"""What a job says, through the channel and without one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pushbutton.job import channel, command, context, protocol


@contextmanager
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, dict[str, object]]]]:
    """Events as they came; filled when the block ends."""
    events: list[tuple[str, dict[str, object]]] = []
    reader, writer = os.pipe()
    monkeypatch.setenv(channel.VARIABLE, str(writer))
    lines: list[bytes] = []

    def read() -> None:
        with os.fdopen(reader, "rb") as pipe:
            lines.extend(pipe)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield events
    finally:
        os.close(writer)
        thread.join()
        events.extend((event["kind"], event["data"]) for event in map(json.loads, lines))


def test_each_call_is_one_event(monkeypatch: pytest.MonkeyPatch):
    with heard(monkeypatch) as events:
        context.status("doing a thing")
        context.status(3, level="warn")
        context.progress(3, "three", of=8)
        context.progress(None)
        context.progress(float("nan"))
        context.artifact("out.csv", "Sales")
    assert events == [
        ("status", {"text": "doing a thing", "level": "info"}),
        ("status", {"text": "3", "level": "warn"}),
        ("progress", {"percent": 37.5, "text": "three"}),
        ("progress", {"percent": None, "text": ""}),
        ("progress", {"percent": None, "text": ""}),
        ("artifact", {"path": str(Path.cwd() / "out.csv"), "title": "Sales"}),
    ]


@pytest.mark.parametrize(
    "value",
    [None, True, False, 0, -7, 10**30, 0.5, 33.333, 1e300, -0.0, float("nan"), float("inf"), "", 'say "x"\\\n\x00\x7f',
     "größe \u2028 🎉", {}, {"a b": {"ü": [1, None]}, "n": 2.0}, {1: 2}, [True, "x"]],
)  # fmt: skip
def test_what_is_said_is_written_as_json_writes_it(value: object) -> None:
    assert channel._json(value) == json.dumps(value, ensure_ascii=False)


def test_a_level_of_a_status_is_one_that_the_supervisor_knows() -> None:
    assert context.LEVELS == protocol.LEVELS


def test_a_step_fails_with_the_exception_that_leaves_it(monkeypatch: pytest.MonkeyPatch):
    def work() -> None:
        with context.step("outer"):
            with context.step("inner"):
                pass
            raise KeyError

    with heard(monkeypatch) as events, pytest.raises(KeyError):
        work()
    assert [(data["name"], data["state"]) for _, data in events] == [
        ("outer", "running"),
        ("inner", "running"),
        ("inner", "succeeded"),
        ("outer", "failed"),
    ]


def test_a_very_long_text_arrives_cut_and_says_so(monkeypatch: pytest.MonkeyPatch):
    with heard(monkeypatch) as events:
        context.status("é" * 100_000)
    assert str(events[0][1]["text"]).endswith("é … (cut: 100,000 characters)")


def test_a_lone_surrogate_does_not_hurt(monkeypatch: pytest.MonkeyPatch):
    with heard(monkeypatch) as events:
        context.status("a\udc80b")
    assert events[0][1]["text"] == "a?b"


def test_lines_of_threads_and_forked_processes_do_not_mix(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    program = tmp_path / "many.py"
    program.write_text(
        "import os, threading\n"
        "from pushbutton.job import context\n"
        "def talk(who):\n"
        "    for n in range(30): context.status(who * (9000 if n % 2 else 20))\n"
        "os.fork(); os.fork()\n"
        "threads = [threading.Thread(target=talk, args=(who,)) for who in 'abc']\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "try:\n"
        "    while os.wait(): pass\n"
        "except ChildProcessError: pass\n"
    )
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [sys.executable, program], pass_fds=[writer], env={**os.environ, channel.VARIABLE: str(writer)}
    )
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        lines = pipe.readlines()
    assert process.wait() == 0
    texts = [json.loads(line)["data"]["text"] for line in lines]
    assert len(texts) == 4 * 3 * 30
    assert all(len(set(text)) == 1 for text in texts)


@contextmanager
def named_pipe(path: Path) -> Iterator[list[bytes]]:
    """The lines that came through a FIFO made here; filled when the block ends."""
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    kept = os.open(path, os.O_WRONLY)  # so that the reader sees no end between two writers
    os.set_blocking(reader, True)
    lines: list[bytes] = []

    def read() -> None:
        with os.fdopen(reader, "rb") as pipe:
            lines.extend(pipe)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield lines
    finally:
        os.close(kept)
        thread.join()


def test_a_report_from_one_process_deeper_is_heard(tmp_path: Path):
    """Between it and the job stands a Python that closes all descriptors but three."""
    code = "import subprocess, sys; subprocess.run([sys.executable, '-m', 'pushbutton.job.command', 'status', 'hello'])"
    reader, writer = os.pipe()
    with named_pipe(tmp_path / "channel") as lines:
        process = subprocess.run(
            [sys.executable, "-c", code],
            pass_fds=[writer],
            env={**os.environ, channel.VARIABLE: str(writer), channel.CHANNEL: str(tmp_path / "channel")},
            capture_output=True,
            check=True,
        )
    os.close(writer)
    os.close(reader)
    assert [json.loads(line) for line in lines] == [{"kind": "status", "data": {"text": "hello", "level": "info"}}]
    assert process.stderr == b""


def test_the_descriptor_goes_before_the_named_pipe(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv(channel.CHANNEL, str(tmp_path / "channel"))
    with named_pipe(tmp_path / "channel") as lines, heard(monkeypatch) as events:
        context.status("a thing")
    assert (len(events), lines) == (1, [])


def test_long_lines_of_many_processes_do_not_mix_in_the_named_pipe(tmp_path: Path):
    program = tmp_path / "many.py"
    program.write_text(
        "import os, threading\n"
        "from pushbutton.job import context\n"
        "def talk(who):\n"
        "    for n in range(20): context.status(who * (20000 if n % 2 else 20))\n"
        "os.fork(); os.fork()\n"
        "threads = [threading.Thread(target=talk, args=(who,)) for who in 'abc']\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "try:\n"
        "    while os.wait(): pass\n"
        "except ChildProcessError: pass\n"
    )
    env = {**os.environ, channel.VARIABLE: "", channel.CHANNEL: str(tmp_path / "channel")}
    with named_pipe(tmp_path / "channel") as lines:
        subprocess.run([sys.executable, program], env=env, check=True)
    texts = [json.loads(line)["data"]["text"] for line in lines]
    assert len(texts) == 4 * 3 * 20
    assert all(len(set(text)) == 1 for text in texts)


@pytest.mark.parametrize("there", ["nothing", "unread", "file"])
def test_a_channel_that_nobody_reads_is_no_channel(
    there: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "channel"
    if there == "unread":
        os.mkfifo(path)
    elif there == "file":
        path.write_text("yours")
    monkeypatch.setenv(channel.VARIABLE, "")
    monkeypatch.setenv(channel.CHANNEL, str(path))
    context.status("a thing")
    assert capsys.readouterr().err == "● a thing\n"
    assert there != "file" or path.read_text() == "yours"


def test_a_reader_that_is_gone_does_not_hurt(monkeypatch: pytest.MonkeyPatch):
    reader, writer = os.pipe()
    monkeypatch.setenv(channel.VARIABLE, str(writer))
    os.close(reader)
    context.status("nobody hears")
    os.close(writer)


def test_a_number_that_is_now_another_file_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    with (tmp_path / "data").open("w") as file:
        monkeypatch.setenv(channel.VARIABLE, str(file.fileno()))
        context.status("not into your file")
    assert (tmp_path / "data").read_text() == ""


@pytest.mark.parametrize("value", ["", "x", "-1", "99999", "9" * 30])
def test_without_a_channel_it_is_printed(
    value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv(channel.VARIABLE, value)
    context.status("a thing", level="good")
    context.progress(33, "a third")
    assert capsys.readouterr().err == "✔ a thing\n[ 33 %] a third\n"


def run(code: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    clean = {name: value for name, value in os.environ.items() if name not in (channel.VARIABLE, channel.CHANNEL)}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, env={**clean, **env}, check=False)


def test_a_terminal_without_such_letters_gets_ascii():
    said = run(
        "from pushbutton.job.context import *\nwith step('Café'): status('x')",
        PYTHONIOENCODING="ascii",
    ).stderr.decode()
    assert said.splitlines()[0] == "> Caf?"
    assert said.splitlines()[1] in ("● x", "* x")


def test_without_stderr_nothing_happens():
    assert run("import sys; sys.stderr = None\nfrom pushbutton.job.context import *\nstatus('x')").returncode == 0


def test_the_shell_says_the_same(monkeypatch: pytest.MonkeyPatch):
    with heard(monkeypatch) as events:
        assert command.main(["status", "--level", "bad", "it", "broke"]) == 0
        assert command.main(["progress", "3/8", "three of them"]) == 0
        assert command.main(["step", "Copy files"]) == 0
        assert command.main(["artifact", "/out.csv", "The", "sales"]) == 0
        assert command.main(["status", "--", "--level"]) == 0
    assert events == [
        ("status", {"text": "it broke", "level": "bad"}),
        ("progress", {"percent": 37.5, "text": "three of them"}),
        ("step", {"name": "Copy files", "state": "running", "plain": True}),
        ("artifact", {"path": "/out.csv", "title": "The sales"}),
        ("status", {"text": "--level", "level": "info"}),
    ]


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["status"], "Say what: pushbutton status …"),
        (["progress", "much"], "“much” is no progress; write a percentage (33), a part (3/8), or ? for unknown."),
        (["status", "--level", "loud", "x"], "There is no level “loud”; choose one of: info, good, warn, bad."),
        (["shout", "x"], "There is no “shout” here; choose one of: status, progress, step, artifact."),
    ],
)
def test_a_mistake_in_the_shell_is_explained(argv: list[str], sentence: str, capsys: pytest.CaptureFixture[str]):
    assert command.main(argv) == 2
    assert capsys.readouterr().err == f"pushbutton: {sentence}\n"


def test_what_runs_in_a_job_imports_only_the_standard_library(tmp_path: Path):
    source = Path(context.__file__).parents[2]
    program = (
        "import sys\n"
        f"sys.path.append({str(source)!r})\n"
        "import pkgutil, pushbutton.job\n"
        "for one in pkgutil.iter_modules(pushbutton.job.__path__): __import__('pushbutton.job.' + one.name)\n"
        "from pushbutton import task, Field, SecretStr, status, progress, step, artifact\n"
        "known = sys.stdlib_module_names | {'pushbutton', '__main__', '__mp_main__'}\n"
        "print([name for name in sys.modules if name.partition('.')[0] not in known])\n"
        "print([name for name in sys.modules if name.startswith('pushbutton.') and '.job' not in name])\n"
    )
    found = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n[]\n"
