"""What one presses is one's own: keys, sentences about what is broken, files that came to nothing."""

from __future__ import annotations

import asyncio

import pytest

from pushbutton.domain.person import User
from pushbutton.domain.policy import Grant
from pushbutton.errors import KeyReused, TaskBroken
from pushbutton.runtime import press
from pushbutton.testing import opened, press_and_wait
from pushbutton.web.views.export import cell
from tests.unit.runtime.worlds import a_core, put, somebody
from tests.unit.web.test_audit import somebody as signed_in
from tests.unit.web.test_pages import a_site


async def test_nobody_takes_the_place_of_anothers_press_by_its_key(tmp_path):
    async with a_core(tmp_path) as core:
        await put(core, Grant("user:eve", "presser"))
        ada, eve = somebody(core), somebody(core, "eve")
        first = await press.press(core, eve, "deploy", {"where": "test"}, key="nightly")
        mine = await press.press(core, ada, "deploy", {"where": "test"}, key="nightly")
        assert (mine.made, mine.run.actor) == (True, "ada")
        assert mine.run.id != first.run.id
        again = await press.press(core, ada, "deploy", {"where": "test"}, key="nightly")
        assert (again.made, again.run.id) == (False, mine.run.id)
        with pytest.raises(KeyReused, match="The key “nightly” was"):
            await press.press(core, ada, "deploy", {"where": "live"}, key="nightly")


@pytest.mark.parametrize("gone", [False, True], ids=["who waits for it", "who hung up"])
async def test_others_are_told_of_a_press_behind_its_answer_and_if_nobody_waits_for_it(tmp_path, gone):
    """What they do then is none of what the one who pressed waits for."""
    async with a_core(tmp_path) as core:
        order, told = list[str](), asyncio.Event()

        def others() -> None:
            order.append("others")
            told.set()

        def heard() -> None:
            asyncio.get_running_loop().call_soon(others)

        core.notifier.listen("events", heard)

        async def pressed() -> None:
            await press.press(core, somebody(core), "deploy", {"where": "test"})
            order.append("answer")

        pressing = asyncio.create_task(pressed())
        if gone:
            put_there, kept = asyncio.Event(), core.store.press

            async def keep(*args: object) -> object:
                put_there.set()
                return await kept(*args)  # type: ignore[arg-type]

            vars(core.store)["press"] = keep
            await put_there.wait()
            pressing.cancel()
        async with asyncio.timeout(60):
            await told.wait()
        assert order == (["others"] if gone else ["answer", "others"])


BROKEN = """
from pushbutton import task

@task(secrets=["DB_PASSWORD"])
def deploy(): ...
"""


async def test_why_a_task_is_broken_is_for_who_looks_after_it(tmp_path):
    async with a_site(tmp_path, BROKEN) as (core, client):
        ada, eve = await signed_in(core, "ada", "admin"), await signed_in(core, "eve", "presser", "approver")
        with pytest.raises(TaskBroken, match="DB_PASSWORD"):
            await press.press(core, somebody(core), "deploy", {})
        with pytest.raises(TaskBroken) as told:
            await press.press(core, somebody(core, "eve"), "deploy", {})
        assert str(told.value) == "“deploy” cannot be pressed, because its file is broken."
        for path in ("/", "/tasks/deploy", "/api/tasks", "/api/tasks/deploy"):
            seen = {name: (await client.get(path, headers=who)).text for name, who in (("ada", ada), ("eve", eve))}
            assert ("pushbutton secret set" in seen["ada"], "pushbutton secret set" in seen["eve"]) == (True, False)


DOUBTFUL = """
from pushbutton import Field, task
from typing import Annotated

@task
def deploy(host: Annotated[str, Field(pattern="(x+x+)+y")], when: list[dict] = ()): ...
"""


