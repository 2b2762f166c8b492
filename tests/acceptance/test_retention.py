"""Old runs go, with their output, a few at a time; who comes back from before is told to fetch anew."""

from __future__ import annotations

import os

import httpx

from pushbutton import Pushbutton
from pushbutton.domain.run import RunState
from pushbutton.services.pruner import KEEP, prune, sweep

from .worlds import script

NO_TIME = 1e-9
"""Days: everything that is finished is older."""


async def finished(app: Pushbutton, count: int) -> list[int]:
    runs = [await app.press("job") for _ in range(count)]
    for run in runs:
        assert (await run.finished()).state is RunState.SUCCEEDED
    return [run.id for run in runs]


async def test_old_runs_go_with_their_output_and_the_newest_of_a_task_stay(tmp_path):
    script(tmp_path, "job.sh", "echo x", head="at_once = 4")
    async with Pushbutton(tmp_path, data=tmp_path / "data") as app:
        core = await app.open()
        runs = await finished(app, KEEP + 3)
        assert (await prune(core, NO_TIME))[0] == 3
        folders = {int(path.name) for path in (tmp_path / "data" / "runs").iterdir()}
        assert folders == set(runs[3:])
        assert (await prune(core, NO_TIME))[0] == 0


async def test_what_lies_here_of_runs_that_another_machine_removed_goes_and_nothing_else(tmp_path):
    script(tmp_path, "job.sh", "echo x", head="at_once = 4")
    async with Pushbutton(tmp_path, data=tmp_path / "data") as app:
        core = await app.open()
        runs = await finished(app, 4)
        later = tmp_path / "data" / "runs" / str(runs[-1] + 1)
        later.mkdir()
        await core.store.forget(runs[:2])
        assert await sweep(core) == 2
        assert {int(path.name) for path in later.parent.iterdir()} == {*runs[2:], int(later.name)}
        assert await sweep(core) == 0


async def test_a_run_that_goes_on_and_one_that_waits_stay(tmp_path):
    script(tmp_path, "job.sh", "sleep 600")
    async with Pushbutton(tmp_path, data=tmp_path / "data") as app:
        core = await app.open()
        running, waiting = await app.press("job"), await app.press("job")
        async for event in running.events():
            if event.data.get("state") == "running":
                break
        assert (await prune(core, NO_TIME))[0] == 0
        await waiting.cancel()
        await running.cancel()
        await running.finished()


async def test_old_uploads_go(tmp_path):
    async with Pushbutton(tmp_path, data=tmp_path / "data") as app:
        core = await app.open()
        for name, age in (("old", 3), ("new", 1)):
            (core.files.place("uploads") / name).write_text(name)
            moment = (core.files.place("uploads") / name).stat().st_mtime - age * 86_400
            os.utime(core.files.place("uploads") / name, (moment, moment))
        assert (await prune(core, 2))[1] == 1
        assert [file.name for file in core.files.place("uploads").iterdir()] == ["new"]


async def test_who_comes_back_from_before_what_was_deleted_is_told_to_fetch_anew(tmp_path):
    script(tmp_path, "job.sh", "echo x", head="at_once = 4")
    async with Pushbutton(tmp_path, data=tmp_path / "data") as app:
        core = await app.open()
        await finished(app, KEEP + 1)
        gone = await core.store.last_event(1)
        await prune(core, NO_TIME)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            answer = await client.get("/api/runs/1")
            assert answer.status_code == 404
        core.hub.close_streams()  # a stream then sends what it has and ends, which this client needs to see anything
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            behind = await client.get(f"/api/events?since={gone - 1}")
            level = await client.get(f"/api/events?since={gone}")
        assert "event: reset" in behind.text
        assert "event: reset" not in level.text
