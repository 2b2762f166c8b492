"""How results are said: figures, what became of them, and in one sentence what a chart shows."""

from __future__ import annotations

from typing import Final

from pushbutton.domain.result import Cell, Chart, Series
from pushbutton.domain.visible import visible

from .i18n import Texts

_IN_FRONT: Final = frozenset("€$£¥")
_LARGE: Final = 1e15
"""From here on a number is written with a power of ten."""
_NAMED = 12  # bars that the sentence of a chart names


def number(value: float | str | None, t: Texts) -> str:
    """As precise as it was given, up to six places: "1,204", "3.8", "−4.9", "2.5e+21"; a text as it is."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return visible(value)
    if abs(value) >= _LARGE or 0 < abs(value) < 1e-6:
        return f"{value:.3g}".replace("-", "−", 1) if value < 0 else f"{value:.3g}"
    digits = 0 if isinstance(value, int) else len(f"{value:.6f}".rstrip("0").partition(".")[2])
    return t.number(value, digits).replace("-", "−")


def figure(value: float | str, unit: str, t: Texts) -> str:
    """With its unit: "€1,204" in English, "1.204 €" in German, "3.8 %"."""
    said, unit = number(value, t), visible(unit)
    if not unit:
        return said
    if unit in _IN_FRONT and t.language == "en":
        return f"−{unit}{said[1:]}" if said.startswith("−") else f"{unit}{said}"
    return f"{said}\N{NO-BREAK SPACE}{unit}"


def cell(value: Cell, digits: int, t: Texts) -> str:
    """Of a table. A whole number may be a name or a year, so it stands as it is."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return t("yes") if value else t("no")
    if isinstance(value, float) and abs(value) < _LARGE:
        return t.number(value, digits).replace("-", "−")
    return str(value)


def change(by: float, form: str, t: Texts, *, more: bool) -> str:
    """Such as "8.3 % more", "0.4 points less", "2 more", "as before"."""
    if not by:
        return t("as before")
    if form == "percent":
        said = number(round(by, 1) if by < 100 else round(by), t) if by >= 0.05 else t("under 0.1")
        return t("{n} % more", n=said) if more else t("{n} % less", n=said)
    said = number(round(by, 1 if by >= 1 and form == "points" else 2 if form == "points" else 6), t)
    if form == "points":
        return t("{n} points more", n=said) if more else t("{n} points less", n=said)
    return t("{n} more", n=said) if more else t("{n} less", n=said)


def sentence(chart: Chart, t: Texts) -> str:
    """Its content in words, for people who do not see it."""
    unit = f" ({chart.unit})" if chart.unit else ""
    head = f"{chart.title or t('Chart')}{unit}"
    one = _bars if chart.form == "bar" else _line
    said = [one(chart, series, t) for series in chart.series]
    return f"{head}: {' '.join(said)}"


def _bars(chart: Chart, series: Series, t: Texts) -> str:
    pairs = [f"{name} {number(value, t)}" for name, value in zip(chart.labels, series.values, strict=True)][:_NAMED]
    more = len(chart.labels) - len(pairs)
    said = ", ".join(pairs) + (f", {t.n('and 1 more', 'and {n} more', more)}" if more else "")
    return f"{series.name}: {said}." if series.name else f"{said}."


def _line(chart: Chart, series: Series, t: Texts) -> str:
    known = [(value, name) for name, value in zip(chart.labels, series.values, strict=True) if value is not None]
    if not known:
        return t("{name} has no values.", name=series.name) if series.name else t("It has no values.")
    (first, begin), (last, end) = known[0], known[-1]
    (low, lowest), (high, highest) = min(known, key=lambda one: one[0]), max(known, key=lambda one: one[0])
    values = {
        "first": number(first, t), "begin": begin, "last": number(last, t), "end": end,
        "high": number(high, t), "highest": highest, "low": number(low, t), "lowest": lowest,
    }  # fmt: skip
    if series.name:
        return t(
            "{name} goes from {first} ({begin}) to {last} ({end}); highest {high} ({highest}), "
            "lowest {low} ({lowest}).",
            name=series.name, **values,
        )  # fmt: skip
    return t(
        "It goes from {first} ({begin}) to {last} ({end}); highest {high} ({highest}), lowest {low} ({lowest}).",
        **values,
    )
