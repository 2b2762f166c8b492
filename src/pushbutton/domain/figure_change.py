"""What became of a figure since another run: by how much it is more or less, and whether that is good."""

from __future__ import annotations

from dataclasses import dataclass

from .result import Figure

_WHOLE = 1e-9


@dataclass(frozen=True, slots=True)
class Change:
    """Of a figure, against the run before."""

    before: Figure
    by: float  # never below zero
    form: str  # percent, points (of a share, in per cent), number
    more: bool
    good: bool | None  # None: the job does not say which is better, or nothing changed


def change(figure: Figure, other: Figure) -> Change | None:
    """None where there is nothing to compare: another unit, or a text."""
    now, then = figure.number, other.number
    if other.unit != figure.unit or now is None or then is None:
        return None
    difference = float(now) - float(then)
    good = None if not difference or not figure.better else (difference > 0) == (figure.better == "more")
    if figure.unit == "%":
        return Change(other, abs(difference), "points", difference > 0, good)
    few = abs(then) < 10 and all(abs(one - round(one)) < _WHOLE for one in (now, then))
    if few or not then:
        return Change(other, abs(difference), "number", difference > 0, good)
    return Change(other, abs(difference / then) * 100, "percent", difference > 0, good)
