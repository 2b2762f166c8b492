"""What runs on one node is read on another: live, by page, stream, range and download, whoever is killed meanwhile."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pushbutton.domain.policy import EVERYONE
from tests.postgres import Postgres

from .people import people
from .serving import PATIENCE, Command, Served, until
from .worlds import script

SEED = int(os.environ.get("SEED", random.randrange(1 << 32)))
MIXED = r"""
import os, random, sys
dice = random.Random(7)
out = sys.stdout.buffer
for number in range(300):
    out.write(b"line %d of many\n" % number)
    out.write(b"\rstep %d" % number)
    if number % 50 == 0:
        out.write(b"\n" + dice.randbytes(4000) + b"\n")
out.write(b"x" * 3_000_000 + b"\nneedle in it\n")
out.write(b"the last line, without an end")
"""
LARGE = """
import sys
block = b"".join(b"%09d 0123456789 0123456789 0123456789\\n" % number for number in range(25_000))
for _ in range(18):
    sys.stdout.buffer.write(block)
"""
SLOW = """
import time
for number in range(400):
    print("line", number, "of a run that takes a while", flush=True)
    time.sleep(0.02)
"""
HANDS_OVER = """
cd "$PUSHBUTTON_FILES"
echo 'a,b' > numbers.csv; echo '1,2' >> numbers.csv
head -c 3000000 /dev/zero | tr '\\0' 'z' > large.bin
pushbutton artifact numbers.csv
pushbutton artifact large.bin
echo done
"""
WHOLE = "".join(f"line {number} of a run that takes a while\n" for number in range(400))


@pytest.fixture
def dice() -> random.Random:
    print("seed", SEED)  # noqa: T201  shown where a test fails
    return random.Random(SEED)


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    folder = tmp_path / "tasks"
    folder.mkdir()
    script(folder, "mixed.py", MIXED)
    script(folder, "large.py", LARGE)
    script(folder, "slow.py", SLOW, head="at_once = 9")
    script(folder, "hands-over.sh", HANDS_OVER)
    script(folder, "reads.sh", 'cat "$SHEET"', head='[params.sheet]\ntype = "file"\n')
    return folder


def node(folder: Path, address: str, name: str, **more: object) -> Served:
    """One runs everything; the others have no room for runs."""
    key = {} if name == "one" else {"key_file": folder / "one" / "server.key", "at_once": 0}
    settings: dict[str, Any] = {"data": folder / name, "name": name, **key, **more}
    return Served(folder / "tasks", env={"PUSHBUTTON_STORE": address}, **settings)


@pytest.fixture
def nodes(tmp_path: Path, tasks: Path, address: str) -> Iterator[tuple[Served, Served]]:
    with node(tmp_path, address, "one") as one, node(tmp_path, address, "two") as two:
        yield one, two


class Follower:
    """A browser that follows an output: when its stream breaks it goes on at any node, from its last id."""

    def __init__(self, nodes: list[Served], run: int, dice: random.Random) -> None:
        self._nodes, self._run, self._dice = nodes, run, dice
        self.text, self.end, self.wrong = "", 0, ""
        self._over = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def wait(self) -> str:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), f"{self.end} bytes are there"
        assert not self.wrong, self.wrong
        return self.text

    def _read(self) -> None:
        while not self._over and not self.wrong:
            node = self._dice.choice(self._nodes)
            try:
                self._follow(node.url)
            except (httpx.HTTPError, RuntimeError, OSError):
                time.sleep(0.02)  # it is being restarted

    def _follow(self, url: str) -> None:
        headers = {"Last-Event-ID": str(self.end)}
        patience, enough = httpx.Timeout(PATIENCE, read=5.0), self._dice.randrange(200, 6000)
        path = f"{url}/api/runs/{self._run}/output/stream"
        with httpx.Client() as http, http.stream("GET", path, headers=headers, timeout=patience) as answer:
            self._over = answer.status_code == 204
            if answer.status_code != 200:
                return
            got = 0
            for line in answer.iter_lines():
                if line.startswith("data:"):
                    got += self._take(httpx.Response(200, content=line[5:].encode()).json())
                if got > enough:
                    return  # to another one

    def _take(self, frame: dict[str, Any]) -> int:
        if frame["offset"] != self.end:
            self.wrong = f"behind {self.end} came {frame['offset']}"
        self.text += frame["text"]
        self.end = frame["end"]
        return len(frame["text"])


def test_binary_rewritten_and_endless_lines_are_the_same_at_the_other_node(nodes):
    one, two = nodes
    number = two.press("mixed")
    assert two.finished(number)["state"] == "succeeded"
    assert (one.data / "runs" / str(number) / "output").exists()
    assert not (two.data / "runs" / str(number) / "output").exists()
    whole = (one.data / "runs" / str(number) / "output").read_bytes()
    assert two.output(number) == whole == one.output(number)
    for wanted in ("bytes=0-0", "bytes=262140-262150", "bytes=-20", "bytes=3000000-"):
        answers = [node.http.get(f"/api/runs/{number}/output", headers={"Range": wanted}) for node in nodes]
        assert [answer.status_code for answer in answers] == [206, 206]
        assert answers[0].content == answers[1].content
    all_first = "lines?from=-10&count=10"
    for path in (all_first, "lines?from=1&count=50", "search?q=needle", "plain"):
        here, there = (node.http.get(f"/api/runs/{number}/output/{path}") for node in nodes)
        assert here.status_code == there.status_code == 200, path
        assert here.content == there.content
    last = list(two.events(number))[-1]
    assert last["data"]["bytes"] == len(whole)


def test_twenty_megabytes_are_the_same_at_the_other_node(nodes):
    one, two = nodes
    number = two.press("large")
    with two.http.stream("GET", f"/api/runs/{number}/output/stream") as stream:
        size = sum(len(line) > 6 for line in stream.iter_lines() if line.startswith("data:"))
    assert size
    assert two.finished(number)["state"] == "succeeded"
    whole = (one.data / "runs" / str(number) / "output").read_bytes()
    assert len(whole) > 18_000_000
    assert hashlib.sha256(two.output(number)).digest() == hashlib.sha256(whole).digest()


def test_a_client_that_is_moved_between_the_nodes_at_any_byte_sees_every_byte_once(nodes, dice):
    one, two = nodes
    number = two.press("slow")
    followers = [Follower([one, two], number, random.Random(dice.random())) for _ in range(4)]
    assert [follower.wait() for follower in followers] == [WHOLE] * 4
    assert "line 399 of a run that takes a while" in two.http.get(f"/runs/{number}").text


def test_what_a_run_hands_over_is_downloaded_and_shown_at_the_other_node(nodes):
    _, two = nodes
    number = two.press("hands-over")
    seen = set()
    for event in two.events(number):
        if event["kind"] == "artifact":  # from the moment at which it is told of
            name = event["data"]["name"]
            seen.add(name)
            content = two.http.get(f"/api/runs/{number}/artifacts/{name}").raise_for_status().content
            assert content == (b"a,b\n1,2\n" if name == "numbers.csv" else b"z" * 3_000_000)
    assert seen == {"numbers.csv", "large.bin"}
    part = two.http.get(f"/api/runs/{number}/artifacts/large.bin", headers={"Range": "bytes=2999990-"})
    assert (part.status_code, part.content) == (206, b"z" * 10)
    assert '<td class="r">1</td>' in two.http.get(f"/runs/{number}").text


def test_what_is_brought_to_one_node_is_there_for_the_job_on_another_and_shown_on_both(nodes):
    one, two = nodes
    data = b"one;two\r\n" * 60_000
    sent = two.http.post("/api/uploads?name=sheet.csv", content=data)
    assert sent.status_code == 201, sent.text
    number = two.press("reads", sheet=sent.json()["value"])
    assert two.finished(number)["state"] == "succeeded"
    assert two.output(number) == data
    for each in (one, two):
        assert each.http.get(f"/api/runs/{number}/inputs/sheet").raise_for_status().content == data
        assert "one;two" in each.http.get(f"/runs/{number}").text


def test_what_ran_before_the_history_was_shared_comes_along(tmp_path, tasks, address):
    with Served(tasks, data=tmp_path / "one") as alone:
        sent = alone.http.post("/api/uploads?name=sheet.csv", content=b"1;2")
        runs = {name: alone.press(name) for name in ("mixed", "hands-over")}
        runs["reads"] = alone.press("reads", sheet=sent.json()["value"])
        outputs = {number: (alone.finished(number), alone.output(number))[1] for number in runs.values()}
    store = {"PUSHBUTTON_STORE": address}
    with Command("move", "--from", tmp_path / "one", "--to", "postgresql://", env=store) as command:
        assert command.wait() == 0, command.err.text
    with node(tmp_path, address, "one"), node(tmp_path, address, "two") as two:
        note = tmp_path / "one" / "sent"
        until(note.exists, what="it begins")
        until(lambda: note.read_text() == f"{max(outputs)}\n", what="all is sent")
        assert {number: two.output(number) for number in outputs} == outputs
        large = two.http.get(f"/api/runs/{runs['hands-over']}/artifacts/large.bin")
        assert large.content == b"z" * 3_000_000
        assert two.http.get(f"/api/runs/{runs['reads']}/inputs/sheet").content == b"1;2"


def test_worker_web_node_and_database_killed_in_the_middle_leave_no_gap_and_no_byte_twice(tmp_path, tasks, dice):
    with Postgres(durable=True) as database:
        address = database.over_tcp(database.database())
        with node(tmp_path, address, "one") as one, node(tmp_path, address, "two") as two:
            runs = [two.press("slow") for _ in range(3)]
            followers = [Follower([two], run, random.Random(dice.random())) for run in runs]
            followers += [Follower([one, two], run, random.Random(dice.random())) for run in runs]
            for _ in range(6):
                time.sleep(dice.random())
                match dice.choice(["worker", "web", "database"]):
                    case "worker":
                        one.restart()
                    case "web":
                        two.restart()
                    case _:
                        database.stop(signal.SIGKILL)
                        time.sleep(dice.random())
                        database.start()
            assert [follower.wait() for follower in followers] == [WHOLE] * 6
            for run in runs:
                until(lambda run=run: two.run(run)["over"], what="it is over")  # type: ignore[misc]
                assert two.run(run)["state"] == "succeeded"
                assert two.output(run) == WHOLE.encode()
                assert (one.data / "runs" / str(run) / "output").read_bytes() == WHOLE.encode()


def test_a_plan_is_seen_and_approved_at_another_node_than_the_one_that_made_it(tmp_path, tasks, address):
    plan = 'if [ "$DRY_RUN" = true ]; then echo would drop 7 tables; else echo dropped; fi\n'
    script(tasks, "drop.sh", plan, head='approvals = 1\n[params.dry_run]\ntype = "bool"\n')
    rights = {EVERYONE: ["see", "output"], "ada": ["presser"], "bob": ["approver"]}
    who = people(tmp_path / "one", rights, address)
    with node(tmp_path, address, "one") as one, node(tmp_path, address, "two") as two:
        one.http.headers.update(who["ada"].headers)
        two.http.headers.update(who["ada"].headers)
        number = two.press("drop")
        plan_run = two.run(number)["approval"]["plan"]
        assert two.finished(plan_run)["state"] == "succeeded"
        assert two.output(plan_run) == b"would drop 7 tables\n"
        seen = {"why": "yes", "plan": hashlib.sha256(b"would drop 7 tables\n").hexdigest()}
        wrong = two.http.post(
            f"/api/runs/{number}/approve", json={**seen, "plan": "0" * 64}, headers=who["bob"].headers
        )
        assert wrong.status_code == 409, wrong.text
        approved = two.http.post(f"/api/runs/{number}/approve", json=seen, headers=who["bob"].headers)
        assert approved.status_code == 200, approved.text
        assert two.finished(number)["state"] == "succeeded"
        assert one.output(number) == two.output(number) == b"dropped\n"
