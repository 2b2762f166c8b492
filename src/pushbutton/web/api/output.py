"""A run's output over HTTP: its bytes, numbered lines by range, search, and plain text to read in the browser."""

from __future__ import annotations

import functools
import json
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from pushbutton import threads
from pushbutton.domain.encoding import charset
from pushbutton.domain.event import Json
from pushbutton.domain.run import Run
from pushbutton.errors import BadInput, BadRange
from pushbutton.runtime import history
from pushbutton.runtime.log.reader import PAGE_LINES
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.numbers import number_of
from pushbutton.web.http.operation import operation, query
from pushbutton.web.http.slices import sliced
from pushbutton.web.site import site_of
from pushbutton.web.views.output_lines import line_json

_OUTPUT = "streams and output"
_TEXT: dict[int | str, dict[str, Any]] = {
    200: {"description": "Bytes", "content": {"text/plain": {"schema": {"type": "string"}}}},
}
HITS = 200  # of one search
QUERY = 1000  # characters to look for
_WHOLE = re.compile(r"-?[0-9]{1,15}", re.ASCII)


@operation("A run's output, as it was written", _OUTPUT, "One byte range is honoured.", responses=_TEXT)
async def output(request: Request) -> Response:
    """The bytes as they came; one range is honoured. Text for programs, a download for browsers."""
    core, number = core_of(request), number_of(request.path_params["number"])
    run = await history.written(core, actor_of(request), number)
    return sliced(
        request,
        functools.partial(core.output.read, number),
        core.output.size(number),
        f"{run.task}-{number}.log",
        media_type=f"text/plain; charset={charset(core.output.encoding(number))}",
        headers={"x-run-state": run.state.value},
    )


@operation(
    "Numbered lines, as a terminal would leave them",
    _OUTPUT,
    "`t` of each line is its text, or pieces of it with their colours; `at` is when it was written.",
    answers="LinesShape",
    parameters=[
        query("from", "The first line, counted from 1; negative: from the end"),
        query("count", "At most 2,000; fewer come where lines are very long"),
        query("cut", "So many characters of each line; one with `cut` has more"),
    ],
)
async def lines(request: Request) -> Response:
    """`?from=&count=&cut=`: lines from a number on, a negative one counts from the end; `cut` characters of each."""
    run = await _run(request)
    start, count = _number(request, "from", 1), _number(request, "count", 200)
    if start == 0:
        raise BadRange("Lines are counted from 1; a negative “from” counts from the end.")
    if not 0 <= count <= PAGE_LINES:
        raise BadRange(f"“count” is a number from 0 to {PAGE_LINES}.")
    cut = _number(request, "cut", 0)
    if cut < 0:
        raise BadRange("“cut” is how many characters of each line to show, 0 for all.")
    page = await site_of(request).lines.of(run.id).lines(start, count, final=run.state.over)

    def body() -> bytes:
        shown = [line_json(line, cut or None) for line in page.lines]
        return _encoded(
            {"run": run.id, "total": page.total, "first": page.first, "over": page.done, "bytes": page.bytes_read},
            lines=shown,
        )

    return _answer(await threads.showing(body))


@operation(
    "Find text in the lines",
    _OUTPUT,
    "Upper and lower case are the same.",
    answers="FoundShape",
    parameters=[
        {"name": "q", "in": "query", "required": True, "schema": {"type": "string"}},
        query("from", "The line to begin at"),
        query("back", "1: search towards the beginning"),
    ],
)
async def find(request: Request) -> Response:
    """`?q=&from=&limit=&back=`: lines that hold the text, nearest first, and how many there are in all."""
    run = await _run(request)
    query = request.query_params.get("q", "")
    if len(query) > QUERY:
        raise BadInput(f"Look for at most {QUERY} characters.")
    back = request.query_params.get("back", "0")
    if back not in {"", "0", "1"}:
        raise BadInput("“back” is 0 or 1.")
    limit = _number(request, "limit", 50)
    if not 1 <= limit <= HITS:
        raise BadRange(f"“limit” is a number from 1 to {HITS}.")
    start = _number(request, "from", -1 if back == "1" else 1)
    reader = site_of(request).lines.of(run.id)
    found = await reader.search(query, start=start or 1, forward=back != "1", limit=limit, final=run.state.over)
    hits = [{"n": hit.number, "start": hit.start, "end": hit.end} for hit in found.hits]
    return _answer(_encoded({"run": run.id, "total": found.total, "more": found.more}, hits=hits))


@operation("The lines as plain text", _OUTPUT, "Without colours and rewrites.", responses=_TEXT)
async def plain(request: Request) -> Response:
    """All of it as text without colours, as a terminal would have left it."""
    run = await _run(request)
    text = site_of(request).lines.of(run.id).plain(final=run.state.over)
    headers = {"cache-control": "no-cache", "x-content-type-options": "nosniff", "x-run-state": run.state.value}
    return StreamingResponse(text, headers=headers, media_type="text/plain; charset=utf-8")


async def _run(request: Request) -> Run:
    return await history.written(core_of(request), actor_of(request), number_of(request.path_params["number"]))


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not _WHOLE.fullmatch(text):
        raise BadInput(f"“{name}” is a whole number, not “{text[:40]}”.")
    return int(text)


def _encoded(head: dict[str, Json], **lists: Json) -> bytes:
    return json.dumps({**head, **lists}, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _answer(body: bytes) -> Response:
    return Response(body, media_type="application/json", headers={"cache-control": "no-cache"})
