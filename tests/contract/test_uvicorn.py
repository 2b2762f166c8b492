"""What `web.http.connection` and `web.server` use of uvicorn beyond its documented interface: this, and no more.

`pyproject.toml` pins uvicorn to the minor version that this was written for. To upgrade: raise the pin and run this
file. For each test that fails, read the two modules beside uvicorn's `httptools_impl.py`, `flow_control.py` and
`server.py`.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import textwrap
import tomllib
from collections import deque
from collections.abc import AsyncIterator, Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from pushbutton.web import server
from pushbutton.web.http import connection

LOOK = (
    f"uvicorn is {version('uvicorn')} here: read web/http/connection.py and web/server.py "
    "beside uvicorn's httptools_impl.py, flow_control.py and server.py; then change this test and the pin."
)

OVERRIDDEN = {
    "__init__": ["config", "server_state", "app_state", "_loop"],
    "connection_made": ["transport"],
    "connection_lost": ["exc"],
    "data_received": ["data"],
    "on_message_begin": [],
    "on_url": ["url"],
    "on_header": ["name", "value"],
    "on_headers_complete": [],
    "on_body": ["body"],
    "on_message_complete": [],
    "on_response_complete": [],
    "pause_writing": [],
    "resume_writing": [],
}
"""Methods of uvicorn's protocol that ours extends, with their arguments."""
CALLED = {"send_400_response": ["msg"], "timeout_keep_alive_handler": []}
"""Methods of uvicorn's protocol that ours calls."""
READ = {"client", "cycle", "flow", "loop", "pipeline", "scope", "timeout_keep_alive", "timeout_keep_alive_task"}
READ |= {"transport"}
"""Attributes of uvicorn's protocol that ours reads or sets."""
OF_CYCLE = {"message_event", "more_body", "response_complete", "scope"}
"""Attributes of a request's cycle that ours reads or sets."""
OF_ANSWER = {"keep_alive", "more_body", "on_response", "response_started"}
"""Attributes of it that ours uses when an answer begins."""
OF_FLOW = {"_transport", "_is_writable_event", "read_paused", "write_paused"}
"""Attributes of the flow control that ours sets, in place of its `__init__`."""

REQUEST = b"POST /a%20b?c HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nbody"


def used(kind: type, name: str) -> set[str]:
    """The attributes of `name`, or of an attribute of that name, that the source of a class uses."""
    found = set()
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(kind)))):
        match node:
            case ast.Attribute(value=ast.Name(id=of) | ast.Attribute(attr=of)) if of == name:
                found.add(node.attr)
    return found


def assigned(kind: type) -> set[str]:
    """The attributes that a class's `__init__` sets."""
    source = inspect.getsource(vars(kind)["__init__"])
    return set(re.findall(r"^ +self\.(\w+)(?:: [^=]+)? = ", source, flags=re.MULTILINE))


def arguments(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)[1:]


def test_the_pin_is_the_minor_version_that_is_installed():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    pin = next(line for line in project["project"]["dependencies"] if line.startswith("uvicorn"))
    major, minor, *_ = map(int, version("uvicorn").split("."))
    assert pin == f"uvicorn>={major}.{minor},<{major}.{minor + 1}", LOOK


def test_the_protocol_is_extended_and_used_where_this_test_says():
    ours = vars(connection.Connection)
    theirs = {name for name in ours if hasattr(HttpToolsProtocol, name) and inspect.isfunction(ours[name])}
    assert theirs == set(OVERRIDDEN), LOOK
    inherited = used(connection.Connection, "self") - set(ours) - set(connection.Connection.__slots__)
    assert inherited == READ | set(CALLED), LOOK


def test_the_protocol_has_what_is_extended_and_used():
    for name, given in {**OVERRIDDEN, **CALLED}.items():
        assert arguments(getattr(HttpToolsProtocol, name)) == given, f"{name}: {LOOK}"
    assert assigned(HttpToolsProtocol) >= READ, LOOK
    assert HttpToolsProtocol.__dictoffset__, LOOK  # ours has slots beside its dictionary


def test_a_requests_cycle_has_what_is_used():
    assert used(connection.Connection, "cycle") == OF_CYCLE, LOOK
    assert assigned(RequestResponseCycle) >= OF_CYCLE, LOOK
    assert used(connection._Cycle, "self") == OF_ANSWER, LOOK
    assert assigned(RequestResponseCycle) >= OF_ANSWER, LOOK
    assert arguments(RequestResponseCycle.send) == arguments(connection._Cycle.send), LOOK
    assert RequestResponseCycle.__dictoffset__, LOOK  # one that was made becomes one of ours
    # Once a stream has the connection, nobody waits for the event, and `set` alone is left of it.
    assert used(RequestResponseCycle, "message_event") == {"set", "wait", "clear"}, LOOK
    assert used(HttpToolsProtocol, "message_event") == {"set"}, LOOK


