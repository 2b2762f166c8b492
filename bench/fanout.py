"""One event to many: what delivering costs, what a watcher costs, and how that grows."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from machine import HERE, Bench, Missing, free_port, load, middle, press, pushbutton, script, spread, started
from output import CLOCK, STATUS
from people import people
from table import Row

SIZES = (100, 1000, 5000)
CROWDS = (10, 100, 1000)
MOST = 10_000
PEOPLE = 200
PAGES = (500, 1000, 5000)  # of people who are signed in
BARRED = 1000  # watchers of which the bars speak, who are measured more often


def ours(bench: Bench, streams: int, *, by: str = "hub", **asked: float) -> dict[str, float]:
    folder, port = bench.new("fanout"), free_port()
    wanted = f"/api/pub?by={by}&" + "&".join(f"{name}={value}" for name, value in asked.items())
    words: list[str | Path] = [sys.executable, HERE / "fanout_server.py", str(port), folder, folder / "data"]
    with started(words, port, log=bench.folder / "fanout.log") as server:
        return load(bench, server, "/api/events", streams, e=asked["events"], T=wanted, d=60)


def limit(bench: Bench, streams: int, **asked: float) -> dict[str, float]:
    return _other(bench, [bench.program("limit")], streams, **asked)


def queues(bench: Bench, streams: int, *more: str, **asked: float) -> dict[str, float]:
    return _other(bench, [sys.executable, HERE / "peer_queue.py"], streams, *more, **asked)


def _other(bench: Bench, words: list[str | Path], streams: int, *more: str, **asked: float) -> dict[str, float]:
    port = free_port()
    wanted = "/pub?" + "&".join(f"{name}={value}" for name, value in asked.items())
    with started([*words, str(port), *more], port, log=bench.folder / "other.log") as server:
        return load(bench, server, "/events", streams, e=asked["events"], T=wanted, d=120)


def each(found: dict[str, float]) -> float:
    """Microseconds of the server's processor per delivered event."""
    return found["cpu_s"] / max(1, found["events"]) * 1e6


def run(bench: Bench) -> Iterator[Row]:
    yield from _against_the_limit(bench)
    yield from _against_queues(bench)
    yield from _memory(bench)


