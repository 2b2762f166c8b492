"""A run, shown live in a terminal. One renderer for `run` and `watch`.

On a terminal: what the job writes and says, in its order, above one line that moves: step, bar, time. Elsewhere: what
the job writes goes to stdout, byte by byte (as UTF-8, where its task names another encoding) and nothing else, so that
it can be piped; what it says goes to stderr, a line each.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import re
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import IO, Any, Protocol

from rich.ansi import AnsiDecoder
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from pushbutton.domain.event import Kind
from pushbutton.domain.run import RunState
from pushbutton.domain.visible import visible
from pushbutton.job.protocol import clean

from .moments import shown
from .results import written

__all__ = ["Decoder", "LiveView", "Plain", "View", "duration", "safe_line", "view"]


class View(Protocol):
    """Shows one run. `close` comes last; nothing is shown after it."""

    def output(self, data: bytes) -> None:
        """Show the next output of the job; see `Decoder`."""
        ...

    def event(self, kind: Kind, data: Mapping[str, Any], at: float) -> None:
        """One event of the run; `at` in seconds since the epoch."""
        ...

    def note(self, text: str) -> None:
        """Show a line of this program's own."""
        ...

    def close(self) -> None: ...


def view() -> View:
    """The one that fits where our output goes."""
    return LiveView(Console(highlight=False, soft_wrap=True)) if sys.stdout.isatty() else Plain()


MOMENT = 1.0
"""Seconds. What is over sooner is not worth a word of ours: that it waits or runs, how long it took."""

LONGEST = 64 << 10
"""Characters of a line that is not finished; a longer one is shown in parts."""

_MARKS = {"info": "●", "good": "✔", "warn": "▲", "bad": "✘"}
_STYLES = {"info": "cyan", "good": "green", "warn": "yellow", "bad": "red"}
_BEGUN = {
    RunState.WAITING: "It waits for its turn.",
    RunState.RUNNING: "It runs.",
    RunState.ASKING: "It waits for an answer.",
}
_ENDED = {
    RunState.SUCCEEDED: ("good", "Succeeded"),
    RunState.FAILED: ("bad", "Failed"),
    RunState.CANCELLED: ("warn", "Stopped"),
    RunState.LOST: ("bad", "Lost"),
    RunState.SKIPPED: ("warn", "Skipped"),
}
_ASCII = str.maketrans(
    {"●": "*", "✔": "+", "▲": "!", "✘": "x", "▶": ">", "↳": "-", "·": "-", "“": '"', "”": '"', "…": "."}
)


