"""Hostile values, requests and connections: a clear refusal or one harmless argument, never a fault of ours."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import pytest
import uvicorn

from pushbutton.domain.upload import of_value
from pushbutton.web.http.connection import Connection

from .rawhttp import Answer, ask, request, sent
from .serving import PATIENCE, Served, until
from .test_streams import resident
from .worlds import script

CONFIG = """
tasks:
  echo:
    command: [{python}, {show}, "--text={{text}}", "{{text}}"]
    params:
      text: {{type: str, multiline: true}}
  dashed:
    command: [{python}, {show}, "{{text}}"]
    params:
      text: {{type: str, dash: true}}
  typed:
    command: [{python}, {show}, "{{number}}", "{{ratio}}", "{{yes}}", "{{day}}", "{{pick}}"]
    params:
      number: {{type: int, default: 1}}
      ratio: {{type: float, default: 1.0}}
      "yes": {{type: bool, default: false}}
      day: {{type: date, default: "2026-11-23"}}
      pick: {{type: choice, choices: [a, b], default: a}}
      word: {{type: str, pattern: "[a-z]+", default: a}}
"""
SHOW = """
import json, os, sys
print(json.dumps([os.fsencode(word).hex() for word in sys.argv[1:]]))
print(json.dumps(sorted(os.environ)))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("hostile")
    show = folder / "show"  # not executable: no task of its own
    show.write_text(SHOW)
    (folder / "pushbutton.yaml").write_text(CONFIG.format(python=sys.executable, show=show))
    script(folder, "touch.sh", "touch pressed-$$")
    script(folder, "typed-env.sh", "env", head='[params.name]\ntype = "str"\nrequired = false\n')
    (folder / "typed_python.py").write_text(
        "from pushbutton import task\n\n@task\ndef by_function(n: int = 1, text: str = ''):\n    print(n, text)\n"
    )
    with Served(folder, env={"SECRET_OF_THE_SERVER": "do-not-show", "PYTHONHASHSEED": "7"}) as served:
        yield served
        traceback = served.err.partition("Traceback")[2]
        assert not traceback, traceback[:6000]


@pytest.fixture
def presses(server: Served) -> Iterator[None]:
    """Whatever the test does, no run may come of it."""

    def newest() -> int:
        # On a connection of its own: the one before may be cut in this moment, since nobody reads on what was refused.
        with urlopen(f"{server.url}/api/runs?limit=1") as answer:
            return int((json.load(answer) or [{"number": 0}])[0]["number"])

    before = newest()
    yield
    assert newest() == before


def refused(answer: Any, *statuses: int) -> None:
    assert answer.status_code in (statuses or (400, 422)), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in answer.text


def shown(server: Served, number: int) -> tuple[list[bytes], list[str]]:
    """(arguments, names in the environment) of the job."""
    run = server.finished(number)
    assert run["state"] == "succeeded", server.output(number)
    arguments, environment = server.output(number).splitlines()
    return [bytes.fromhex(word) for word in json.loads(arguments)], json.loads(environment)


# -- values


METACHARACTERS = [
    "; touch pwned #",
    "$(touch pwned)",
    "`touch pwned`",
    "a && touch pwned || touch pwned | touch pwned",
    "'\"\\'\\\"",
    "*?[a-z]{a,b}~ ~root $HOME ${HOME} !! %PATH%",
    "two\nlines\r\nand\ttabs\x0b\x0c\x1b[31m",
    " leading and trailing ",
    "{text} {{text}} {0} %s %(x)s \\0 \\x00",
    "\u2028\u202e\ufeff\u200dä🙂",
    "> /tmp/pwned < /etc/passwd 2>&1 &",
]


@pytest.mark.parametrize("text", METACHARACTERS)
def test_what_a_shell_would_read_arrives_as_one_argument_to_the_byte(server, text):
    arguments, _ = shown(server, server.press("echo", text=text))
    assert arguments == [b"--text=" + text.encode(), text.encode()]
    assert not list(Path(server._paths[0]).rglob("pwned"))


