"""`kill -9` over every role of a fleet, at random moments: two web nodes, two workers, supervisors, the database, and
the connection to it. The clocks of a web node and of a worker are off. Three rounds here; `ROUNDS=50` has more. Each
seed is printed; `SEED=…` has it again.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from pushbutton.adapters import data_folder
from pushbutton.runtime.audit import check
from pushbutton.runtime.ports import RunQuery, Topics
from pushbutton.supervisor import spool
from tests.postgres import Postgres
from tests.relay import Relay

from .clocks import off
from .serving import PATIENCE, Served, until
from .test_elsewhere import Follower
from .test_fleet import Working
from .worlds import script

ROUNDS = int(os.environ.get("ROUNDS", "3"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 32)))
LINES = 60
JOB = f"""
import os, time
with open(os.environ["STARTED"], "a") as file:
    file.write(os.environ["PUSHBUTTON_RUN"] + "\\n")
for number in range({LINES}):
    print("line", number, flush=True)
    time.sleep(0.02)
"""
WHOLE = "".join(f"line {number}\n" for number in range(LINES))
PRESSES = 4  # in a round
FAULTS = 3  # in a round


class Fleet:
    def __init__(self, folder: Path, database: Postgres, dice: random.Random, stack: ExitStack) -> None:
        self._folder, self._database, self._dice = folder, database, dice
        self.started = folder / "started"
        self.started.touch()
        (folder / "tasks").mkdir()
        script(folder / "tasks", "job.py", JOB, head=f'at_once = 9\nenv.STARTED = "{self.started}"')
        self.address = database.database()
        self._relay = stack.enter_context(Relay(database.port, dice))
        near = database.over_tcp(self.address)
        far = database.over_tcp(self.address, port=self._relay.port)
        self.web = [
            stack.enter_context(self._server("one", near)),
            stack.enter_context(self._server("two", far, 600)),
        ]
        self.workers = [
            stack.enter_context(Working(folder, near, "near")),
            stack.enter_context(Working(folder, far, "far", before=off(-600))),
        ]
        stack.callback(self._end_runs)

    def _server(self, name: str, address: str, clock: int = 0) -> Served:
        key: Mapping[str, Any] = {} if name == "one" else {"key_file": self._folder / "one" / "server.key"}
        env, before = {"PUSHBUTTON_STORE": address}, off(clock) if clock else ()
        return Served(
            self._folder / "tasks", data=self._folder / name, name=name, at_once=0, env=env, before=before, **key
        )

    def _end_runs(self) -> None:
        for _, pid in self._supervisors():
            os.kill(pid, signal.SIGKILL)

    @property
    def faults(self) -> Mapping[str, Callable[[], object]]:
        return {
            "a web node": lambda: _up(self._dice.choice(self.web).restart),
            "a worker": lambda: self._again(self._dice.choice(self.workers)),
            "a supervisor": self._kill_a_supervisor,
            "the database": self._kill_the_database,
            "the connection": self._relay.cut,
            "answers of the database": lambda: self._relay.lose_answers(2),
        }

    def _again(self, worker: Working) -> None:
        worker.kill9()
        _up(worker.start)

    def _kill_a_supervisor(self) -> None:
        if found := list(self._supervisors()):
            os.kill(self._dice.choice(found)[1], signal.SIGKILL)

    def _kill_the_database(self) -> None:
        self._database.stop(signal.SIGQUIT)  # what `pg_ctl stop -m immediate` sends
        time.sleep(self._dice.random())
        self._database.start()

    def _supervisors(self) -> Iterator[tuple[int, int]]:
        """The runs that go on, each with the process of its supervisor."""
        for worker in self.workers:
            for folder in (worker.data / "runs").iterdir():
                if spool.is_held(folder) and (pid := supervisor_of(folder)):
                    yield int(folder.name), pid

    def press(self, key: str) -> int:
        """The run of this press, asked for at any node until one acknowledges it."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                url = f"{self._dice.choice(self.web).url}/api/tasks/job/runs"
                answer = httpx.post(url, json={}, headers={"Idempotency-Key": key}, timeout=PATIENCE)
                answer.raise_for_status()
                return int(answer.json()["number"])
            except (httpx.HTTPError, OSError):
                assert time.monotonic() < end, f"the press {key} is not acknowledged"
                time.sleep(0.05)


