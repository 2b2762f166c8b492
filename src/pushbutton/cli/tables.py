"""Tables of what a server told, cut to the terminal; none where the output is read by a program."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pushbutton.domain.visible import visible
from pushbutton.job.protocol import clean

__all__ = ["cell", "printed", "table"]


def cell(text: str) -> Text:
    return Text(visible(clean(text, 300), lines=True).replace("\n", " "))


def table(*names: str) -> Table:
    made = Table(box=None, pad_edge=False, show_edge=False, header_style="dim")
    for name in names:
        made.add_column(name, no_wrap=True, overflow="ellipsis")
    return made


def printed(made: Table) -> None:
    Console(width=None if sys.stdout.isatty() else 1000, highlight=False).print(made)
