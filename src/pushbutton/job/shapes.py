"""The shapes of results in a job's reports and files; `read` checks one and gives what is kept.

    {"type": "figure", "title": "Orders", "value": 1204, "unit": "", "better": "more"}
    {"type": "table", "title": "Differences", "columns": ["Order", "Shop"], "rows": [["A-771204", 1204.0]]}
    {"type": "chart", "title": "Sales per day", "form": "line", "labels": ["1 Oct", "2 Oct"], "unit": "€",
     "series": [{"name": "October", "values": [36, 39]}]}
    {"type": "text", "title": "Notes", "markdown": "**Nothing** unusual."}

Of a table, `rows` may be objects as well: then its columns are their keys. `better` is "more" or "less", `form` "line"
or "bar". A value that is no finite number is a gap in a chart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .clean import clean

__all__ = ["BARS", "COLUMNS", "POINTS", "ROWS", "SERIES", "of_value", "read"]

Shape = dict[str, Any]
"""A kept result: as above, with all of its keys; a table also has `more`, the rows that are not kept. Or
{"refused": why, "title": …}, where why is one of `_REFUSALS`.
"""

ROWS = 1000
"""Of a table, in a report. In a file there may be as many as one likes."""
COLUMNS = 30
SERIES = 4
"""Of a chart: as many as can be told apart by their shape."""
POINTS = 1000
BARS = 60

_TITLE = 200  # characters, of names as well
_UNIT = 20
_CELL = 500
_TEXT = 50_000
_FIGURES = 12  # in a value that says of itself no more than names and numbers
_LONGEST = 60  # characters of a figure that is a text
_LARGEST = 1e300
_REFUSALS = ("type", "value", "rows", "columns", "series", "points", "bars", "text")


def read(data: Mapping[str, Any]) -> list[Shape]:
    """The results that a report names, at least one: of what is none that there is, it says so."""
    nothing = [{"refused": "type", "title": _title(data)}]
    if "json" in data:
        return of_value(data["json"], _title(data)) or nothing
    if data.get("refused") in _REFUSALS:  # it was read where the job is, and is read again behind it
        return [{"refused": data["refused"], "title": _title(data)}]
    reader = _READERS.get(data["type"]) if isinstance(data.get("type"), str) else None
    return [reader(data)] if reader else nothing


def of_value(value: Any, title: str = "") -> list[Shape]:
    """A plain value as results: one of those above, or a list of them; names with numbers are figures, a list of
    objects is a table. None where it is nothing of the kind.
    """
    if isinstance(value, Mapping):
        return read({"title": title, **value}) if _is_shape(value) else _figures(value)
    if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        if all(map(_is_shape, value)):
            return [shape for one in value for shape in read({"title": title, **one})]
        if any(value) and all(_plain(cell) for one in value for cell in one.values()):
            return [_table({"title": title, "rows": value})]
    return []


def _is_shape(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("type"), str) and value["type"] in _READERS


def _figures(value: Mapping[str, Any]) -> list[Shape]:
    short = all(_plain(one) and (not isinstance(one, str) or len(one) <= _LONGEST) for one in value.values())
    if not 1 <= len(value) <= _FIGURES or not short or not any(_is_number(one) for one in value.values()):
        return []
    return [_figure({"title": title, "value": one}) for title, one in value.items() if one is not None]


def _figure(data: Mapping[str, Any]) -> Shape:
    title, value, better = _title(data), data.get("value"), data.get("better")
    if isinstance(value, bool) or not isinstance(value, int | float | str) or value == "":
        return {"refused": "value", "title": title}
    if not isinstance(value, str):
        number = _number(value)
        value = str(value)[:_LONGEST] if number is None else number
    else:
        value = _text(value, _LONGEST)
    unit = _text(data.get("unit"), _UNIT)
    return {
        "type": "figure", "title": title, "value": value, "unit": unit,
        "better": better if better in ("more", "less") else "",
    }  # fmt: skip


def _table(data: Mapping[str, Any]) -> Shape:
    title, rows, columns = _title(data), data.get("rows"), data.get("columns")
    if not isinstance(rows, list) or not all(isinstance(row, list | Mapping) for row in rows):
        return {"refused": "rows", "title": title}
    if not isinstance(columns, list):
        columns = list(dict.fromkeys(key for row in rows if isinstance(row, Mapping) for key in row))
    if not 1 <= len(columns) <= COLUMNS:
        return {"refused": "columns", "title": title}
    kept = [
        [_cell(row.get(column)) for column in columns]
        if isinstance(row, Mapping)
        else [_cell(cell) for cell in [*row, *[None] * len(columns)][: len(columns)]]
        for row in rows[:ROWS]
    ]
    more = data.get("more")
    more = more if isinstance(more, int) and not isinstance(more, bool) and 0 <= more < 10**12 else 0
    return {
        "type": "table", "title": title, "columns": [_text(str(name), _TITLE) for name in columns], "rows": kept,
        "more": more + max(0, len(rows) - ROWS),
    }  # fmt: skip


def _chart(data: Mapping[str, Any]) -> Shape:
    title, series, labels = _title(data), data.get("series"), data.get("labels")
    form = "bar" if data.get("form") == "bar" else "line"
    if not isinstance(series, list) or not 1 <= len(series) <= SERIES:
        return {"refused": "series", "title": title}
    kept: list[dict[str, Any]] = []
    for number, one in enumerate(series, 1):
        if not isinstance(one, Mapping) or not isinstance(values := one.get("values"), list):
            return {"refused": "series", "title": title}
        name = _text(one.get("name"), _TITLE) or (str(number) if len(series) > 1 else "")
        kept.append({"name": name, "values": [_number(value) for value in values]})
    count = max(len(one["values"]) for one in kept)
    if not 1 <= count <= POINTS:
        return {"refused": "points", "title": title}
    if form == "bar" and count > BARS:
        return {"refused": "bars", "title": title}
    labels = labels if isinstance(labels, list) else []
    names = [_text(str(label), _TITLE) for label in labels[:count]]
    names += [str(number) for number in range(len(names) + 1, count + 1)]
    for one in kept:
        one["values"] += [None] * (count - len(one["values"]))
    unit = _text(data.get("unit"), _UNIT)
    return {"type": "chart", "title": title, "form": form, "labels": names, "unit": unit, "series": kept}


def _markdown(data: Mapping[str, Any]) -> Shape:
    title, text = _title(data), data.get("markdown")
    if not isinstance(text, str) or not text.strip():
        return {"refused": "text", "title": title}
    return {"type": "text", "title": title, "markdown": clean(text, _TEXT)}


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Shape]] = {
    "figure": _figure,
    "table": _table,
    "chart": _chart,
    "text": _markdown,
}


def _title(data: Mapping[str, Any]) -> str:
    return _text(data.get("title"), _TITLE)


def _text(value: object, limit: int) -> str:
    """One line, cut where it is longer."""
    if not isinstance(value, str):
        return ""
    line = " ".join(clean(value[: limit + 1]).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _cell(value: Any) -> Any:
    """A text, a finite number, true, false or nothing."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        number = _number(value)
        return str(value)[:_LONGEST] if number is None else number
    return clean(value if isinstance(value, str) else str(value), _CELL)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _plain(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float | str)


def _number(value: object) -> int | float | None:
    """None for what is no number, or none that can be drawn."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return value if abs(value) < _LARGEST else None  # NaN is not
