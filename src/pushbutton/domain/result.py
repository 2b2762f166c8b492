"""Results of a run for people to look at: figures, tables, charts, texts and files, in its order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from .event import Event, Json, Kind

MOST: Final = 100
"""Results of a run that are shown. A result that is given again takes the place of the one before."""

Cell = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Figure:
    title: str
    value: int | float | str
    unit: str = ""
    better: str = ""  # "more" or "less" where one of them is

    @property
    def number(self) -> int | float | None:
        return None if isinstance(self.value, str) else self.value


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    more: int = 0  # rows that were not kept


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    values: tuple[int | float | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    form: str  # line, bar
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    title: str
    markdown: str


@dataclass(frozen=True, slots=True)
class File:
    name: str
    title: str = ""
    size: int | None = None
    type: str = ""

    @property
    def picture(self) -> bool:
        return self.type in ("image/png", "image/jpeg", "image/gif", "image/webp")


Result = Figure | Table | Chart | Text | File


@dataclass(slots=True)
class Results:
    """Those of one run, gathered event by event."""

    _found: dict[tuple[str, str], Result] = field(default_factory=dict)
    left_out: int = 0  # events of results that were too many

    def take(self, event: Event) -> None:
        """Events of other kinds say nothing of it."""
        if event.kind is Kind.ARTIFACT:
            self._keep(("file", _text(event.data, "name")), _file(event.data))
        elif event.kind is Kind.RESULT and (read := _READERS.get(_text(event.data, "type"))):
            self._keep(identity(event.data), read(event.data))

    def _keep(self, key: tuple[str, str], found: Result) -> None:
        if len(self._found) < MOST or key in self._found:
            self._found[key] = found
        else:
            self.left_out += 1

    @property
    def all(self) -> tuple[Result, ...]:
        return tuple(self._found.values())

    @property
    def figures(self) -> Mapping[str, Figure]:
        return {one.title: one for one in self._found.values() if isinstance(one, Figure)}


def results(events: Iterable[Event]) -> Results:
    found = Results()
    for event in events:
        found.take(event)
    return found


def identity(data: Mapping[str, Any]) -> tuple[str, str]:
    """Of the data of an event: by what a later one takes its place."""
    return _text(data, "type"), _text(data, "title")


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _figure(data: Mapping[str, Json]) -> Figure:
    value: Any = data.get("value")
    return Figure(_text(data, "title"), value, _text(data, "unit"), _text(data, "better"))


def _table(data: Mapping[str, Json]) -> Table:
    more: Any = data.get("more") or 0
    rows = tuple(tuple(row) for row in _list(data.get("rows")))
    return Table(_text(data, "title"), tuple(_list(data.get("columns"))), rows, more)


def _chart(data: Mapping[str, Json]) -> Chart:
    series = tuple(Series(one["name"], tuple(one["values"])) for one in _list(data.get("series")))
    labels = tuple(_list(data.get("labels")))
    return Chart(_text(data, "title"), _text(data, "form"), labels, series, _text(data, "unit"))


def _markdown(data: Mapping[str, Json]) -> Text:
    return Text(_text(data, "title"), _text(data, "markdown"))


def _file(data: Mapping[str, Json]) -> File:
    size, name = data.get("size"), _text(data, "name")
    whole = int(size) if isinstance(size, int | float) else None
    return File(name, _text(data, "title") or name, whole, _text(data, "type"))


_READERS: Mapping[str, Callable[[Mapping[str, Json]], Result]] = {
    "figure": _figure,
    "table": _table,
    "chart": _chart,
    "text": _markdown,
}
