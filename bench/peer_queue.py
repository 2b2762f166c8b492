"""The usual design beside ours: Starlette, a generator and a queue for each client. Keeps nothing, replays nothing.

With the word `sse-starlette` the answer is that package's.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

queues: set[asyncio.Queue[Any]] = set()
tasks: set[asyncio.Task[None]] = set()
PACKAGED = "sse-starlette" in sys.argv


async def taken() -> AsyncIterator[Any]:
    queue: asyncio.Queue[Any] = asyncio.Queue()
    queues.add(queue)
    try:
        while True:
            yield await queue.get()
    finally:
        queues.discard(queue)


async def stream(request: Request) -> Response:
    del request
    if PACKAGED:
        sse_starlette: Any = importlib.import_module("sse_starlette")
        answer: Response = sse_starlette.EventSourceResponse(taken())
        return answer
    return StreamingResponse(taken(), media_type="text/event-stream")


async def publish(request: Request) -> Response:
    asked = request.query_params
    task = asyncio.create_task(put(int(asked["events"]), int(asked["batch"]), float(asked.get("rate", 0))))
    tasks.add(task)
    return Response(status_code=204)


async def put(count: int, size: int, rate: float) -> None:
    due = time.monotonic()
    for number in range(1, count + 1):
        text = f"doing a thing, step one t={time.time_ns()}"
        data = json.dumps(
            {"id": number, "run": 1, "task": "deploy", "at": "2026-11-23T10:00:00.000000Z", "kind": "status",
             "data": {"text": text}}, separators=(",", ":"))  # fmt: skip
        event: Any = {"id": str(number), "event": "status", "data": data}
        if not PACKAGED:
            event = f"id: {number}\nevent: status\ndata: {data}\n\n".encode()
        for queue in queues:
            queue.put_nowait(event)
        if number % size == 0:
            if rate:
                due += size / rate
                await asyncio.sleep(max(0.0, due - time.monotonic()))
            for _ in range(3):
                await asyncio.sleep(0)


app = Starlette(routes=[Route("/pub", publish, methods=["POST"]), Route("/events", stream)])

if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="warning", access_log=False)