def test_the_flow_control_has_no_more_than_ours_sets():
    assert assigned(FlowControl) == OF_FLOW == used(connection._Flow, "self"), LOOK
    replaced = {name for name, value in vars(connection._Flow).items() if inspect.isfunction(value)}
    assert replaced == {"__init__", "drain", "pause_writing", "resume_writing"}, LOOK
    for name in replaced:
        assert arguments(getattr(connection._Flow, name)) == arguments(getattr(FlowControl, name)), f"{name}: {LOOK}"
    for name in ("pause_reading", "resume_reading"):  # these are uvicorn's
        found = re.findall(r"self\.(\w+)", inspect.getsource(vars(FlowControl)[name]))
        assert set(found) <= OF_FLOW, f"{name}: {LOOK}"
    methods = {"drain", "pause_reading", "resume_reading", "pause_writing", "resume_writing"}
    outside = used(HttpToolsProtocol, "flow") | used(RequestResponseCycle, "flow")
    assert outside == methods | {"write_paused"}, LOOK


def test_the_queue_of_pipelined_requests_is_used_as_ours_can_be():
    assert used(HttpToolsProtocol, "pipeline") == {"appendleft", "pop"}, LOOK
    plain, ours = deque([1]), connection._Pipeline([1])
    for queue in (plain, ours):
        queue.appendleft(2)
    assert list(plain) == list(ours), LOOK
    assert plain.pop() == ours.pop() == 1


def test_the_server_ends_in_the_method_that_ours_extends():
    assert issubclass(server._Server, uvicorn.Server)
    assert arguments(uvicorn.Server.shutdown) == arguments(server._Server.shutdown) == ["sockets"], LOOK
    assert inspect.iscoroutinefunction(uvicorn.Server.shutdown), LOOK
    assert arguments(uvicorn.Server.serve) == ["sockets"], LOOK


# -- in which order it calls


class Recording(HttpToolsProtocol):
    """uvicorn's protocol, which notes the order of its calls."""

    calls: list[str] = []  # noqa: RUF012  one list for all connections of a test

    lost = asyncio.Event()


def _noting(name: str) -> Callable[..., Any]:
    extended = getattr(HttpToolsProtocol, name)

    def call(self: Recording, *given: Any) -> Any:
        self.calls.append(name)
        answer = extended(self, *given)
        self.calls.append(f"{name} done")
        if name == "connection_lost":
            self.lost.set()
        return answer

    return call


for _name in OVERRIDDEN.keys() - {"__init__"}:
    setattr(Recording, _name, _noting(_name))


async def answering(scope: Any, receive: Any, send: Any) -> None:
    """Answers at once, and reads nothing of the request."""
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A server of uvicorn's, by its documented interface; `Recording.calls` begins empty."""
    Recording.calls, Recording.lost = [], asyncio.Event()
    sock = server.listen("127.0.0.1", 0)
    config = uvicorn.Config(answering, loop="none", http=Recording, ws="none", lifespan="off", log_config=None)
    running = uvicorn.Server(config)
    task = asyncio.create_task(running._serve([sock]))  # without its handlers of signals
    yield sock.getsockname()[1]
    running.should_exit = True
    await task


async def said(port: int, sent: bytes, ends: bytes = b"ok") -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    found = b""
    async with asyncio.timeout(60):
        while not found.endswith(ends) and (piece := await reader.read(1 << 16)):
            found += piece
        writer.close()
        await writer.wait_closed()
        await Recording.lost.wait()
    return found


async def test_a_request_is_read_in_this_order(port):
    assert (await said(port, REQUEST)).startswith(b"HTTP/1.1 200 OK\r\n")
    both = [
        *("connection_made", "connection_made done", "data_received"),
        *("on_message_begin", "on_message_begin done", "on_url", "on_url done"),
        *("on_header", "on_header done", "on_header", "on_header done"),
        *("on_headers_complete", "on_headers_complete done", "on_body", "on_body done"),
        *("on_message_complete", "on_message_complete done", "data_received done"),
        *("on_response_complete", "on_response_complete done", "connection_lost"),
    ]
    calls = [call for call in Recording.calls if not call.startswith("resume_writing")]
    assert calls == [*both, "connection_lost done"], LOOK


async def test_a_body_that_comes_after_its_answer_is_passed_over_and_the_connection_goes_on(port):
    head, body = REQUEST[:-4], REQUEST[-4:]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(60):
        writer.write(head)
        await reader.readuntil(b"ok")
        writer.write(body + REQUEST)  # and the connection goes on
        await reader.readuntil(b"ok")
    writer.close()
    await writer.wait_closed()
    before = Recording.calls[: Recording.calls.index("on_body")]
    assert "on_response_complete done" in before, LOOK


async def test_the_next_of_two_requests_begins_when_the_first_has_its_answer(port):
    found = await said(port, REQUEST + REQUEST.replace(b"/a%20b", b"/next"), b"ok" * 9)
    assert found.count(b"HTTP/1.1 200 OK\r\n") == 2, LOOK
    calls = [call for call in Recording.calls if call in ("on_message_complete", "on_response_complete")]
    assert calls == ["on_message_complete"] * 2 + ["on_response_complete"] * 2, LOOK


@pytest.mark.parametrize("place", ["on_url", "on_header"])
async def test_an_exception_in_the_parsers_callbacks_becomes_a_400(port, monkeypatch, place):
    def raises(*_: object) -> None:
        raise connection._HeadTooLarge

    monkeypatch.setattr(Recording, place, raises)
    assert (await said(port, REQUEST, b"nothing that ends it")).startswith(b"HTTP/1.1 400 Bad Request\r\n"), LOOK
    assert [call for call in Recording.calls if call.endswith("_complete")] == [], LOOK
