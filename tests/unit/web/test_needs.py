"""What the page of a run that waits says of its locks, and to whom."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pushbutton.domain.actor import LOCAL, Actor, Right, Verb
from pushbutton.domain.run import Run
from pushbutton.runtime.core import Core
from pushbutton.testing import opened
from pushbutton.web.views.needs import Need, needs

YAML = """
locks: {ssh: 2}
tasks:
  hold: {command: [sleep, '60'], locks: [db, ssh]}
  wait: {command: ['true'], locks: [ssh, db], at_once: 9}
"""
SEES_ONE = Actor("bob", frozenset({Right(Verb.SEE, "task:wait")}))
HAS_A_LINK = Actor("link:1/bob", frozenset({Right(Verb.SEE)}), own=True)


async def asked(core: Core, actor: Actor, run: Run, *known: Run) -> tuple[Need, ...]:
    """With these runs as they are known, for what is kept of one that goes on changes at any moment."""
    found = await needs(core, actor, run, run.pressed_at, core.catalog.task(run.task))
    as_known = {one.id: one for one in known}
    return tuple(replace(need, holders=tuple(as_known.get(one.id, one) for one in need.holders)) for need in found)


async def test_who_has_a_lock_is_said_to_those_who_may_see_that_run_and_that_it_is_taken_to_all(tmp_path: Path) -> None:
    (tmp_path / "pushbutton.yaml").write_text(YAML)
    async with opened(tmp_path, at_once=1) as app:
        core = await app.open()
        holder = await app.press("hold")
        async for event in holder.events():
            if event.data.get("state") == "running":
                break
        holding = await holder.run()
        [older, run] = [await (await app.press("wait")).run() for _ in range(2)]
        assert await asked(core, LOCAL, run, holding) == (
            Need("db", 1, 1, (holding,), older),
            Need("ssh", 2, 1, (holding,), older),
        )
        assert await asked(core, SEES_ONE, run) == (Need("db", 1, 1, (), older), Need("ssh", 2, 1, (), older))
        assert await asked(core, HAS_A_LINK, run) == (Need("db", 1, 1), Need("ssh", 2, 1))
        assert await asked(core, LOCAL, holding) == ()
        await holder.cancel()