def _up(start: Callable[[], None]) -> None:
    """Again where the database went away in that moment, as whatever looks after a service does."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return start()
        except AssertionError as error:
            if "Try again in a moment" not in str(error) or time.monotonic() > end:
                raise


def supervisor_of(folder: Path) -> int:
    """Its process, as the first line of its record has it; 0: not written yet."""
    try:
        first = json.loads((folder / "events").read_text().splitlines()[0])
    except (OSError, IndexError, ValueError):
        return 0
    return int(first["pid"]) if first.get("k") == "born" else 0


@pytest.fixture
def dice() -> random.Random:
    print("seed", SEED)  # noqa: T201  shown where a test fails
    return random.Random(SEED)


@pytest.mark.timeout(60 + 60 * ROUNDS)
def test_a_fleet_whose_parts_are_killed_at_random_loses_doubles_and_tears_nothing(tmp_path, dice):
    with Postgres() as database, ExitStack() as stack:
        fleet = Fleet(tmp_path, database, dice, stack)
        runs: list[int] = []
        for number in range(ROUNDS):
            keys = [f"{number}.{press}" for press in range(PRESSES)]
            runs += a_round(fleet, keys, random.Random(dice.random()))
        assert sorted(runs) == list(range(1, len(runs) + 1)), "each press is one run, and no number is missing"
        started = fleet.started.read_text().split()
        assert len(started) == len(set(started)), "a run was started twice"
        asyncio.run(whole(fleet, tmp_path, len(runs)))


def a_round(fleet: Fleet, keys: list[str], dice: random.Random) -> list[int]:
    """Presses, faults meanwhile, and then every client has everything of its run. The numbers of the runs."""
    numbers: dict[str, int] = {}
    presser = threading.Thread(target=lambda: numbers.update({key: fleet.press(key) for key in keys}), daemon=True)
    presser.start()
    until(lambda: numbers or fleet.started.read_text() or not presser.is_alive(), what="it begins")
    names = [dice.choice(sorted(fleet.faults)) for _ in range(FAULTS)]
    print("faults", names)  # noqa: T201  shown where it fails
    for name in names:
        time.sleep(dice.random())  # the moment of the fault is what the test is about
        fleet.faults[name]()
    presser.join(PATIENCE)
    assert sorted(numbers) == keys
    followers = {run: Follower(fleet.web, run, random.Random(dice.random())) for run in numbers.values()}
    for run, follower in followers.items():
        read = follower.wait()
        states = {run_at(node, run)["state"] for node in fleet.web}
        assert states in ({"succeeded"}, {"lost"}), (run, states)
        assert read == WHOLE if states == {"succeeded"} else WHOLE.startswith(read), (run, states)
        assert [node.output(run).decode() for node in fleet.web] == [read, read]
    return list(numbers.values())


def run_at(node: Served, run: int) -> dict[str, Any]:
    until(lambda: node.run(run)["over"], what=f"run {run} is over")
    return node.run(run)


async def whole(fleet: Fleet, folder: Path, runs: int) -> None:
    """As somebody beside the fleet finds the store."""
    from pushbutton.adapters.postgres import PostgresStore

    store = PostgresStore(fleet.address, data_folder.key(folder / "one"))
    await store.open()
    try:
        assert len(await store.runs(RunQuery(limit=100_000))) == runs
        events = await store.events(Topics(everything=True), after=0, limit=1_000_000)
        assert [event.id for event in events] == list(range(1, await store.last_event() + 1))
        assert (await check(store.audit)).fault is None
    finally:
        await store.close()
