"""The results of a run as cards, in the order in which its job gave them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from markupsafe import Markup

from pushbutton.domain.figure_change import Change, change
from pushbutton.domain.result import Cell, Chart, Figure, File, Result, Table, Text
from pushbutton.runtime.results import Before

from . import chart_layout

ROWS: Final = 200
"""Of a table, on the page."""
_SMALL = 12  # bars of a chart that needs half of the page only


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure with what became of it."""

    figure: Figure
    change: Change | None


@dataclass(frozen=True, slots=True)
class Preview:
    """The view of a file: a table, a text or the picture that it is."""

    file: File
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    more: int = 0  # rows that are not shown
    whole: bool = True  # otherwise there are more than that, and nobody has counted them
    prose: Markup | None = None


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    numbers: bool  # and nothing else
    digits: int  # behind the point, at most


@dataclass(frozen=True, slots=True)
class Grid:
    """A table, as far as it is shown."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    more: int = 0  # rows that are not shown
    whole: bool = True  # otherwise nobody has counted how many more there are


@dataclass(frozen=True, slots=True)
class ResultCard:
    """Of one result, or of figures that follow each other. It has what its content needs."""

    title: str
    wide: bool = True
    place: int = 0  # of its result among all, from 1
    figures: tuple[Shown, ...] = ()
    grid: Grid | None = None
    chart: Chart | None = None
    lines: chart_layout.Lines | None = None
    bars: chart_layout.Bars | None = None
    text: Text | None = None
    preview: Preview | None = None


def cards(results: Sequence[Result], previews: Sequence[Preview], before: Before | None) -> list[ResultCard]:
    """Figures that follow each other are one card. Of files only those that have a preview are among them."""
    seen = {preview.file.name: preview for preview in previews}
    made: list[ResultCard] = []
    for place, result in enumerate(results, 1):
        if isinstance(result, Figure):
            shown = Shown(result, _change(result, before))
            if made and made[-1].figures:
                made[-1] = replace(made[-1], figures=(*made[-1].figures, shown))
            else:
                made.append(ResultCard("", figures=(shown,)))
        elif isinstance(result, Table):
            rows = result.rows[:ROWS]
            grid = _grid(result.columns, rows, result.more + len(result.rows) - len(rows))
            made.append(ResultCard(result.title, place=place, grid=grid))
        elif isinstance(result, Chart):
            made.append(_chart(result))
        elif isinstance(result, Text):
            made.append(ResultCard(result.title, text=result))
        elif preview := seen.get(result.name):
            made.append(_file(result, preview))
    return _paired(made)


def _paired(made: Sequence[ResultCard]) -> list[ResultCard]:
    """A card that would stand alone in its row gets the whole of it."""
    placed: list[ResultCard] = []
    left = False  # whether the last one stands in the left half
    for card in made:
        if card.wide and left:
            placed[-1] = replace(placed[-1], wide=True)
        left = not card.wide and not left
        placed.append(card)
    if left:
        placed[-1] = replace(placed[-1], wide=True)
    return placed


def _chart(chart: Chart) -> ResultCard:
    if chart.form == "bar":
        return ResultCard(chart.title, wide=len(chart.labels) > _SMALL, chart=chart, bars=chart_layout.bars(chart))
    return ResultCard(chart.title, chart=chart, lines=chart_layout.lines(chart))


def _file(file: File, preview: Preview) -> ResultCard:
    if preview.head:
        grid = _grid(preview.head, preview.rows, preview.more, whole=preview.whole)
        return ResultCard(file.title, grid=grid, preview=preview)
    return ResultCard(file.title, wide=not file.picture, preview=preview)


def _grid(columns: Sequence[str], rows: Sequence[Sequence[Cell]], more: int, *, whole: bool = True) -> Grid:
    held = tuple(tuple(row[: len(columns)]) for row in rows)
    return Grid(tuple(_column(name, at, held) for at, name in enumerate(columns)), held, more, whole)


def _column(name: str, at: int, rows: Sequence[Sequence[Cell]]) -> Column:
    numbers = any(_filled(row, at) for row in rows) and all(_is_number(row, at) for row in rows)
    parts = [cell for row in rows for cell in row[at : at + 1] if isinstance(cell, float)]
    digits = [len(f"{cell:.6f}".rstrip("0").partition(".")[2]) for cell in parts]
    return Column(name, numbers, max(digits, default=0))


def _filled(row: Sequence[Cell], at: int) -> bool:
    return at < len(row) and row[at] not in (None, "")


def _is_number(row: Sequence[Cell], at: int) -> bool:
    """Or nothing at all. In a file a number is a text."""
    if not _filled(row, at):
        return True
    cell = row[at]
    if isinstance(cell, str):
        return cell.strip().lstrip("+-−").replace(",", "").replace(".", "").isdecimal()
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _change(figure: Figure, before: Before | None) -> Change | None:
    other = before.figures.get(figure.title) if before else None
    return change(figure, other) if other else None
