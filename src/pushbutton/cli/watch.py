"""`pushbutton watch RUN`: a run on a server, live, from its beginning to its end.

Two cursors: the id of the last event and the offset behind the last byte. Whatever breaks off, connection or server,
is read on from there; so nothing is lost and nothing shown twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from typing import Any

import httpx
import typer
from httpx_sse import EventSource, ServerSentEvent, SSEError

from pushbutton.domain.event import Kind
from pushbutton.domain.run import RunState
from pushbutton.errors import StoreError

from .exits import Exit, for_job
from .help_text import flow
from .live import Decoder, View, view
from .remote import DEFAULT, Number, Server, Url, refusal
from .results import against

__all__ = ["add", "watch"]

HELP = """Show live what a run does: everything from its beginning, then what comes, to its end.

\b
  pushbutton watch 42
  pushbutton watch 42 > log     its output to a file, what it says to the terminal

Exits with 0 when the run succeeded, with the job's own code when it failed, else with 1. A run that is tried again is
followed through all of its tries, and the last one counts. When the connection breaks
or the server is restarted, it reads on where it was. Ctrl+C stops watching, not the run (130).
"""
QUIET = 40.0  # the server says something at least every 15 s
PAUSES = (0.05, 0.2, 0.5, 1.0, 2.0)  # before it tries again; the last one is repeated
WORRY = 2  # after so many of them it says that it does
PATIENCE = 600.0  # after so long without an answer it gives up
GONE = 204  # "there is nothing more, ever"


def add(app: typer.Typer, panel: str) -> None:
    app.command("watch", help=flow(HELP), rich_help_panel=panel)(_watch)


def _watch(run: Number, server: Url = DEFAULT) -> None:
    with Server(server) as remote:
        remote.get(f"/api/runs/{run}")  # it is there, and so is the server
        raise typer.Exit(watch(remote, run))


def watch(server: Server, number: int) -> int:
    """Show the run, and each try that follows it, until it is over or Ctrl+C; the exit code is the last one's."""
    code, following = _shown(server, number)
    while following:
        code, following = _shown(server, following)
    return code


def _shown(server: Server, number: int) -> tuple[int, int]:
    """The exit code of this one run, and the number of the next try; 0: there is none."""
    shown = view()
    try:
        code, following = asyncio.run(_main(server, number, shown))
        if code == Exit.INTERRUPTED:
            where = "" if server.url == DEFAULT else f" --server {server.url}"
            shown.note(
                f"Run {number} goes on. Watch: pushbutton watch {number}{where}. "
                f"Stop it: pushbutton stop {number}{where}"
            )
        return code, following
    finally:
        shown.close()


