"""Limits on what one client may send, hold and keep open: refused in words, and nothing of it stays in memory."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import re
import socket
import sys
import termios
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import httpx
import pytest
import uvicorn
from starlette.requests import Request

from pushbutton.adapters.files import FileFolder
from pushbutton.domain.actor import LOCAL, Actor
from pushbutton.errors import BadInput
from pushbutton.web.http import body, uploads
from pushbutton.web.http.connection import LEFT, Connection
from pushbutton.web.http.limits import Crowd
from pushbutton.web.live.stream import EventStream, Shallow

from .rawhttp import request, sent
from .serving import Served, until
from .test_streams import resident
from .worlds import script
from .worlds import until as come_true

FORM = "application/x-www-form-urlencoded"
PART = b'--x\r\ncontent-disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("limits")
    script(folder, "touch.sh", "true", head='[params.name]\ntype = "str"\nrequired = false\n')
    script(folder, "stay.sh", f"while [ ! -e {folder}/go ]; do sleep 0.05; done")
    with Served(folder, trust_proxy="127.0.0.1", connections=3) as served:
        yield served
        (folder / "go").touch()
        assert "Traceback" not in served.err


def parts(*given: tuple[bytes, bytes, bytes]) -> bytes:
    return b"".join(PART % one for one in given) + b"--x--\r\n"


BODIES = {
    "many fields": (FORM, b"&".join(b"name=a" for _ in range(5000))),
    "many parts": ("multipart/form-data; boundary=x", parts(*[(b"name", b"", b"a")] * 5000)),
    "a file that is not asked for": (
        "multipart/form-data; boundary=x",
        parts((b"name", b'; filename="a"', b"x" * 100)),
    ),
    "many files": ("multipart/form-data; boundary=x", parts(*[(b"f", b'; filename="a"', b"x")] * 3000)),
    "a long field": (FORM, b"name=" + b"a" * (body.FIELD + 1)),
    "a long part": ("multipart/form-data; boundary=x", parts((b"name", b"", b"a" * (body.FIELD + 1)))),
    "a long name": (FORM, b"a" * (body.FIELD + 1) + b"=1"),
    "long headers of a part": (
        "multipart/form-data; boundary=x",
        b"--x\r\n" + b"a: b" * 100_000 + b"\r\n\r\n\r\n--x--",
    ),
    "many headers of a part": ("multipart/form-data; boundary=x", b"--x\r\n" + b"a: b\r\n" * 9000 + b"\r\n\r\n--x--"),
    "no end": ("multipart/form-data; boundary=x", b"\r\n" * 5000 + b"--y"),
    "no boundary": ("multipart/form-data", b"--x\r\n"),
}


@pytest.mark.parametrize("path", ["/tasks/touch", "/theme", "/favourites"])
@pytest.mark.parametrize(("kind", "sent_body"), BODIES.values(), ids=BODIES.keys())
def test_a_form_that_is_too_much_is_refused_and_starts_nothing(server, path, kind, sent_body):
    before = server.get("/api/runs?limit=1")
    answer = server.http.post(path, content=sent_body, headers={"content-type": kind})
    assert answer.status_code == 400
    assert "Traceback" not in answer.text
    assert server.get("/api/runs?limit=1") == before


T = TypeVar("T")
U = TypeVar("U")


def together(work: Callable[[T], U], given: Sequence[T]) -> list[U]:
    """Each in a thread of its own: the server looks for two seconds at what comes behind an answer that ends the
    connection, and one after the other these would be minutes.
    """
    with ThreadPoolExecutor(len(given)) as threads:
        return list(threads.map(work, given))


ON_ITS_WAY = 16 << 20
"""Bytes that two kernels may hold of one connection."""


PATHS = ("/tasks/touch", "/theme", "/api/tasks/touch/runs", "/api/events", "/api/runs/1/events", "/nowhere", "/%00")


@pytest.mark.parametrize("kind", [FORM, "multipart/form-data; boundary=x", "text/plain", ""])
def test_a_body_without_end_is_cut_and_takes_no_memory(server, kind):
    """In chunks, so that no length says how much it will be: of 200 MB the least part is read, and then the connection
    is closed. What the kernels of both sides have on its way is not read by anybody.
    """
    before = resident(server.pid)
    piece = b"&a=" + b"x" * 65_533
    first = piece if "multi" not in kind else b'--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n' + piece

    def send(path: str) -> tuple[bytes, int]:
        sent_bytes = 0
        head = request(path, method="POST", headers={"content-type": kind, "transfer-encoding": "chunked"})
        with socket.create_connection(("127.0.0.1", server.port), 60) as sock:
            sock.sendall(head)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for number in range(3200):
                    data = piece if number else first
                    sock.sendall(b"%x\r\n%b\r\n" % (len(data), data))
                    sent_bytes += len(data)
            return sock.recv(4096), sent_bytes

    for path, (answer, sent_bytes) in zip(PATHS, together(send, PATHS), strict=True):
        assert re.match(rb"HTTP/1.1 (4\d\d|303)", answer), (path, answer)
        assert sent_bytes < (18 << 20) + ON_ITS_WAY, path
    assert resident(server.pid) - before < 40 << 20
    assert server.get("/api/health")["ok"]


def test_a_body_without_end_is_cut_for_clients_that_are_not_signed_in_as_well(tmp_path):
    script(tmp_path, "touch.sh", "true")
    paths = ["/api/uploads?name=x", "/tasks/touch", "/api/runs/1/cancel"]

    def send(path: str) -> tuple[bytes, int]:
        sent_bytes = 0
        with socket.create_connection(("127.0.0.1", served.port), 60) as sock:
            sock.sendall(request(path, method="POST", headers={"content-length": str(1 << 40)}))
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                while sent_bytes <= ON_ITS_WAY:
                    sock.sendall(b"x" * (1 << 16))
                    sent_bytes += 1 << 16
            return sock.recv(4096), sent_bytes

    with Served(tmp_path, proxy_user_header="Remote-User", proxy_from="192.0.2.1", admins="user:ada") as served:
        found = together(send, paths)
    for path, (answer, sent_bytes) in zip(paths, found, strict=True):
        assert re.match(rb"HTTP/1.1 (401|303)", answer), (path, answer)
        assert sent_bytes < ON_ITS_WAY, path


def test_after_a_short_body_that_nobody_wanted_the_connection_is_good_for_more(server):
    with socket.create_connection(("127.0.0.1", server.port), 10) as sock, sock.makefile("rb") as answers:
        for _ in range(2):
            sock.sendall(request("/nowhere", method="POST", headers={"content-length": "5"}))
            assert answers.readline().startswith(b"HTTP/1.1 404")
            length = 0
            while (line := answers.readline()) != b"\r\n":
                length = int(line.split(b":")[1]) if line.lower().startswith(b"content-length") else length
            answers.read(length)
            sock.sendall(b"12345")


LARGE = 5 << 20


def refused_body(kind: str) -> tuple[dict[str, str], bytes]:
    """Headers and body of 5 MB in which a second request stands."""
    hidden = b"\r\n\r\nGET /api/health HTTP/1.1\r\nhost: localhost\r\n\r\n"
    data = (hidden + b"x" * 65_000) * (LARGE // 65_000 + 1)
    if kind == "chunked":
        return {"transfer-encoding": "chunked"}, b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data) + hidden[4:]
    return {"content-length": str(len(data))}, data + hidden[4:]


def whole(client: socket.socket) -> bytes:
    """Everything up to the end of the connection, however it ends."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := client.recv(65536):
            found += piece
    return found


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
@pytest.mark.parametrize("kind", ["chunked", "length"])
def test_each_of_two_hundred_clients_reads_the_whole_answer_to_a_body_that_is_too_large(server, kind, connection):
    headers, data = refused_body(kind)
    headers |= {"content-type": "application/json", "connection": connection}

    def answer(_: int) -> bytes:
        with socket.create_connection(("127.0.0.1", server.port), 60) as client:
            client.sendall(request("/api/tasks/touch/runs", method="POST", headers=headers))
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                client.sendall(data)
            return whole(client)

    for number, said in enumerate(together(answer, range(50))):
        top, _, rest = said.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", top.lower())
        assert top.startswith(b"HTTP/1.1 400 "), (number, top)
        assert b"connection: close" in top.lower()
        assert length
        assert len(rest) == int(length[1]), "the whole answer, and nothing else: what stands in a body is no request"


