"""Measure, and print one table: `./dev bench [NAME …] [--quick] [--write]`.

Names: fanout, output, press, runs, gate, history, catalogue, crowd, browser, shipping, appends, nodes, schedules.
Without one, all of them. `--quick` takes fewer rounds and smaller sizes; `--write` puts the table and its curves into
docs/performance.md. SCRIPT_SERVER=/path/to/checkout has it measured beside us; sse-starlette is, where it is installed,
which `./dev bench` sees to. How many seconds each part took stands below the table.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import appends
import browser
import catalogue
import crowd
import fanout
import gate
import history
import nodes
import output
import page
import press
import runs
import schedules
import shipping
from machine import Bench, Missing
from table import Row, text

FIGURES: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "fanout": fanout.run,
    "output": output.run,
    "press": press.run,
    "runs": runs.run,
    "gate": gate.run,
    "history": history.run,
    "catalogue": catalogue.run,
    "crowd": crowd.run,
    "browser": browser.run,
    "shipping": shipping.run,
    "appends": appends.run,
    "nodes": nodes.run,
    "schedules": schedules.run,
}


def main() -> int:
    words = sys.argv[1:]
    if "--help" in words:
        print(__doc__)
        return 0
    flags = {word for word in words if word.startswith("-")}
    names = [word for word in words if word not in flags] or list(FIGURES)
    if flags - {"--quick", "--write"} or set(names) - set(FIGURES):
        print(__doc__)
        return 2
    rows: list[Row] = []
    took: dict[str, float] = {}
    load = os.getloadavg()[0]  # before ours
    with tempfile.TemporaryDirectory(prefix="pushbutton-bench-") as folder:
        bench = Bench(Path(folder), "--quick" in flags)
        for name in names:
            begin = time.monotonic()
            try:
                for row in FIGURES[name](bench):
                    rows.append(row)
                    print(f"  {row.figure}: {' '.join(filter(None, row.cells()[1:]))}", file=sys.stderr, flush=True)
            except Missing as missing:
                rows.append(Row(name, str(missing)))
                print(f"  {name}: {missing}", file=sys.stderr)
            took[name] = time.monotonic() - begin
            print(f"{name}: {took[name]:.0f} s", file=sys.stderr, flush=True)
    print("\n".join(text(rows)))
    parts = ", ".join(f"{name} {seconds:.0f}" for name, seconds in took.items())
    print(f"\nSeconds: {sum(took.values()):.0f} in all ({parts})")
    if "--write" in flags:
        page.write(rows, load=load, quick="--quick" in flags, whole=set(names) == set(FIGURES))
    return 1 if any(row.verdict == "SHORT" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