async def test_what_is_doubtful_in_a_file_is_for_who_looks_after_it(tmp_path):
    """A pattern that may be slow among it, which is found in the background."""
    async with a_site(tmp_path, DOUBTFUL) as (core, client):
        ada, eve = await signed_in(core, "ada", "admin"), await signed_in(core, "eve", "presser", "approver")
        changed = asyncio.Event()
        unlisten = core.notifier.listen("catalog", changed.set)
        while len(core.catalog.problems()) < 2:
            await changed.wait()
            changed.clear()
        unlisten()
        for path in ("/", "/tasks/deploy", "/api/tasks", "/api/tasks/deploy"):
            seen = {name: (await client.get(path, headers=who)).text for name, who in (("ada", ada), ("eve", eve))}
            assert ("repeats a repetition" in seen["ada"], "repeats a repetition" in seen["eve"]) == (
                path == "/",
                False,
            )
            assert ("left to its default" in seen["ada"], "left to its default" in seen["eve"]) == (path == "/", False)
        assert "2 places in the files here need a look" in (await client.get("/", headers=ada)).text


GIVEN = """
from pushbutton import task

@task(secrets=["DB_PASSWORD"])
def deploy(): ...
"""


async def test_the_names_of_a_tasks_secrets_are_for_those_who_may_know_them(tmp_path):
    async with a_site(tmp_path, GIVEN) as (core, client):
        await core.secrets.put("DB_PASSWORD", b"a value that nobody sees")
        for who, gives, knows in (
            ("ada", ("admin",), True), ("bob", ("approver",), True), ("eve", ("presser", "stop"), False),
        ):  # fmt: skip
            headers = await signed_in(core, who, *gives)
            page = (await client.get("/tasks/deploy", headers=headers)).text
            found = (await client.get("/api/tasks/deploy", headers=headers)).json()
            assert ("Secrets it is given: DB_PASSWORD" in page) is knows
            assert ("DB_PASSWORD" in page) is knows
            assert found["secrets"] == (["DB_PASSWORD"] if knows else [])
        german = {**(await signed_in(core, "dora", "admin")), "accept-language": "de"}
        assert "Geheimnisse, die sie bekommt: DB_PASSWORD" in (await client.get("/tasks/deploy", headers=german)).text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x"])
def test_no_cell_is_a_formula(text):
    assert cell(text) == f"'{text}"


SHEET = """
from pathlib import Path
from pushbutton import task

@task
def sheet(file: Path, count: int): ...
"""


async def test_a_file_that_came_to_nothing_is_not_kept(tmp_path):
    async with a_site(tmp_path, SHEET) as (core, client):
        ada = await signed_in(core, "ada", "admin")
        sent = {"csrf": ada["x-csrf-token"], "count": "no number"}
        files = {"file": ("sheet.csv", b"1;2;3")}
        answer = await client.post("/tasks/sheet", data=sent, files=files, headers=ada)
        assert answer.status_code == 422
        assert list(core.files.place("uploads").iterdir()) == []
        answer = await client.post("/tasks/sheet", data={**sent, "count": "3"}, files=files, headers=ada)
        assert answer.status_code == 303
        assert [file.read_bytes() for file in core.supervisors.root.rglob("sheet.csv")] == [b"1;2;3"]  # the run's own
        assert list(core.files.place("uploads").iterdir()) == []


YAML = """
secrets:
  DB_PASSWORD:
    env: NOBODY_SET_THIS
tasks:
  deploy:
    command: ["true"]
    secrets: [DB_PASSWORD]
"""


async def test_a_run_says_nothing_of_a_secret_that_it_could_not_get_to_those_who_may_not_know_of_it(tmp_path, caplog):
    (tmp_path / "pushbutton.yaml").write_text(YAML)
    async with opened(tmp_path) as app:
        alone = await press_and_wait(app, "deploy")
        assert "DB_PASSWORD" in alone.run.reason
        await put(await app.open(), User("ada"))
        together = await press_and_wait(app, "deploy")
    assert together.run.reason == "A secret that it needs cannot be had; the server's log says which, and why."
    assert "DB_PASSWORD" in caplog.text