@pytest.mark.parametrize("text", ["-rf", "--", "--help", "-"])
def test_a_value_that_begins_with_a_dash_is_refused_where_it_could_be_an_option(server, presses, text):
    answer = server.http.post("/api/tasks/echo/runs", json={"inputs": {"text": text}})
    refused(answer, 422)
    assert "text" in answer.json()["fields"]


def test_a_value_that_begins_with_a_dash_passes_where_the_author_allows_it(server):
    arguments, _ = shown(server, server.press("dashed", text="-rf"))
    assert arguments == [b"-rf"]


@pytest.mark.parametrize(
    "name", ["LD_PRELOAD", "PATH", "env", "argv", "__class__", "PUSHBUTTON_TOKEN", "text\0", "", "\ud800"]
)
def test_an_undeclared_input_is_refused_and_starts_nothing(server, presses, name):
    body = json.dumps({"inputs": {"text": "a", name: "x"}})
    refused(server.http.post("/api/tasks/echo/runs", content=body, headers={"content-type": "application/json"}))


def test_the_jobs_environment_holds_nothing_of_the_servers_own(server):
    _, environment = shown(server, server.press("echo", text="a"))
    assert "SECRET_OF_THE_SERVER" not in environment
    assert "PYTHONHASHSEED" not in environment


WRONG = [
    ("number", value)
    for value in ["٣", "1_000", " 1", "1\n", "1.0", "", [1], {"a": 1}, True, 1.5, 2**63, -(2**64), "0x10", "1e3"]
    if value != ""
]
WRONG += [("ratio", value) for value in ["NaN", "inf", "1e999", "١.٥", [1.0], {}, False, "1,5"] if value != {}]
WRONG += [("yes", value) for value in ["maybe", 2, "yes\0", [True], 1.0]]
WRONG += [("day", value) for value in ["2026-13-01", "2026-02-30", "٢٠٢٦-11-23", "2026-11-23\n", 20261123, "tomorrow"]]
WRONG += [("pick", value) for value in ["c", "A", "a\n", ["a"], 0, "a\0"]]
WRONG += [("word", value) for value in ["a\n", "A", "a b", 5, ["a"], "é", "a\0", "\ud800"]]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=repr)
def test_a_value_of_another_type_is_refused_with_its_name(server, presses, name, value):
    body = json.dumps({"inputs": {name: value}})
    answer = server.http.post("/api/tasks/typed/runs", content=body, headers={"content-type": "application/json"})
    refused(answer, 422)
    assert list(answer.json()["fields"]) == [name]


@pytest.mark.parametrize(
    "value", ["a\0b", "\ud800", "a\udfffb", "x" * (128 * 1024 + 1), "é" * (64 * 1024 + 1)], ids=len
)
def test_a_text_that_no_process_can_be_given_is_refused(server, presses, value):
    body = json.dumps({"inputs": {"text": value}})
    refused(server.http.post("/api/tasks/echo/runs", content=body, headers={"content-type": "application/json"}), 422)


def test_the_longest_value_that_is_taken_arrives_or_the_run_says_why_not(server):
    text = "x" * (128 * 1024 - 20)  # what Linux allows for one argument, with the option's name
    arguments, _ = shown(server, server.press("echo", text=text))
    assert arguments == [b"--text=" + text.encode(), text.encode()]
    number = server.press("echo", text="x" * (128 * 1024))
    run = server.finished(number)
    assert run["state"] == "failed"
    assert "could not be started" in run["reason"]


@pytest.mark.parametrize("why", ["\ud800", "x" * 2001, 5, ["a"], {"a": 1}])
def test_a_reason_that_is_none_is_refused(server, presses, why):
    body = json.dumps({"inputs": {}, "why": why})
    refused(server.http.post("/api/tasks/touch/runs", content=body, headers={"content-type": "application/json"}))


# -- JSON


