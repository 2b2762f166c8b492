"""Reports of a Python job while it runs: `status`, `progress`, `step`, `artifact`.

Inside a run each call becomes an event that everybody who watches sees. Outside of one (in the author's own
terminal) the same calls print to stderr, at once. They never raise on account of the channel.
"""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType

from .channel import hand_over, send, send_in_order

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    from typing import Self

__all__ = ["Step", "artifact", "begin", "progress", "show", "status", "step"]

_ASCII = {"●": "*", "✔": "+", "▲": "!", "✘": "x", "▶": ">", "↳": "->"}
_MARKS = {"info": "●", "good": "✔", "warn": "▲", "bad": "✘"}
LEVELS = tuple(_MARKS)
"""Of a status; the same as `protocol.LEVELS`, which a job does not load."""


def status(text: object, *, level: str = "info") -> None:
    """Say what is going on, in a few words. `level`: "info", "good", "warn" or "bad"."""
    text = str(text)
    if not send("status", {"text": text, "level": level}):
        show(f"{_MARKS.get(level, '●')} {text}")


def progress(percent: float | None, text: object = "", of: float | None = None) -> None:
    """Say how far it is: `progress(33)`, `progress(3, of=8)`, or `progress(None, "Waiting")` when nobody can know."""
    text = str(text)
    if percent is not None and of is not None:
        percent = 100 * percent / of if of else 100.0
    if percent is not None:
        percent = round(min(100.0, max(0.0, float(percent))), 2) if percent == percent else None  # noqa: PLR0124 - NaN
    if not send("progress", {"percent": percent, "text": text}):
        show(f"[{'  ?' if percent is None else format(percent, '3.0f')} %] {text}".rstrip())


def artifact(path: str | os.PathLike[str], title: str = "") -> None:
    """Hand a file to the people who watch; it is shown with the run, under `title` if one is given.

    When this returns, the file is kept as it was; it may be changed or removed then. One that lies where the task may
    not take files from is not kept, and the run says why.
    """
    where = os.path.abspath(os.fspath(path))
    if not hand_over({"path": where, "title": title}):
        show(f"↳ {title + ': ' if title else ''}{where}")


class Step:
    """One part of the work, from `with` to its end; see `step`."""

    __slots__ = ("_began", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._began = 0.0

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        if not send_in_order("step", {"name": self.name, "state": "running"}):
            show(f"▶ {self.name}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        well = error is None or (isinstance(error, SystemExit) and not error.code)
        if not send_in_order("step", {"name": self.name, "state": "succeeded" if well else "failed"}):
            show(f"{'✔' if well else '✘'} {self.name} {time.monotonic() - self._began:.1f} s")


def step(name: object) -> Step:
    """A part of the work with a beginning and an end. Steps may lie in steps.

    `with step("Copy files"): …`

    It fails when an exception leaves the block, and lets that exception go on.
    """
    return Step(str(name))


def begin(name: str) -> None:
    """Start a step that the next `begin` ends: for jobs that have no blocks, such as shell scripts."""
    if not send_in_order("step", {"name": name, "state": "running", "plain": True}):
        show(f"▶ {name}")


def show(line: str) -> None:
    """To the author's own terminal."""
    stream = sys.stderr
    try:
        try:
            line.encode(stream.encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            for mark, plain in _ASCII.items():
                line = line.replace(mark, plain)
            line = line.encode("ascii", "replace").decode("ascii")
        stream.write(f"{line}\n")
        stream.flush()
    except (OSError, ValueError, AttributeError):
        pass  # no stderr, or a closed one
