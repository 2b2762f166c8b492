"""Files of a run that its page shows at once: pictures, small tables, Markdown. Whatever is in them is only shown."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from markupsafe import Markup

from pushbutton import threads
from pushbutton.runtime.ports import Files
from pushbutton.runtime.ports.files import result

from .render import markdown
from .run_story import Result

_SHOWN: Final = 6  # files
_BIGGEST: Final = 256 << 10  # bytes of a file that is read for it
_ROWS: Final = 30
_COLUMNS: Final = 12
_CELL: Final = 200  # characters
_TABLES = {".csv": ",", ".tsv": "\t"}
_TEXTS = frozenset({".md", ".markdown"})


@dataclass(frozen=True, slots=True)
class Preview:
    file: Result
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    more: int = 0  # rows that are not shown
    prose: Markup | None = None


async def previews(files: Files, run: int, results: Sequence[Result]) -> list[Preview]:
    """Of what the run handed over. What cannot be read or understood is left out; it can be downloaded."""
    found = await threads.showing(lambda: [_preview(files, run, file) for file in results])
    return [preview for preview in found if preview is not None][:_SHOWN]


def _preview(files: Files, run: int, file: Result) -> Preview | None:
    if file.picture:
        return Preview(file)
    suffix = PurePath(file.name).suffix.lower()
    if suffix not in _TABLES and suffix not in _TEXTS:
        return None
    try:
        with files.open(result(run, file.name)) as content:
            data = content.read(_BIGGEST + 1)
        if len(data) > _BIGGEST:
            return None
        text = io.StringIO(data.decode("utf-8-sig"), newline=None).read()
        if suffix in _TEXTS:
            return Preview(file, prose=markdown(text))
        rows = [tuple(cell[:_CELL] for cell in row[:_COLUMNS]) for row in _read(text, _TABLES[suffix]) if row]
    except (OSError, UnicodeDecodeError, csv.Error):
        return None
    if len(rows) < 2:
        return None
    return Preview(file, rows[0], tuple(rows[1 : _ROWS + 1]), max(0, len(rows) - 1 - _ROWS))


def _read(text: str, separator: str) -> list[list[str]]:
    """Some spreadsheets write semicolons where others write commas."""
    first = text.partition("\n")[0]
    other = separator == "," and first.count(";") > first.count(",")
    return list(csv.reader(io.StringIO(text), delimiter=";" if other else separator))