class _Teller:
    """From events to lines: (level, text) pairs, or nothing. Knows which steps are open and since when."""

    def __init__(self) -> None:
        self.open: dict[str, float] = {}
        self.waits: float | None = None
        self.began: float | None = None
        self.brief = False  # what was told last is worth its line only if it lasts
        self.percent: float | None = None
        self.moving = False  # it said something of its progress
        self.text = ""  # of the progress

    def tell(self, kind: Kind, data: Mapping[str, Any], at: float) -> tuple[str, str] | None:
        self.brief = False
        match kind:
            case Kind.STATE:
                return self._state(data, at)
            case Kind.STATUS:
                level = str(data.get("level", "info"))
                return level, f"{_MARKS.get(level, '●')} {_plain(data.get('text'))}"
            case Kind.STEP:
                return self._step(data, at)
            case Kind.PROGRESS:
                return self._progress(data)
            case Kind.ARTIFACT:
                title = _plain(data.get("title"))
                name = _plain(data.get("path") or data.get("name"))
                return "info", f"↳ {title + ': ' if title else ''}{name}"
            case Kind.RESULT:
                return "info", written(data)
            case Kind.APPROVAL:
                return self._approval(data)
            case Kind.COMMENT:
                word = f": {_plain(data['text'])}" if data.get("text") else "."
                return "note", f"· {_plain(data['actor'])} {'is on it' if data.get('on_it') else 'says'}{word}"
            case Kind.NOTE if data.get("not_before"):
                return "note", f"· It was moved: it starts at {shown(str(data['not_before']))}."
            case Kind.NOTE | Kind.TRUNCATED | Kind.QUESTION | Kind.ANSWER:
                return "note", f"· {_plain(data.get('text') or data.get('value'))}"

    def _state(self, data: Mapping[str, Any], at: float) -> tuple[str, str] | None:
        state = RunState(str(data["state"]))
        if not state.over:
            if state is RunState.RUNNING:
                self.began = at if self.began is None else self.began
                self.brief = not data.get("reason") and (self.waits is None or at - self.waits < MOMENT)
            elif state is RunState.WAITING:
                self.waits, self.brief = at, not data.get("reason")
            again = f" {_plain(data['reason'])}" if data.get("reason") else ""
            begun = _held(data) if state is RunState.HELD else _BEGUN[state]
            if state is RunState.WAITING and data.get("not_before"):
                begun = f"It starts at {shown(str(data['not_before']))}."
            return "note", f"· {begun}{again}"
        level, word = _ENDED[state]
        took = f" after {duration(at - self.began)}" if self.began is not None and at - self.began >= MOMENT else ""
        reason = f": {_plain(data['reason'])}" if data.get("reason") else "."
        left = [_plain(one) for one in data.get("survivors") or ()]
        still = f" Still alive: {', '.join(left)}." if left else ""
        again = f" Its next try is run {_plain(data['next'])}." if data.get("next") else ""
        return level, f"{_MARKS[level]} {word}{took}{reason}{still}{again}"

    def _approval(self, data: Mapping[str, Any]) -> tuple[str, str]:
        why = f": {_plain(data['why'])}" if data.get("why") else ""
        if data.get("verdict") == "rejected":
            return "warn", f"▲ {_plain(data.get('by'))} rejected it{why}"
        count = f" ({_plain(data['given'])} of {_plain(data['needs'])})" if data.get("needs", 1) != 1 else ""
        return "good", f"✔ {_plain(data.get('by'))} approved it{count}{why}"

    def _step(self, data: Mapping[str, Any], at: float) -> tuple[str, str]:
        name, state = _plain(data["name"]), data.get("state", "running")
        if state == "running":
            line = f"{'  ' * len(self.open)}▶ {name}"
            self.open[name] = at
            return "step", line
        began = self.open.pop(name, None)
        took = f" {duration(at - began)}" if began is not None and at - began >= MOMENT else ""
        level = {"succeeded": "good", "failed": "bad"}.get(str(state), "note")
        mark = {"succeeded": "✔", "failed": "✘"}.get(str(state), "·")
        return level, f"{'  ' * len(self.open)}{mark} {name}{took}"

    def _progress(self, data: Mapping[str, Any]) -> tuple[str, str] | None:
        before, said = self.percent, self.text
        self.moving = True
        self.percent = data.get("percent")
        self.text = _plain(data.get("text"))
        same_ten = before is not None and self.percent is not None and before // 10 == self.percent // 10
        if same_ten and said == self.text:
            return None
        percent = "  ?" if self.percent is None else f"{self.percent:3.0f}"
        return "progress", f"[{percent} %] {self.text}".rstrip()


def _held(data: Mapping[str, Any]) -> str:
    """The approvals that it waits for, and where to look meanwhile."""
    needs = data.get("needs", 1)
    what = "an approval" if needs == 1 else f"{_plain(needs)} approvals"
    try:
        until = datetime.fromisoformat(str(data.get("until"))).astimezone().strftime(", until %Y-%m-%d %H:%M")
    except ValueError:
        until = ""
    plan = f" Its plan is run {_plain(data['plan'])}." if data.get("plan") else ""
    start = f" It starts at {shown(str(data['not_before']))} or later." if data.get("not_before") else ""
    return f"It waits for {what} by somebody else{until}.{plan}{start}"


class Decoder:
    """A job's output, as a `View` takes it: UTF-8, or its bytes as they came where it speaks no other encoding."""

    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None

    def feed(self, data: bytes, *, final: bool = False) -> bytes:
        return self._decoder.decode(data, final).encode("utf-8", "replace") if self._decoder else data


class _Held:
    """A line that is shown when it is a moment old, and dropped where something else comes sooner."""

    def __init__(self, show: Callable[[tuple[str, str]], None]) -> None:
        self._show = show
        self._line: tuple[tuple[str, str], float] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def hold(self, line: tuple[str, str], at: float) -> None:
        self._line = line, at
        with contextlib.suppress(RuntimeError):  # without a loop there is no later
            left = min(MOMENT, max(0.0, at + MOMENT - time.time()))
            self._timer = asyncio.get_running_loop().call_later(left, self._due)

    def settle(self, at: float = 0.0) -> None:
        """Something else came, at this time: show the line if it was a moment old then, else drop it."""
        held, self._line = self._line, None
        if self._timer:
            self._timer.cancel()
        if held and at - held[1] >= MOMENT:
            self._show(held[0])

    def _due(self) -> None:
        held, self._line = self._line, None
        with contextlib.suppress(OSError):  # nobody reads it any more: the next line says so where that is heard
            if held:
                self._show(held[0])