async def _main(server: Server, number: int, shown: View) -> tuple[int, int]:
    interrupted = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupted.set)
    async with httpx.AsyncClient(**server.options, timeout=httpx.Timeout(QUIET)) as client:
        watching = asyncio.create_task(_Watch(client, server, number, shown).run())
        waiting = asyncio.create_task(interrupted.wait())
        await asyncio.wait({watching, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not watching.done():
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            return Exit.INTERRUPTED, 0
        return await watching


class _Watch:
    """`run()` follows events and output side by side, and shows the end when all of the output is shown."""

    def __init__(self, client: httpx.AsyncClient, server: Server, number: int, shown: View) -> None:
        self._client, self._server, self._number, self._view = client, server, number, shown
        self._last = 0  # the id of the last event that was shown
        self._offset = 0  # bytes of output that were shown
        self._lost = False  # contact, and it was said
        self._figures = False  # it handed some out
        self._decoder: Decoder | None = None  # known with the first bytes that are fetched

    async def run(self) -> tuple[int, int]:
        """Its exit code, and the number of the next try."""
        events = asyncio.create_task(self._follow_events())
        output = asyncio.create_task(self._follow_output())
        try:
            await asyncio.wait({events, output}, return_when=asyncio.FIRST_COMPLETED)
            if output.done():
                output.result()  # raises where it cannot be shown: no reason to go on
            end = await events
        finally:
            for task in (events, output):
                task.cancel()
            await asyncio.gather(events, output, return_exceptions=True)
        await self._rest()
        await self._compare()
        data = end["data"]
        self._view.event(Kind.STATE, data, _seconds(end["at"]))
        state = RunState(data["state"])
        failed = data.get("exit_code") if state is RunState.FAILED else None
        return for_job(succeeded=state is RunState.SUCCEEDED, code=failed), int(data.get("next", 0))

    async def _compare(self) -> None:
        """Say what became of its figures since the run before, if that is known."""
        if not self._figures:
            return
        with contextlib.suppress(httpx.HTTPError):
            answer = await self._client.get(f"/api/runs/{self._number}")
            if answer.is_success:
                for line in against(answer.json()):
                    self._view.note(line)

    async def _follow_events(self) -> dict[str, Any]:
        """The event that ends the run, which is not shown yet."""
        async with contextlib.aclosing(self._frames("events", lambda: self._last)) as frames:
            async for frame in frames:
                if frame.event == "reset":
                    self._last = 0
                    continue
                event: dict[str, Any] = frame.json()
                # a note to everybody (it belongs to no run) is no part of this one
                if frame.event not in set(Kind) or event["id"] <= self._last or event["run"] != self._number:
                    continue
                self._last = event["id"]
                self._figures |= event["data"].get("type") == "figure"
                if frame.event == Kind.STATE and RunState(event["data"]["state"]).over:
                    return event
                self._view.event(Kind(frame.event), event["data"], _seconds(event["at"]))
        raise StoreError(f"The server says that nothing more will come of run {self._number}, and never said its end.")

    async def _follow_output(self) -> None:
        async with contextlib.aclosing(self._frames("output/stream", lambda: self._offset)) as frames:
            async for frame in frames:
                if frame.event != "output":
                    continue
                piece = frame.json()
                start, end = int(piece["offset"]), int(piece["end"])
                if start != self._offset:
                    continue
                data = str(piece["text"]).encode()
                if piece.get("encoding"):  # the server decodes it, and cuts it between two characters
                    self._offset = end
                    self._view.output(data)
                    continue
                if len(data) != end - start or "\N{REPLACEMENT CHARACTER}" in piece["text"]:
                    data = await self._bytes(start, end)  # some of it is no text: take it as it is
                self._offset = start + len(data)
                self._view.output(data)

    async def _rest(self) -> None:
        """The run is over: its output grows no more, and what was not shown yet is fetched."""
        while data := await self._bytes(self._offset, self._offset + (1 << 20)):
            self._offset += len(data)
            self._view.output(self._as_utf8(data))
        self._view.output(self._as_utf8(b"", final=True))

    def _as_utf8(self, data: bytes, *, final: bool = False) -> bytes:
        return self._decoder.feed(data, final=final) if self._decoder else data

    async def _bytes(self, start: int, end: int) -> bytes:
        """A part of the output; empty behind its end."""
        path, patience = f"/api/runs/{self._number}/output", _Patience(self._worry)
        while True:
            with contextlib.suppress(httpx.TransportError):
                answer = await self._client.get(path, headers={"range": f"bytes={start}-{end - 1}"})
                if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                    return b""
                if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    if not answer.is_success:
                        raise refusal(answer)
                    self._found()
                    charset = answer.charset_encoding or "utf-8"
                    self._decoder = self._decoder or Decoder("" if charset == "utf-8" else charset)
                    return answer.content
            if not await patience.pause():
                raise self._server.silent()

    async def _frames(self, path: str, cursor: Callable[[], int]) -> AsyncGenerator[ServerSentEvent, None]:
        """The frames of a stream, over all its connections, until the server says that there is nothing more."""
        where, patience = f"/api/runs/{self._number}/{path}", _Patience(self._worry)
        while True:
            headers = {"accept": "text/event-stream", "cache-control": "no-store", "last-event-id": str(cursor())}
            with contextlib.suppress(httpx.TransportError, SSEError):
                async with self._client.stream("GET", where, headers=headers) as answer:
                    if answer.status_code == GONE:
                        return
                    if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                        if not answer.is_success:
                            await answer.aread()
                            raise refusal(answer)
                        self._found()
                        patience.contact()
                        async for frame in EventSource(answer).aiter_sse():
                            if frame.data:  # a frame without any only says how long to wait before a new try
                                patience.renew()
                                yield frame
            if not await patience.pause():
                raise self._server.silent()

    def _worry(self) -> None:
        if not self._lost:
            self._lost = True
            self._view.note("Lost contact with the server. The run goes on; trying to find it again…")

    def _found(self) -> None:
        if self._lost:
            self._lost = False
            self._view.note("Found it again.")


class _Patience:
    """Growing pauses between two tries, and an end to them. `worry` is called when it has gone on for a while."""

    def __init__(self, worry: Callable[[], None]) -> None:
        self._worry = worry
        self._clock = asyncio.get_running_loop().time
        self._pauses = 0
        self._since = self._clock()

    def contact(self) -> None:
        """There was an answer; it may still break off at once, so the pauses go on growing."""
        self._since = self._clock()

    def renew(self) -> None:
        """There was something in the answer."""
        self._pauses = 0
        self._since = self._clock()

    async def pause(self) -> bool:
        """False when patience has ended."""
        if self._clock() - self._since > PATIENCE:
            return False
        if self._pauses == WORRY:
            self._worry()
        await asyncio.sleep(PAUSES[min(self._pauses, len(PAUSES) - 1)])
        self._pauses += 1
        return True


def _seconds(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp()
