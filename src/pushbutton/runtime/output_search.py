"""A search in what runs wrote. Outputs are files and in no index, so it looks through the newest runs, for a while, and
says how far it came.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Final

from pushbutton import threads
from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.policy import decide
from pushbutton.domain.run import Run

from . import history, visibility
from .core import Core
from .ports import RunQuery

RUNS: Final = 200
"""Runs that are looked through at once, at most."""
BYTES: Final = 64 << 20
"""Of their output together."""
SECONDS: Final = 3.0
"""After which it stops behind the run that it looks through."""
HITS: Final = 50
_COLOURS: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CHUNK: Final = 1 << 20
_AROUND: Final = 80  # bytes beside what was found


@dataclass(frozen=True, slots=True)
class Hit:
    run: Run
    line: str  # what stands around the first place, without the rest of a long line


@dataclass(frozen=True, slots=True)
class Found:
    hits: tuple[Hit, ...]
    looked: int  # runs whose output was looked through
    last: int = 0  # the number of the last of them
    older: bool = False  # there are more runs behind it


async def search(core: Core, actor: Actor, query: RunQuery, text: str) -> Found:
    """The runs that fit `query`, newest first, whose output holds `text`, small letters or capitals. What colours or
    rewrites lines in the middle of the text hides it. Outputs that the actor may not read are left out.
    """
    hits: list[Hit] = []
    looked = last = read = 0
    end = time.monotonic() + SECONDS
    found = await history.runs(core, actor, query)
    for run in found[:RUNS]:
        if read >= BYTES or time.monotonic() > end or len(hits) >= HITS:
            return Found(tuple(hits), looked, last, older=True)
        looked, last = looked + 1, run.id
        if not decide(actor, Verb.OUTPUT, *visibility.resources(core.catalog, run)):
            continue
        await history.brought(core, run)
        line, came = await threads.searching(_first, core, run, text, BYTES - read)
        read += came
        if line:
            hits.append(Hit(run, line))
    return Found(tuple(hits), looked, last, older=len(found) > RUNS)


def _first(core: Core, run: Run, text: str, most: int) -> tuple[str, int]:
    """The first place in its output, "" for none, and how many bytes were read."""
    encoding = core.output.encoding(run.id) or "utf-8"
    looked_for = text.encode(encoding, "replace").lower()
    offset, kept = 0, b""
    while offset < most and (chunk := _read(core, run, offset)):
        window = kept + chunk
        at = window.lower().find(looked_for)
        if at >= 0:
            line = _line(window, at, len(looked_for)).decode(encoding, "replace")
            return _COLOURS.sub("", line).strip(), offset + len(chunk)
        offset, kept = offset + len(chunk), window[-len(looked_for) - _AROUND :]
    return "", offset


def _read(core: Core, run: Run, offset: int) -> bytes:
    try:
        return core.output.read(run.id, offset, _CHUNK)
    except OSError:
        return b""


def _line(window: bytes, at: int, length: int) -> bytes:
    """The line around the place, or as much of a long one as stands near it."""
    first = max(window.rfind(b"\n", 0, at) + 1, at - _AROUND)
    end = window.find(b"\n", at + length)
    return window[first : min(end if end >= 0 else len(window), at + length + _AROUND)]