class Plain:
    """For pipes and files."""

    def __init__(self, out: IO[bytes] | None = None, told: IO[str] | None = None) -> None:
        self._out = out or sys.stdout.buffer
        self._told = told or sys.stderr
        self._teller = _Teller()
        self._held = _Held(lambda line: self._say(line[1]))

    def output(self, data: bytes) -> None:
        self._held.settle()
        self._out.write(data)
        self._out.flush()

    def event(self, kind: Kind, data: Mapping[str, Any], at: float) -> None:
        line = self._teller.tell(kind, data, at)
        self._held.settle(at)
        if line and self._teller.brief:
            self._held.hold(line, at)
        elif line:
            self._say(line[1])

    def note(self, text: str) -> None:
        self._say(f"· {_plain(text)}")

    def close(self) -> None:
        self._held.settle()
        self._out.flush()

    def _say(self, line: str) -> None:
        try:
            line.encode(getattr(self._told, "encoding", None) or "utf-8")
        except (UnicodeEncodeError, LookupError):
            line = line.translate(_ASCII).encode("ascii", "replace").decode("ascii")
        self._told.write(f"{line}\n")
        self._told.flush()


class _Piece:
    """Lines in which nothing is special, in one piece: many times as fast as each for itself."""

    def __init__(self, text: str, style: Style) -> None:
        self._segment = Segment(f"{text}\n", style)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._segment


class LiveView:
    """Lines that stay, above one that moves."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._teller = _Teller()
        self._held = _Held(self._print)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._colours = AnsiDecoder()
        self._partial = ""
        self._since = time.monotonic()
        self._live = Live(
            get_renderable=self._moving,
            console=console,
            refresh_per_second=8,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def output(self, data: bytes) -> None:
        self._held.settle()
        *lines, self._partial = (self._partial + self._decoder.decode(data)).split("\n")
        if len(self._partial) > LONGEST:
            lines.append(self._partial)
            self._partial = ""
        if lines:
            text = "\n".join(lines)
            if _SPECIAL.search(text):
                self._console.print(Text("\n").join(self._colours.decode_line(safe_line(line)) for line in lines))
            else:
                self._console.print(_Piece(text, self._colours.style))

    def event(self, kind: Kind, data: Mapping[str, Any], at: float) -> None:
        line = self._teller.tell(kind, data, at)
        self._held.settle(at)
        if line is None or line[0] == "progress":
            return  # the line that moves shows it
        if self._teller.brief:
            self._held.hold(line, at)
            return
        over = kind is Kind.STATE and RunState(str(data["state"])).over
        if over:
            self._finish_line()
        self._print(line, "bold " if over else "")

    def _print(self, line: tuple[str, str], weight: str = "") -> None:
        style = {"note": "dim", "step": "bold"}.get(line[0], _STYLES.get(line[0], ""))
        self._console.print(Text(line[1], style=f"{weight}{style}"))

    def note(self, text: str) -> None:
        self._console.print(Text(f"· {_plain(text)}", style="dim"))

    def close(self) -> None:
        self._held.settle()
        self._finish_line()
        self._live.stop()

    def _finish_line(self) -> None:
        rest, self._partial = self._partial + self._decoder.decode(b"", final=True), ""
        if rest:
            self._console.print(self._colours.decode_line(safe_line(rest)))

    def _moving(self) -> RenderableType:
        teller = self._teller
        grid = Table.grid(padding=(0, 1))
        cells: list[RenderableType] = []
        if teller.open:
            cells.append(Text(f"▶ {list(teller.open)[-1]}", style="bold", no_wrap=True, overflow="ellipsis"))
        if teller.moving:
            known = teller.percent is not None
            cells.append(ProgressBar(total=100, completed=teller.percent or 0, width=28, pulse=not known))
            cells.append(Text(f"{teller.percent:3.0f} %" if known else "    ?", no_wrap=True))
        if teller.text:
            cells.append(Text(teller.text, no_wrap=True, overflow="ellipsis"))
        took = time.monotonic() - self._since
        cells.append(Text(duration(took), style="dim", no_wrap=True))
        if took >= MOMENT:
            grid.add_row(*cells)
        if not self._partial:
            return grid
        shown = safe_line(self._partial)[-self._console.width :]
        return Group(Text(shown, no_wrap=True, overflow="crop"), grid)


_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_ESCAPE = re.compile(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b\[[0-?]*[ -/]*[@-~]?|\x1b[ -/]*[0-~]?")
_SPECIAL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]")


def safe_line(line: str) -> str:
    """One line of output with its colours, and without whatever else could move a terminal or write to it.

    Of a line that was written over (with CR) the last writing is left.
    """
    line = line.rstrip("\r").rpartition("\r")[2]
    line = _ESCAPE.sub(lambda found: found[0] if _COLOUR.fullmatch(found[0]) else "", line)
    return _CONTROL.sub("", line)


def duration(seconds: float) -> str:
    """In words: 0.4 s, 12 s, 3:07, 2:03:07."""
    if seconds < 10:
        return f"{max(0.0, seconds):.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _plain(text: object) -> str:
    """A job's or a server's words on one line."""
    if text is None:
        return ""
    return visible(clean(str(text)), lines=True).replace("\n", " ⏎ ").replace("\t", " ")
