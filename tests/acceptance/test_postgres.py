"""A server whose history is in a real PostgreSQL: it does all that it does with a file, and survives what is killed."""

from __future__ import annotations

import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from pushbutton.domain.policy import EVERYONE
from tests.postgres import PASSWORD, Postgres

from .people import people
from .serving import PATIENCE, Command, Served, until
from .worlds import script

LINES = 120
COUNT = f"""
import os, sys, time
with open(os.environ["BESIDE"] + " started", "a") as file:
    file.write(os.environ["PUSHBUTTON_RUN"] + "\\n")
for number in range({LINES}):
    print("line", number, flush=True)
    if number % 10 == 0:
        os.write(3, b"status at %d\\n" % number)
    time.sleep(0.01)
"""
WHOLE = "".join(f"line {number}\n" for number in range(LINES)).encode()
ENDS = {"succeeded", "failed", "lost", "cancelled"}
WAITS = """
import os, time
print("begun", flush=True)
while not os.path.exists(os.environ["BESIDE"] + " go"):
    time.sleep(0.02)
print("gone on", flush=True)
"""


@pytest.fixture(scope="module")
def own() -> Iterator[Postgres]:
    """One that may be ended, and that waits for the disk."""
    with Postgres(durable=True) as server:
        yield server


def beside(folder: Path) -> str:
    """Its jobs write and look beside the folder: they start in what was published of it."""
    return f'env.BESIDE = "{folder}"'


def served(folder: Path, address: str, **more: object) -> Served:
    return Served(folder, env={"PUSHBUTTON_STORE": address}, **more)  # type: ignore[arg-type]


class Reader:
    """A client that comes back with its last id whenever its connection breaks, until the run is over."""

    def __init__(self, server: Served, run: int) -> None:
        self._server, self._run = server, run
        self.seen: list[int] = []
        self._over = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def wait(self) -> list[int]:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        return self.seen

    def _read(self) -> None:
        while not self._over:
            try:
                for event in self._server.events(self._run, since=self.seen[-1] if self.seen else 0):
                    self.seen.append(event["id"])
                    self._over = event["kind"] == "state" and event["data"]["state"] in ENDS
            except (httpx.HTTPError, RuntimeError, OSError):
                time.sleep(0.02)  # it is being restarted


def run_command(*words: str | os.PathLike[str], address: str = "", code: int = 0) -> str:
    with Command(*words, env={"PUSHBUTTON_STORE": address} if address else {}) as command:
        assert command.wait() == code, command.err.text
        return command.out.text + command.err.text


def content(folder: Path) -> dict[Path, bytes]:
    """What is in a data folder, but for what makes it one."""
    found = (file for file in folder.rglob("*") if file.is_file())
    return {file: file.read_bytes() for file in found if file.name not in {"lock", "server.key", ".gitignore"}}


def test_press_watch_history_approval_audit_and_people_are_as_with_a_file(tmp_path, postgres):
    script(tmp_path, "deploy.sh", 'echo "deployed $WHERE"', head='approvals = 1\n[params.where]\ndefault = "Zürich"\n')
    script(tmp_path, "hello.sh", "echo hello; echo status: well >&3")
    address = postgres.over_tcp(postgres.database())
    who = people(
        tmp_path / ".pushbutton", {EVERYONE: ["see", "output"], "ada": ["presser"], "bob": ["approver"]}, address
    )
    with served(tmp_path, address) as server:
        server.http.headers.update(who["ada"].headers)
        number = server.press("hello")
        assert server.finished(number)["state"] == "succeeded"
        assert server.output(number) == b"hello\n"
        held = server.press("deploy", where="Bern")
        assert server.run(held)["state"] == "held"
        refused = server.http.post(f"/api/runs/{held}/approve", json={})
        assert refused.status_code == 403
        approved = server.http.post(f"/api/runs/{held}/approve", json={"why": "yes"}, headers=who["bob"].headers)
        assert approved.status_code == 200, approved.text
        assert server.finished(held)["approval"]["given"][0]["why"] == "yes"
        assert server.output(held) == b"deployed Bern\n"
        events = list(server.events(held))
        assert [event["id"] for event in events] == sorted({event["id"] for event in events})
        found = server.get("/api/runs?text=BERN")
        assert [run["number"] for run in found] == [held], "letters are found whether they are large or small"
        signed_in = {"cookie": f"pushbutton={who['ada'].session}"}
        page = server.http.get(f"/runs/{held}", headers=signed_in)
        assert page.status_code == 200
        assert "deployed Bern" in page.text
        added = run_command("user", "add", "cleo", "--data", server.data, address=address)
        assert "Added cleo." in added
    assert "are as they were written" in run_command("audit", "verify", "--data", server.data, address=address)
    exported = run_command("audit", "export", "--data", server.data, address=address)
    for verb in ("run.press", "run.approve", "user.add", "server.started"):
        assert f'"{verb}"' in exported
    assert not list(server.data.glob("*.db*"))
    assert "Traceback" not in server.err


