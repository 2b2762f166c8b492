"""What went wrong once: each fact was false before, found by hostile reading."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import httpx
import pytest

from pushbutton import Pushbutton
from pushbutton.adapters.seal import Seal
from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.domain.event import Kind
from pushbutton.domain.run import NewRun, Run, RunState, is_last
from pushbutton.errors import ConfigError, StoreBusy
from pushbutton.runtime.ports import EVERYTHING, RunQuery, Topics
from pushbutton.testing import opened, press_and_wait, watched

from .serving import Served
from .worlds import script, spool_of, until

SECRET = "abc/déf-123"
SECRET_HEAD = "[params.password]\ntype = 'secret'\npass = 'env'\n"


async def over(app: Pushbutton, number: int) -> Run:
    """A run that was put into the store, when it has ended."""
    core = await app.open()
    async for event in core.hub.events(Topics(runs=frozenset({number})), 0):
        if event.run == number and is_last(event):
            break
    return await core.store.run(number)


def test_a_job_is_not_started_when_its_birth_cannot_be_written_down(tmp_path):
    """Else a supervisor that dies would leave a job that ran and that nobody knows of, and it would run again."""
    job = script(tmp_path, "job.sh", "mktemp ran.XXXX")
    place = tmp_path / "99"
    place.mkdir()
    (place / "events").touch()
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0));"
        "from pushbutton.supervisor.main import main; main()"
    )
    spec = {
        "run": 99,
        "epoch": 1,
        "argv": [str(job)],
        "cwd": str(tmp_path),
        "env": {},
        "tty": None,
        "payload": "",
        "secrets": [],
        "token": "",
        "stdin": "",
        "frozen": {},
        "timeout": None,
        "grace": 1,
        "linger": 1,
        "background": "end",
        "output": 1000,
        "hint": "../none",
    }
    child = subprocess.Popen([sys.executable, "-c", code], cwd=place, stdin=subprocess.PIPE)
    assert child.stdin
    child.stdin.write(json.dumps(spec).encode())
    child.stdin.close()
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(1)  # it keeps trying to write down why it did not start
    child.kill()
    child.wait()
    assert list(tmp_path.glob("ran.*")) == []


async def test_a_skipped_press_leaves_no_secret_behind(tmp_path):
    script(tmp_path, "job.sh", "sleep 600", head='busy = "skip"\n' + SECRET_HEAD)
    async with opened(tmp_path) as app:
        first = await app.press("job", password=SECRET)
        second = await app.press("job", password=SECRET)
        assert (await second.run()).state is RunState.SKIPPED
        async for event in first.events():
            if event.data.get("state") == "running":
                break
        core = await app.open()
        while await core.store.sealed(1):  # noqa: ASYNC110  the job has them, and soon nobody else
            await asyncio.sleep(0.01)
        assert not await core.store.sealed(2)
        await first.cancel()
        await first.finished()


async def test_secrets_that_0_2_0_kept_go_where_nothing_waits_and_are_sealed_where_a_run_does(tmp_path):
    """0.2.0 had them in plain text, in a file for each run."""
    script(tmp_path, "job.sh", f'[ "$PASSWORD" = {SECRET} ]', head=SECRET_HEAD)
    store = SqliteStore(tmp_path / "history.db")
    await store.open()
    waits = (await store.press(NewRun("job", "Job", "local", {"password": "•••"}, 1))).run
    await store.close()
    runs = tmp_path / "data" / "runs"
    runs.mkdir(parents=True)
    (runs / "7.secrets").write_text("{}")
    (runs / f"{waits.id}.secrets").write_text(json.dumps({"password": SECRET}))
    async with Pushbutton(
        tmp_path / "job.sh", data=tmp_path / "data", store=SqliteStore(tmp_path / "history.db")
    ) as app:
        assert list(runs.glob("*.secrets")) == []
        done = await over(app, waits.id)
    assert done.state is RunState.SUCCEEDED


@pytest.mark.parametrize(
    "line",
    [
        json.dumps({"kind": "status", "data": {"text": f"tok {SECRET}"}}),
        json.dumps({"kind": "status", "data": {"text": f"tok {SECRET}"}}).replace("/", "\\/"),
        json.dumps({"kind": "status", "data": {"text": f"tok {SECRET}"}}).replace("\\u00e9", "\\u00E9"),
        f"status tok {SECRET[:4]}\x1b[0m{SECRET[4:]}",
        json.dumps({"kind": "step", "data": {"name": SECRET}}),
    ],
)
async def test_no_escape_carries_a_secret_past_the_mask(tmp_path, line):
    (tmp_path / "line").write_text(line + "\n")
    script(tmp_path, "job.sh", "cat line >&3", head=SECRET_HEAD)
    async with opened(tmp_path) as app:
        done = await press_and_wait(app, "job", password=SECRET)
    said = json.dumps([event.to_json() for event in done.events], ensure_ascii=False)
    assert "•••" in said
    assert SECRET not in said


def test_a_report_over_http_is_masked_too_and_ends_with_the_run(tmp_path):
    body = 'echo "$PUSHBUTTON_TOKEN" > token; while [ ! -e go ]; do sleep 0.02; done'
    script(tmp_path, "job.sh", body, head=SECRET_HEAD)
    with Served(tmp_path) as server:
        number = server.press("job", password=SECRET)
        from .serving import until as wait

        wait(lambda: (tmp_path / "token").exists() and (tmp_path / "token").read_text().strip(), what="its token")
        token = {"authorization": f"Bearer {(tmp_path / 'token').read_text().strip()}"}
        path = f"/api/runs/{number}/events"
        answer = server.http.post(path, content=f"status using {SECRET}\nprogress 40\n".encode(), headers=token)
        assert answer.status_code == 204
        wait(lambda: server.run(number)["progress"] == 40.0, what="the report")
        assert server.run(number)["status"] == "using •••"
        (tmp_path / "go").touch()
        server.finished(number)
        assert server.http.post(path, content=b"status late", headers=token).status_code == 409


async def test_a_caller_that_goes_away_leaves_no_run_that_waits_for_ever(tmp_path):
    script(tmp_path, "job.sh", "echo x", head="at_once = 20")
    async with Pushbutton(tmp_path, data=tmp_path / "data") as app:
        core = await app.open()
        for steps in range(10):
            pressing = asyncio.create_task(app.press("job"))
            for _ in range(steps * 3):
                await asyncio.sleep(0)  # at another place of the press each time; at the first ones there is no run yet
            pressing.cancel()
            await asyncio.gather(pressing, return_exceptions=True)
        await app.press("job")
        ended = 0
        async for event in core.hub.events(EVERYTHING, 0):
            ended += event.data.get("state") == "succeeded"
            if ended == len(await core.store.runs(RunQuery(limit=100))):
                break


async def test_a_secret_of_a_run_that_waits_is_in_no_file_as_it_was_given(tmp_path):
    script(tmp_path, "job.sh", "until [ -e go ]; do sleep 0.02; done", head=SECRET_HEAD)
    async with Pushbutton(tmp_path / "job.sh", data=tmp_path / "data") as app:
        going = await app.press("job", password="the first one of them")
        waits = await app.press("job", password=SECRET)
        core = await app.open()
        assert await core.store.sealed(waits.id)
        files = [file.read_bytes() for file in (tmp_path / "data").rglob("*") if file.is_file()]
        (tmp_path / "go").touch()
        assert (await going.finished()).state is (await waits.finished()).state is RunState.SUCCEEDED
    assert files
    assert not [data for data in files if SECRET.encode() in data]


async def test_a_secret_that_another_key_sealed_starts_nothing_and_the_run_says_so(tmp_path):
    script(tmp_path, "job.sh", ": > ran", head=SECRET_HEAD)
    async with opened(tmp_path / "job.sh") as app:
        core = await app.open()
        sealed = Seal(b"another").close(json.dumps({"password": SECRET}))
        new = NewRun("job", "Job", "local", {"password": "•••"}, 1, sealed=sealed)
        run = (await core.store.press(new)).run
        core.dispatch.wake()
        done = await over(app, run.id)
    assert (done.state, done.started_at) == (RunState.FAILED, None)
    assert done.reason.startswith("Its secret inputs cannot be read: server.key is not the one")
    assert not (tmp_path / "ran").exists()


async def test_a_store_that_is_busy_at_the_start_delays_the_runs_and_no_more(tmp_path):
    script(tmp_path, "job.sh", "echo x")
    from pushbutton.adapters.memory import MemoryStore

    class Busy(MemoryStore):
        refusals = 1

        async def runs(self, query):
            if self.refusals:
                self.refusals -= 1
                raise StoreBusy
            return await super().runs(query)

    async with opened(tmp_path, store=Busy()) as app:
        assert (await press_and_wait(app, "job")).run.state is RunState.SUCCEEDED


async def test_a_job_that_lets_go_of_its_terminal_lives_on(tmp_path):
    script(tmp_path, "job.sh", "exec >/dev/null 2>&1; sleep 0.3; : > lived", head="tty = [24, 80]")
    async with opened(tmp_path) as app:
        done = await press_and_wait(app, "job")
    assert done.run.state is RunState.SUCCEEDED
    assert (tmp_path / "lived").exists()


async def test_a_run_that_was_to_be_stopped_is_not_tried_again(tmp_path, monkeypatch):
    script(tmp_path, "job.sh", ": > ran")
    waits = "until [ -e die ]; do sleep 0.02; done"
    stillborn = script(tmp_path, "stillborn.sh", f"cd {tmp_path}; : > tried; {waits}; exit 1")
    async with opened(tmp_path / "job.sh") as app:
        monkeypatch.setattr(sys, "executable", str(stillborn))
        run = await app.press("job")
        async for event in run.events():
            if event.data.get("state") == "running":
                await until((tmp_path / "tried").exists, "the first attempt")
                await run.cancel()
                break
        monkeypatch.undo()
        (tmp_path / "die").touch()
        done = await watched(app, run)
    assert done.run.state is RunState.CANCELLED
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("order", ["1", '"x"', "[]", '{"do": "stop", "grace": "soon"}', "nonsense"])
async def test_nonsense_on_the_control_line_kills_nobody(tmp_path, order):
    script(tmp_path, "job.sh", f"echo '{order}' > $PUSHBUTTON_SPOOL/control; sleep 0.2; echo lived", head="grace = 0.1")
    async with opened(tmp_path) as app:
        done = await press_and_wait(app, "job")
    assert done.run.state in {RunState.SUCCEEDED, RunState.CANCELLED}
    assert (done.run.state is RunState.CANCELLED) == ("stop" in order)


@pytest.mark.parametrize("debris", [b"no record\n", b"x" * 1_500_000 + b"\n"])
async def test_debris_among_a_runs_records_hides_nothing_behind_it(tmp_path, debris):
    script(tmp_path, "job.sh", "echo status one >&3; until [ -e go ]; do sleep 0.02; done; echo status two >&3; exit 4")
    async with opened(tmp_path) as app:
        run = await app.press("job")
        async for event in run.events():
            if event.kind is Kind.STATUS:
                break
        with (spool_of(app, run.id) / "events").open("ab") as file:
            file.write(debris)
        (tmp_path / "go").touch()
        done = await watched(app, run)
    assert (done.statuses, done.run.state, done.run.exit_code) == (["one", "two"], RunState.FAILED, 4)


async def test_an_output_is_followed_on_from_where_the_client_is_and_comes_before_the_end(tmp_path):
    script(tmp_path, "job.sh", "seq 1 40000")
    async with Pushbutton(tmp_path, data=tmp_path / "data") as app:
        run = await app.press("job")
        await run.finished()
        core = await app.open()
        core.hub.close_streams()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            end = core.output.size(run.id)
            answer = await client.get(f"/api/events?topics=output:{run.id}@{end}")
            assert "event: output" not in answer.text
            empty = await client.get(f"/api/runs/{run.id}/output/stream?since={end}")
            assert empty.status_code == 204


async def test_the_stream_of_a_silent_run_that_is_over_is_not_asked_for_again(tmp_path):
    script(tmp_path, "job.sh", "true")
    async with Pushbutton(tmp_path, data=tmp_path / "data") as app:
        run = await app.press("job")
        await run.finished()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            assert (await client.get(f"/api/runs/{run.id}/output/stream")).status_code == 204


async def test_a_note_to_everybody_does_not_stand_behind_a_runs_end(tmp_path):
    script(tmp_path, "job.sh", "true")
    async with opened(tmp_path) as app:
        run = await app.press("job")
        await run.finished()
        await app.say("hello all")
        core = await app.open()
        everything = await core.store.events(EVERYTHING, after=0)
        of_the_run = await core.store.events(Topics(runs=frozenset({run.id})), after=0)
    assert everything[-1].kind is Kind.NOTE
    assert of_the_run == everything[:-1]


async def test_progress_is_whole_when_the_job_succeeded_however_late_it_was_reported(tmp_path):
    script(tmp_path, "job.sh", 'echo "progress 50" >&3')
    async with opened(tmp_path) as app:
        done = await press_and_wait(app, "job")
    assert done.run.progress == 100.0


async def test_writing_while_the_store_closes_is_refused_and_does_not_hang(tmp_path):
    from pushbutton.adapters.sqlite import SqliteStore
    from pushbutton.domain.event import Draft
    from pushbutton.errors import StoreError

    store = SqliteStore(tmp_path / "history.db")
    await store.open()
    closing = asyncio.create_task(store.close())
    await asyncio.sleep(0)
    async with asyncio.timeout(60):
        with pytest.raises(StoreError, match="closed"):
            await store.say(Draft(Kind.NOTE, {"text": "late"}))
    await closing


@pytest.mark.parametrize(
    ("name", "value"), [("at_once", -1), ("port", 70_000), ("ping", 0.0), ("stall", 0.0), ("keep_days", -1.0)]
)
def test_a_setting_that_cannot_be_is_refused_with_its_bounds(name, value):
    with pytest.raises(ConfigError, match="is not possible: it must be"):
        Pushbutton(**{name: value})


def test_a_long_search_text_is_refused_in_a_sentence(tmp_path):
    script(tmp_path, "job.sh", "true")
    with Served(tmp_path) as server:
        answer = server.http.get("/api/runs", params={"text": "_" * 1000})
        assert (answer.status_code, answer.json()["title"]) == (400, "“text” has at most 200 characters.")


async def test_two_who_look_at_a_spool_do_not_keep_a_start_away(tmp_path):
    script(tmp_path, "job.sh", "true", head="at_once = 8")
    async with opened(tmp_path) as app:
        core = await app.open()
        looking = True

        async def look() -> None:
            while looking:
                for number in range(1, 20):
                    core.supervisors.held(number)
                await asyncio.sleep(0)

        watcher = asyncio.create_task(look())
        for _ in range(10):
            assert (await press_and_wait(app, "job")).run.state is RunState.SUCCEEDED
        looking = False
        await watcher
