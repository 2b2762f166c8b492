"""`pushbutton move`: the whole history of a data folder goes into a real PostgreSQL and back, whenever it is killed."""

from __future__ import annotations

import asyncio
import random
import re
import time
from pathlib import Path

import pytest

from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.domain.audit import Act
from pushbutton.domain.event import Draft, Kind
from pushbutton.domain.policy import EVERYONE
from pushbutton.domain.run import NewRun
from pushbutton.runtime.ports import Append
from tests.postgres import PASSWORD

from .people import people
from .serving import Command, Served, until
from .worlds import script

RUNS = 300
WAITS = """
import os, time
print("begun", flush=True)
while not os.path.exists(os.environ["GO"]):
    time.sleep(0.02)
"""


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    (tmp_path / "tasks").mkdir()
    script(tmp_path / "tasks", "hello.sh", "echo hello")
    script(tmp_path / "tasks", "waits.py", WAITS, head=f'env.GO = "{tmp_path}/go"\n')
    return tmp_path / "tasks"


def move(source: object, target: object, address: str = "", code: int = 0) -> str:
    """What it says."""
    with moving(source, target, address) as command:
        assert command.wait() == code, command.err.text
        assert "Traceback" not in command.err.text
        return command.out.text + command.err.text


def moving(source: object, target: object, address: str = "") -> Command:
    return Command("move", "--from", str(source), "--to", str(target), env={"PUSHBUTTON_STORE": address})


def verified(data: Path, address: str = "") -> str:
    with Command("audit", "verify", "--data", data, env={"PUSHBUTTON_STORE": address} if address else {}) as command:
        assert command.wait() == 0, command.err.text
        return command.out.text


def history(data: Path) -> None:
    """Many runs, with what was said in them."""
    data.mkdir(mode=0o700)
    (data / "server.key").write_text("ab" * 32)

    async def fill() -> None:
        store = SqliteStore(data / "history.db", bytes.fromhex("ab" * 32))
        await store.open()
        presses = [store.press(NewRun("hello", "Hello", "ada", {"n": n}, n)) for n in range(RUNS)]
        for pressed in await asyncio.gather(*presses):
            drafts = [Draft(Kind.STATUS, {"text": f"at {n} “ä”"}, n) for n in range(20)]
            await store.append(Append(pressed.run.id, drafts, act=Act("ada", "run.note", "run", 1)))
        await store.close()

    asyncio.run(fill())


def test_a_history_goes_into_a_database_and_back_and_everything_goes_on(tmp_path, tasks, address):
    data = tmp_path / "data"
    ada = people(data, {"ada": ["admin"], EVERYONE: ["see"]})["ada"]
    with Served(tasks, data=data) as server:
        server.http.headers.update(ada.headers)
        server.finished(server.press("hello"))
        first = list(server.events(1))
    said = move(data, "postgresql://", address)
    assert re.search(
        r"All [0-9,]+ rows of [0-9]+ tables are in postgresql://buttons@127.0.0.1\S+, and were compared", said
    )
    assert "records are as they were written" in said
    assert "Its history.db.moved is not used any more" in said
    assert verified(data, address)
    with Served(tasks, data=data, env={"PUSHBUTTON_STORE": address}) as server:
        server.http.headers.update(ada.headers)
        assert server.output(1) == b"hello\n"
        assert list(server.events(1)) == first
        assert server.press("hello") == 2, "its numbers go on"
        assert server.finished(2)["state"] == "succeeded"
        waiting = server.press("waits")
        server.output_has(waiting, b"begun")
        server.kill9()
        assert "A server of" in move("postgresql://", data, address), "its own runs go on meanwhile"
        with Served(tasks, data=data) as again:
            again.http.headers.update(ada.headers)
            (tmp_path / "go").touch()
            assert again.finished(waiting)["state"] == "succeeded"
            assert again.output(2) == b"hello\n"
            assert again.press("hello") == waiting + 1
            again.finished(waiting + 1)
            assert "is a copy" not in server.err + again.err
            assert again.get("/api/aside") == []
    assert verified(data)


