"""Folders that tasks watch, on a real server: each file that comes to rest presses once, over whatever writers do."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .serving import Command, Served, until
from .worlds import script

MANY = 40


class Incoming:
    """A served task whose folder is watched, and what came of it."""

    def __init__(self, server: Served, folder: Path, task: str) -> None:
        self.server, self.folder, self.task = server, folder, task

    def seen(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.server.get(f"/api/tasks/{self.task}/files")
        return found

    def pressed(self, name: str) -> list[int]:
        """The runs that a file of this name pressed."""
        return [one["run"] for one in self.seen() if one["run"] and Path(one["path"]).name == name]

    def begun(self) -> None:
        """When what lies there counts as new from now on."""
        until(lambda: "was there" in {one["verdict"] for one in self.seen()}, what="the folder is looked at")

    def runs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.server.get(f"/api/runs?task={self.task}&limit=500")
        return found

    def quiet(self) -> None:
        """A file that came last was pressed for, so all before it were dealt with."""
        (self.folder / "last.csv").write_text(str(time.time_ns()))
        count = len(self.pressed("last.csv"))
        until(lambda: len(self.pressed("last.csv")) > count, what="the last file presses")


def world(tmp_path: Path, task: str = "import") -> Path:
    tasks = tmp_path / "tasks"
    incoming = tasks / "incoming"
    incoming.mkdir(parents=True)
    (incoming / "old.csv").write_text("there before")
    script(
        tasks, f"{task}.sh", 'wc -c < "$FILE"\n',
        head='at_once = 20\non_file = {path = "incoming/*.csv", rest = "1 s"}\n[params.file]\n',
    )  # fmt: skip
    return tasks


@pytest.fixture(scope="module")
def incoming(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Incoming]:
    tasks = world(tmp_path_factory.mktemp("world"))
    with Served(tasks) as server:
        found = Incoming(server, tasks / "incoming", "import")
        found.begun()
        yield found


def test_a_writer_that_is_slow_is_waited_for_and_its_file_presses_once_with_all_of_it(incoming):
    with (incoming.folder / "slow.csv").open("w") as file:
        for _ in range(8):
            file.write("x" * 100)
            file.flush()
            assert not incoming.pressed("slow.csv")
            time.sleep(0.5)  # a writer's own pace, shorter than the rest
    [number] = until(lambda: incoming.pressed("slow.csv"), what="it presses")
    run = incoming.server.finished(number)
    assert (run["state"], run["actor"], run["cause"]["kind"]) == ("succeeded", "file:import", "file")
    assert run["inputs"]["file"] == str(incoming.folder / "slow.csv")
    assert incoming.server.output(number).split() == [b"800"]


def test_a_file_that_is_written_beside_and_renamed_or_renamed_later_presses_once(incoming):
    (incoming.folder / "new.csv.part").write_text("beside")
    (incoming.folder / "new.csv.part").rename(incoming.folder / "new.csv")
    until(lambda: incoming.pressed("new.csv"), what="it presses")
    (incoming.folder / "new.csv").rename(incoming.folder / "done.csv")
    incoming.quiet()
    assert not incoming.pressed("done.csv")
    assert len(incoming.pressed("new.csv")) == 1


def test_what_is_removed_before_it_rested_what_is_no_file_and_what_lay_there_before_press_nothing(incoming):
    (incoming.folder / "gone.csv").write_text("soon gone")
    (incoming.folder / "gone.csv").unlink()
    (incoming.folder / "folder.csv").mkdir(exist_ok=True)
    (incoming.folder / ".hidden.csv").write_text("hidden")
    (incoming.folder / "link.csv").symlink_to("/etc/hostname")
    (incoming.folder / "other.txt").write_text("another pattern")
    incoming.quiet()
    names = {Path(one["path"]).name: one["verdict"] for one in incoming.seen()}
    assert names["old.csv"] == "was there"
    assert not names.keys() & {"gone.csv", "folder.csv", ".hidden.csv", "link.csv", "other.txt"}


def test_a_file_that_is_written_anew_presses_again(incoming):
    (incoming.folder / "again.csv").write_text("one")
    until(lambda: incoming.pressed("again.csv"), what="it presses")
    (incoming.folder / "again.csv").write_text("another one")
    until(lambda: len(incoming.pressed("again.csv")) == 2, what="it presses once more")


def test_while_its_task_is_paused_a_file_waits_and_then_presses(incoming):
    http = incoming.server.http
    http.post("/api/tasks/import/pause", json={"reason": "stock-taking"}).raise_for_status()
    (incoming.folder / "paused.csv").write_text("later")
    [waits] = until(lambda: [one for one in incoming.seen() if one["verdict"] == "waits"], what="it waits")
    assert "stock-taking" in waits["why"]
    http.post("/api/tasks/import/resume").raise_for_status()
    until(lambda: incoming.pressed("paused.csv"), what="it presses")


def test_many_at_once_press_once_each_and_a_kill_in_between_presses_none_twice(tmp_path):
    tasks = world(tmp_path)
    with Served(tasks) as server:
        incoming = Incoming(server, tasks / "incoming", "import")
        incoming.begun()
        writers = [threading.Thread(target=_write, args=(incoming.folder, start)) for start in range(4)]
        for writer in writers:
            writer.start()
        until(lambda: len(incoming.runs()) >= 5, what="some were pressed")
        server.kill9()
        (incoming.folder / "meanwhile.csv").write_text("while no server was there")
        server.restart()
        until(lambda: len(incoming.runs()) >= MANY + 1, what="all were pressed")
        incoming.quiet()
        files = [run["inputs"]["file"] for run in incoming.runs()]
        wanted = {*(f"{number}.csv" for number in range(MANY)), "meanwhile.csv", "last.csv"}
        assert sorted(Path(file).name for file in files) == sorted(wanted)
        server.restart()
        incoming.quiet()
        assert len(incoming.runs()) == MANY + 3, "and after another start only the one that came"


def _write(folder: Path, start: int) -> None:
    for number in range(start, MANY, 4):
        (folder / f"{number}.csv").write_text("x" * number)


def test_the_command_line_lists_the_files_and_presses_once_more(incoming):
    (incoming.folder / "told.csv").write_text("told")
    [first] = until(lambda: incoming.pressed("told.csv"), what="it presses")
    number = str(next(one["number"] for one in incoming.seen() if one["run"] == first))
    env = {"PUSHBUTTON_SERVER": incoming.server.url}
    with Command("files", "import", env=env) as run:
        assert run.wait() == 0, run.err.text
    assert "told.csv" in run.out.text
    with Command("files", "import", "--again", number, env=env) as run:
        assert run.wait() == 0, run.err.text
    second = int(run.out.text.removeprefix("Run "))
    assert incoming.server.finished(second)["inputs"]["file"] == str(incoming.folder / "told.csv")
    assert incoming.pressed("told.csv") == [second]


def test_what_an_author_got_wrong_is_told_with_its_line(tmp_path):
    file = tmp_path / "pushbutton.yaml"
    text = (
        "tasks:\n  take:\n    command: [echo, '{{n}}']\n    params: {{n: {{type: int, default: 1}}}}\n    on_file: {}\n"
    )
    wrong = {
        "'*.csv'": "a folder and a pattern of names in it",
        "'*/x.csv'": "only the last part",
        "{path: 'in/*', input: m}": "names the input “m”, and there is no such input",
        "{path: 'in/*', input: n}": "the input “n” cannot be the path of a file",
        "{path: 'in/*', inputs: {n: x}}": "the inputs of “on_file” do not fit: “n”:",
        "{path: 'in/*', wait: 3}": "has no “wait”",
    }
    for said, expected in wrong.items():
        file.write_text(text.format(said))
        with Command("check", file) as run:
            assert run.wait() == 6
        told = run.out.text + run.err.text
        assert expected.lower() in told.lower(), told
        assert f"{file.name}:5" in told, told