JSON = {
    "deep lists": b'{"inputs": {"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "sixty deep": b'{"inputs": {"text": ' + b"[" * 60 + b"]" * 60 + b"}}",
    "20,000 digits": b'{"inputs": {"n": ' + b"9" * 20_000 + b"}}",
    "4,000 digits": b'{"inputs": {"n": ' + b"9" * 4_000 + b"}}",
    "a float without end": b'{"inputs": {"n": 1e400}}',
    "NaN": b'{"inputs": {"n": NaN}}',
    "Infinity": b'{"inputs": {"n": -Infinity}}',
    "a name twice": b'{"inputs": {"text": "a", "text": "b"}}',
    "inputs twice": b'{"inputs": {"n": 1}, "inputs": {"n": 2}}',
    "cut off": b'{"inputs": {"text": "a',
    "two values": b'{"inputs": {}} {"inputs": {}}',
    "single quotes": b"{'inputs': {}}",
    "a comment": b'{"inputs": {} /* x */}',
    "no UTF-8": b'{"inputs": {"text": "\xff\xfe"}}',
    "half a character in bytes": b'{"inputs": {"text": "\xed\xa0\x80"}}',
    "UTF-16": '{"inputs": {"text": "a"}}'.encode("utf-16"),
    "a raw control character": b'{"inputs": {"text": "a\x01"}}',
    "a list": b"[]",
    "a text": b'"inputs"',
    "a number": b"5",
    "inputs as list": b'{"inputs": []}',
    "another name": b'{"input": {"text": "a"}}',
    "too large": b'{"inputs": {"text": "' + b"x" * (3 << 20) + b'"}}',
}


@pytest.mark.parametrize("body", JSON.values(), ids=JSON.keys())
def test_hostile_json_is_refused(server, presses, body):
    headers = {"content-type": "application/json"}
    refused(server.http.post("/api/tasks/by-function/runs", content=body, headers=headers))


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json", ""]
)
def test_what_a_form_of_another_site_can_send_is_no_press(server, presses, kind):
    answer = server.http.post("/api/tasks/touch/runs", content=b'{"inputs": {}}', headers={"content-type": kind})
    refused(answer)


# -- other sites


FOREIGN: list[dict[str, str]] = [
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": "http://localhost.evil.example"},
    {"origin": "https://localhost"},
    {"origin": "http://127.0.0.1:1"},
    {"origin": ""},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "CROSS-SITE"},
    {"sec-fetch-site": ""},
]
WRITES = [
    ("POST", "/api/tasks/touch/runs"),
    ("POST", "/api/runs/1/cancel"),
    ("POST", "/api/events"),
    ("POST", "/api/uploads?name=x"),
    ("POST", "/api/runs/1/events"),
    ("POST", "/tasks/touch"),
    ("POST", "/runs/1/stop"),
    ("POST", "/theme"),
    ("POST", "/favourites"),
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize(("method", "path"), WRITES)
def test_another_site_can_change_nothing(server, presses, method, path, headers):
    answer = server.http.request(method, path, json={"text": "x"}, headers=headers)
    refused(answer, 403)
    assert "set-cookie" not in answer.headers


def test_our_own_pages_and_programs_can(server):
    for headers in ({}, {"origin": server.url, "sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}):
        answer = server.http.post("/api/tasks/by-function/runs", json={"inputs": {}}, headers=headers)
        assert answer.status_code == 202


@pytest.mark.parametrize("override", ["x-http-method-override", "x-method-override", "x-http-method"])
def test_no_header_or_field_makes_a_press_of_looking(server, presses, override):
    for path in ("/api/tasks/touch/runs", "/api/tasks/touch/runs?_method=POST", "/tasks/touch?_method=POST"):
        answer = server.http.get(path, headers={override: "POST"})
        assert answer.status_code in (200, 404, 405)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "CONNECT", "PROPFIND"])
def test_other_methods_start_nothing_and_grant_nothing(server, presses, method):
    with socket.create_connection(("127.0.0.1", server.port), 5) as sock:
        sock.sendall(request("/api/tasks/touch/runs", method=method, headers={"origin": "http://evil.example"}))
        head = sock.recv(4096).lower()
    assert head.startswith(b"http/1.1 4")
    assert b"access-control" not in head


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "",
        "localhost@evil.example",
        "a b",
        "[",
        "::",
        "0x7f.1",
    ],
)
async def test_a_name_that_is_not_ours_is_not_answered(server, host):
    async with await ask(server.port, "/api/tasks", host=host) as answer:
        assert answer.status in (400, 403)
        assert b"touch" not in await answer.body()


