"""One process of `shipping.py`: shipping_role.py FOLDER ROLE …

writer RUNS RATE SECONDS      writes lines into the spools of all runs, and rings, as their supervisors do
worker ADDRESS FIRST LAST     sends what these runs write
mirror ADDRESS RUNS RATE SECONDS   brings it, and says how late each line was when they all are there
ship ADDRESS RUN SOURCE       sends a run that wrote this file, and says how long that took
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
import time
from pathlib import Path

from machine import HERE

sys.path.insert(0, str(HERE.parent))

from pushbutton.adapters.in_process import LocalNotifier
from pushbutton.adapters.postgres import Address, Mirror, Pieces, Shipper
from pushbutton.adapters.postgres.connections import Connections

WARM = 2  # seconds at the beginning that count apart: the mirror makes hundreds of files in one moment
LATEST = 120.0  # seconds after which what is missing is missing


def half(run: int, runs: int) -> str:
    return "one" if run <= runs // 2 else "two"


def writer(folder: Path, runs: int, rate: int, seconds: int) -> None:
    files, times = [], []
    for run in range(1, runs + 1):
        spool = folder / half(run, runs) / "runs" / str(run)
        files.append(os.open(spool / "output", os.O_WRONLY | os.O_APPEND))
        times.append(os.open(spool / "times", os.O_WRONLY | os.O_APPEND | os.O_CREAT))
    bell = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    bell.setblocking(False)
    begin = time.monotonic()
    for number in range(rate * (seconds + WARM)):
        time.sleep(max(0.0, begin + number / rate - time.monotonic()))
        for run, file in enumerate(files, 1):
            os.write(file, b"t=%d line %d of a job\n" % (time.time_ns(), number))
            if (number + run) % 2 or number + 1 == rate * (seconds + WARM):  # a supervisor rings for a batch
                os.write(times[run - 1], bytes(16))
                with contextlib.suppress(OSError):
                    bell.sendto(b"%d" % run, str(folder / half(run, runs) / "hint"))
    print("done", flush=True)


async def worker(folder: Path, address: str, first: int, last: int) -> None:
    own = folder / ("one" if first == 1 else "two")
    notifier = LocalNotifier(own / "hint")
    for run in range(first, last + 1):
        spool = own / "runs" / str(run)
        spool.mkdir(parents=True)
        (spool / "output").touch()
    notifier.open()
    shipper = Shipper(Pieces(Connections(Address.of(address))), own / "runs", notifier)
    shipper.open()
    for run in range(first, last + 1):
        shipper.follow(run)
    print("ready", flush=True)
    await asyncio.Event().wait()


async def mirror(folder: Path, address: str, runs: int, rate: int, seconds: int) -> None:
    late: list[float] = []
    first: list[float] = []
    lines = rate * (seconds + WARM)
    read, rest = dict.fromkeys(range(1, runs + 1), 0), dict.fromkeys(range(1, runs + 1), b"")

    def grown(run: int) -> None:
        now = time.time_ns()
        data = mirrored.files.read(run, read[run], 1 << 20)
        read[run] += len(data)
        *whole, rest[run] = (rest[run] + data).split(b"\n")
        for line in whole:
            written, _, number, *_ = line[2:].split()
            (late if int(number) >= rate * WARM else first).append((now - int(written)) / 1e6)

    mirrored = Mirror(Connections(Address.of(address)), folder / "mirror", grown)
    mirrored.open()
    for run in read:
        await mirrored.bring(run, elsewhere=True, over=False)
    print("ready", flush=True)
    end = time.monotonic() + LATEST
    while len(late) + len(first) < runs * lines and time.monotonic() < end:
        await asyncio.sleep(0.5)
        for run in read:
            mirrored.holds(run)
    late.sort()
    found = {"p50": late[len(late) // 2], "p99": late[len(late) * 99 // 100], "first": max(first), "lines": len(late)}
    print(json.dumps({**found, "missing": runs * lines - len(late) - len(first)}), flush=True)
    await asyncio.Event().wait()


async def ship(folder: Path, address: str, run: int, source: Path) -> None:
    spool = folder / "runs" / str(run)
    spool.mkdir(parents=True)
    os.link(source, spool / "output")
    pieces = Pieces(Connections(Address.of(address)))
    pieces.kept([])
    shipper = Shipper(pieces, folder / "runs", LocalNotifier())
    shipper.open()
    begin = time.perf_counter()
    shipper.follow(run)
    await shipper.settled(run)
    print(time.perf_counter() - begin, flush=True)
    await asyncio.Event().wait()


def main() -> None:
    folder, role, *words = sys.argv[1:]
    match role:
        case "writer":
            writer(Path(folder), int(words[0]), int(words[1]), int(words[2]))
        case "worker":
            asyncio.run(worker(Path(folder), words[0], int(words[1]), int(words[2])))
        case "mirror":
            asyncio.run(mirror(Path(folder), words[0], *map(int, words[1:])))
        case _:
            asyncio.run(ship(Path(folder), words[0], int(words[1]), Path(words[2])))


if __name__ == "__main__":
    main()
