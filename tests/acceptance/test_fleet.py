"""Several servers on one real PostgreSQL: they join by their names and the shared key, and what one writes the others
show.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import httpx
import pytest

from .serving import Command, Served, until
from .worlds import script

WAITS = """
import os, time
print("begun", flush=True)
while not os.path.exists(os.environ["BESIDE"] + " go"):
    time.sleep(0.02)
print("gone on", flush=True)
"""
REPORTS = """
import os, urllib.request
print(os.getcwd(), os.environ["PUSHBUTTON_URL"])
url = "{PUSHBUTTON_URL}/api/runs/{PUSHBUTTON_RUN}/events".format(**os.environ)
headers = {"Authorization": "Bearer " + os.environ["PUSHBUTTON_TOKEN"], "Content-Type": "text/plain"}
urllib.request.urlopen(urllib.request.Request(url, b"status by HTTP", headers), timeout=100).close()
"""


def node(folder: Path, address: str, name: str, **more: object) -> Served:
    """A server of the tasks in `folder`, with a data folder of its own and the key of the one that is called one."""
    first = folder / "one"
    key = {} if name == "one" else {"key_file": first / "server.key"}
    settings = {"data": folder / name, "name": name, **key, **more}
    return Served(folder / "tasks", env={"PUSHBUTTON_STORE": address}, **settings)  # type: ignore[arg-type]


def refused(folder: Path, address: str, *words: object) -> str:
    """What a server says that does not come up."""
    options = [str(word) for word in words]
    with Command("serve", folder / "tasks", "--port", "0", *options, env={"PUSHBUTTON_STORE": address}) as command:
        assert command.wait() == 5, command.err.text
        assert "Traceback" not in command.err.text
        return command.err.text


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    (tmp_path / "tasks").mkdir()
    script(tmp_path / "tasks", "hello.sh", "echo hello")
    script(tmp_path / "tasks", "waits.py", WAITS, head=f'at_once = 9\nenv.BESIDE = "{tmp_path}"')
    return tmp_path / "tasks"


def test_a_server_of_another_name_joins_and_both_show_what_either_does(tmp_path, tasks, address):
    with node(tmp_path, address, "one") as one, node(tmp_path, address, "two", at_once=0) as two:
        number = two.press("hello")
        assert two.finished(number)["state"] == "succeeded", "the first one runs it: the second has no room"
        assert one.run(number)["state"] == "succeeded"
        assert one.output(number) == b"hello\n"
        waiting = one.press("waits")
        one.output_has(waiting, b"begun")
        assert two.http.post(f"/api/runs/{waiting}/cancel").status_code in {200, 202}
        assert one.finished(waiting)["state"] == "cancelled"
        assert [event["id"] for event in one.events(waiting)] == [event["id"] for event in two.events(waiting)]


def test_one_name_or_one_folder_is_had_by_one_process(tmp_path, tasks, address):
    with node(tmp_path, address, "one") as one:
        key = ("--key-file", one.data / "server.key")
        said = refused(tmp_path, address, "--data", tmp_path / "two", "--name", "one", *key)
        assert "The name one at postgresql://buttons@127.0.0.1" in said
        assert "is in use by another server (pushbutton (process " in said
        said = refused(tmp_path, address, "--data", one.data, "--name", "three")
        assert f"{one.data} is in use by another server (process " in said
        assert one.finished(one.press("hello"))["state"] == "succeeded"


def test_a_node_with_another_key_is_refused_and_changes_nothing(tmp_path, tasks, address, postgres):
    with node(tmp_path, address, "one") as one:
        before = postgres.sql("SELECT count(*) FROM audit", address), postgres.sql("SELECT name FROM nodes", address)
        said = refused(tmp_path, address, "--data", tmp_path / "two")
        assert "name the server.key of the first node's data folder with --key-file" in said
        (tmp_path / "other.key").write_text("ab" * 32)
        said = refused(tmp_path, address, "--data", tmp_path / "two", "--key-file", tmp_path / "other.key")
        assert "was written with another key" in said
        (tmp_path / "no.key").write_text("nonsense")
        said = refused(tmp_path, address, "--data", tmp_path / "two", "--key-file", tmp_path / "no.key")
        assert "is no key of a server" in said
        said = refused(tmp_path, address, "--data", tmp_path / "two", "--key-file", tmp_path / "away.key")
        assert "cannot be read: No such file or directory" in said
        after = postgres.sql("SELECT count(*) FROM audit", address), postgres.sql("SELECT name FROM nodes", address)
        assert before == after
        assert one.finished(one.press("hello"))["state"] == "succeeded"


def test_a_node_that_is_killed_leaves_its_runs_alone_and_takes_them_back_when_it_is_back(tmp_path, tasks, address):
    """Nobody else says what became of them: its supervisors live on."""
    with node(tmp_path, address, "one", at_once=0) as one, node(tmp_path, address, "two") as two:
        number = one.press("waits")
        two.output_has(number, b"begun")
        two.kill9()
        one.restart()
        assert one.run(number)["state"] == "running"
        later = one.press("hello")
        Path(f"{tmp_path} go").touch()
        until(lambda: b"gone on" in (two.data / "runs" / str(number) / "output").read_bytes(), what="the job goes on")
        assert one.run(number)["state"] == "running"
        two.restart()
        assert one.finished(number)["state"] == "succeeded"
        assert one.finished(later)["state"] == "succeeded"


def test_a_node_under_another_name_still_has_what_its_folder_had(tmp_path, tasks, address):
    with node(tmp_path, address, "one") as one:
        number = one.press("waits")
        one.output_has(number, b"begun")
        os.kill(one.command.pid, signal.SIGKILL)
        one.command.wait()
        said = refused(
            tmp_path, address, "--data", tmp_path / "x", "--name", "one", "--key-file", one.data / "server.key"
        )
        assert "The name one is that of a node with another data folder, which has runs that are not over" in said
        with node(tmp_path, address, "two", data=one.data) as two:
            Path(f"{tmp_path} go").touch()
            assert two.finished(number)["state"] == "succeeded"


class Working:
    """`pushbutton worker`, ready when the constructor returns."""

    def __init__(
        self,
        folder: Path,
        address: str,
        name: str,
        *,
        tags: str = "",
        at_once: int = 2,
        before: Sequence[str] = (),
        data: Path | None = None,
    ) -> None:
        """`before`: as for `Command`."""
        self.data, self._before = data or folder / name, before
        self._words = [
            *("worker", "--data", self.data, "--name", name, "--at-once", str(at_once)),
            *("--key-file", folder / "one" / "server.key", *(("--tags", tags) if tags else ())),
        ]
        self._env = {"PUSHBUTTON_STORE": address}
        self.start()

    def start(self) -> None:
        self.command = Command(*self._words, env=self._env, before=self._before)
        try:
            self.command.out.wait_for(r"is ready")
        except AssertionError as error:
            with self.command:
                pass
            raise AssertionError(f"{error}\nstderr:\n{self.command.err.text}") from None

    def kill9(self) -> None:
        self.command.signal(signal.SIGKILL)
        self.command.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.command.alive:
            self.command.signal(signal.SIGINT)
            self.command.wait()


@pytest.fixture
def tagged(tasks: Path) -> Path:
    script(tasks, "render.sh", "echo rendered", head='where = ["gpu"]\n')
    return tasks


def workers(server: Served) -> dict[str, dict[str, object]]:
    return {one["name"]: one for one in server.get("/api/workers")}


def test_a_run_goes_to_a_worker_with_its_tags_and_says_that_there_is_none_before(tmp_path, tagged, address):
    with node(tmp_path, address, "one") as one:
        assert "No worker with gpu is there now." in one.http.get("/tasks/render").text
        number = one.press("render")
        page = one.http.get(f"/runs/{number}").text
        assert "It waits: no worker with gpu since" in page
        assert one.run(number)["state"] == "waiting"
        page = one.http.get("/workers").text
        assert "Waits: no worker fits" in page
        with Working(tmp_path, address, "two", tags="gpu,site-b") as two:
            done = one.finished(number)
            assert (done["state"], done["worker"]) == ("succeeded", "two")
            assert (two.data / "runs" / str(number) / "output").read_bytes() == b"rendered\n"
            assert "No worker with gpu" not in one.http.get("/tasks/render").text
            assert workers(one)["two"]["tags"] == ["gpu", "site-b"]
            assert one.finished(one.press("render"))["worker"] == "two"
        until(lambda: workers(one)["two"]["state"] == "stopped", what="it said that it ended")


def test_a_job_on_a_worker_runs_in_what_is_published_and_reports_over_http_there(tmp_path, tasks, address):
    script(tasks, "reports.py", REPORTS)
    with node(tmp_path, address, "one", at_once=0) as one, Working(tmp_path, address, "two") as two:
        number = one.press("reports")
        done = one.finished(number)
        assert (done["state"], done["status"], done["worker"]) == ("succeeded", "by HTTP", "two"), one.output(number)
        place, url = one.output(number).decode().split()
        assert Path(place).is_relative_to(two.data / "bundles")
        assert httpx.get(f"{url}/api/runs").status_code == httpx.get(f"{url}/").status_code == 404
        two.kill9()
        two.start()
        assert one.output(one.finished(one.press("reports"))["number"]).decode().split()[1] == url


def test_a_worker_that_is_drained_takes_nothing_new_and_ends_when_its_run_is_over(tmp_path, tasks, address):
    with node(tmp_path, address, "one", at_once=0) as one, Working(tmp_path, address, "two") as two:
        number = one.press("waits")
        until(lambda: one.run(number)["state"] == "running", what="it runs")
        answer = one.http.post("/api/workers/two/drain")
        assert answer.json()["state"] == "draining"
        two.command.err.wait_for("takes nothing new")
        page = one.http.get("/workers").text
        assert "asked for that" in page
        assert "1 of 2 places in use" in page
        assert "pushbutton worker --tags a,b --key-file server.key" in page
        later = one.press("hello")
        assert one.http.post("/api/workers/nobody/drain").status_code == 404
        Path(f"{tmp_path} go").touch()
        assert one.finished(number)["state"] == "succeeded"
        assert two.command.wait() == 0
        assert (one.run(later)["state"], one.run(later)["worker"]) == ("waiting", "")
        two.start()
        assert one.finished(later)["worker"] == "two"
        verbs = [record["verb"] for record in one.get("/api/audit")]
        assert "worker.drain" in verbs


def test_a_worker_that_is_told_to_end_waits_for_its_runs_and_a_second_word_ends_it_at_once(tmp_path, tasks, address):
    with node(tmp_path, address, "one", at_once=0) as one, Working(tmp_path, address, "two") as two:
        number = one.press("waits")
        until(lambda: one.run(number)["state"] == "running", what="it runs")
        two.command.signal(signal.SIGTERM)
        later = one.press("hello")
        assert two.command.alive
        two.command.signal(signal.SIGTERM)
        assert two.command.wait() == 0
        assert "what runs goes on without it" in two.command.out.text
        Path(f"{tmp_path} go").touch()
        two.start()
        assert one.finished(number)["state"] == "succeeded"
        assert one.finished(later)["state"] == "succeeded"


def test_a_run_of_a_worker_that_is_gone_may_be_declared_lost_and_the_worker_says_nothing_of_it_any_more(
    tmp_path, tasks, address, postgres
):
    with node(tmp_path, address, "one", at_once=0) as one, Working(tmp_path, address, "two") as two:
        number = one.press("waits")
        until(lambda: one.run(number)["state"] == "running", what="it runs")
        answer = one.http.post(f"/api/runs/{number}/lose")
        assert answer.status_code == 409
        assert "its worker two answers" in answer.text
        two.kill9()
        postgres.sql("UPDATE nodes SET seen = seen - 60000000 WHERE name = 'two'", address)
        assert workers(one)["two"]["state"] == "away"
        assert "No contact with its worker two since" in one.http.get(f"/runs/{number}").text
        lost = one.http.post(f"/api/runs/{number}/lose").json()
        assert lost["state"] == "lost"
        assert "its worker two gave no sign of life" in lost["reason"]
        two.start()
        Path(f"{tmp_path} go").touch()
        assert one.finished(one.press("hello"))["worker"] == "two"
        assert one.run(number)["state"] == "lost"
        assert "run.lose" in [record["verb"] for record in one.get("/api/audit")]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--name", "a b"], "is no name of a node"),
        (["--tags", "GPU"], "is no tag"),
        (["--at-once", "0"], "a worker that may have no run does nothing"),
    ],
)
def test_what_is_wrong_with_a_worker_is_said_in_a_sentence(tmp_path, tasks, address, words, says):
    with Command("worker", tasks, "--data", tmp_path / "x", *words, env={"PUSHBUTTON_STORE": address}) as command:
        assert command.wait() == 6
        assert says in command.err.text
        assert "Traceback" not in command.err.text


def test_a_worker_without_a_store_is_refused(tmp_path, tasks):
    with Command("worker", tasks, "--data", tmp_path / "x") as command:
        assert command.wait() == 6
        assert "a worker shares the database of its servers: name it in PUSHBUTTON_STORE" in command.err.text