def test_killed_at_any_moment_the_same_command_goes_on_both_ways(tmp_path, address, postgres):
    seed = random.SystemRandom().randrange(1 << 32)
    print("seed", seed)  # noqa: T201  to run a failure again
    data, dice = tmp_path / "data", random.Random(seed)
    history(data)
    whole = verified(data)
    for source, target in ((data, "postgresql://"), ("postgresql://", data)):
        kills = 0
        for _ in range(12):
            with moving(source, target, address) as command:
                if not kills:
                    command.out.wait_for("audit: ")  # in the middle, however quick the machine is
                else:
                    if kills % 2:
                        said = dice.choice(["audit: ", "events: ", "runs: ", "people: "])
                        until(lambda: said in command.out.text or not command.alive, what=f"{said!r}, or its end")  # noqa: B023
                    time.sleep(dice.random())  # the moment of the kill is what the test is about
                kills += command.alive
                command.process.kill()
                command.wait()
            if "compared" in command.out.text or "already" in command.out.text + command.err.text:
                break
        assert kills
        with moving(source, target, address) as command:
            code = command.wait()
            done = code == 0 or "in postgresql" in command.err.text or "is none" in command.err.text
            assert done, command.err.text
        where = address if target == "postgresql://" else ""
        assert verified(data, where) == whole
    assert not (data / "store").exists()
    assert postgres.sql("SELECT count(*) FROM runs", address) == [(RUNS,)]


def test_what_cannot_be_moved_is_said_in_a_sentence_and_nothing_is_changed(tmp_path, tasks, address, postgres):
    data, other = tmp_path / "data", tmp_path / "other"
    history(data)
    history(other)

    def refused(says: str, source: object, target: object, where: str = address, code: int = 5) -> None:
        before = (data / "history.db").read_bytes()
        said = move(source, target, where, code)
        assert says in said, said
        assert len(said.strip().splitlines()) == 1
        assert PASSWORD not in said
        assert (data / "history.db").read_bytes() == before
        assert not (data / "store").exists()

    refused("There is no history.db in", tasks, "postgresql://")
    refused("which database?", data, "postgresql://", "", code=6)
    refused("from a data folder into a database", data, other, code=2)
    refused("does not answer", data, "postgresql://", postgres.over_tcp(address, port=1))
    refused("does not answer", data, "postgresql://", postgres.over_tcp(postgres.address("nowhere")))
    assert postgres.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", address) == [(0,)]
    with Served(tasks, data=data):
        refused("is in use by another server (process ", data, "postgresql://")
    with Served(tasks, data=tmp_path / "third", env={"PUSHBUTTON_STORE": address}):
        refused("is in use by another server", data, "postgresql://")
    refused("another key than the server.key", data, "postgresql://")
    (tmp_path / "third" / "server.key").unlink()
    refused("There is no server.key in", "postgresql://", tmp_path / "third")
    (tmp_path / "third" / "server.key").write_text("cd" * 32)
    refused("another key than the server.key", "postgresql://", tmp_path / "third")
    refused("A history is moved into the data folder of a server of", "postgresql://", data)
    second = postgres.over_tcp(postgres.database())
    move(other, "postgresql://", second)
    refused("has a history of its own", data, "postgresql://", second)


def test_no_server_takes_a_half_moved_history_for_a_whole_one(tmp_path, tasks, address):
    data = tmp_path / "data"
    history(data)
    with moving(data, "postgresql://", address) as command:
        command.out.wait_for("audit: ")
        command.process.kill()
    for folder in (data, tmp_path / "other"):
        folder.mkdir(exist_ok=True)
        (folder / "server.key").write_text("ab" * 32)
        words = ("serve", tasks, "--data", folder, "--port", "0")
        with Command(*words, env={"PUSHBUTTON_STORE": address}) as server:
            assert server.wait() == 5
            assert "a part of a history" in server.err.text or "a history of its own" in server.err.text
    move(data, "postgresql://", address)
    assert verified(data, address)


@pytest.mark.parametrize("option", ["--from", "--to"])
def test_a_password_among_the_arguments_is_refused_and_not_repeated(tmp_path, option):
    other = {"--from": "--to", "--to": "--from"}[option]
    words = ("move", option, "postgresql://ada:hunter2@127.0.0.1:1/x", other, tmp_path / "data")
    with Command(*words) as command:
        assert command.wait() == 6
        assert "everybody on this machine can read a program's arguments" in command.err.text
        assert "hunter2" not in command.err.text + command.out.text
