"""Reports that come over HTTP while a run does not take them: nobody waits for one, and nothing is torn or lost."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
import termios
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from pushbutton import testing, threads
from pushbutton.app import Pushbutton, RunHandle

from .earlier import starts_as_0_2_0
from .worlds import script, spool_of, until

MANY = 40
"""Requests at once: more than any pool of threads has."""


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Pushbutton]:
    script(tmp_path, "wait.sh", 'echo "$PUSHBUTTON_TOKEN" > token; while [ ! -e go ]; do sleep 0.05; done')
    script(tmp_path, "quick.sh", "true")
    async with testing.opened(tmp_path) as app:
        yield app


async def waiting(app: Pushbutton) -> tuple[RunHandle, httpx.AsyncClient, int]:
    """A run that goes on, a client with its token, and its supervisor's pid."""
    cwd = Path(app.paths[0])
    run = await app.press("wait")
    await until(lambda: (cwd / "token").exists() and (cwd / "token").read_text().endswith("\n"))
    core = await app.open()
    records, _ = core.records.read(run.id, 0)
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://localhost",
        timeout=60,
        headers={"authorization": f"Bearer {(cwd / 'token').read_text().strip()}", "content-type": "text/plain"},
    )
    return run, client, int(records[0]["pid"])


async def over(app: Pushbutton, run: RunHandle) -> list[str]:
    """Let the run end; its statuses."""
    (Path(app.paths[0]) / "go").touch()
    await run.finished()
    return [str(event.data["text"]) async for event in run.events() if event.kind == "status"]


async def test_a_supervisor_that_reads_nothing_holds_up_no_other_run_and_what_it_took_arrives_whole(app):
    run, client, supervisor = await waiting(app)
    async with client:
        os.kill(supervisor, signal.SIGSTOP)
        try:
            bodies = ["\n".join(f"{number}-{line} {'x' * 1000}" for line in range(30)) for number in range(MANY)]
            posts = [asyncio.create_task(client.post(f"/api/runs/{run.id}/events", content=body)) for body in bodies]
            await asyncio.wait(posts, return_when=asyncio.FIRST_COMPLETED)
            quick = await app.press("quick")
            assert (await quick.finished()).state == "succeeded"
            answers = await asyncio.gather(*posts)
        finally:
            os.kill(supervisor, signal.SIGCONT)
        refused = [answer for answer in answers if answer.status_code == 503]
        assert {answer.status_code for answer in answers} == {204, 503}
        assert all("does not take reports at the moment" in answer.json()["title"] for answer in refused)
        after = await client.post(f"/api/runs/{run.id}/events", content=b"and again")
        assert after.status_code == 204
    texts = await over(app, run)
    assert texts[-1] == "and again"
    sent = [line for body in bodies for line in body.split("\n")]
    assert set(texts[:-1]) <= set(sent)
    whole = [number for number, answer in enumerate(answers) if answer.status_code == 204]
    for number in whole:
        mine = [text for text in texts if text.startswith(f"{number}-")]
        assert mine == bodies[number].split("\n")
    told = sum(30 if answer.status_code == 204 else 0 for answer in answers)
    assert told == len(texts) - 1


async def test_a_line_that_went_out_in_half_spoils_no_other(app):
    run, client, supervisor = await waiting(app)
    long = f"status {'y' * 50_000}"
    async with client:
        os.kill(supervisor, signal.SIGSTOP)
        try:
            answers = [await client.post(f"/api/runs/{run.id}/events", content=long) for _ in range(3)]
        finally:
            os.kill(supervisor, signal.SIGCONT)
        assert [answer.status_code for answer in answers] == [204, 204, 204]
        assert (await client.post(f"/api/runs/{run.id}/events", content=b"status next")).status_code == 204
    texts = await over(app, run)
    assert texts == [*["y" * 50_000] * 3, "next"]


