"""A result of a run as plain text: what the page draws is written down here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pushbutton.domain.figure_change import Change, change
from pushbutton.domain.result import Figure
from pushbutton.domain.visible import visible
from pushbutton.job.clean import clean

__all__ = ["against", "written"]

_ROWS = 20
_WIDTH = 40  # characters of a cell


def written(data: Mapping[str, Any]) -> str:
    """From what its event says: a line for a figure, several for the others."""
    title = _one_line(data.get("title"))
    match data.get("type"):
        case "figure":
            unit = _one_line(data.get("unit"))
            return f"● {title}: {_cell(data.get('value'))}{' ' if unit else ''}{unit}"
        case "table":
            rows = [[_cell(cell) for cell in row] for row in data["rows"]]
            return "\n".join([f"● {title}", *_table([_cell(name) for name in data["columns"]], rows, data["more"])])
        case "chart":
            head = ["", *(_cell(one["name"]) for one in data["series"])]
            columns = [one["values"] for one in data["series"]]
            rows = [
                [_cell(label), *(_cell(values[at]) for values in columns)] for at, label in enumerate(data["labels"])
            ]
            unit = f" ({_one_line(data['unit'])})" if data["unit"] else ""
            return "\n".join([f"● {title}{unit}", *_table(head, rows, 0)])
        case "text":
            said = visible(clean(str(data["markdown"])), lines=True)
            return "\n".join([f"● {title}", *(f"  {line}" for line in said.split("\n"))])
        case _:
            return f"● {title}"


def against(run: Mapping[str, Any]) -> list[str]:
    """A line for each figure of a run, as the API shows it, that the run before had as well: what became of it."""
    lines = []
    for data in run["results"]:
        if data["type"] != "figure" or not isinstance(data["before"], int | float):
            continue
        now, then = (Figure("", data[key], data["unit"], data["better"]) for key in ("value", "before"))
        if found := change(now, then):
            said = f"{_by(found)} than {_cell(then.value)}" if found.by else "as"
            lines.append(f"{_one_line(data['title'])}: {_cell(now.value)}, {said} in run {run['against']}")
    return lines


def _by(found: Change) -> str:
    """As on the page: "8.3 % more"."""
    form = {"percent": " %", "points": " points", "number": ""}[found.form]
    digits = 6 if found.form == "number" else 0 if found.by >= 100 else 1
    return f"{round(found.by, digits):,.15g}{form} {'more' if found.more else 'less'}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], more: int) -> list[str]:
    shown = [row for row in (head, *rows[:_ROWS]) if any(row)]
    widths = [max(len(row[at]) for row in shown) if shown else 0 for at in range(len(head))]
    lines = ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in shown]
    more += max(0, len(rows) - _ROWS)
    return [line.rstrip() for line in lines] + ([f"  … {more:,} more"] if more else [])


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,}" if abs(value) < 1e15 else f"{value:.3g}"
    text = _one_line(value)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"


def _one_line(value: object) -> str:
    return "" if value is None else visible(" ".join(clean(str(value)).split()))
