"""Files of a run that its page shows at once: pictures, small tables, Markdown. Whatever is in them is only shown."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Final

from pushbutton import threads
from pushbutton.domain.actor import Verb
from pushbutton.domain.result import File
from pushbutton.runtime.ports import Files
from pushbutton.runtime.ports.files import result

from .render import markdown
from .result_cards import Preview
from .views import RunView

_SHOWN: Final = 12  # files
_BIGGEST: Final = 256 << 10  # bytes of a text that is read for it; of a table, what is looked at
_ROWS: Final = 30
_COLUMNS: Final = 12
_CELL: Final = 200  # characters
_TABLES = {".csv": ",", ".tsv": "\t"}
_TEXTS = frozenset({".md", ".markdown"})


Seen = dict[str, Preview | None]
"""By the name of the file; None: it has no preview. What a run handed over does not change any more."""


async def with_previews(files: Files, view: RunView, seen: Seen | None = None) -> RunView:
    """The same with previews of its files, where the reader may see them. `seen`: those that were made before."""
    if Verb.OUTPUT not in view.may or not view.story.files:
        return view
    made = await previews(files, view.run.id, view.story.files, {} if seen is None else seen)
    return replace(view, previews=tuple(made))


async def previews(files: Files, run: int, handed: Sequence[File], seen: Seen | None = None) -> list[Preview]:
    """Of what the run handed over. What cannot be read or understood is left out; it can be downloaded."""
    seen = {} if seen is None else seen
    new = [file for file in handed if file.name not in seen]
    if new:
        made = await threads.showing(lambda: [_preview(files, run, file) for file in new])
        seen.update(zip((file.name for file in new), made, strict=True))
    found = (seen[file.name] for file in handed)
    return [preview for preview in found if preview is not None][:_SHOWN]


def _preview(files: Files, run: int, file: File) -> Preview | None:
    if file.picture:
        return Preview(file)
    suffix = PurePath(file.name).suffix.lower()
    if suffix not in _TABLES and suffix not in _TEXTS:
        return None
    try:
        with files.open(result(run, file.name)) as content:
            data = content.read(_BIGGEST + 1)
        whole = len(data) <= _BIGGEST
        if not whole:
            if suffix in _TEXTS:
                return None
            data = data[: data.rfind(b"\n") + 1]
        text = io.StringIO(data.decode("utf-8-sig"), newline=None).read()
        if suffix in _TEXTS:
            return Preview(file, prose=markdown(text))
        rows = [tuple(cell[:_CELL] for cell in row[:_COLUMNS]) for row in _read(text, _TABLES[suffix]) if row]
    except (OSError, UnicodeDecodeError, csv.Error):
        return None
    if len(rows) < 2:
        return None
    return Preview(file, rows[0], tuple(rows[1 : _ROWS + 1]), max(0, len(rows) - 1 - _ROWS), whole)


def _read(text: str, separator: str) -> list[list[str]]:
    """Some spreadsheets write semicolons where others write commas."""
    first = text.partition("\n")[0]
    other = separator == "," and first.count(";") > first.count(",")
    return list(csv.reader(io.StringIO(text), delimiter=";" if other else separator))
