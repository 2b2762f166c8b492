"""The end of a run's output for a page without JavaScript; with it, `static/log.js` reads the output by range."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from pushbutton.domain.run import Run
from pushbutton.domain.visible import visible
from pushbutton.runtime.core import Core
from pushbutton.terminal import styles
from pushbutton.web.views.output_lines import LineReaders

from .run_output import BIGGEST, PATIENCE

LINES: Final = 200
_WIDEST = 2000  # characters of one line


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    html: Markup


@dataclass(frozen=True, slots=True)
class Tail:
    lines: tuple[Line, ...] = ()
    total: int = 0


async def tail(core: Core, readers: LineReaders, run: Run, *, all_visible: bool = False) -> Tail:
    """Nothing where the output is large, or slow to read: the page has links to it. With `all_visible` there are signs
    for what cannot be seen.

    Of an output that lies elsewhere, as much as `history.brought` has brought.
    """
    size = core.output.size(run.id)
    if not 0 < size <= BIGGEST:
        return Tail()
    try:
        async with asyncio.timeout(PATIENCE):
            page = await readers.of(run.id).lines(-LINES, LINES, final=run.state.over)
    except (TimeoutError, OSError):
        return Tail()
    return Tail(
        tuple(Line(line.number, _coloured(line, _shown if all_visible else str)) for line in page.lines), page.total
    )


def _shown(text: str) -> str:
    return visible(text, lines=True)


def _coloured(line: styles.Line, show: Callable[[str], str]) -> Markup:
    """Text in spans with the classes that the stylesheet knows; exact colours need a script."""
    parts, left = [], _WIDEST
    for text, style in line.runs():
        named = " ".join(name for name in styles.classes(style).split() if name[0] not in "#@xy") if style else ""
        shown = show(text[:left])
        parts.append(Markup('<span class="{}">{}</span>').format(named, shown) if named else Markup("{}").format(shown))
        left -= len(shown)
        if left <= 0:
            parts.append(Markup("…"))
            break
    return Markup("").join(parts)