def _against_the_limit(bench: Bench) -> Iterator[Row]:
    bars = {(1000, 1): (0.40, 0.70), (1000, 10): (0.45, 0.75)}
    for streams in SIZES:
        for batch in (1, 10):
            deliveries = (100_000 if bench.quick else 200_000) * (1 if batch == 1 else 4)
            events = max(batch, deliveries // streams)
            pairs = [
                (ours(bench, streams, events=events, batch=batch), limit(bench, streams, events=events, batch=batch))
                for _ in range(bench.rounds if streams == BARRED else 3)
            ]
            lost = sum(mine["gaps"] + mine["failed"] for mine, _ in pairs)
            ratios = [each(theirs) / each(mine) for mine, theirs in pairs]
            mine, theirs = (middle([each(pair[i]) for pair in pairs]) for i in (0, 1))
            wall = middle([b["seconds"] / b["events"] / (a["seconds"] / a["events"]) for a, b in pairs])
            what = "one write per event" if batch == 1 else f"{batch} events a write"
            must, aim = bars.get((streams, batch), (None, None))
            yield Row(
                f"fan-out to {streams:,}, {what}",
                f"{mine:.2g} µs",
                f"{theirs:.2g} µs, C epoll",
                middle(ratios),
                must=must,
                aim=aim,
                more=True,
                note=f"by processor time ({spread(ratios)}); by the clock {wall:.2f}; lost or doubled: {lost:.0f}",
                curve=(
                    "fan-out, share of the limit" + ("" if batch == 1 else ", ten a write"),
                    streams,
                    middle(ratios),
                ),
            )


def _against_queues(bench: Bench) -> Iterator[Row]:
    for watchers in CROWDS:
        yield _thousand_a_second(bench, watchers)
    for streams in SIZES:
        asked: dict[str, Any] = {"events": (50_000 if bench.quick else 150_000) // streams, "batch": 1}
        both = [
            (ours(bench, streams, **asked), queues(bench, streams, **asked))
            for _ in range(3 if streams == BARRED else 1)
        ]
        yield _beside("Starlette with a queue each", streams, both)
    if importlib.util.find_spec("sse_starlette") is None:
        yield Row("fan-out ÷ sse-starlette", "not installed here; ./dev bench installs it")
        return
    for streams in SIZES:
        asked = {"events": (50_000 if bench.quick else 100_000) // streams, "batch": 1}
        both = [
            (ours(bench, streams, **asked), queues(bench, streams, "sse-starlette", **asked))
            for _ in range(2 if streams == BARRED else 1)
        ]
        yield _beside("sse-starlette", streams, both)


def _beside(peer: str, streams: int, both: list[tuple[dict[str, float], dict[str, float]]]) -> Row:
    """How many times as much the peer's processor has to do for each delivered event."""
    ratio = middle([each(theirs) / each(mine) for mine, theirs in both])
    return Row(
        f"fan-out to {streams:,} ÷ {peer}",
        f"{middle([each(mine) for mine, _ in both]):.2g} µs",
        f"{middle([each(theirs) for _, theirs in both]):.2g} µs",
        ratio,
        unit="×",
        more=True,
        curve=(f"fan-out ÷ {peer}", streams, ratio),
    )


def _thousand_a_second(bench: Bench, watchers: int) -> Row:
    """A second of it to a thousand watchers is a million deliveries, for which the others need half a minute."""
    seconds, rounds = (1, 1) if watchers == CROWDS[-1] else (3, 1 if bench.quick or watchers == CROWDS[0] else 3)
    asked: dict[str, Any] = {"events": 1000 * seconds, "batch": 1, "rate": 1000}
    folder = bench.new("thousand")
    script(folder, "thousand.py", CLOCK.format(rate=1000, count=1000 * seconds, say=STATUS))
    pairs = []
    for _ in range(rounds):
        with pushbutton(folder) as server:
            number = press(server, "thousand")
            mine = load(bench, server, f"/api/runs/{number}/events", watchers, E=True, d=60, w=0)
        pairs.append((mine, queues(bench, watchers, **asked)))
    c = limit(bench, watchers, **asked)["cpu_s"] / seconds
    us, them = (middle([pair[i]["cpu_s"] / seconds for pair in pairs]) for i in (0, 1))
    lost = sum(pair[0]["gaps"] for pair in pairs)
    ratio = us / them
    barred = watchers == CROWDS[1]
    return Row(
        f"1,000 reports/s of a job to {watchers:,} watchers, processor",
        f"{us:.0%} of a core",
        f"{them:.0%}, Starlette with a queue each",
        ratio,
        must=0.25 if barred else None,
        aim=0.13 if barred else None,
        note=f"ours has each report on the disk first and sends it by the 20 ms; p50 {pairs[0][0]['p50_ms']:.0f} and "
        f"{pairs[0][1]['p50_ms']:.0f} ms; C epoll {c:.0%}; missing or doubled: {lost:.0f}",
        curve=("1,000 reports a second, processor ÷ Starlette with a queue each", watchers, ratio),
    )


def _memory(bench: Bench) -> Iterator[Row]:
    for streams in (100, 1000, MOST):
        port, folder = free_port(), bench.new("fanout")
        with started([sys.executable, HERE / "fanout_server.py", str(port), folder, folder / "data"], port) as server:
            load(bench, server, "/api/events", 20, e=0, d=0.3)  # what the first ones make is not theirs
            found = load(bench, server, "/api/events", streams, e=1, T="/api/pub?by=store&events=1&batch=1", d=30)
        kb = (found["open_kb"] - found["empty_kb"]) / streams
        if streams == MOST:
            yield Row(
                f"{MOST:,} connections on one process",
                f"{found['finished']:,.0f} got the event",
                f"opened in {found['open_s']:.1f} s",
                found["finished"] / MOST,
                must=1.0,
                more=True,
                note=f"the last one after {found['max_ms']:.0f} ms; memory {found['open_kb'] / 1024:.0f} MB in all",
            )
        bars = (12, 10) if streams > 100 else (None, None)
        yield Row(
            f"memory per watcher, {streams:,} watchers",
            "",
            "",
            kb,
            " kB",
            must=bars[0],
            aim=bars[1],
            curve=("memory per watcher, kB", streams, kb),
        )
    for streams in PAGES:
        yield _memory_of_people(bench, streams)


def _memory_of_people(bench: Bench, streams: int) -> Row:
    """What a page of somebody who is signed in takes: a permit for each person, a drawing for each audience."""
    port, folder = free_port(), bench.new("people")
    cookies = folder / "cookies"
    cookies.write_text("".join(f"{one}\n" for one in people(folder / "data", PEOPLE)))
    path = "/api/events?hello=1&topics=runs,patch:tasks"
    with started([sys.executable, HERE / "fanout_server.py", str(port), folder, folder / "data"], port) as server:
        load(bench, server, path, 20, d=0.3, c=cookies)
        found = load(bench, server, path, streams, d=1, c=cookies)
    if found["opened"] < streams:
        raise Missing(f"only {found['opened']:.0f} of {streams:,} streams were opened by people who are signed in")
    kb = (found["open_kb"] - found["empty_kb"]) / streams
    return Row(
        f"memory per watcher, {streams:,} signed in as {PEOPLE}",
        "",
        "",
        kb,
        " kB",
        must=12,
        aim=10,
        note=f"the stream of the front page; people of three roles, {streams / PEOPLE:g} pages each",
        curve=("memory per watcher who is signed in, kB", streams, kb),
    )
