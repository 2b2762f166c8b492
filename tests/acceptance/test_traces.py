"""Runs as spans: a collector of its own, which decodes what OpenTelemetry's exporter sends."""

from __future__ import annotations

import gzip
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.acceptance.serving import PATIENCE, Command, Served
from tests.acceptance.worlds import script

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CONTEXT = f"00-{TRACE}-{CALLER}-01"
ERROR = 2  # of opentelemetry.proto.trace.v1.Status


class Collector:
    """Refuses the first request, as one that is busy does."""

    def __init__(self) -> None:
        self.spans: queue.Queue[Any] = queue.Queue()
        self.refused = 0
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if not collector.refused:
                    collector.refused += 1
                    self.send_response(503)
                    self.end_headers()
                    return
                assert self.path == "/v1/traces"
                body = gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body
                for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    for of_scope in of_resource.scope_spans:
                        for span in of_scope.spans:
                            collector.spans.put(span)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def open(self) -> Iterator[Collector]:
        thread = threading.Thread(target=self._server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def next(self) -> Any:
        return self.spans.get(timeout=PATIENCE)


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector().open() as collector:
        yield collector


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("traces")
    script(folder, "good", 'echo "<$TRACEPARENT>"')
    script(folder, "bad", "exit 3")
    with Served(folder, traces_to=collector.url) as server:
        yield server


def attributes(span: Any) -> dict[str, Any]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


def press(server: Served, task: str, **headers: str) -> int:
    answer = server.http.post(f"/api/tasks/{task}/runs", json={"inputs": {}}, headers=headers).raise_for_status()
    number: int = answer.json()["number"]
    return number


def test_a_run_is_one_span_below_its_caller_and_its_job_knows_it(server, collector):
    number = press(server, "good", traceparent=CONTEXT)
    span = collector.next()
    assert (span.trace_id.hex(), span.parent_span_id.hex(), span.name) == (TRACE, CALLER, "good")
    run = server.finished(number)
    assert server.http.get(f"/api/runs/{number}/output").text == f"<00-{TRACE}-{span.span_id.hex()}-01>\n"
    assert attributes(span)["pushbutton.run"] == number
    assert run["actor"] not in str(span)
    assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano
    assert collector.refused == 1, "it was told although it was busy at first"


def test_a_press_from_the_shell_hands_its_span_on(server, collector):
    with Command("press", "good", "--server", server.url, env={"TRACEPARENT": CONTEXT}) as command:
        assert command.wait() == 0, command.err.text
    assert collector.next().trace_id.hex() == TRACE


def test_a_press_without_a_span_begins_a_trace_and_a_failure_is_an_error(server, collector):
    press(server, "bad", traceparent="nonsense")
    span = collector.next()
    assert span.trace_id.hex() != TRACE
    assert not span.parent_span_id
    assert span.status.code == ERROR
    assert attributes(span)["process.exit.code"] == 3


def test_without_the_setting_a_job_finds_no_span(tmp_path):
    script(tmp_path, "good", 'echo "<$TRACEPARENT>"')
    with Served(tmp_path) as server:
        number = press(server, "good", traceparent=CONTEXT)
        server.finished(number)
        assert server.http.get(f"/api/runs/{number}/output").text == "<>\n"