def test_a_database_that_is_killed_under_a_run_is_waited_for_and_the_server_says_both(tmp_path, own):
    script(tmp_path, "waits.py", WAITS, head=beside(tmp_path))
    with served(tmp_path, own.over_tcp(own.database())) as server:
        number = server.press("waits")
        server.output_has(number, b"begun")
        reader = Reader(server, number)
        until(lambda: reader.seen, what="the client sees something")
        own.stop(signal.SIGKILL)
        server.command.err.wait_for(r"was lost: ")
        health = server.http.get("/api/health")
        assert health.status_code in {200, 503}, "it answers all the same"
        Path(f"{tmp_path} go").touch()
        own.start()
        server.command.err.wait_for(r"answers again")
        assert server.finished(number)["state"] == "succeeded"
        assert server.output(number) == b"begun\ngone on\n"
        assert reader.wait() == [event["id"] for event in server.events(number)]
        following = server.press("waits")
        assert following == number + 1
        assert server.finished(following)["state"] == "succeeded"
        assert "Traceback" not in server.err


def test_a_press_while_the_database_is_away_is_answered_in_a_sentence_and_is_not_there(tmp_path, own):
    script(tmp_path, "hello.sh", "echo hello")
    with served(tmp_path, own.over_tcp(own.database())) as server:
        own.stop()
        try:
            answer = server.http.post("/api/tasks/hello/runs", json={"inputs": {}})
        finally:
            own.start()
        assert answer.status_code == 503
        assert "does not answer" in answer.json()["title"]
        assert quote(PASSWORD, safe="") not in answer.text
        assert server.press("hello") == 1
        assert server.finished(1)["state"] == "succeeded"


def test_server_and_database_killed_at_random_moments_lose_double_and_restart_nothing(tmp_path, own):
    """Ten rounds under runs that go on, with clients that come back."""
    seed = random.SystemRandom().randrange(1 << 32)
    print("seed", seed)  # noqa: T201  to run a failure again
    dice = random.Random(seed)
    script(tmp_path, "count.py", COUNT, head=f"at_once = 4\n{beside(tmp_path)}")
    with served(tmp_path, own.over_tcp(own.database())) as server:
        for _ in range(5):
            runs = [server.press("count") for _ in range(3)]
            readers = [Reader(server, run) for run in runs]
            for _ in range(2):
                time.sleep(dice.random() * 0.6)  # the moment of the kill is what the test is about
                what = dice.choice(["server", "database", "both"])
                if what != "database":
                    server.kill9()
                if what != "server":
                    own.stop(dice.choice([signal.SIGKILL, signal.SIGQUIT]))
                    own.start()
                if what != "database":
                    server.restart()
            for run, reader in zip(runs, readers, strict=True):
                state = server.finished(run)
                assert (state["state"], state["exit_code"]) == ("succeeded", 0), server.err
                assert server.output(run) == WHOLE
                stored = list(server.events(run))
                assert reader.wait() == [event["id"] for event in stored]
                said = [event["data"]["text"] for event in stored if event["kind"] == "status"]
                assert said == [f"at {at}" for at in range(0, LINES, 10)]
        started = [int(line) for line in Path(f"{tmp_path} started").read_text().split()]
        assert sorted(started) == list(range(1, 16)), "each press ran once"
        assert "Traceback" not in server.err


