"""Tasks whose file is away, half written or not read yet: nothing that was pressed fails for it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from pushbutton.domain.run import RunState
from pushbutton.runtime import worker
from pushbutton.testing import opened

from .serving import Served, until
from .worlds import script
from .worlds import until as until_async

TWO = "tasks:\n  first:\n    command: ['true']\n    at_once: 4\n  second:\n    command: ['true']\n    at_once: 4\n"
GATED = "from pushbutton import task\n\n@task\ndef say(word: str = 'hello'):\n    print(word)\n"


@contextmanager
def rewritten(path: Path) -> Iterator[None]:
    """The file is emptied and filled again all the time, as some editors and copiers do."""
    content, over = path.read_bytes(), threading.Event()

    def write() -> None:
        while not over.wait(0.03):
            with path.open("r+b") as file:
                file.truncate()
                over.wait(0.02)
                file.write(content)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        over.set()
        writer.join()


def ended(server: Served, *numbers: int) -> set[str]:
    return {server.finished(number)["state"] for number in numbers}


def test_no_press_fails_while_the_configuration_is_rewritten_in_place(tmp_path: Path):
    (tmp_path / "pushbutton.yaml").write_text(TWO)
    with Served(tmp_path) as server, rewritten(tmp_path / "pushbutton.yaml"):
        numbers = [server.press(slug) for _ in range(20) for slug in ("first", "second")]
        assert ended(server, *numbers) == {"succeeded"}


@pytest.mark.parametrize("name", ["late.sh", "say.py"])
@pytest.mark.parametrize("empty", [False, True])
def test_a_run_waits_for_a_task_that_is_away_and_its_page_says_so(name: str, empty: bool, tmp_path: Path):
    gate, path, slug = tmp_path / "gate", tmp_path / name, name.partition(".")[0]
    script(tmp_path, "hold.sh", f"until [ -e '{gate}' ]; do sleep 0.05; done\n")
    if name == "late.sh":
        script(tmp_path, name, "echo hello\n")
    else:
        path.write_text(GATED)
    content = path.read_bytes()
    with Served(tmp_path, at_once=1) as server:
        holds, waits = server.press("hold"), server.press(slug)
        if empty:
            path.write_bytes(b"")
            until(lambda: server.tasks().get(slug, {"broken": True})["broken"], what="the empty file counts")
        else:
            path.rename(tmp_path / ".away")
            until(lambda: slug not in server.tasks(), what="the catalogue misses the file")
        gate.touch()
        assert server.finished(holds)["state"] == "succeeded"
        assert server.run(waits)["state"] == "waiting"
        page = server.http.get(f"/runs/{waits}").text
        assert "Its task is not there" in page or "The file of its task is broken" in page
        path.write_bytes(content)
        path.chmod(0o755 if name == "late.sh" else 0o644)
        assert server.finished(waits)["state"] == "succeeded"
        assert server.output(waits) == b"hello\n"


async def test_a_run_whose_task_does_not_come_back_is_given_up_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(worker, "AWAY", 0.2)
    gate = tmp_path / "gate"
    script(tmp_path, "hold.sh", f"until [ -e '{gate}' ]; do sleep 0.05; done\n")
    path = script(tmp_path, "late.sh", "echo late\n")
    async with opened(tmp_path, data=str(tmp_path / "data"), at_once=1) as app:
        await app.press("hold")
        late = await app.press("late")
        path.unlink()
        core = await app.open()
        await until_async(lambda: "late" not in core.catalog.tasks(), "the catalogue misses the file")
        gate.touch()
        run = await late.finished()
        assert (run.state, run.reason) == (
            RunState.FAILED,
            "The task was removed while this waited; nothing was started.",
        )


def test_a_restart_with_a_queue_waits_until_the_tasks_are_read(tmp_path: Path):
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "say.py").write_text(GATED)
    hold, gate = tmp_path / "hold", tmp_path / "gate"
    script(tmp_path / "tasks", "hold.sh", f"until [ -e '{gate}' ]; do sleep 0.05; done\n")
    python = script(tmp_path, "python", f'while [ -e "{hold}" ]; do sleep 0.05; done\nexec {sys.executable} "$@"\n')
    with Served(tmp_path / "tasks", data=tmp_path / "data", at_once=1, python=python) as server:
        first, queued = server.press("hold"), server.press("say", word="queued")
        server.kill9()
        hold.touch()  # from now on no Python file is read
        server.restart()
        gate.touch()
        assert server.finished(first)["state"] == "succeeded"
        assert "say" not in server.tasks()
        assert "The tasks are still being read" in server.http.get("/").text
        assert "The tasks are still being read" in server.http.get(f"/runs/{queued}").text
        pressed: list[int] = []
        presser = threading.Thread(target=lambda: pressed.append(server.press("say", word="pressed")))
        presser.start()
        assert server.run(queued)["state"] == "waiting"
        hold.unlink()
        presser.join()
        assert ended(server, queued, *pressed) == {"succeeded"}
        assert [server.output(number) for number in (queued, *pressed)] == [b"queued\n", b"pressed\n"]
        said = [act["verb"] for act in server.get("/api/audit?limit=200")]
        assert "task removed" not in said


class Held:
    """A server over `tasks` whose reader of Python files waits as long as there is a file `hold`."""

    def __init__(self, folder: Path) -> None:
        self.tasks, self._hold, self._folder = folder / "tasks", folder / "hold", folder
        self.tasks.mkdir()
        self._hold.touch()

    def served(self) -> Served:
        body = f'while [ -e "{self._hold}" ]; do sleep 0.05; done\nexec {sys.executable} "$@"\n'
        return Served(self.tasks, data=self._folder / "data", python=script(self._folder, "python", body))

    def go(self) -> None:
        self._hold.unlink()


def test_the_port_is_open_before_a_hundred_python_files_are_read(tmp_path: Path):
    held = Held(tmp_path)
    script(held.tasks, "tidy.sh", "echo tidied\n")
    for number in range(100):
        (held.tasks / f"job{number}.py").write_text(GATED.replace("say", f"say_{number}"))
    with held.served() as server:  # it has said its address
        assert set(server.tasks()) == {"tidy"}
        assert "The tasks are still being read" in server.http.get("/").text
        assert server.finished(server.press("tidy"))["state"] == "succeeded"
        held.go()
        until(lambda: len(server.tasks()) == 101, what="all of them")
        assert server.finished(server.press("say-99"))["state"] == "succeeded"


def test_while_a_thousand_touched_files_wait_to_be_read_everything_else_is_answered(tmp_path: Path):
    held = Held(tmp_path)
    script(held.tasks, "tidy.sh", "echo tidied\n")
    files = [held.tasks / f"job{number}.{'py' if number < 50 else 'sh'}" for number in range(1000)]

    def save(word: str) -> None:
        for path in files:
            if path.suffix == ".py":
                path.write_text(f"from pushbutton import task\n\n@task\ndef {path.stem}():\n    '{word}.'\n")
            else:
                path.write_text(f"#!/bin/sh\n# {word}.\necho {path.stem}\n")
                path.chmod(0o755)

    def shown(word: str) -> int:
        return sum(task["help"] == f"{word}." for task in server.tasks().values())

    save("Old")
    with held.served() as server:
        until(lambda: shown("Old") == 950, what="the scripts, which no Python reads")
        before = server.press("tidy")
        save("New")
        until(lambda: shown("New") >= 1, what="the change is seen")
        for number in range(20):  # the Python files are not read yet
            assert server.get("/api/health")["ok"]
            assert server.http.get("/tasks/tidy").status_code == 200
            assert server.finished(before)["state"] == "succeeded"
            assert server.finished(server.press("tidy"))["state"] == "succeeded", number
        assert shown("New") < 1000
        held.go()
        until(lambda: shown("New") == 1000, what="all of them")


PYTHON = '"""{word}."""\nopen("{mark}", "a").write("{name}\\n")\n'
MARKING = {
    "tidy.sh": "#!/bin/sh\n# {word}.\necho {name} >> '{mark}'\n",
    "bare.py": "#!/usr/bin/env python3\n" + PYTHON,
    "asks.py": "#!/usr/bin/env python3\n" + PYTHON + "import sys\nprint(sys.argv[1:])\n",
    "none.py": PYTHON,  # without a task
    "jobs.py": PYTHON + "from pushbutton import task\n\n@task\ndef work():\n    '{word}.'\n",
}


def test_saving_a_file_under_a_running_server_runs_nothing_of_it_before_a_press(tmp_path: Path):
    tasks, mark = tmp_path / "tasks", tmp_path / "ran"
    tasks.mkdir()

    def save(word: str, *, whole: bool = True) -> None:
        for name, text in MARKING.items():
            content = text.format(word=word, name=name, mark=mark)
            (tasks / name).write_text(content if whole else content[: len(content) * 2 // 3])
            (tasks / name).chmod(0o755 if text.startswith("#!") else 0o644)

    def all_shown(word: str) -> bool:
        named = {slug for slug, task in server.tasks().items() if task["help"] == f"{word}."}
        return named == {"tidy", "bare", "asks", "work"}

    save("First")
    with Served(tasks, data=tmp_path / "data") as server:
        for word in ("First", "Second", "Third"):
            save(word, whole=False)
            save(word)
            until(partial(all_shown, word), what=f"what was saved as {word}")
            for slug in server.tasks():
                assert server.http.get(f"/tasks/{slug}").status_code == 200
        assert not mark.exists()
        for slug, name in (("tidy", "tidy.sh"), ("bare", "bare.py"), ("asks", "asks.py"), ("work", "jobs.py")):
            assert server.finished(server.press(slug))["state"] == "succeeded"
            assert mark.read_text().split() == [name]
            mark.unlink()
