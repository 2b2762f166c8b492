"""Which old runs go, as the server and their tasks say."""

from __future__ import annotations

from pathlib import Path

from pushbutton.domain.offer import Offer
from pushbutton.domain.run import NewRun, RunState
from pushbutton.runtime.clock import now
from pushbutton.runtime.ports import Append, RunQuery, Store
from pushbutton.services.pruner import DAY, prune
from pushbutton.testing import MemoryStore, opened

YAML = """
tasks:
  few: {command: ['true'], keep: {runs: 3}}
  short: {command: ['true'], keep: {days: 10, runs: 12, failed: always}}
  plain: {command: ['true']}
"""


async def ended(store: Store, task: str, days: int, state: RunState = RunState.SUCCEEDED) -> None:
    """Pressed so many days ago, and over."""
    at = now() - days * DAY * 1_000_000
    run = (await store.press(NewRun(task, task, "ada", {}, at))).run
    assert await store.claim(Offer("w", 99, task=task), at=at, token="")
    await store.append(Append(run.id, epoch=1, to=state))


async def test_a_task_says_itself_which_of_its_runs_are_kept(tmp_path: Path) -> None:
    (tmp_path / "pushbutton.yaml").write_text(YAML)
    store = MemoryStore()
    await ended(store, "short", 50, RunState.FAILED)
    for task in ("few", "short", "plain"):
        for days in (40, 40, 20, 20, *[5] * 13):
            await ended(store, task, days)
    async with opened(tmp_path, store=store, keep_days=0) as app:
        core = await app.open()
        await prune(core, 30)
        left = {task: len(await store.runs(RunQuery(task=task, limit=99))) for task in ("few", "short", "plain")}
    assert left == {"few": 3, "short": 13, "plain": 15}