def test_a_client_that_keeps_its_connections_sees_no_reset(server):
    with httpx.Client(base_url=server.url, timeout=60) as http:
        for _ in range(100):
            answer = http.post("/api/tasks/touch/runs", content=b"[" * LARGE)
            assert (answer.status_code, answer.headers.get("connection")) == (400, "close")
            assert answer.json()["title"]
            assert http.get("/api/health").json()["ok"]


def test_behind_the_answer_a_bounded_part_is_read_and_the_end_comes(server):
    headers = {"content-length": str(1 << 40), "connection": "keep-alive"}
    with socket.create_connection(("127.0.0.1", server.port), 60) as client:
        client.sendall(request("/api/uploads?name=x", method="POST", headers=headers))
        answer = b""
        while piece := client.recv(65536):  # its side ends at once, while ours is still open
            answer += piece
        assert answer.startswith(b"HTTP/1.1 400 ")
        client.sendall(b"x" * LEFT)  # so much is read
        until(lambda: not unread(client), what="it was taken")
        taken = 0
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while taken <= ON_ITS_WAY:
                client.sendall(b"x" * 65536)
                taken += 65536
        assert taken < ON_ITS_WAY


@pytest.mark.parametrize("path", ["/api/tasks/touch/runs", "/api/uploads?name=x", "/tasks/touch", "/theme"])
async def test_what_says_that_it_is_too_large_is_refused_before_it_comes(server, path):
    headers = {"content-type": FORM if path[1:4] != "api" else "application/json", "content-length": str(1 << 40)}
    async with await sent(server.port, request(path, method="POST", headers=headers)) as answer:
        assert answer.status == 400


