"""How fast numbered lines are: `python bench/lines.py [folder]` prints one table.

`seq`: a million short lines. `colour`: a million lines of a coloured log. `bar`: one line, rewritten 100,000 times.
`mixed`: 200,000 lines with a rewritten one among five. `no end`: 256 MB without a newline. `1 GiB`: log lines.
Peak memory is that of a process of its own, less what it had before it began.
"""

from __future__ import annotations

import asyncio
import json
import random
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from pushbutton.adapters.output import LogFolder
from pushbutton.runtime.log.reader import LineReader

PAGES = 300


def seq() -> Iterator[bytes]:
    for start in range(1, 1_000_001, 1000):
        yield b"".join(b"%d\n" % number for number in range(start, start + 1000))


def colour() -> Iterator[bytes]:
    line = b"\x1b[32m2026-11-23 10:00:00\x1b[0m \x1b[1;34mINFO\x1b[0m worker.%d: did \x1b[4ma thing\x1b[24m number %d\n"
    for start in range(1, 1_000_001, 1000):
        yield b"".join(line % (number % 7, number) for number in range(start, start + 1000))


def bar() -> Iterator[bytes]:
    for done in range(100_000):
        filled = "█" * (done // 2000)
        yield f"\r{done // 1000:3d}%|{filled:50}| {done}/100000 [00:01<00:00, 123.4it/s]".encode()
    yield b"\ndone\n"


def mixed() -> Iterator[bytes]:
    for number in range(200_000):
        yield b"\r 10%%\r 50%%\r100%% of %d\n" % number if number % 5 == 0 else b"a line of text, number %d\n" % number


def endless() -> Iterator[bytes]:
    for _ in range(256):
        yield b"x" * 1_000_000


def gibibyte() -> Iterator[bytes]:
    block = b"".join(
        b"2026-11-23 10:00:00 INFO worker.%d: did a thing, number %d\n" % (n % 7, n) for n in range(20_000)
    )
    for _ in range((1 << 30) // len(block)):
        yield block


STREAMS = {"seq": seq, "colour": colour, "bar": bar, "mixed": mixed, "no end": endless, "1 GiB": gibibyte}


def write(folder: Path, pieces: Iterator[bytes]) -> int:
    """The stream with a time for each 64 KiB or so; its size."""
    offset = last = 0
    with (folder / "output").open("wb") as output, (folder / "times").open("wb") as times:
        times.write(struct.pack("<QQ", 0, 1_700_000_000_000_000))
        for piece in pieces:
            output.write(piece)
            offset += len(piece)
            if offset - last >= 65_536:
                times.write(struct.pack("<QQ", offset, 1_700_000_000_000_000 + offset))
                last = offset
    return offset


def peak(*, reset: bool = False) -> float:
    """The most memory that this process had since the last reset, in MB. Linux."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:", 1)[1].split()[0]) / 1024


def megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.glob("lines*")) / 1e6


async def measure(folder: Path) -> dict[str, float]:
    before = peak(reset=True)
    reader = LineReader(LogFolder(folder))
    started, cpu = time.perf_counter(), time.process_time()
    total = (await reader.lines(-1, 1, final=True)).total
    result: dict[str, float] = {"lines": total, "build": time.perf_counter() - started}
    result["cpu"] = time.process_time() - cpu
    result["memory"] = peak() - before
    chance = random.Random(1)
    taken = []
    for _ in range(PAGES):
        start = chance.randrange(1, max(2, total - 200))
        started = time.perf_counter()
        await reader.lines(start, 200, final=True)
        taken.append(time.perf_counter() - started)
    taken.sort()
    result["p50"], result["p99"] = taken[PAGES // 2] * 1000, taken[PAGES * 99 // 100] * 1000
    for name, query in (("rare", "number 999999"), ("none", "nothing like it"), ("every", "1")):
        started = time.perf_counter()
        await reader.search(query, limit=20)
        result[name] = time.perf_counter() - started
    await reader.close()
    result["files"] = megabytes(folder)
    again = LineReader(LogFolder(folder))
    started = time.perf_counter()
    await again.lines(total // 2, 200, final=True)
    result["cold"] = (time.perf_counter() - started) * 1000
    await again.close()
    return result


def main() -> None:
    if len(sys.argv) > 2:
        print(json.dumps(asyncio.run(measure(Path(sys.argv[2])))))
        return
    print(f"{'':8} {'MB':>6} {'lines':>9} {'build s':>8} {'cpu s':>6} {'+MB':>5} {'p50 ms':>7} {'p99 ms':>7}", end="")
    print(f" {'rare s':>7} {'none s':>7} {'every s':>7} {'files MB':>8} {'cold ms':>7}")
    for name, pieces in STREAMS.items():
        with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
            size = write(Path(folder), pieces())
            child = subprocess.run([sys.executable, __file__, "-", folder], capture_output=True, check=True)
            got = json.loads(child.stdout)
        print(f"{name:8} {size / 1e6:6.0f} {got['lines']:9.0f} {got['build']:8.2f} {got['cpu']:6.2f}", end="")
        print(
            f" {got['memory']:5.0f} {got['p50']:7.2f} {got['p99']:7.2f} {got['rare']:7.2f} {got['none']:7.2f}", end=""
        )
        print(f" {got['every']:7.2f} {got['files']:8.1f} {got['cold']:7.1f}", flush=True)


if __name__ == "__main__":
    main()
