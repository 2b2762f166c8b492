"""Pushbutton inside another program: press, follow, hooks, mounted in another application."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from pushbutton import Pushbutton
from pushbutton.domain.event import Event, Kind
from pushbutton.domain.run import RunState, is_last
from pushbutton.errors import InvalidInputs, NoSuchTask, StoreInUse
from pushbutton.runtime.ports import EVERYTHING
from pushbutton.testing import opened, press_and_wait

from .worlds import script, spool_of

JOBS = '''
from typing import Annotated
from pathlib import Path
from pushbutton import Field, SecretStr, progress, status, step, task

@task
def deploy(env: str, servers: Annotated[int, Field(min=1, max=8)] = 2):
    """Deploys."""
    with step("Copy files"):
        status(f"to {env} on {servers}")
        progress(50)

@task
def count(file: Path, password: SecretStr):
    print(len(file.read_text().split()), len(password.get_secret_value()))
    print("the password is", password.get_secret_value())
'''


@pytest.fixture
def jobs(tmp_path):
    (tmp_path / "jobs.py").write_text(JOBS)
    return tmp_path


async def test_a_press_returns_a_handle_that_tells_the_whole_story(jobs):
    async with opened(jobs) as app:
        run = await app.press("deploy", env="prod")
        kinds = [event.kind.value async for event in run.events()]
        done = await run.finished()
    assert kinds == ["state", "state", "step", "status", "progress", "step", "state"]
    assert (done.state, done.status) == (RunState.SUCCEEDED, "to prod on 2")


async def test_wrong_inputs_are_named_all_at_once_and_nothing_starts(jobs):
    async with opened(jobs) as app:
        with pytest.raises(InvalidInputs) as wrong:
            await app.press("deploy", servers=9, envv="prod")
        assert set(wrong.value.fields) == {"env", "servers", "envv"}
        assert await (await app.open()).store.last_event() == 0


async def test_a_task_that_does_not_exist_is_named_with_its_nearest(jobs):
    async with opened(jobs) as app:
        with pytest.raises(NoSuchTask, match=r"no task named “deplo”\. Did you mean “deploy”"):
            await app.press("deplo")


async def test_hooks_hear_the_events_that_they_asked_for_and_a_broken_one_hurts_nobody(jobs):
    heard: list[str] = []
    ended, both = asyncio.Event(), asyncio.Event()
    app_folder = jobs / "data"
    app = Pushbutton(jobs, data=app_folder)

    @app.on("status")
    async def listen(event: Event) -> None:
        heard.append(str(event.data["text"]))
        if len(heard) == 2:
            both.set()

    @app.on("*")
    def broken(event: Event) -> None:
        if event.kind is Kind.STATE and event.data["state"] == "succeeded":
            ended.set()
        raise RuntimeError("on purpose")

    async with app:
        await app.press("deploy", env="prod")
        await asyncio.wait_for(ended.wait(), 20)
        ended.clear()
        await app.press("deploy", env="test")
        await asyncio.wait_for(ended.wait(), 20)
        await asyncio.wait_for(both.wait(), 20)  # each hook hears by itself: the other may be ahead of it
    assert heard == ["to prod on 2", "to test on 2"]


async def test_mounted_in_another_application_it_answers_under_its_prefix(jobs):
    inner = Pushbutton(jobs, data=jobs / "data")

    async def home(_: object) -> PlainTextResponse:
        return PlainTextResponse("theirs")

    outer = Starlette(routes=[Route("/", home), Mount("/buttons", inner)], lifespan=inner.lifespan)
    async with inner:
        client = httpx.AsyncClient(transport=httpx.ASGITransport(outer), base_url="http://127.0.0.1")
        async with client:
            assert (await client.get("/")).text == "theirs"
            answer = await client.post(
                "/buttons/api/tasks/deploy/runs", json={"inputs": {"env": "x"}}, headers={"prefer": "wait=20"}
            )
            assert (answer.status_code, answer.json()["state"]) == (200, "succeeded")
            assert answer.headers["location"] == "/buttons/api/runs/1"
            assert (await client.get(answer.headers["location"])).json()["number"] == 1


async def test_jobs_find_the_address_that_the_application_says(tmp_path):
    script(tmp_path, "where.sh", 'echo "${PUSHBUTTON_URL-nowhere}"')
    async with opened(tmp_path) as app:
        assert (await press_and_wait(app, "where")).output == "nowhere\n"
    app = Pushbutton(tmp_path, data=tmp_path / "data")
    app.url = "http://127.0.0.1:8000/buttons"
    async with app:
        assert (await press_and_wait(app, "where")).output == "http://127.0.0.1:8000/buttons\n"


async def test_a_second_one_on_the_same_data_is_refused_and_the_first_is_untouched(jobs):
    async with Pushbutton(jobs, data=jobs / "data") as first:
        second = Pushbutton(jobs, data=jobs / "data")
        with pytest.raises(StoreInUse, match="is in use by another server"):
            await second.open()
        await first.press("deploy", env="prod")
    async with Pushbutton(jobs, data=jobs / "data") as third:
        assert await (await third.open()).store.last_event() > 0


async def test_a_file_and_a_secret_reach_the_job_and_the_secret_nothing_else(jobs):
    async with opened(jobs) as app:
        core = await app.open()
        (core.files.place("uploads") / "0-words.txt").write_text("one two three")
        done = await press_and_wait(app, "count", file="0-words.txt", password="hunter2-hunter2")
    assert done.output == "3 15\nthe password is •••\n"
    assert done.run.inputs["password"] == "•••"


async def test_closing_while_a_job_runs_leaves_it_running_and_opening_finds_it(jobs):
    script(jobs, "long.sh", "while [ ! -e go ]; do sleep 0.02; done; echo said")
    async with Pushbutton(jobs, data=jobs / "data") as app:
        run = await app.press("long")
        async for event in run.events():
            if event.data.get("state") == "running":
                break
    (jobs / "go").touch()
    async with Pushbutton(jobs, data=jobs / "data") as app:
        core = await app.open()
        async for event in core.hub.events(EVERYTHING, 0):
            if is_last(event):
                break
        assert (await core.store.run(run.id)).state is RunState.SUCCEEDED
        assert (spool_of(app, run.id) / "output").read_text() == "said\n"
