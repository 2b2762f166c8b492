"""One row per figure, as text for a terminal and as Markdown for the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

HEAD = ("figure", "ours", "beside it", "ratio", "must", "aim", "")


@dataclass(frozen=True, slots=True)
class Row:
    """`value` is what `must` and `aim` speak of: a ratio, or the figure itself where there is nothing beside it.

    `more`: larger is better. Without `must` the row only informs.
    """

    figure: str
    ours: str
    beside: str = ""
    value: float | None = None
    unit: str = ""
    must: float | None = None
    aim: float | None = None
    more: bool = False
    note: str = ""
    curve: tuple[str, float, float] | None = None  # (curve, x, y) for the pictures

    @property
    def verdict(self) -> str:
        if self.must is None:
            return ""
        if self.value is None:
            return "not measured"
        if self._reaches(self.must):
            return "pass" if self.aim is None or not self._reaches(self.aim) else "pass, aim"
        return "SHORT"

    def _reaches(self, bar: float) -> bool:
        assert self.value is not None
        return self.value >= bar if self.more else self.value <= bar

    def cells(self) -> tuple[str, ...]:
        def bar(value: float | None) -> str:
            return "" if value is None else f"{'≥' if self.more else '≤'} {value:g}{self.unit}"

        value = "" if self.value is None else f"{self.value:.3g}{self.unit}"
        return (self.figure, self.ours, self.beside, value, bar(self.must), bar(self.aim), self.verdict)


def text(rows: Sequence[Row]) -> Iterator[str]:
    widths = [max(len(row.cells()[i]) for row in rows) for i in range(len(HEAD))]
    widths = [max(width, len(head)) for width, head in zip(widths, HEAD, strict=True)]
    yield "  ".join(word.ljust(width) for word, width in zip(HEAD, widths, strict=True)).rstrip()
    yield "  ".join("─" * width for width in widths)
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row.cells(), widths, strict=True)).rstrip()
        if row.note:
            yield f"    {row.note}"


def markdown(rows: Sequence[Row]) -> Iterator[str]:
    yield "| " + " | ".join(HEAD) + " |"
    yield "|" + " --- |" * len(HEAD)
    for row in rows:
        cells = list(row.cells())
        if row.note:
            cells[0] += f"<br><small>{row.note}</small>"
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
