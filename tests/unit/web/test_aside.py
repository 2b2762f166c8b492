"""What came with a copy of the data folder: who administers decides, everybody else is told why it waits."""

from __future__ import annotations

import pytest
from tests.unit.web.test_audit import somebody
from tests.unit.web.test_pages import a_site, check

from pushbutton.domain.actor import trusted
from pushbutton.domain.approval import Approval, held
from pushbutton.domain.audit import Act
from pushbutton.domain.run import NewRun, RunState
from pushbutton.errors import CannotApprove, NotAside, Refused
from pushbutton.runtime import approve, set_aside
from pushbutton.runtime.clock import now
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import RunQuery, Topics
from pushbutton.runtime.ports.people import AuditQuery

TASKS = """
from pushbutton import task

@task
def deploy(where: str = "live"): ...

@task(approvals=1)
def drop(table: str = "orders", dry_run: bool = False): ...
"""


async def copied(core: Core, *tasks: str) -> list[int]:
    """Runs that waited when the copy was made."""
    runs = [(await core.store.press(NewRun(task, task.title(), "eve", {}, 1))).run.id for task in tasks]
    await core.store.settle("here", Act("server", "server.copied", "server", 2, {"why": "its files were copied"}))
    core.dispatch.wake()  # as at each start
    return runs


async def over(core: Core, number: int) -> RunState:
    async for event in core.hub.events(Topics(runs=frozenset({number})), 0):
        if event.run == number and RunState(str(event.data.get("state", "running"))).over:
            break
    return (await core.store.run(number)).state


async def test_who_administers_is_told_on_every_page_and_releases_and_drops(tmp_path):
    async with a_site(tmp_path, TASKS) as (core, client):
        ada = await somebody(core, "ada", "admin")
        first, second = await copied(core, "deploy", "deploy")
        for page in ("/", "/history", "/tasks/deploy", f"/runs/{first}"):
            assert "2 runs that were under way there start only when you release them." in (
                check((await client.get(page, headers=ada)).text)
            )
        page = check((await client.get("/aside", headers=ada)).text)
        assert page.count('name="do" value="release"') == 3
        form = {"csrf": ada["x-csrf-token"]}
        answer = await client.post("/aside", data=form | {"run": str(first), "do": "release"}, headers=ada)
        assert answer.headers["location"] == "/aside"
        assert await over(core, first) is RunState.SUCCEEDED
        assert (await core.store.run(second)).state is RunState.WAITING
        await client.post("/aside", data=form | {"all": "1", "do": "drop"}, headers=ada)
        assert await over(core, second) is RunState.CANCELLED
        page = check((await client.get("/aside", headers=ada)).text)
        assert "Nothing is set aside" in page
        assert "This data folder is a copy" not in page
        acts = [record.act for record in await core.store.audit.records(AuditQuery(verb="run"))]
        assert [(act.actor, act.verb, act.about) for act in acts[:2]] == [
            ("ada", "run.stop", f"run {second}"), ("ada", "run.release", f"run {first}"),
        ]  # fmt: skip


async def test_everybody_else_sees_why_it_waits_and_may_not_release_it(tmp_path):
    async with a_site(tmp_path, TASKS) as (core, client):
        ada, eve = await somebody(core, "ada", "admin"), await somebody(core, "eve", "presser")
        [number] = await copied(core, "deploy")
        page = check((await client.get(f"/runs/{number}", headers=eve)).text)
        assert "It came with a copy of the data folder, and may have run since where the copy was made." in page
        assert "Ada can release it." in page
        assert "This data folder is a copy" not in (await client.get("/", headers=eve)).text
        assert (await client.get("/aside", headers=eve)).status_code == 403
        assert (await client.get("/api/aside", headers=eve)).json() == []
        assert (await client.post(f"/api/runs/{number}/release", headers=eve)).status_code == 403
        sent = {"csrf": eve["x-csrf-token"], "all": "1", "do": "release"}
        assert (await client.post("/aside", data=sent, headers=eve)).status_code == 403
        assert (await client.get(f"/api/runs/{number}", headers=eve)).json()["aside"] is True
        assert [run["number"] for run in (await client.get("/api/aside", headers=ada)).json()] == [number]
        assert (await client.post(f"/api/runs/{number}/release", headers=ada)).json()["aside"] is False
        assert await over(core, number) is RunState.SUCCEEDED
        assert (await client.post(f"/api/runs/{number}/release", headers=ada)).status_code == 409


async def test_what_is_set_aside_stands_in_nobodys_way(tmp_path):
    async with a_site(tmp_path, TASKS) as (core, client):
        ada = await somebody(core, "ada", "admin")
        [number] = await copied(core, "deploy")
        fresh = (await client.post("/api/tasks/deploy/runs", json={}, headers=ada)).json()["number"]
        assert await over(core, fresh) is RunState.SUCCEEDED
        assert (await core.store.run(number)).state is RunState.WAITING
        assert "before this one" not in (await client.get("/tasks/deploy", headers=ada)).text
        await client.post(f"/api/runs/{number}/cancel", headers=ada)


async def test_a_held_run_is_approved_only_after_it_was_released_and_its_plan_goes_with_it(tmp_path):
    async with a_site(tmp_path, TASKS) as (core, client):
        ada, bob = await somebody(core, "ada", "admin"), await somebody(core, "bob", "approver")
        hold = held(Approval(), trusted("eve"), now(), "of no task", "")
        new = NewRun("drop", "Drop", "eve", {}, now(), hold=hold, dry={"dry_run": True})
        number = (await core.store.press(new)).run.id
        [plan] = [run.id for run in await core.store.runs(RunQuery(task="drop")) if run.id != number]
        await copied(core)
        approver, admin = (core.directory.actor(core.directory.all.users[name]) for name in ("bob", "ada"))
        assert await approve.waiting(core, approver) == []
        with pytest.raises(CannotApprove, match="It came with a copy of the data folder"):
            await approve.approve(core, approver, number)
        assert 'id="verdict"' not in check((await client.get(f"/runs/{number}", headers=bob)).text)
        with pytest.raises(Refused):
            await set_aside.release(core, approver, number)
        await set_aside.release(core, admin, number)
        assert await over(core, plan) is RunState.SUCCEEDED
        assert [run.id for run in await approve.waiting(core, approver)] == [number]
        with pytest.raises(NotAside):
            await set_aside.release(core, admin, plan)
        await client.post(f"/api/runs/{number}/cancel", headers=ada)
