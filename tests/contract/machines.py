"""Machines that share a real PostgreSQL, as far as outputs and files go: each has a folder of its own.

async with machine(folder, address, "one") as one, machine(other, address, "two") as two:
    one.write(7, b"hello")
    await one.shipper.settled(7)
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pushbutton.adapters.files import FileFolder
from pushbutton.adapters.in_process import LocalNotifier
from pushbutton.domain.run import Run, RunState
from pushbutton.supervisor import spool

if TYPE_CHECKING:
    from pushbutton.adapters.postgres import Mirror, NodeFiles, NodeOutput, Pieces, Shipper


async def made(address: str) -> str:
    """The same, with its tables."""
    from pushbutton.adapters.postgres import PostgresStore

    store = PostgresStore(address)
    await store.open()
    await store.close()
    return address


def a_run(number: int, worker: str = "", state: RunState = RunState.RUNNING) -> Run:
    return Run(number, "deploy", "Deploy", state, 1, "ada", {}, 1, worker=worker)


@dataclass
class Machine:
    name: str
    runs: Path
    notifier: LocalNotifier
    pieces: Pieces
    shipper: Shipper
    mirror: Mirror
    output: NodeOutput
    files: NodeFiles

    def begin(self, run: int, **fixed: str) -> None:
        """The folder of a run that was born here; `fixed`: what stands in it before it writes."""
        folder = self.runs / str(run)
        folder.mkdir()
        for name, text in fixed.items():
            (folder / name).write_text(text)
        (folder / spool.EVENTS).write_text('{"k": "born"}\n')

    def write(self, run: int, data: bytes, name: str = spool.OUTPUT, *, hint: bool = True) -> None:
        with (self.runs / str(run) / name).open("ab") as file:
            file.write(data)
        if hint:
            self.notifier.hint(f"run:{run}")


@contextlib.asynccontextmanager
async def machine(folder: Path, address: str, name: str, room: int = 1 << 30) -> AsyncIterator[Machine]:
    from pushbutton.adapters.postgres import Address, Mirror, NodeFiles, NodeOutput, Pieces, Shipper
    from pushbutton.adapters.postgres.connections import Connections

    connections = Connections(Address.of(address))
    for part in ("uploads", "runs"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    notifier = LocalNotifier()
    mirror = Mirror(connections, folder / "mirror", lambda run: notifier.hint(f"run:{run}"), room)
    mirror.open()
    shipper = Shipper(Pieces(connections), folder / "runs", notifier)
    shipper.open()
    output = NodeOutput(folder / "runs", mirror, [name])
    pieces = Pieces(connections)
    files = NodeFiles(FileFolder(folder / "uploads", folder / "runs"), pieces)
    try:
        yield Machine(name, folder / "runs", notifier, pieces, shipper, mirror, output, files)
    finally:
        await shipper.close()
        mirror.close()
        connections.end()
