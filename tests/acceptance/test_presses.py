"""Presses in numbers: what was accepted runs once, never more at the same time than allowed, whatever is sent twice."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from pushbutton import testing
from pushbutton.app import Pushbutton, RunHandle
from pushbutton.domain.actor import trusted
from pushbutton.domain.offer import Offer
from pushbutton.domain.run import Run, RunState
from pushbutton.errors import NotRunning
from pushbutton.runtime import cancel
from pushbutton.runtime.ports import RunQuery

from .serving import Served, until
from .worlds import script
from .worlds import until as happens

MANY = 200


def gated(folder: Path, name: str, head: str) -> None:
    """A job that says that it runs, and waits until the test opens the gate."""
    body = f"echo $$ >> {folder}/ran-$PUSHBUTTON_TASK\nuntil [ -e {folder}/gate ]; do sleep 0.02; done\n"
    script(folder, name, body, head=head)


def ran(folder: Path, task: str) -> int:
    file = folder / f"ran-{task}"
    return len(file.read_text().splitlines()) if file.exists() else 0


async def all_over(app: Pushbutton) -> None:
    async with asyncio.timeout(100):
        for run in await (await app.open()).store.runs(RunQuery(limit=10_000)):
            await RunHandle(await app.open(), run, made=False).finished()


def web(app: Pushbutton) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost", timeout=60)


# -- how many at once


async def test_two_hundred_presses_run_once_each_and_never_four_at_a_time(tmp_path):
    # The job itself measures: who finds no free slot of three says so.
    script(
        tmp_path,
        "job.sh",
        """
        cd "$(dirname "$0")"
        for slot in 1 2 3; do mkdir slot-$slot 2>/dev/null && break; slot=; done
        [ "$slot" ] || touch a-fourth
        echo $PUSHBUTTON_RUN >> ran
        [ "$slot" ] && rmdir slot-$slot
        """,
        head="at_once = 3",
    )
    async with testing.opened(tmp_path, store=None, at_once=8) as app:
        runs = await asyncio.gather(*(app.press("job") for _ in range(MANY)))
        assert len({run.id for run in runs}) == MANY
        ended = await asyncio.gather(*(run.finished() for run in runs))
    assert {run.state for run in ended} == {RunState.SUCCEEDED}
    assert sorted(map(int, (tmp_path / "ran").read_text().split())) == sorted(run.id for run in runs)
    assert not (tmp_path / "a-fourth").exists()


async def test_all_tasks_together_keep_the_limit_of_the_server(tmp_path):
    for name in "abcde":
        gated(tmp_path, f"{name}.sh", "at_once = 5")
    async with testing.opened(tmp_path, at_once=4) as app:
        runs = [await app.press(name) for name in "abcde" for _ in range(3)]
        core = await app.open()
        await happens(lambda: sum(ran(tmp_path, name) for name in "abcde") == 4, "four jobs")
        assert (await core.store.counts())[RunState.RUNNING] == 4
        (tmp_path / "gate").touch()
        assert {(await run.finished()).state for run in runs} == {RunState.SUCCEEDED}


async def test_two_hundred_presses_of_a_busy_task_that_queues_all_wait_their_turn(tmp_path):
    gated(tmp_path, "job.sh", 'busy = "queue"')
    async with testing.opened(tmp_path, store=None) as app:
        runs = await asyncio.gather(*(app.press("job") for _ in range(MANY)))
        await happens(lambda: ran(tmp_path, "job") == 1, "the first")
        counts = await (await app.open()).store.counts()
        assert counts == {RunState.RUNNING: 1, RunState.WAITING: MANY - 1}
        assert all(run.made for run in runs)
        # A waiting run that is stopped never starts.
        first, *rest = sorted(runs, key=lambda run: run.id)
        await asyncio.gather(*(run.cancel() for run in rest))
        (tmp_path / "gate").touch()
        assert (await first.finished()).state is RunState.SUCCEEDED
        assert {(await run.run()).state for run in rest} == {RunState.CANCELLED}
    assert ran(tmp_path, "job") == 1


async def test_two_hundred_presses_of_a_busy_task_that_skips_run_once(tmp_path):
    gated(tmp_path, "job.sh", 'busy = "skip"')
    async with testing.opened(tmp_path, store=None) as app:
        runs = await asyncio.gather(*(app.press("job") for _ in range(MANY)))
        (tmp_path / "gate").touch()
        states = [(await run.finished()).state for run in runs]
    assert states.count(RunState.SUCCEEDED) == 1
    assert states.count(RunState.SKIPPED) == MANY - 1
    assert ran(tmp_path, "job") == 1


async def test_two_hundred_presses_of_a_busy_task_that_joins_all_get_the_one_run(tmp_path):
    gated(tmp_path, "job.sh", 'busy = "join"')
    async with testing.opened(tmp_path, store=None) as app:
        runs = await asyncio.gather(*(app.press("job") for _ in range(MANY)))
        (tmp_path / "gate").touch()
        await runs[0].finished()
    assert len({run.id for run in runs}) == 1
    assert sum(run.made for run in runs) == 1
    assert ran(tmp_path, "job") == 1


# -- messages that come twice, late or from nowhere


async def test_doubled_late_and_invented_dispatch_messages_start_nothing(tmp_path):
    script(tmp_path, "job.sh", f"echo x >> {tmp_path}/ran-job")
    gated(tmp_path, "other.sh", "at_once = 100")
    async with testing.opened(tmp_path, store=None) as app:
        core = await app.open()
        run = await app.press("job")
        for _ in range(3):
            core.dispatch.wake()  # doubled
        await run.finished()
        other = await app.press("other")
        await happens(lambda: ran(tmp_path, "other") == 1, "the other job")
        for number, task in ((run.id, "job"), (other.id, "other"), (run.id, "other"), (999, "job"), (999, "none")):
            core.dispatch.wake()  # late, or of nothing
            offer = Offer(core.worker, 100, task=task, child=number)
            assert await core.store.claim(offer, at=1, token="") is None  # over, under way, or never pressed
        last = await app.press("job")
        assert (await last.finished()).state is RunState.SUCCEEDED
        (tmp_path / "gate").touch()
        await other.finished()
        assert [(await core.store.run(n)).epoch for n in (run.id, other.id, last.id)] == [1, 1, 1]
        assert await core.store.counts() == {}
    assert (ran(tmp_path, "job"), ran(tmp_path, "other")) == (2, 1)


async def test_a_run_that_is_stopped_while_another_is_offered_does_not_disturb_the_round(tmp_path):
    for name in "abc":
        script(tmp_path, f"{name}.sh", f"echo x >> {tmp_path}/ran-{name}")
    async with testing.opened(tmp_path, at_once=1) as app:
        core, stopped = await app.open(), list[int]()
        ask = core.store.first

        async def first(offer: Offer, *, at: int) -> Run | None:
            run = await ask(offer, at=at)
            if run and run.task == "b" and not stopped:
                stopped.append(run.id)
                await cancel.cancel(core, trusted("local"), run.id)  # the only one of its task
            return run

        core.store.first = first  # type: ignore[method-assign]
        runs = [await app.press(name) for name in "abc"]
        states = [(await run.finished()).state for run in runs]
    assert states == [RunState.SUCCEEDED, RunState.CANCELLED, RunState.SUCCEEDED]
    assert [ran(tmp_path, name) for name in "abc"] == [1, 0, 1]


async def test_a_run_that_is_over_cannot_be_stopped_and_keeps_its_end(tmp_path):
    script(tmp_path, "job.sh", "true")
    async with testing.opened(tmp_path) as app:
        run = await app.press("job")
        await run.finished()
        before = await run.run()
        with pytest.raises(NotRunning):
            await run.cancel()
        assert await run.run() == before


# -- over HTTP


async def test_the_same_key_sent_two_hundred_times_is_one_run(tmp_path):
    script(tmp_path, "job.sh", f"echo x >> {tmp_path}/ran-job")
    async with testing.opened(tmp_path, store=None) as app, web(app) as http:
        answers = await asyncio.gather(
            *(http.post("/api/tasks/job/runs", json={}, headers={"idempotency-key": "k"}) for _ in range(MANY))
        )
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.json()["number"] for answer in answers}) == 1
        assert sum(answer.json()["made"] for answer in answers) == 1
        await all_over(app)
    assert ran(tmp_path, "job") == 1


async def test_the_same_key_with_other_inputs_is_refused(tmp_path):
    script(tmp_path, "job.sh", "true", head='[params.place]\ntype = "str"')
    async with testing.opened(tmp_path) as app, web(app) as http:
        keyed = {"idempotency-key": "k"}
        first = await http.post("/api/tasks/job/runs", json={"inputs": {"place": "a"}}, headers=keyed)
        other = await http.post("/api/tasks/job/runs", json={"inputs": {"place": "b"}}, headers=keyed)
        assert (first.status_code, other.status_code) == (202, 409)
        await all_over(app)


async def test_a_press_answers_202_with_the_place_of_its_run(tmp_path):
    script(tmp_path, "job.sh", "true")
    async with testing.opened(tmp_path) as app, web(app) as http:
        answer = await http.post("/api/tasks/job/runs", json={})
        assert answer.status_code == 202
        place = answer.headers["location"]
        assert (await http.get(place)).json()["number"] == answer.json()["number"]
        await all_over(app)


async def test_who_prefers_little_gets_204_without_a_body(tmp_path):
    script(tmp_path, "job.sh", "true")
    async with testing.opened(tmp_path) as app, web(app) as http:
        answer = await http.post("/api/tasks/job/runs", json={}, headers={"prefer": "return=minimal"})
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["preference-applied"] == "return=minimal"
        assert (await http.get(answer.headers["location"])).status_code == 200
        await all_over(app)


async def test_who_waits_gets_the_end(tmp_path):
    script(tmp_path, "job.sh", "exit 3")
    async with testing.opened(tmp_path) as app, web(app) as http:
        answer = await http.post("/api/tasks/job/runs", json={}, headers={"prefer": "wait=20"})
        assert answer.status_code == 200
        assert (answer.json()["state"], answer.json()["exit_code"]) == ("failed", 3)


async def test_who_waits_too_short_gets_the_run_as_it_is(tmp_path):
    gated(tmp_path, "job.sh", "at_once = 1")
    async with testing.opened(tmp_path) as app, web(app) as http:
        answer = await http.post("/api/tasks/job/runs", json={}, headers={"prefer": "wait=0"})
        assert answer.status_code == 202
        assert not answer.json()["over"]
        (tmp_path / "gate").touch()
        await all_over(app)


async def test_every_preference_that_was_heeded_is_named(tmp_path):
    script(tmp_path, "job.sh", "true")
    async with testing.opened(tmp_path) as app, web(app) as http:
        answer = await http.post("/api/tasks/job/runs", json={}, headers={"prefer": "return=minimal, wait=20"})
        assert (answer.status_code, answer.headers["preference-applied"]) == (204, "wait=20, return=minimal")
        assert (await http.get(answer.headers["location"])).json()["over"]


def test_who_waits_for_the_end_is_answered_when_the_server_is_stopped(tmp_path):
    gated(tmp_path, "job.sh", "at_once = 1")
    with Served(tmp_path) as server, ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(
            httpx.post, f"{server.url}/api/tasks/job/runs", json={}, headers={"prefer": "wait=200"}, timeout=60
        )
        until(lambda: server.get("/api/health")["watchers"] == 1, what="somebody waits")
        assert server.term() == 0
        answer = waiting.result()
        assert (answer.status_code, answer.json()["over"]) == (202, False)
        assert "Traceback" not in server.err
        (tmp_path / "gate").touch()


# -- the server is killed


def test_a_server_that_is_killed_with_a_queue_runs_every_press_once(tmp_path):
    script(tmp_path, "job.sh", f"echo $PUSHBUTTON_RUN >> {tmp_path}/ran-job\nsleep 0.1")
    with Served(tmp_path) as server:
        numbers = []
        for _ in range(4):
            numbers += [server.press("job") for _ in range(4)]
            server.kill9()  # at once after the last 202
            server.restart()
        for number in numbers:
            assert server.finished(number)["state"] == "succeeded"
        until(lambda: server.held() == [], what="no supervisor is left")
    assert sorted(map(int, (tmp_path / "ran-job").read_text().split())) == numbers
