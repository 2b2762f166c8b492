"""Streams of one's own: frames that no text can forge, shared by who shows the same, refusals as problems."""

from __future__ import annotations

import logging
import re

from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

from pushbutton.app import Pushbutton
from pushbutton.domain.event import Event, Kind
from pushbutton.testing import opened, press_and_wait
from pushbutton.web.live import custom
from pushbutton.web.live.custom import text_frame
from pushbutton.web.live.stream import EventStream
from pushbutton.web.live.subscription import TopicEvents

EVENT = Event(7, 1, "job", 0, Kind.STATUS, {"text": "hello"})


def show(event: Event) -> tuple[str, str] | None:
    return "said", str(event.data["text"])


def test_a_frame_is_name_id_and_text():
    assert text_frame("said", "hello", 7) == b"id: 7\nevent: said\ndata: hello\n\n"


@given(st.text())
def test_any_text_stays_one_event_and_says_the_same_but_for_its_line_ends(text):
    number, name, *data, end, rest = re.split("\r\n|\r|\n", text_frame("said", text, 7).decode())
    same = text.replace("\r\n", "\n").replace("\r", "\n").encode(errors="replace").decode()
    assert (number, name, end, rest) == ("id: 7", "event: said", "", "")
    assert all(line.startswith("data: ") for line in data)
    assert "\n".join(line.removeprefix("data: ") for line in data) == same


def test_a_line_break_in_a_name_begins_no_field():
    assert b"\nid:" not in text_frame("said\nid: 9", "x")


def test_who_shows_with_the_same_function_shares_its_frames():
    assert custom._encoder(show) is custom._encoder(show)


def test_an_event_that_cannot_be_shown_is_left_out_and_logged(caplog):
    def broken(event: Event) -> tuple[str, str]:
        raise KeyError(event.id)

    with caplog.at_level(logging.ERROR):
        assert custom._encoder(broken)(EVENT) is None
    assert "event 7 is left out" in caplog.text


def request(query: str = "", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": query.encode(), "headers": raw})


async def answered(app: Pushbutton, query: str = "", **headers: str) -> Response:
    return await app.stream(request(query, **headers), show, task="job")


async def test_what_does_not_ask_for_a_stream_is_refused_in_words(tmp_path):
    async with opened(tmp_path) as app:
        assert (await answered(app, accept="application/json")).status_code == 406
        assert (await answered(app, "since=yesterday")).status_code == 400
        assert isinstance(await answered(app), EventStream)


async def test_a_foreign_last_id_gets_a_reset_and_everything(tmp_path):
    async with opened(tmp_path) as app:
        stream = await answered(app, last_event_id="999")
        assert isinstance(stream, EventStream)
        assert isinstance(stream._subscription, TopicEvents)
        assert (stream._subscription.since, stream._subscription.first) == (0, b"event: reset\ndata: \n\n")


async def test_the_latest_run_of_a_task_is_its_newest(tmp_path):
    (tmp_path / "job.py").write_text("def job():\n    pass\n")
    async with opened(tmp_path / "job.py") as app:
        assert await app.latest("job") is None
        await press_and_wait(app, "job")
        second = await press_and_wait(app, "job")
        assert await app.latest("job") == second.run
