"""Locks that tasks share: with real jobs, and as the page of a run that waits says it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pushbutton.domain.run import RunState
from pushbutton.testing import opened, press_and_wait

from .pages import SIZES, Reader, axe, browser
from .serving import Served, until
from .worlds import script

__all__ = ["browser"]

MEASURES = """
cd "$(dirname "$0")"
for lock in LOCKS; do mkdir "has-$lock" 2>/dev/null || touch "two-have-$lock"; done
sleep 0.05
for lock in LOCKS; do rmdir "has-$lock"; done
"""
WAITS = """
cd "$(dirname "$0")"
echo "progress 62 copying the files" >&$PUSHBUTTON_EVENTS
until [ -e "go-$PUSHBUTTON_TASK" ]; do sleep 0.05; done
"""


async def test_no_two_runs_have_a_lock_whatever_their_tasks(tmp_path):
    needs = {"one": "db", "two": "disk", "both": "db disk"}
    for name, locks in needs.items():
        script(tmp_path, f"{name}.sh", MEASURES.replace("LOCKS", locks), head=f"at_once = 9\nlocks = {locks.split()}")
    async with opened(tmp_path, store=None, at_once=9) as app:
        await app.open()
        pressed = await asyncio.gather(*(app.press(name) for _ in range(12) for name in needs))
        ended = await asyncio.gather(*(run.finished() for run in pressed))
    assert {run.state for run in ended} == {RunState.SUCCEEDED}
    assert not list(tmp_path.glob("two-have-*"))


async def test_a_dry_run_takes_no_lock(tmp_path):
    head = 'locks = ["db"]\nat_once = 2\n[params.dry_run]\ntype = "bool"\n'
    script(tmp_path, "move.sh", f'[ "$DRY_RUN" = true ] || {{ {WAITS} }}\n', head=head)
    async with opened(tmp_path) as app:
        going = await app.press("move")
        assert (await press_and_wait(app, "move", dry_run=True)).run.state is RunState.SUCCEEDED
        assert not (await going.run()).state.over
        (tmp_path / "go-move").touch()
        await going.finished()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    (tasks / "pushbutton.yaml").write_text("locks: {ssh: 5}\n")
    script(tasks, "deploy.sh", WAITS, head='title = "Deploy the web shop"\nlocks = ["warehouse-db", "ssh"]')
    script(tasks, "correct.sh", "true\n", head='title = "Correct stock"\nlocks = ["ssh", "warehouse-db"]')
    with Served(tasks) as server:
        yield server


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_the_page_says_for_whom_it_waits_and_what_it_needs_until_it_starts(browser, server, size):
    first, second = (server.http.post(f"/api/tasks/{task}/runs").json()["number"] for task in ("deploy", "correct"))
    until(lambda: server.run(first)["progress"] == 62, what="it says how far it is")
    assert server.run(second)["locks"] == ["ssh", "warehouse-db"]
    with Reader(browser, server, viewport=SIZES[size]) as reader:
        page = reader.open(f"/runs/{second}")
        expect(page.locator("#h-say")).to_have_text("It waits for Deploy the web shop, which has warehouse-db.")
        holder = page.locator("#run-hero .live-run")
        expect(holder).to_contain_text("copying the files")
        expect(holder.get_by_role("img", name="62 %")).to_be_visible()
        needs = page.locator("#run-needs li")
        expect(needs.nth(0)).to_contain_text(re.compile(r"ssh.*1 of 5 in use.*Free", re.DOTALL))
        expect(needs.nth(1)).to_contain_text(re.compile(rf"warehouse-db.*Run {first} has it since .*Taken", re.DOTALL))
        assert axe(page) == []
        (server.data.parent / "go-deploy").touch()
        expect(page.locator("#run-state[data-over=yes]")).to_be_visible(timeout=60_000)
        expect(page.locator("#run-needs")).to_be_hidden()