async def test_one_that_there_is_room_for_is_in_the_pipe_when_it_is_answered(app):
    """So a job that waits for the answer may end at once: its supervisor reads what is in there before it ends."""
    run, client, supervisor = await waiting(app)
    control = os.open(spool_of(app, run.id) / "control", os.O_RDWR | os.O_NONBLOCK)
    async with client:
        os.kill(supervisor, signal.SIGSTOP)
        try:
            for number in range(20):
                before = _held(control)
                assert (await client.post(f"/api/runs/{run.id}/events", content=f"{number}")).status_code == 204
                assert _held(control) > before
        finally:
            os.kill(supervisor, signal.SIGCONT)
            os.close(control)
    assert await over(app, run) == [str(number) for number in range(20)]


def _held(pipe: int) -> int:
    """Bytes that nobody has read."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


async def test_large_ones_at_once_all_arrive_whole_where_who_is_refused_sends_them_again(app):
    run, client, _ = await waiting(app)
    bodies = ["\n".join(f"{number}-{line} {'x' * 30_000}" for line in range(40)) for number in range(6)]

    async def send(body: str) -> None:
        while (await client.post(f"/api/runs/{run.id}/events", content=body)).status_code == 503:
            pass

    async with client:
        await asyncio.gather(*map(send, bodies))
    texts = await over(app, run)
    assert sorted(texts) == sorted(line for body in bodies for line in body.split("\n"))
    for number, body in enumerate(bodies):
        assert [text for text in texts if text.startswith(f"{number}-")] == body.split("\n")


async def test_no_lock_that_a_job_can_hold_keeps_reports_from_its_run(app):
    run, client, _ = await waiting(app)
    spool = spool_of(app, run.id)
    held = [os.open(spool / name, os.O_RDWR) for name in ("channel", "control", "events", "lock")]
    try:
        for fd in held[:-1]:
            fcntl.flock(fd, fcntl.LOCK_EX)
        async with client:
            assert (await client.post(f"/api/runs/{run.id}/events", content=b"hello")).status_code == 204
    finally:
        for fd in held:
            os.close(fd)
    assert await over(app, run) == ["hello"]


async def test_a_supervisor_of_0_2_0_hears_them_on_the_pipe_that_it_has_and_a_lock_on_it_is_not_waited_for(
    app, monkeypatch
):
    starts_as_0_2_0(monkeypatch)
    run, client, _ = await waiting(app)
    spool = spool_of(app, run.id)
    assert not (spool / "elsewhere").exists()
    held = os.open(spool / "channel", os.O_RDWR)
    async with client:
        fcntl.flock(held, fcntl.LOCK_EX)
        answer = await client.post(f"/api/runs/{run.id}/events", content=b"while it is locked")
        quick = await app.press("quick")
        assert (await quick.finished()).state == "succeeded"
        os.close(held)
        assert answer.status_code == 204
        assert (await client.post(f"/api/runs/{run.id}/events", content=b"hello")).status_code == 204
    assert await over(app, run) == ["while it is locked", "hello"]


async def test_a_run_starts_though_every_thread_of_every_other_kind_hangs(app):
    hung = threading.Event()
    kinds = [kind for kind in vars(threads).values() if isinstance(kind, threads.Threads)]
    kinds.remove(threads.starting)
    places = [kind for kind in vars(threads).values() if isinstance(kind, threads.Places)]
    assert (len(kinds), len(places)) > (8, 2)
    try:
        waits = [asyncio.ensure_future(asyncio.to_thread(hung.wait)) for _ in range(MANY)]
        waits += [asyncio.ensure_future(kind(hung.wait)) for kind in kinds for _ in range(MANY)]
        waits += [asyncio.ensure_future(kind("/elsewhere", hung.wait)) for kind in places for _ in range(MANY)]
        await asyncio.sleep(0)  # so that all of them have their place
        assert (await (await app.press("quick")).finished()).state == "succeeded"
    finally:
        hung.set()
    await asyncio.gather(*waits)
