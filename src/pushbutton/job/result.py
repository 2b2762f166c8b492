"""Results of a Python job, for people to look at: `figure`, `table`, `chart`, `text`.

They stand on the run's page in the order in which they were given, and one of the same title takes the place of the one
before. What is too large for a report becomes a file, of which the page shows the beginning. Outside of a run they
print to stderr. Nothing here raises: what cannot be shown is a sentence on the run. Pictures and other files are for
`artifact`.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping

from .channel import hand_over, send
from .context import show
from .plain import plain

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    from typing import Any

__all__ = ["chart", "figure", "give", "table", "text"]

_LONGEST = 58_000
"""Bytes of a report; `channel` takes a little more."""
_PRINTED = 20  # rows of a table, outside of a run


def figure(title: str, value: object, *, unit: str = "", better: str = "") -> None:
    """A number, or a short text, under its title. It is compared with that of the last run.

    `unit`: such as "€" or "%". `better`: "more" or "less" where a change is good or bad; without it a change has no
    colour.
    """
    give({"type": "figure", "title": title, "value": value, "unit": unit, "better": better})


def table(title: str, rows: Iterable[Any], columns: Iterable[str] | None = None) -> None:
    """`rows` are mappings, or lists with their `columns`, or a data frame of pandas or polars."""
    found = {"type": "table", "title": title, "rows": _rows(rows)}
    give(found if columns is None else {**found, "columns": list(columns)})


def chart(
    title: str, values: Any, *, labels: Iterable[object] | None = None, form: str = "line", unit: str = ""
) -> None:
    """A line, or with `form="bar"` bars.

    `values`: a mapping of names to numbers; or a list of numbers with their `labels`; or several of these, as a mapping
    of series to lists. A None is a gap.
    """
    values = plain(values)
    names = None if labels is None else list(labels)
    if isinstance(values, Mapping) and any(isinstance(one, list) for one in values.values()):
        series = [{"name": name, "values": one} for name, one in values.items()]
    elif isinstance(values, Mapping):
        names, series = list(values), [{"name": "", "values": list(values.values())}]
    else:
        series = [{"name": "", "values": values}]
    give({"type": "chart", "title": title, "form": form, "labels": names or [], "unit": unit, "series": series})


def text(title: str, markdown: str) -> None:
    """Some paragraphs in Markdown."""
    give({"type": "text", "title": title, "markdown": str(markdown)})


def give(shape: Mapping[str, Any]) -> None:
    """A result as `shapes` says it."""
    data = plain({**shape, "title": str(shape.get("title", ""))})
    if len(json.dumps(data, ensure_ascii=False).encode(errors="replace")) > _LONGEST:
        _as_file(data)
    elif not send("result", data):
        show(_printed(data))


def _rows(rows: Any) -> list[Any]:
    for way in ("to_dicts", "to_dict"):  # polars, pandas
        if callable(method := getattr(rows, way, None)) and hasattr(rows, "columns"):
            return list(method("records") if way == "to_dict" else method())
    return [plain(row) for row in rows]


def _as_file(data: Mapping[str, Any]) -> None:
    """A table and the numbers of a chart as CSV, a text as Markdown."""
    ending = ".md" if data["type"] == "text" else ".csv"
    name = "".join(sign if sign.isalnum() else "-" for sign in data["title"])[:60].strip("-") or data["type"]
    try:
        folder = os.environ.get("PUSHBUTTON_FILES") or tempfile.mkdtemp(prefix="results-")
        path = os.path.join(folder, name + ending)
        with open(path, "w", newline="", encoding="utf-8", errors="replace") as file:
            if data["type"] == "text":
                file.write(data["markdown"])
            else:
                import csv  # noqa: PLC0415 - for what is large only

                csv.writer(file).writerows(_cells(data))
    except OSError as error:
        show(f"“{data['title']}” could not be written: {error.strerror}")
        return
    if not hand_over({"path": path, "title": data["title"]}):
        show(f"↳ {data['title']}: {path}")


def _cells(data: Mapping[str, Any]) -> Iterable[list[Any]]:
    """With the names of the columns first."""
    if data["type"] == "chart":
        labels, series = data["labels"], data["series"]
        yield ["", *(one["name"] for one in series)]
        for at in range(max((len(one["values"]) for one in series), default=0)):
            yield [
                labels[at] if at < len(labels) else at + 1,
                *(one["values"][at] if at < len(one["values"]) else "" for one in series),
            ]
        return
    rows = data.get("rows", [])
    columns = data.get("columns") or list(dict.fromkeys(key for row in rows if isinstance(row, Mapping) for key in row))
    yield columns
    for row in rows:
        yield [row.get(name) for name in columns] if isinstance(row, Mapping) else row


def _printed(data: Mapping[str, Any]) -> str:
    title = data["title"]
    if "refused" in data:
        return f"● {title}"
    if data["type"] == "figure":
        return f"● {title}: {data['value']}{' ' if data['unit'] else ''}{data['unit']}"
    if data["type"] == "text":
        return f"● {title}\n{data['markdown']}"
    rows = [[str("" if cell is None else cell) for cell in row] for row in _cells(data)]
    more = len(rows) - _PRINTED - 1
    lines = ["  ".join(row) for row in rows[: _PRINTED + 1]] + ([f"… {more} more"] if more > 0 else [])
    return "\n".join([f"● {title}", *lines])
