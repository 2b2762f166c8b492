"""What supervisors are told: rows that outlive the server. Real processes, killed at each moment between."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import threading
import time
from importlib import resources
from pathlib import Path

import apsw
import httpx
import pytest

from pushbutton.adapters import sqlite
from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.app import Pushbutton, RunHandle
from pushbutton.domain.event import Draft, Kind
from pushbutton.domain.order import Order, OrderKind
from pushbutton.domain.run import RunState
from pushbutton.runtime.ports import Append, RunQuery
from pushbutton.supervisor import spool
from pushbutton.testing import opened, watched

from .earlier import starts_as_0_2_0
from .serving import Served, until
from .worlds import alive, pids, script, spool_of
from .worlds import until as soon

WAITS = (
    'echo "$PUSHBUTTON_TOKEN" > token.part; echo $$ > pid; mv token.part token; while [ ! -e go ]; do sleep 0.02; done'
)


class World:
    """A server with one run under way."""

    def __init__(self, tasks: Path) -> None:
        self.tasks = tasks
        script(tasks, "wait.sh", WAITS, head="grace = 1")
        self.server = Served(tasks, data=tasks.parent / "data")
        self.number = self.server.press("wait")
        until((tasks / "token").exists, what="the job")
        self.spool = self.server.data / "runs" / str(self.number)
        self.token = (tasks / "token").read_text().strip()
        until(lambda: self.records("started"), what="its record")
        self.supervisor = int(str(self.records("born")[0]["pid"]))

    def records(self, kind: str) -> list[spool.Record]:
        with (self.spool / "events").open("rb") as file:
            return [record for record in spool.read_records(file.fileno(), 0, 1 << 30)[0] if record["k"] == kind]

    def report(self, text: str, *, timeout: float = 60) -> int:
        headers = {"authorization": f"Bearer {self.token}", "content-type": "text/plain"}
        url = f"{self.server.url}/api/runs/{self.number}/events"
        return httpx.post(url, headers=headers, content=text, timeout=timeout).status_code

    def stopped(self) -> None:
        os.kill(self.supervisor, signal.SIGSTOP)

    def goes_on(self) -> None:
        os.kill(self.supervisor, signal.SIGCONT)

    def full(self) -> None:
        """Its pipe takes nothing more."""
        fd = os.open(self.spool / "control", os.O_WRONLY | os.O_NONBLOCK)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(fd, b"x" * 4096)
        os.close(fd)

    def over(self) -> str:
        return str(self.server.finished(self.number)["state"])

    def said(self) -> list[str]:
        """What its history has of statuses, once it is over."""
        (self.tasks / "go").touch()
        assert self.over() == "succeeded"
        return [event["data"]["text"] for event in self.server.events(self.number) if event["kind"] == "status"]


@pytest.fixture
def world(tmp_path):
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    world = World(tasks)
    with world.server:
        try:
            yield world
        finally:
            with contextlib.suppress(ProcessLookupError):
                world.goes_on()


def test_what_was_kept_and_not_delivered_when_the_server_was_killed_arrives_once_in_order(world):
    world.stopped()
    world.full()
    assert [world.report(f"status {n}") for n in range(3)] == [204] * 3
    world.server.kill9()
    world.goes_on()
    world.server.restart()
    assert world.report("status 3") == 204
    assert world.said() == ["0", "1", "2", "3"]


def test_what_was_delivered_and_not_heard_when_the_server_was_killed_arrives_once(world):
    world.stopped()
    assert [world.report(f"status {n}") for n in range(3)] == [204] * 3
    world.server.kill9()
    world.server.start()
    world.server.kill9()  # it has delivered them once more, or not
    world.goes_on()
    until(
        lambda: [record["n"] for record in world.records("heard")][-1:] == [3], what="they are heard without a server"
    )
    world.server.restart()
    assert world.report("status 3") == 204
    assert world.said() == ["0", "1", "2", "3"]


def test_a_stop_that_no_supervisor_has_heard_when_the_server_was_killed_is_carried_out_by_the_next(world):
    world.stopped()
    world.full()
    assert world.server.http.post(f"/api/runs/{world.number}/cancel").status_code == 202
    world.server.kill9()
    world.goes_on()
    world.server.restart()
    assert world.over() == "cancelled"
    assert [record["by"] for record in world.records("stop")] == ["local"]
    assert not any(map(alive, pids(world.tasks, "pid")))


async def test_a_stop_that_is_ordered_while_no_server_runs_is_carried_out_at_the_start(world):
    world.server.kill9()
    store = SqliteStore(world.server.data / "history.db", (world.server.data / "server.key").read_bytes())
    await store.open()
    [run] = await store.runs(RunQuery())
    note = Draft(Kind.NOTE, {"text": "Asked to stop.", "code": "stop", "actor": "ada"}, 1)
    order = Order(OrderKind.STOP, {"by": "ada", "grace": 1.0}, 1)
    await store.append(Append(run.id, [note], epoch=run.epoch, row={"stop_by": "ada"}, order=order))
    await store.close()
    assert alive(*pids(world.tasks, "pid"))
    world.server.restart()
    assert world.over() == "cancelled"
    assert [record["by"] for record in world.records("stop")] == ["ada"]


def test_a_full_pipe_of_one_run_delays_no_other_and_is_emptied_when_it_can_be(world):
    world.stopped()
    world.full()
    assert world.report("status late") == 204
    assert world.server.http.post(f"/api/runs/{world.number}/cancel").status_code == 202
    script(world.tasks, "quick.sh", "true")
    until(lambda: "quick" in world.server.tasks(), what="the task")
    assert world.server.finished(world.server.press("quick"))["state"] == "succeeded"
    world.goes_on()
    assert world.over() == "cancelled"
    assert [record["line"] for record in world.records("line")] == ["status late"]


def test_when_the_supervisor_is_killed_its_orders_go_with_the_run(world):
    world.stopped()
    world.full()
    assert world.report("status never") == 204
    os.kill(world.supervisor, signal.SIGKILL)
    assert world.over() == "lost"
    assert world.report("status late") == 409


@pytest.mark.parametrize("seed", [1, 2])
def test_two_hundred_reports_around_kills_of_the_server_arrive_once_and_in_order(world, seed):
    """What was answered arrives; what a kill left without an answer may."""
    rng = random.Random(seed)
    answered: list[int] = []
    done = threading.Event()

    def send() -> None:
        for number in range(200):
            with contextlib.suppress(httpx.TransportError):
                if world.report(f"status {number}") == 204:
                    answered.append(number)
            if number % 40 == 39:
                time.sleep(rng.uniform(0, 0.02))
        done.set()

    sender = threading.Thread(target=send)
    kills = 0
    sender.start()
    while not done.wait(rng.uniform(0.05, 0.4)) and kills < 5:
        world.server.restart()
        kills += 1
    sender.join()
    assert world.server.alive
    assert world.report("status 200") == 204
    numbers = [int(text) for text in world.said()]
    assert numbers == sorted(set(numbers)), (seed, kills)
    assert set(answered) | {200} <= set(numbers), (seed, kills)


def test_nothing_of_a_secret_that_is_reported_lies_in_the_data_folder(tmp_path):
    value = "correct-horse-battery"
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    (tasks / "pushbutton.yaml").write_text("secrets: {OF_ENV: {env: OF_ENV}}\n")
    script(tasks, "wait.sh", WAITS, head='secrets = ["OF_ENV"]')
    with Served(tasks, data=tmp_path / "data", env={"OF_ENV": value}) as server:
        world = World.__new__(World)
        world.tasks, world.server, world.number = tasks, server, server.press("wait")
        until((tasks / "token").exists, what="the job")
        world.spool, world.token = server.data / "runs" / str(world.number), (tasks / "token").read_text().strip()
        until(lambda: world.records("started"), what="its record")
        world.supervisor = int(str(world.records("born")[0]["pid"]))
        world.stopped()
        try:
            assert world.report(f"status it is {value}") == 204
            for file in server.data.rglob("*"):
                if file.is_file() and not file.is_fifo():
                    assert value.encode() not in file.read_bytes(), file
        finally:
            world.goes_on()
        assert world.said() == ["it is •••"]


def test_what_a_job_reports_right_before_its_end_is_in_its_history(tmp_path):
    """It waits for the answer, and for nothing else."""
    body = """
    import os, urllib.request
    where = f"{os.environ['PUSHBUTTON_URL']}/api/runs/{os.environ['PUSHBUTTON_RUN']}/events"
    headers = {"Authorization": f"Bearer {os.environ['PUSHBUTTON_TOKEN']}", "Content-Type": "text/plain"}
    urllib.request.urlopen(urllib.request.Request(where, b"status the last word", headers)).close()
    os._exit(0)
    """
    script(tmp_path, "quick.py", body, head="at_once = 8")
    with Served(tmp_path) as server:
        for number in [server.press("quick") for _ in range(24)]:
            events = list(server.events(number))
            assert [event["data"]["text"] for event in events if event["kind"] == "status"] == ["the last word"], number


async def test_an_order_whose_hint_was_lost_is_carried_out_and_one_that_cannot_be_read_holds_up_none(tmp_path):
    script(tmp_path, "wait.sh", WAITS)
    async with opened(tmp_path) as app:
        handle = await app.press("wait")
        await soon((tmp_path / "token").exists, "the job")
        core, run = await app.open(), await handle.run()
        reports = [
            Order(OrderKind.REPORT, {"lines": lines}) for lines in ("of another key", core.seal.close("status a"))
        ]
        assert await core.store.order(run.id, reports, epoch=run.epoch) == 2
        stop = Order(OrderKind.STOP, {"by": "ada", "grace": 1.0})
        await core.store.append(Append(run.id, epoch=run.epoch, row={"stop_by": "ada"}, order=stop))
        done = await watched(app, handle)
        assert await core.store.orders(run.id) == []
    assert (done.run.state, done.statuses) == (RunState.CANCELLED, ["a"])


# -- supervisors that release 0.2.0 started


async def of_0_2_0(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str = WAITS) -> None:
    """A data folder in which a run of such a supervisor is under way, and no server."""
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    script(tasks, "wait.sh", body, head="grace = 1")
    with monkeypatch.context() as patch:
        starts_as_0_2_0(patch)
        async with Pushbutton(tasks, data=tmp_path / "data") as app:
            await app.press("wait")
            await soon((tasks / "token").exists, "the job")


async def test_steps_of_a_run_that_0_2_0_started_are_shown_without_lines(tmp_path, monkeypatch):
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    script(tasks, "old.sh", "echo one\necho 'step First' >&3\necho two\n")
    starts_as_0_2_0(monkeypatch)
    async with Pushbutton(tasks, data=tmp_path / "data") as app:
        run = await app.press("old")
        await run.finished()
        said = [event.data async for event in run.events() if event.kind == "step"]
    assert said == [
        {"name": "First", "state": "running", "plain": True},
        {"name": "First", "state": "succeeded"},
    ]


async def test_a_run_that_0_2_0_started_is_gone_on_with_told_and_stopped(tmp_path, monkeypatch):
    await of_0_2_0(tmp_path, monkeypatch)
    tasks = tmp_path / "tasks"
    assert spool.protocol(tmp_path / "data" / "runs" / "1") == 1
    headers = {"authorization": f"Bearer {(tasks / 'token').read_text().strip()}", "content-type": "text/plain"}
    async with Pushbutton(tasks, data=tmp_path / "data") as app:
        core = await app.open()
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
            for number in range(20):
                body = f"status {number} {'x' * 3_000 * (number % 4)}\nstep part {number}"
                assert (await client.post("/api/runs/1/events", content=body)).status_code == 204
            long = "y" * 60_000
            assert (await client.post("/api/runs/1/events", content=long)).status_code == 204
            assert (await client.post("/api/runs/1/events", content="artifact /etc/hostname")).status_code == 400
            while await core.store.ordered():  # noqa: ASYNC110  nothing tells a test
                await asyncio.sleep(0.01)
            assert (await client.post("/api/runs/1/cancel")).status_code == 202
        handle = RunHandle(core, await core.store.run(1), made=False)
        run = await handle.finished()
        statuses = [str(event.data["text"]) async for event in handle.events() if event.kind is Kind.STATUS]
    assert (run.state, run.reason, run.survivors) == (RunState.CANCELLED, "It was stopped.", ())
    assert [text.split()[0] for text in statuses[:-1]] == [str(number) for number in range(20)]
    assert statuses[-1] == long
    assert not any(map(alive, pids(tasks, "pid")))
    events = (tmp_path / "data" / "runs" / "1" / "events").read_text()
    assert '"heard"' not in events


def before(path: Path, step: str) -> None:
    """The database as it was before this step of the schema: made anew, with what it holds now, and a stop."""
    files = sorted((resources.files(sqlite) / "schema").iterdir(), key=lambda file: file.name)
    steps = [file.read_text() for file in files if file.name[:4].isdigit() and file.name < step]
    older = path.with_name("older.db")
    db = apsw.Connection(str(older))
    for text in steps:
        db.execute(text)
    db.execute(f"PRAGMA user_version = {len(steps)}")
    db.execute("ATTACH ? AS newer", (str(path),))
    for (table,) in db.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall():
        there = {row[1] for row in db.execute(f"PRAGMA newer.table_info({table})")}
        columns = [row[1] for row in db.execute(f"PRAGMA main.table_info({table})") if row[1] in there]
        if columns:
            both = ", ".join(f'"{name}"' for name in columns)
            db.execute(f"INSERT OR REPLACE INTO main.{table} ({both}) SELECT {both} FROM newer.{table}")
    db.execute("UPDATE main.runs SET stop_by = 'ada'")
    db.close()
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    older.rename(path)


async def test_a_stop_that_0_2_0_kept_and_did_not_deliver_is_carried_out_after_the_upgrade(tmp_path, monkeypatch):
    """As its row had it, before there were orders; the last step of the schema makes one of it."""
    await of_0_2_0(tmp_path, monkeypatch)
    before(tmp_path / "data" / "history.db", "0014")
    async with Pushbutton(tmp_path / "tasks", data=tmp_path / "data") as app:
        core = await app.open()
        run = await RunHandle(core, await core.store.run(1), made=False).finished()
    assert (run.state, run.stop_by) == (RunState.CANCELLED, "ada")
    records = [json.loads(line) for line in (spool_of(app, 1) / "events").read_text().splitlines()]
    assert [record["by"] for record in records if record["k"] == "stop"] == ["ada"]
