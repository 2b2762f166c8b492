"""Secret inputs as version 0.2.0 kept them: in a file beside the folder of each run that waited."""

from __future__ import annotations

import contextlib
from pathlib import Path

from pushbutton import threads
from pushbutton.domain.run import RunState
from pushbutton.errors import NoSuchRun
from pushbutton.runtime.ports import Append, Store
from pushbutton.runtime.ports.people import Sealed

ENDING = ".secrets"


async def take_over(runs: Path, store: Store, seal: Sealed) -> None:
    """Seal them into the rows of the runs that still need them, and remove the files."""
    for file in await threads.starting(lambda: list(runs.glob(f"*{ENDING}"))):
        if await _needed(store, file.stem):
            await store.append(Append(int(file.stem), row={"sealed": seal.close(file.read_text())}))
        file.unlink(missing_ok=True)


async def _needed(store: Store, number: str) -> bool:
    with contextlib.suppress(NoSuchRun, ValueError):
        run = await store.run(int(number))
        unborn = run.state in (RunState.WAITING, RunState.HELD) or (run.state is RunState.RUNNING and not run.collected)
        return unborn and not await store.sealed(run.id)
    return False
