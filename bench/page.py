"""docs/performance.md: the table between its markers, and a picture for each curve.

When only parts were measured, what was not stays, and so does the line on the machine, which is about the whole table.
"""

from __future__ import annotations

import datetime as dt
import math
import os
import platform
from collections.abc import Sequence
from pathlib import Path

from table import Row, markdown

DOCS = Path(__file__).resolve().parent.parent / "docs"
BEGIN, END = "<!-- the table: made by ./dev bench --write -->", "<!-- end of the table -->"
WIDE, HIGH, LEFT, TOP, BELOW = 460, 220, 56, 34, 34
STYLE = """<style>
text { font: 12px system-ui, sans-serif; fill: #444 } .title { font-weight: 600; fill: #222 }
.grid { stroke: #8884; stroke-width: 1 } .line { stroke: #2563eb; stroke-width: 2; fill: none } .dot { fill: #2563eb }
@media (prefers-color-scheme: dark) {
  text { fill: #bbb } .title { fill: #eee } .line { stroke: #7aa5ff } .dot { fill: #7aa5ff }
}
</style>"""


def write(rows: Sequence[Row], *, load: float, quick: bool, whole: bool) -> None:
    pictures = DOCS / "pictures" / "performance"
    pictures.mkdir(parents=True, exist_ok=True)
    curves: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        if row.curve:
            name, x, y = row.curve
            curves.setdefault(name, []).append((x, y))
    shown = []
    for name, points in curves.items():
        file = pictures / f"{_slug(name)}.svg"
        file.write_text(curve(name, sorted(points)))
        shown.append(
            f"![{name}: {', '.join(f'{x:g} → {y:.3g}' for x, y in sorted(points))}](pictures/performance/{file.name})"
        )
    facts = (
        f"Last measured on {dt.datetime.now(dt.UTC):%Y-%m-%d} with {os.cpu_count()} cores ({_processor()}), "
        f"Linux {platform.release()}, Python {platform.python_version()}"
        + (", `--quick`." if quick else ".")
        + f" The machine's load was {load:.1f} when it began."
    )
    page = DOCS / "performance.md"
    text = page.read_text()
    head, rest = text.split(BEGIN)
    old, tail = rest.split(END)
    known = [line for line in old.splitlines() if line.startswith("Last measured")]
    if whole:
        old = ""
        for file in set(pictures.glob("*.svg")) - {pictures / f"{_slug(name)}.svg" for name in curves}:
            file.unlink()
    elif known:
        facts = known[0]
    table = list(markdown(rows))
    lines = [*table[:2], *_merged(old, table[2:], "| "), "", *_merged(old, shown, "![")]
    page.write_text("\n".join([head + BEGIN, "", facts, "", *lines, "", END]) + tail)


def _merged(old: str, new: Sequence[str], start: str) -> list[str]:
    """The page's lines that begin like this, with the new ones in the places of those about the same figure."""

    def about(line: str) -> str:
        return line.removeprefix(start).split("<br>")[0].split(" | ")[0].split(":")[0]

    lines = {about(line): line for line in old.splitlines() if line.startswith(start)}
    lines.pop("figure", None)
    lines.pop("---", None)
    return list((lines | {about(line): line for line in new}).values())


def curve(name: str, points: Sequence[tuple[float, float]]) -> str:
    """Sizes on a logarithmic scale from left to right, values from 0 upwards."""
    xs, ys = [math.log10(x) for x, _ in points], [y for _, y in points]
    low, high = min(xs), max(*xs, min(xs) + 1e-9)
    top = _round_up(max(ys))

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            LEFT + (x - low) / (high - low) * (WIDE - LEFT - 30),
            TOP + (1 - y / top) * (HIGH - TOP - BELOW),
        )

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" width="{WIDE}" role="img">']
    parts += [f"<title>{name}</title>", STYLE, f'<text class="title" x="8" y="18">{name}</text>']
    for part in range(5):
        y = top * part / 4
        _, at = place(low, y)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDE - 20}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{y:.3g}</text>')
    spots = [place(x, y) for x, y in zip(xs, ys, strict=True)]
    parts.append('<polyline class="line" points="' + " ".join(f"{x:.1f},{y:.1f}" for x, y in spots) + '"/>')
    for (x, y), (size, value) in zip(spots, points, strict=True):
        parts.append(
            f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{size:g}: {value:.3g}</title></circle>'
        )
        parts.append(f'<text x="{x:.1f}" y="{HIGH - 12}" text-anchor="middle">{size:,.0f}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _round_up(value: float) -> float:
    unit = 10 ** math.floor(math.log10(value)) if value > 0 else 1
    return next(unit * step for step in (1, 2, 4, 5, 8, 10) if value <= unit * step)


def _slug(name: str) -> str:
    kept = "".join(letter if letter.isalnum() else "-" for letter in name.lower())
    return "-".join(filter(None, kept.split("-")))


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
