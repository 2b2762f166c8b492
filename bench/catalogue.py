"""Many scripts: until 1,500 are read, cold and from what is kept of them; the page of tasks, and a search."""

from __future__ import annotations

import http.client
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from machine import Bench, Missing, Server, middle, pushbutton, until
from table import Row

SCRIPTS = 1_500
MANY = 5_000
GROUPS = 30
SHELL = """#!/bin/sh
# Copies the files of the {n}th shop to the archive.
set -eu
echo "copied {n}"
"""
ARGPARSE = '''#!/usr/bin/env python3
"""Move the orders of shop {n} to another till."""
import argparse
import sys


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shop", help="The shop whose orders move")
    parser.add_argument("--till", type=int, default={n}, help="Number of the till")
    parser.add_argument("--speed", choices=["slow", "usual", "fast"], default="usual")
    parser.add_argument("--dry-run", action="store_true", help="Say what would be done")
    parser.add_argument("-v", "--verbose", action="count", default=0)
    print(parser.parse_args())
    return 0


if __name__ == "__main__":
    sys.exit(main())
'''
CLICK = '''#!/usr/bin/env python3
import click


@click.command()
@click.argument("customer")
@click.option("--count", default={n}, help="How many letters")
@click.option("--loud/--quiet", default=False)
def letters(customer: str, count: int, loud: bool) -> None:
    """Print the letters of customer {n}."""
    click.echo(customer * count)


if __name__ == "__main__":
    letters()
'''
TYPER = '''#!/usr/bin/env python3
import typer


def main(name: str, day: int = {n}, formal: bool = False) -> None:
    """Greet the {n}th guest."""
    print(name, day, formal)


if __name__ == "__main__":
    typer.run(main)
'''
KINDS = {"copy": SHELL, "move": ARGPARSE, "shift": ARGPARSE, "letters": CLICK, "sort": ARGPARSE, "greet": TYPER}


def run(bench: Bench) -> Iterator[Row]:
    folder = bench.new("catalogue")
    fill(folder / "tasks", SCRIPTS)
    cold, kept = list[float](), list[float]()
    rounds = 1 if bench.quick else 3
    for number in range(rounds):
        if (
            folder / "data"
        ).exists():  # put aside: to remove thousands of files slows down ext4 where it makes new ones
            (folder / "data").rename(folder / f"data-{number}")
        cold.append(_read(folder, SCRIPTS))
        kept.append(_read(folder, SCRIPTS))
    with pushbutton(folder, pin=False) as server:
        _whole(server, SCRIPTS)
        for path in ("/", "/?group=Area+7", "/?q=letters"):
            taken = [_page(server, path)[0] for _ in range(20)]
            yield _row(f"{SCRIPTS:,} scripts, first byte of {path}", taken, 0.3)
    yield _row(f"{SCRIPTS:,} scripts, from a start until all are read", cold, 3)
    yield _row(f"{SCRIPTS:,} scripts, the same with what is kept of them", kept, 3)
    many = bench.new("catalogue-many")
    fill(many / "tasks", MANY)
    with pushbutton(many, pin=False) as server:
        _whole(server, MANY)
        words = ("letters", "move 12", "greet guest 3", "nowhere")
        taken = [_page(server, f"/?q={word.replace(' ', '+')}")[0] for word in words * 5]
        yield _row(f"{MANY:,} tasks, a search is answered", taken, 0.1)
        yield from _typed(bench, server)


def _typed(bench: Bench, server: Server) -> Iterator[Row]:
    """The same in a browser, from the key."""
    try:
        import log_browser  # noqa: PLC0415  needs Playwright
        import search_browser  # noqa: PLC0415
    except ImportError:
        return
    if not Path(log_browser.CHROMIUM).exists():
        return
    found = search_browser.answers(server, 1 if bench.quick else 3)
    page = middle([one.page for one in found]) * 1000
    row = _row(f"{MANY:,} tasks, from a key to what it finds on the page", [one.wall for one in found], 0.1)
    yield replace(row, note=f"{row.note}; processor time of the page {page:.0f} ms; load {os.getloadavg()[0]:.1f}")


def _row(figure: str, seconds: Sequence[float], must: float) -> Row:
    note = f"slowest of {len(seconds)}: {max(seconds) * 1000:.0f} ms" if len(seconds) > 1 else ""
    return Row(figure, f"{middle(seconds) * 1000:.0f} ms", "", middle(seconds), " s", must, note=note)


def fill(root: Path, count: int) -> None:
    """Scripts that differ, in groups."""
    names = list(KINDS)
    for number in range(count):
        name = names[number % len(names)]
        kind = KINDS[name]
        path = root / f"area-{number % GROUPS}" / f"{name}-{number}{'.sh' if kind is SHELL else '.py'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(kind.replace("{n}", str(number)))
        path.chmod(0o755)


def _read(folder: Path, count: int) -> float:
    """Seconds from the start of a server until it has read everything."""
    begin = time.perf_counter()
    with pushbutton(folder, pin=False) as server:
        _whole(server, count)
        return time.perf_counter() - begin


def _whole(server: Server, count: int) -> None:
    """Wait until it has read everything, without asking so often that this costs it much."""

    def read() -> bool:
        time.sleep(0.2)
        page = _page(server, "/")[1]
        counts = re.findall(rb"</span><b>([\d,]+)</b></a>", page)  # of each group
        return b"still being read" not in page and sum(int(one.replace(b",", b"")) for one in counts) == count

    until(read, f"{count:,} scripts are read", 120)


def _page(server: Server, path: str) -> tuple[float, bytes]:
    """(seconds until the first byte of the answer, all of it)."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        begin = time.perf_counter()
        connection.request("GET", path, headers={"Accept": "text/html"})
        answer = connection.getresponse()
        first = time.perf_counter() - begin
        text = answer.read()
    if answer.status != 200:
        raise Missing(f"{path} answered {answer.status}")
    return first, text