async def test_an_upload_is_cut_at_its_limit_and_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(uploads, "LARGEST", 1000)

    async def pieces() -> Any:
        for _ in range(11):
            yield b"x" * 100

    with pytest.raises(BadInput, match="larger than"):
        await uploads.save(FileFolder(tmp_path, tmp_path / "runs"), "big.bin", pieces())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "data"),
    [("multipart/form-data; boundary=x", b"--x--\r\n" + b" " * 91), (FORM, b"a" * 100), (FORM, b"&" * 100)],
    ids=["behind its end", "one name", "nothing but ends"],
)
async def test_a_form_is_cut_at_its_limit_whatever_is_in_it(monkeypatch, kind, data):
    monkeypatch.setattr(body, "FIELDS", 1000)
    read = 0

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += len(data)
        assert read < 5000, "it reads on and on"
        return {"type": "http.request", "body": data, "more_body": True}

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}
    with pytest.raises(BadInput, match="larger than"):
        async with body.form(Request(scope, receive)):
            pass


# -- places


def streams(server: Served, client: str) -> Any:
    """A stream that the proxy at 127.0.0.1 asks for in a client's name."""
    return server.http.stream("GET", "/api/events", headers={"x-forwarded-for": client})


def test_a_client_behind_a_proxy_has_so_many_requests_open_and_no_more(server):
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            assert stack.enter_context(streams(server, "203.0.113.7")).status_code == 200
        answer = server.http.get("/api/health", headers={"x-forwarded-for": "203.0.113.7"})
        assert answer.status_code == 429
        assert answer.json()["title"].startswith("Too many requests from your address")
        assert answer.headers["retry-after"] == "5"
        assert server.http.get("/api/health", headers={"x-forwarded-for": "203.0.113.8"}).status_code == 200
        forged = {"x-forwarded-for": "203.0.113.9, 203.0.113.7"}  # what the client wrote itself stands before
        assert server.http.get("/api/health", headers=forged).status_code == 429
        for _ in range(10):
            assert stack.enter_context(server.http.stream("GET", "/api/events")).status_code == 200  # this machine
    until(
        lambda: server.http.get("/api/health", headers={"x-forwarded-for": "203.0.113.7"}).status_code == 200,
        what="its places are free again",
    )


class Everybody(Crowd):
    """Counts this machine too: there is no other one in a test."""

    def place(self, client: str) -> str:
        return client


