"""For tests of tasks and of applications that use Pushbutton.

    async def test_the_report_says_how_many(tmp_path):
        async with opened("tasks/") as app:
            done = await press_and_wait(app, "report", month="October")
        assert done.run.state == "succeeded"
        assert "14 people" in done.output

Real supervisors, real child processes; only the store is in memory and everything is gone at the end.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .adapters.memory import MemoryStore
from .app import Pushbutton, RunHandle
from .domain.actor import LOCAL
from .domain.encoding import text
from .domain.event import Event, Json, Kind
from .domain.run import Run

__all__ = ["Finished", "MemoryStore", "opened", "press_and_wait", "watched"]


@dataclass(frozen=True, slots=True)
class Finished:
    run: Run
    events: Sequence[Event]
    output: str
    """As it was written, decoded with replacement."""

    @property
    def statuses(self) -> list[str]:
        return [str(event.data["text"]) for event in self.events if event.kind is Kind.STATUS]

    @property
    def notes(self) -> list[str]:
        return [str(event.data["text"]) for event in self.events if event.kind is Kind.NOTE]


@asynccontextmanager
async def opened(*paths: str | Path, **settings: Any) -> AsyncIterator[Pushbutton]:
    """An application over these tasks with an empty history, closed and forgotten afterwards."""
    # A run that nobody waited for outlives this, and may still write into its folder while that is removed.
    with tempfile.TemporaryDirectory(prefix="pushbutton-", ignore_cleanup_errors=True) as folder:
        given: dict[str, Any] = {"data": folder, "store": MemoryStore()} | settings
        async with Pushbutton(*paths, **given) as app:
            yield app


async def press_and_wait(app: Pushbutton, task: str, /, **inputs: Json) -> Finished:
    """Press, and return when the run is over, however it ended."""
    return await watched(app, await app.press(task, LOCAL.name, **inputs))


async def watched(app: Pushbutton, handle: RunHandle) -> Finished:
    """A run's whole story, when it is over."""
    events = [event async for event in handle.events()]
    core = await app.open()
    output = core.output.read(handle.id, 0, core.output.size(handle.id))
    return Finished(await handle.run(), events, text(output, core.output.encoding(handle.id)))