@pytest.mark.parametrize("path", ["/api/tasks", "/api/events", "/api/runs", "/", "/api/health", "/nothing"])
async def test_nobody_else_is_granted_a_look(server, path):
    headers = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    for method in ("GET", "OPTIONS"):
        async with await ask(server.port, path, method=method, headers=headers) as answer:
            assert not [name for name in answer.headers if name.startswith("access-control")]


# -- paths


NASTY = [
    "../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "..\\..\\windows",
    "/etc/passwd",
    "%00",
    "1%00",
    "a" * 300,
    "a" * 5000,
    "9" * 5000,
    "9" * 18,
    "%C2%B2",
    "-1",
    "0",
    "1.5",
    "1e3",
    "%D9%A3",
    "99999999999999999999999",
    "9223372036854775808",
    "999999999999999",
    "null",
    "true",
    "[]",
    "{}",
    "'; DROP TABLE runs; --",
    "%ff%fe",
    "%ED%A0%80",
    "<script>alert(1)</script>",
    "%0d%0aX: y",
    "%",
    "*",
    "~",
    "${7*7}",
    "{{7*7}}",
    "%E2%80%A8",
    "1/../1",
    ".",
    "..",
    "%20",
    "+1",
    "0x1",
    "1,2",
]


def test_every_route_takes_every_nasty_value_without_a_fault_and_without_a_traceback(server):
    """Each path, query and body of the OpenAPI document, and each page, with each value of the table."""
    document = server.get("/api/openapi.json")
    routes = [(method.upper(), path) for path, item in document["paths"].items() for method in item]
    routes += [("GET", path) for path in STREAMS_AND_PAGES]
    assert len(routes) > 20
    shapes = {value: quote(value, safe="%/\\") for value in NASTY}
    wrong = []
    for method, path in routes:
        holes = "{" in path
        for value, shape in shapes.items():
            for url in _urls(path, shape, holes=holes):
                headers = {"accept": "application/json", "last-event-id": "7"} if method == "GET" else {}
                body = json.dumps({"inputs": {"n": value}, "text": value}) if method == "POST" else None
                with server.http.stream(method, url, headers=headers, content=body) as answer:
                    streams = answer.headers.get("content-type", "").startswith("text/event-stream")
                    text = "" if streams else answer.read().decode(errors="replace")
                    if answer.status_code >= 500 or "Traceback" in text or "root:x:0" in text:
                        wrong.append((method, url[:80], answer.status_code, text[:200]))
    assert wrong == [], wrong
    assert "Traceback" not in server.err


STREAMS_AND_PAGES = [
    "/api/events",
    "/api/tasks/{slug}/events",
    "/api/runs/{number}/events",
    "/api/runs/{number}/output",
    "/api/runs/{number}/output/stream",
    "/api/runs/{number}/output/lines",
    "/api/runs/{number}/output/search",
    "/api/runs/{number}/output/plain",
    "/",
    "/tasks/{slug}",
    "/runs/{number}",
    "/runs/{number}/stop",
    "/runs/{number}/updates",
    "/history",
    "/history.csv",
    "/administration/tasks",
    "/audit",
    "/static/{file}",
]
QUERIES = {
    "/api/events": ["topics", "since"],
    "/api/runs": ["task", "state", "actor", "text", "before", "limit"],
    "/api/runs/{number}/events": ["since"],
    "/api/runs/{number}/output/stream": ["since"],
    "/api/runs/{number}/output/lines": ["from", "count"],
    "/api/runs/{number}/output/search": ["q", "text", "from", "count"],
    "/api/uploads": ["name"],
    "/": ["q", "group"],
    "/tasks/{slug}": ["from", "text"],
    "/runs/{number}/updates": ["page"],
    "/history": ["task", "state", "who", "text", "before", "since", "until", "when"],
    "/administration/tasks": ["q", "after"],
    "/audit": ["about", "kind", "who", "before"],
    "/history.csv": ["state", "text", "before"],
}