@contextlib.asynccontextmanager
async def counted(most: int) -> Any:
    """(port, the crowd) of a server that lets an address have so many connections."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    crowd = Everybody(most)
    config = uvicorn.Config(
        app, http=type("Counted", (Connection,), {"crowd": crowd}), lifespan="off", log_config=None, ws="none"
    )
    server = uvicorn.Server(config)
    sock = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server._serve([sock]))
    try:
        yield sock.getsockname()[1], crowd
    finally:
        server.should_exit = True
        await serving
        sock.close()


async def test_an_address_has_so_many_connections_and_gets_each_back_when_it_closes():
    """Also those that ask for nothing: they would hold a descriptor each until their time is over."""
    async with counted(2) as (port, crowd):
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        await come_true(lambda: crowd._inside.get("127.0.0.1") == 2, "both are counted")
        async with await sent(port, request("/")) as answer:
            assert answer.status == 429
            assert answer.headers["connection"] == "close"
            assert await answer.body() == b"Too many connections are open from your address.\n"
            assert await answer.reader.read() == b""
        for _, writer in silent:
            writer.close()
        await come_true(lambda: len(crowd) == 0, "nobody is counted any more")
        for _ in range(5):
            async with await sent(port, request("/", headers={"connection": "close"})) as answer:
                assert answer.status == 200
        await come_true(lambda: len(crowd) == 0, "nobody is counted any more")


async def test_what_is_turned_away_is_not_read():
    async with counted(1) as (port, _), await sent(port, request("/")) as first:
        assert first.status == 200
        async with await sent(port, b"POST /x HTTP/1.1\r\n" + b"a" * 100_000) as answer:
            assert answer.status == 429


async def test_a_person_has_so_many_streams_and_somebody_who_did_not_log_in_is_not_counted():
    async def ask(shallow: Shallow, actor: str) -> int:
        told: list[int] = []

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                told.append(message["status"])

        who = LOCAL if actor == "local" else Actor(actor, user=actor, credential=f"session:{actor}")
        scope = {"type": "http", "method": "GET", "headers": [], "state": {"actor": who}}
        await shallow(scope, asyncio.Queue[Any]().get, send)
        return told[0]

    class Waits(EventStream):
        def __init__(self) -> None:
            self.actor = ""

        async def serve(self, scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await asyncio.Event().wait()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await Waits()(scope, receive, send)

    shallow = Shallow(app, Crowd(2))
    watching = [asyncio.create_task(ask(shallow, actor)) for actor in ("ann", "ann", "local", "local", "local")]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await ask(shallow, "ann") == 429
    more = [asyncio.create_task(ask(shallow, actor)) for actor in ("ben", "local")]
    done, _ = await asyncio.wait(more, timeout=0.05)
    assert not done
    watching[0].cancel()
    await asyncio.wait({watching[0]})
    again = asyncio.create_task(ask(shallow, "ann"))
    done, _ = await asyncio.wait({again}, timeout=0.05)
    assert not done
    for task in (*watching, *more, again):
        task.cancel()
    await asyncio.wait({*watching, *more, again})


def test_a_request_may_name_another_place_but_is_answered_by_its_host_alone(server):
    """Absolute addresses as proxies get them, and other odd targets."""
    for target, host, statuses in (
        ("http://localhost/api/health", "localhost", {200}),
        ("http://localhost/api/health", "evil.example", {403}),
        ("http://evil.example/api/health", "evil.example", {403}),
        ("//evil.example/api/health", "localhost", {400, 404}),
        ("http://evil.example:80@localhost/api/health", "localhost", {200, 400, 404}),
        ("*", "localhost", {400, 404, 405}),
        ("localhost:80", "localhost", {400, 404}),
    ):
        with socket.create_connection(("127.0.0.1", server.port), 5) as sock:
            sock.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            with sock.makefile("rb") as file:
                answer = file.read()
        assert int(answer.split(b" ")[1]) in statuses, (target, host, answer)
        assert b"location: http" not in answer.lower()


def test_nobody_is_believed_to_be_somebody_else_without_a_proxy_that_is_named(tmp_path):
    script(tmp_path, "touch.sh", "true")
    with Served(tmp_path) as server:
        headers = {"x-forwarded-proto": "https", "x-forwarded-host": "evil.example", "x-forwarded-prefix": "/evil"}
        answer = server.http.get("/", headers=headers)
        assert answer.status_code == 200
        assert "/evil" not in answer.text
        assert "strict-transport-security" not in answer.headers
        origin = {"origin": f"https://127.0.0.1:{server.port}"}
        answer = server.http.post("/api/tasks/touch/runs", json={}, headers={**headers, **origin})
        assert answer.status_code == 403
        assert "--trust-proxy" in answer.json()["title"]


@pytest.mark.parametrize(("name", "value"), [("trust_proxy", "proxy.example"), ("root_path", "//x"),
                                            ("webhook", "nonsense"), ("webhook_allow", "10.0.0.0/99")])  # fmt: skip
def test_a_setting_that_is_none_is_said_at_the_start(tmp_path, name, value):
    script(tmp_path, "touch.sh", "true")
    with pytest.raises(AssertionError) as failed:
        Served(tmp_path, **{name: value})
    assert name in str(failed.value)
    assert "Traceback" not in str(failed.value)


def test_a_large_body_is_not_held_against_the_next_request_of_its_connection(server):
    large = b'{"inputs": {}, "why": "' + b"x" * 100_000 + b'"}'
    lines = (b"POST /api/tasks/touch/runs HTTP/1.1", b"host: localhost", b"content-type: application/json")
    head = b"\r\n".join([*lines, b"content-length: %d", b"", b""])
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(head % len(large) + large)
        assert b" 422 " in first_line(client)
        client.sendall(head[:20])  # in two pieces, as a client or a proxy may send it
        until(lambda: not unread(client), what="the server has read the first of them")
        client.sendall((head % 2)[20:] + b"{}")
        assert b" 202 " in first_line(client)


def unread(client: socket.socket) -> int:
    """Bytes that the other side has not acknowledged yet."""
    return int.from_bytes(fcntl.ioctl(client, termios.TIOCOUTQ, b"\0" * 4), sys.byteorder)


def first_line(client: socket.socket) -> bytes:
    """Of an answer that says how long it is; the rest is read."""
    found = b""
    while b"\r\n\r\n" not in found:
        found += client.recv(65536)
    top, _, rest = found.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", top.lower())
    assert length
    while len(rest) < int(length[1]):
        rest += client.recv(65536)
    return top.split(b"\r\n")[0]