def test_the_password_of_the_address_is_nowhere(tmp_path, postgres):
    script(tmp_path, "tell.sh", "env; cat /proc/$PPID/cmdline")
    address = postgres.over_tcp(postgres.database())
    forms = [form.encode() for form in (PASSWORD, quote(PASSWORD, safe=""))]
    with served(tmp_path, address, fresh=True) as server:
        number = server.press("tell")
        server.finished(number)
        told = [Path(f"/proc/{server.pid}/cmdline").read_bytes(), server.output(number)]
        told += [
            server.http.get(path).content for path in ("/", "/audit", f"/runs/{number}", "/api/health", "/nothing")
        ]
        wrong = postgres.over_tcp(postgres.address("nothing"))
        told.append(run_command("serve", tmp_path, "--data", tmp_path / "other", address=wrong, code=5).encode())
        told.append(run_command("audit", "export", "--data", server.data, address=address).encode())
    told += [server.out.encode(), server.err.encode()]
    told += [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    assert len(told) > 15
    for form in forms:
        assert [text for text in told if form in text] == []


@pytest.mark.parametrize("command", [["serve"], ["user", "list"], ["audit", "verify"]])
def test_a_password_among_the_arguments_is_refused_and_not_repeated(tmp_path, command):
    address = "postgresql://ada:hunter2@127.0.0.1:1/x"
    said = run_command(*command, "--data", tmp_path / "data", "--store", address, code=6)
    assert "everybody on this machine can read a program's arguments" in said
    assert "hunter2" not in said
    assert not (tmp_path / "data").exists()


def test_an_address_without_a_password_is_an_option_and_a_file_may_hold_one_with_it(tmp_path, postgres):
    script(tmp_path, "hello.sh", "echo hello")
    plain = postgres.database()
    (tmp_path / "address").write_text(postgres.over_tcp(plain) + "\n")
    with Served(tmp_path, store=plain) as server:
        assert server.finished(server.press("hello"))["state"] == "succeeded"
    (server.data / "store").unlink()  # it is the same database under another name
    with Served(tmp_path, store_file=tmp_path / "address") as server:
        assert server.run(1)["state"] == "succeeded"


def test_a_folder_and_a_database_that_do_not_belong_together_are_refused_and_nothing_is_changed(tmp_path, postgres):
    script(tmp_path, "hello.sh", "echo hello")
    first, second = (postgres.over_tcp(postgres.database()) for _ in range(2))
    data, file = tmp_path / "data", tmp_path / "file"
    with served(tmp_path, first, data=data) as server:
        server.finished(server.press("hello"))
    with Served(tmp_path, data=file):
        pass

    def refused(says: str, where: Path, address: str = "", *command: str) -> None:
        before = content(where)
        said = run_command(*(command or ("serve", str(tmp_path))), "--data", where, address=address, code=5)
        assert says in said, said
        assert "Traceback" not in said
        assert content(where) == before

    refused("The history of", data)
    refused("name that database with --store", data, "", "user", "list")
    refused("not in postgresql://127.0.0.1", data, second)
    refused("has a history of its own, history.db", file, second)
    refused("has a history of its own, history.db", file, second, "user", "list")
    refused("another key than the server.key of this data folder", tmp_path / "third", first)
    refused("is in PostgreSQL: back it up with pg_dump", data, first, "backup", str(tmp_path / "copy"))
    assert postgres.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", second) == [(0,)]


def test_a_dump_and_a_copy_of_the_folder_are_restored_and_known_as_a_copy(tmp_path, postgres):
    script(tmp_path, "hello.sh", "echo hello")
    script(tmp_path, "waits.py", WAITS, head=beside(tmp_path))
    address, data, copy = postgres.database(), tmp_path / "data", tmp_path / "copy"
    with served(tmp_path, address, data=data) as server:
        server.finished(server.press("hello"))
        running, waiting = server.press("waits"), server.press("waits")
        server.output_has(running, b"begun")
        restored = postgres.restored(address)
        shutil.copytree(data, copy, ignore=lambda folder, names: [name for name in names if special(folder, name)])
        Path(f"{tmp_path} go").touch()
        server.finished(waiting)
    place = restored.partition("?")[0].replace("buttons@/", f"{postgres.folder}:{postgres.port}/")
    (copy / "store").write_text(place + "\n")
    with served(tmp_path, restored, data=copy) as server:
        assert server.output(1) == b"hello\n"
        assert "is a copy" in server.command.err.text
        assert waiting in [run["number"] for run in server.get("/api/aside")]
        assert server.finished(running)["state"] == "lost", "its supervisor is elsewhere"
        assert server.press("hello") == waiting + 1
        assert server.finished(waiting + 1)["state"] == "succeeded"
    assert "are as they were written" in run_command("audit", "verify", "--data", copy, address=restored)


def special(folder: str, name: str) -> bool:
    """A pipe or a socket, which `cp -a` makes anew."""
    mode = (Path(folder) / name).lstat().st_mode
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def test_without_psycopg_it_says_what_to_install(tmp_path):
    code = (
        "import importlib.util, sys; real = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *more: None if name == 'psycopg' else real(name, *more)\n"
        "from pushbutton.__main__ import main; sys.argv[0] = 'pushbutton'; main()"
    )
    words = [
        sys.executable,
        "-c",
        code,
        "user",
        "list",
        "--data",
        str(tmp_path / "data"),
        "--store",
        "postgresql://h/x",
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "pip install 'pushbutton[fleet]'" in done.stderr
    assert "Traceback" not in done.stderr