def _urls(path: str, shape: str, *, holes: bool) -> Iterator[str]:
    filled = path
    for name in ("number", "slug", "name", "file"):
        filled = filled.replace("{" + name + "}", shape)
    if holes:
        yield filled
    real = path.replace("{number}", "1").replace("{slug}", "typed").replace("{name}", "x").replace("{file}", "x")
    for name in QUERIES.get(path, []):
        yield f"{real}?{name}={shape.replace('&', '%26').replace('#', '%23')}"


def test_a_file_outside_cannot_be_reached_by_any_path(server):
    secret = server.data / "history.db"
    assert secret.exists()
    up = ["../", "..%2f", "%2e%2e%2f", "%2e%2e/", "....//", "..%5c", "..%c0%af", "%252e%252e%252f"]
    for base in ("/static/", "/api/runs/1/artifacts/", "/api/runs/", "/tasks/", "/"):
        for way in up:
            for target in ("etc/passwd", "history.db", ".pushbutton/history.db"):
                for depth in (1, 3, 8):
                    with socket.create_connection(("127.0.0.1", server.port), 5) as sock:
                        sock.sendall(request(f"{base}{way * depth}{target}", headers={"connection": "close"}))
                        with sock.makefile("rb") as file:
                            answer = file.read()
                    assert b"root:x:0" not in answer
                    assert b"SQLite format" not in answer
                    assert not answer.startswith(b"HTTP/1.1 5")


@pytest.mark.parametrize(
    "name", ["../../evil", "/etc/evil", "a" * 500, "漢" * 200, "..", ".", "", "a\0b", "con", "-rf", ".bashrc", "a\nb"]
)
def test_an_uploads_name_is_only_a_name(server, name):
    answer = server.http.post(f"/api/uploads?name={quote(name)}", content=b"data")
    assert answer.status_code == 201
    kept = of_value(answer.json()["value"])
    assert re.fullmatch(r"[0-9a-f]{24}", kept.stored)
    assert kept.stored in os.listdir(server.data / "uploads")
    assert (server.data / "uploads" / kept.stored).read_bytes() == b"data"
    assert kept.name not in ("", ".", "..")
    assert not re.search(r"[/\x00-\x1f]", kept.name)


# -- HTTP itself


async def answer_to(port: int, raw: bytes) -> Answer:
    return await sent(port, raw)


POST = b"POST /api/events HTTP/1.1\r\nHost: localhost\r\n"
JSON_IN_CHUNKS = b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
LIES = {
    "a length and chunks": POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks that are not the last coding": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
    "a negative length": POST + b"Content-Length: -1\r\n\r\n",
    "a length with a sign": POST + b"Content-Length: +4\r\n\r\nabcd",
    "a huge length": POST + b"Content-Length: 99999999999999999999999\r\n\r\n",
    "a chunk size that is none": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a folded header": b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n folded\r\nA : b\r\n\r\n",
    "a space before the colon": b"GET /api/health HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "a NUL in a header": b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nA: b\0c\r\n\r\n",
    "no version": b"GET /api/health\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello, TLS\r\n\r\n",
    "a space in the path": b"GET /api/he alth HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "bytes that are no ASCII in the path": b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an unknown method": b"PRESS /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "two hosts": b"GET /api/health HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\n\r\n",
    "no host": b"GET /api/health HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("raw", LIES.values(), ids=LIES.keys())
async def test_a_request_that_lies_is_refused_and_nothing_behind_it_is_read(server, raw):
    smuggled = b"POST /api/tasks/touch/runs HTTP/1.1\r\nHost: localhost\r\n\r\n"
    before = server.get("/api/runs?limit=1&task=touch")
    async with await answer_to(server.port, raw + smuggled) as answer:
        assert 400 <= answer.status < 500
        rest = await asyncio.wait_for(answer.reader.read(), 10)
        assert b"HTTP/1.1" not in rest
    assert server.get("/api/runs?limit=1&task=touch") == before


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"a" * (1 << 20) + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 100_000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"a" * (1 << 20) + b": b\r\n\r\n",
        POST + JSON_IN_CHUNKS + b"1;" + b"x" * (1 << 20) + b"\r\n{\r\n0\r\n\r\n",
        POST + JSON_IN_CHUNKS + b"1\r\n{\r\n0\r\nA: " + b"x" * (1 << 20) + b"\r\n\r\n",
    ],
    ids=["line", "header", "headers", "name", "chunk extension", "trailer"],
)
def test_a_head_without_end_is_cut_and_takes_no_memory(server, raw):
    before = resident(server.pid)
    with socket.create_connection(("127.0.0.1", server.port), 5) as sock:
        sock.settimeout(10)
        answer = b""
        try:
            sock.sendall(raw)
            answer = sock.recv(4096)
            while sock.recv(65536):
                pass
        except OSError:
            pass  # hung up while we were still sending
    assert not answer or answer.startswith(b"HTTP/1.1 4")
    assert resident(server.pid) - before < 8 << 20
    assert server.get("/api/health")["ok"]


