"""Where the parts of a chart lie: across in per cent of its width, down in pixels: text keeps its size. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pushbutton.domain.result import Chart, Series

HEIGHT: Final = 200
"""Of the plot of a line chart, without the names below it."""
WIDTH: Final = 1000
"""Of the box in which its lines are drawn, which is stretched."""
_NAMES = 5  # below a line chart
_STEPS = (1, 2, 2.5, 5, 10)
_BESIDE = 12  # characters of a name that has its place beside its bar; a longer one stands above
_BAR = 20  # pixels of one bar
_ROW = 26  # of all that is not a bar in a row with the name beside it


@dataclass(frozen=True, slots=True)
class Tick:
    value: float
    y: float
    base: bool  # it is zero


@dataclass(frozen=True, slots=True)
class Point:
    x: float  # per cent
    y: float
    value: float
    number: int  # of the series


@dataclass(frozen=True, slots=True)
class Lines:
    """A line chart."""

    ticks: tuple[Tick, ...]
    paths: tuple[str, ...]  # one for each series
    area: str  # below the first one
    names: tuple[tuple[float, str, str], ...]  # x, name, anchor
    alone: tuple[Point, ...]  # values with a gap on both sides
    top: Point | None  # the highest of the first series


@dataclass(frozen=True, slots=True)
class Bar:
    x: float  # per cent of the bars' room, as the others
    width: float
    y: float
    value: int | float | None
    number: int  # of the series

    @property
    def end(self) -> float:
        return self.x + self.width


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    y: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar chart: a row for each name."""

    rows: tuple[Row, ...]
    beside: bool  # the names stand beside the bars, not above
    zero: float  # per cent
    row: float  # height of one
    height: float


def lines(chart: Chart) -> Lines:
    low, high, step = _scale(chart.series, of=3)
    count = len(chart.labels)

    def x(at: int) -> float:
        return round(at / (count - 1) * 100, 2) if count > 1 else 50.0

    def y(value: float) -> float:
        return round((high - value) / (high - low) * HEIGHT, 1)

    steps = round((high - low) / step)
    ticks = [low + number * step for number in range(steps + 1)]
    paths, alone = [], list[Point]()
    for number, one in enumerate(chart.series, 1):
        parts = []
        for piece in _pieces(one.values):
            if len(piece) == 1 or count == 1:
                alone += [Point(x(at), y(value), value, number) for at, value in piece]
            else:
                parts.append("M" + "L".join(f"{x(at) * WIDTH / 100:g} {y(value):g}" for at, value in piece))
        paths.append("".join(parts))
    shown = range(0, count, max(1, math.ceil((count - 1) / (_NAMES - 1)) if count > _NAMES else 1))
    anchors = {0: "start", count - 1: "end"} if count > 1 else {}
    return Lines(
        tuple(Tick(round(value, 10), y(value), abs(value) < step / 2) for value in ticks),
        tuple(paths), _area(chart.series[0], x, y, y(max(low, min(0.0, high)))),
        tuple((x(at), chart.labels[at], anchors.get(at, "middle")) for at in shown), tuple(alone),
        _top(chart.series[0], x, y),
    )  # fmt: skip


def bars(chart: Chart) -> Bars:
    low, high, _ = _scale(chart.series, of=4, exact=True)
    beside = all(len(name) <= _BESIDE for name in chart.labels)
    above = 0 if beside else 22
    row = above + _BAR * len(chart.series) + _ROW - (0 if beside else 8)

    def x(value: float) -> float:
        return round((value - low) / (high - low) * 100, 2)

    rows = []
    for at, name in enumerate(chart.labels):
        made = []
        for number, one in enumerate(chart.series, 1):
            value = one.values[at]
            ends = sorted((x(0), x(value or 0)))
            y = above + (_ROW / 2 if beside else 4) + (number - 1) * _BAR
            made.append(Bar(ends[0], round(ends[1] - ends[0], 2), y, value, number))
        rows.append(Row(name, at * row, tuple(made)))
    return Bars(tuple(rows), beside, x(0), row, row * len(rows))


def _scale(series: Sequence[Series], of: int, *, exact: bool = False) -> tuple[float, float, float]:
    """(lowest, highest, step), with zero among them; `exact`: the ends are those of the values."""
    values = [float(value) for one in series for value in one.values if value is not None] or [0.0]
    low, high = min(0.0, *values), max(0.0, *values)
    if low == high:
        high = 1.0
    if exact:
        return low, high, high - low
    rough = (high - low) / of
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(one * power for one in _STEPS if one * power >= rough * 0.999999)
    return math.floor(low / step) * step, math.ceil(high / step) * step, step


def _pieces(values: Sequence[float | None]) -> Iterator[list[tuple[int, float]]]:
    """The parts between two gaps."""
    piece: list[tuple[int, float]] = []
    for at, value in enumerate([*values, None]):
        if value is not None:
            piece.append((at, value))
        elif piece:
            yield piece
            piece = []


def _area(one: Series, x: Callable[[int], float], y: Callable[[float], float], base: float) -> str:
    drawn = []
    for piece in _pieces(one.values):
        if len(piece) > 1:
            line = "L".join(f"{x(at) * WIDTH / 100:g} {y(value):g}" for at, value in piece)
            first, last = (f"{x(piece[end][0]) * WIDTH / 100:g} {base:g}" for end in (0, -1))
            drawn.append(f"M{first}L{line}L{last}Z")
    return "".join(drawn)


def _top(one: Series, x: Callable[[int], float], y: Callable[[float], float]) -> Point | None:
    known = [(value, -at) for at, value in enumerate(one.values) if value is not None]
    if len(known) < 2:
        return None
    value, back = max(known)
    return Point(x(-back), y(value), value, 1)
