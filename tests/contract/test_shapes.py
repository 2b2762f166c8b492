"""What the API sends is as its models say: those that shape it, and those of what is written by hand beside them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import httpx
import pytest
from pydantic import TypeAdapter

from pushbutton.domain.event import Event, Kind
from pushbutton.domain.on_file import FileSeen, Lying
from pushbutton.domain.on_file import Verdict as Came
from pushbutton.domain.schedule import Firing, Verdict
from pushbutton.runtime.watch.frames import event_frame
from pushbutton.testing import opened
from pushbutton.web.api import schemas
from pushbutton.web.api.reference import Call, Stream
from pushbutton.web.live.stream import reset
from pushbutton.web.routes import API

TASKS = """
import sys
from pushbutton import task, status

@task(schedules={"every": 3600, "name": "hourly"})
def speak(loud: bool = False, words: list[str] = ()):
    \"\"\"Speaks.\"\"\"
    status("speaking")
    print("plain")
    print("\x1b[31mred\x1b[0m and plain")
    print("x" * 100)
"""
TASK, RUN = "/api/tasks/speak", "/api/runs/1"


class World(NamedTuple):
    http: httpx.AsyncClient


@pytest.fixture
async def world(tmp_path: Any) -> AsyncIterator[World]:
    """A run of `speak` is over."""
    (tmp_path / "tasks.py").write_text(TASKS)
    async with (
        opened(tmp_path / "tasks.py", host="127.0.0.1") as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        pressed = await app.press("speak")
        assert (await pressed.finished()).state == "succeeded"
        yield World(http)


def _same(model: Any, sent: Any) -> None:
    """It is such a shape, nothing is added to it, and nothing of it is left out."""
    adapter: TypeAdapter[Any] = TypeAdapter(model)
    found = adapter.validate_python(sent)
    assert adapter.dump_python(found, mode="json", exclude_unset=True) == sent


def _model(name: str) -> Any:
    inner = name.removeprefix("list[").removesuffix("]")
    found: Any = getattr(schemas, inner)
    return list[found] if inner != name else found


def _frames(text: str) -> list[tuple[str, Any]]:
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
        if "data" in lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


READ = [
    (route.path, route.operation.said["response_model"])
    for route in API
    if isinstance(route, (Call, Stream)) and route.operation.said["response_model"] and "GET" in (route.methods or ())
]
ELSEWHERE = {"/api/runs/{number}/plan", "/api/hooks/{id}", "/api/hooks/{id}/deliveries"}
"""Not there in this world: `test_approvals` and `test_hooks` read it."""


@pytest.mark.parametrize(("path", "name"), READ)
async def test_what_is_read_is_as_the_document_says(world, path, name):
    there = path.replace("{slug}", "speak").replace("{number}", "1").replace("{name}", "hourly")
    answer = await world.http.get(there, params={"q": "plain"} if path.endswith("search") else {})
    if path in ELSEWHERE:
        assert answer.status_code == 404
        return
    assert answer.status_code == 200, answer.text
    _same(_model(name), answer.json())


async def test_a_pause_and_what_became_of_a_moment_are_as_the_document_says(world):
    paused = await world.http.post("/api/schedules/speak/hourly/pause", json={"reason": "why not"})
    _same(schemas.ScheduleShape, paused.json())
    of_all = await world.http.post("/api/schedules/pause", json={"until": "2100-01-01T00:00:00Z"})
    _same(schemas.SchedulePause, of_all.json())
    firing = schemas.FiringShape.of(Firing("speak/hourly", 1_000_000, Verdict.CAUGHT_UP, run=7))
    _same(schemas.FiringShape, json.loads(firing.model_dump_json()))
    file = schemas.FileSeenShape.of(FileSeen("speak", 1_000_000, Came.PRESSED, Lying(1, "/in/a.csv", 2, 3), run=7))
    _same(schemas.FileSeenShape, json.loads(file.model_dump_json()))


async def test_a_press_is_answered_as_the_document_says(world):
    answer = await world.http.post(f"{TASK}/runs", json={"inputs": {"loud": True}}, headers={"prefer": "wait=60"})
    _same(schemas.PressedShape, answer.json())
    wrong = await world.http.post(f"{TASK}/runs", json={"inputs": {"load": True}})
    assert wrong.status_code == 422
    _same(schemas.Problem, wrong.json())


@pytest.mark.parametrize("stream", ["events", "output/stream"])
async def test_frames_of_a_stream_are_as_the_document_says(world, stream):
    route = next(one for one in API if isinstance(one, Stream) and one.path == f"/api/runs/{{number}}/{stream}")
    said = route.operation.said["frames"]
    frames = _frames((await world.http.get(f"{RUN}/{stream}")).text)
    assert frames
    for event, data in frames:
        _same(_model(said.get(event) or said["(kind)"]), data)


@pytest.mark.parametrize("kind", Kind)
def test_an_event_of_each_kind_is_as_the_document_says(kind):
    sent = event_frame(Event(7, 42, "deploy", 1_790_000_000_000_000, kind, {"text": "é", "more": [1, None]}))
    ((event, data),) = _frames(sent.decode())
    assert event == kind.value
    _same(schemas.EventShape, data)


def test_a_reset_is_as_the_document_says():
    ((event, data),) = _frames(reset(7).decode())
    assert event == "reset"
    _same(schemas.ResetShape, data)


async def test_the_document_names_every_shape_that_is_sent(world):
    document = (await world.http.get("/api/openapi.json")).json()
    named = document["components"]["schemas"]
    for route in API:
        if isinstance(route, (Call, Stream)):
            said = route.operation.said
            for name in (said["response_model"], *said["frames"].values()):
                assert not name or name.removeprefix("list[").removesuffix("]") in named