# -- slow ones, against a server of this process with shorter times


@pytest.fixture
async def impatient() -> Any:
    """A server that gives half a second for everything; its port."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    times = {"head_seconds": 0.4, "body_seconds": 1.2, "stall": 0.4}
    config = uvicorn.Config(app, http=type("Hasty", (Connection,), times), lifespan="off", log_config=None, ws="none")
    server = uvicorn.Server(config)
    sock = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server._serve([sock]))
    try:
        yield sock.getsockname()[1]
    finally:
        server.should_exit = True
        await serving
        sock.close()


async def drip(port: int, start: bytes, drop: bytes, seconds: float = 0.05) -> tuple[bytes, float]:
    """Send `start`, then `drop` again and again: (what came back, seconds until the end)."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    begun = time.monotonic()
    writer.write(start)
    reading = asyncio.create_task(reader.read())
    while not reading.done():
        if drop:
            writer.write(drop)
        await asyncio.wait({reading}, timeout=seconds)
        assert time.monotonic() - begun < PATIENCE, "it is never cut"
    writer.transport.abort()
    with_error = reading.exception()
    return b"" if with_error else reading.result(), time.monotonic() - begun


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"", b""),
        (b"GET / HT", b""),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"A: b\r\n"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nA: ", b"b"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc", b""),
    ],
    ids=["silent", "half a line", "header by header", "byte by byte", "a body that stops"],
)
async def test_a_request_that_never_becomes_complete_is_cut(impatient, start, drop):
    answer, _ = await drip(impatient, start, drop)
    assert not answer or answer.startswith(b"HTTP/1.1 408")


async def test_a_body_that_goes_on_coming_is_waited_for(impatient):
    size = 40
    start = f"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n".encode()
    answer, took = await drip(impatient, start, b"a", 0.05)
    assert answer.startswith(b"HTTP/1.1 200")
    assert took > 1.2


async def test_a_second_request_on_a_connection_has_the_same_time(impatient):
    reader, writer = await asyncio.open_connection("127.0.0.1", impatient)
    writer.write(request("/"))
    assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
    writer.write(b"GET / HTTP/1.1\r\nHo")
    assert (await asyncio.wait_for(reader.read(), PATIENCE)).startswith(b"HTTP/1.1 408")
    writer.close()


def test_the_times_that_hold_for_everybody_are_short_enough():
    assert Connection.head_seconds <= 90
    assert Connection.body_seconds <= 90
    assert Connection.stall <= 120


def test_the_server_answers_while_it_is_shouted_at(server):
    """Random bytes on many connections: it goes on answering, and nothing of it stays."""
    dice = random.Random(3)
    socks = [socket.create_connection(("127.0.0.1", server.port), 5) for _ in range(50)]
    try:
        for sock in socks:
            sock.sendall(dice.randbytes(dice.randrange(1, 3000)))
        assert server.get("/api/health")["ok"]
    finally:
        for sock in socks:
            sock.close()
    until(lambda: server.get("/api/health")["ok"], what="an answer")
