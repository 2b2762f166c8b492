"""Messages to other systems over real sockets: who is told, who never is, and that a restart loses none."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import apsw
import pytest

from pushbutton.adapters.webhook import Webhook
from pushbutton.domain.networks import networks
from pushbutton.domain.webhook import Endpoint, endpoints
from pushbutton.errors import Undelivered

from .certificate import certificate
from .people import people
from .serving import Served, until
from .worlds import script

# -- one message


class Ear:
    """Takes connections at an address and keeps what was sent; answers with `answer`."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.heard, self.connections = answer, b"", 0
        self.port = 0
        self.open: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task
        self.open[task] = writer
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            self.heard += head + await reader.readexactly(int(length.split(b":")[1]))
            writer.write(self.answer)
            await writer.drain()
            await reader.read()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@contextlib.asynccontextmanager
async def ear(answer: bytes = OK, host: str = "127.0.0.1", port: int = 0, tls: Any = None) -> AsyncIterator[Ear]:
    found = Ear(answer)
    server = await asyncio.start_server(found.hear, host, port, ssl=tls)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
        for writer in found.open.values():
            writer.transport.abort()
        await asyncio.gather(*found.open)


def endpoint(text: str) -> Endpoint:
    (found,) = endpoints(text, where="webhook")
    return found


def sender(allowed: str = "", **more: Any) -> Webhook:
    return Webhook(allowed=networks(allowed, where="webhook_allow"), **more)


async def test_a_message_is_posted_with_its_number_and_signed():
    async with ear() as heard:
        url = f"http://me:secret@127.0.0.1:{heard.port}/hook?token=x"
        await sender("127.0.0.1", secret="key").send(endpoint(url), 42, b'{"id": 42}')
    head, _, body = heard.heard.partition(b"\r\n\r\n")
    lines = head.decode().lower().split("\r\n")
    assert lines[0] == "post /hook?token=x http/1.1"
    assert f"host: 127.0.0.1:{heard.port}" in lines
    assert "idempotency-key: 42" in lines
    assert "content-type: application/json" in lines
    assert "authorization: basic bwu6c2vjcmv0" in lines
    assert "x-pushbutton-signature: sha256=" + hmac.new(b"key", body, hashlib.sha256).hexdigest() in lines
    assert body == b'{"id": 42}'


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "localhost.", "127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "0",
     "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_name_of_this_machine_is_refused_before_anything_is_sent(host, scheme):
    async with ear() as heard:
        with pytest.raises(Undelivered) as refused:
            await sender().send(endpoint(f"{scheme}://{host}:{heard.port}/"), 1, b"{}")
    assert heard.connections == 0
    assert refused.value.final or "gaierror" in str(refused.value)  # some systems know no such name at all


async def test_a_name_that_resolves_to_loopback_is_refused():
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["93.184.216.34", "127.0.0.1"]

    async with ear() as heard:
        with pytest.raises(Undelivered, match=r"127\.0\.0\.1 is not an address of the open internet"):
            await sender(resolve=resolve).send(endpoint(f"https://hooks.example:{heard.port}/"), 1, b"{}")
    assert heard.connections == 0


async def test_a_name_is_resolved_once_so_that_it_cannot_change_between_the_look_and_the_connection():
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.2"] if len(asked) == 1 else ["127.0.0.1"]

    async with ear(host="127.0.0.2") as good, ear(port=good.port) as trap:
        url = f"http://rebind.example:{good.port}/"
        await sender("127.0.0.2", resolve=rebinding).send(endpoint(url), 1, b"{}")
        assert asked == ["rebind.example"]
        assert (good.connections, trap.connections) == (1, 0)
        assert b"host: rebind.example:" in good.heard.lower()
        with pytest.raises(Undelivered):  # the next message looks again
            await sender("127.0.0.2", resolve=rebinding).send(endpoint(url), 2, b"{}")
        assert trap.connections == 0


async def test_the_next_address_is_taken_where_nobody_answers_at_the_first():
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.3", "127.0.0.2"]

    async with ear(host="127.0.0.2") as good:
        await sender("127.0.0.0/8", resolve=resolve).send(endpoint(f"http://two.example:{good.port}/"), 1, b"{}")
        assert good.connections == 1


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(code):
    async with ear() as trap:
        answer = f"HTTP/1.1 {code} Go\r\nlocation: http://127.0.0.1:{trap.port}/\r\ncontent-length: 0\r\n\r\n".encode()
        async with ear(answer) as heard:
            with pytest.raises(Undelivered, match="redirects are not followed") as refused:
                await sender("127.0.0.1").send(endpoint(f"http://127.0.0.1:{heard.port}/"), 1, b"{}")
        assert refused.value.final
        assert trap.connections == 0


@pytest.mark.parametrize(("code", "final"), [(400, True), (404, True), (410, True), (429, False), (408, False),
                                            (500, False), (503, False)])  # fmt: skip
async def test_what_would_not_help_to_try_again_is_said(code, final):
    async with ear(f"HTTP/1.1 {code} No\r\ncontent-length: 0\r\n\r\n".encode()) as heard:
        with pytest.raises(Undelivered) as refused:
            await sender("127.0.0.1").send(endpoint(f"http://127.0.0.1:{heard.port}/"), 1, b"{}")
    assert refused.value.final is final


async def test_of_an_answer_without_end_only_the_head_is_read():
    async with ear(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n" + b"x" * (8 << 20)) as heard:
        await sender("127.0.0.1").send(endpoint(f"http://127.0.0.1:{heard.port}/"), 1, b"{}")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 100_000,
        b"\xff\x00nonsense\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
    ids=["silence", "a head without end", "nonsense", "and then nothing"],
)
async def test_an_answer_that_is_none_is_given_up(answer):
    async with ear(answer) as heard:
        with pytest.raises(Undelivered) as refused:
            await sender("127.0.0.1", seconds=0.5).send(endpoint(f"http://127.0.0.1:{heard.port}/"), 1, b"{}")
    assert not refused.value.final


async def test_no_proxy_of_the_environment_is_asked(monkeypatch):
    async with ear() as heard, ear() as trap:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{trap.port}")
        await sender("127.0.0.1").send(endpoint(f"http://127.0.0.1:{heard.port}/"), 1, b"{}")
        assert (heard.connections, trap.connections) == (1, 0)


@pytest.mark.parametrize("name", ["hooks.example", "other.example"])
async def test_the_certificate_has_to_be_the_names_though_an_address_is_connected_to(tmp_path, monkeypatch, name):
    cert, key = certificate(tmp_path, name)
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    async with ear(tls=tls) as heard:
        sending = sender("127.0.0.1", resolve=resolve)
        url = endpoint(f"https://hooks.example:{heard.port}/")
        if name == "hooks.example":
            await sending.send(url, 1, b"{}")
            assert heard.heard
        else:
            with pytest.raises(Undelivered, match="CERTIFICATE_VERIFY_FAILED"):
                await sending.send(url, 1, b"{}")
            assert not heard.heard


async def test_no_log_has_what_may_be_a_token(caplog):
    caplog.set_level("DEBUG")
    async with ear() as heard:
        await sender("127.0.0.1").send(endpoint(f"http://127.0.0.1:{heard.port}/services/TOKEN"), 1, b"{}")
        assert b"TOKEN" in heard.heard
    assert not [record for record in caplog.records if record.levelname != "DEBUG" and "TOKEN" in record.getMessage()]


# -- the server


class Receiver:
    """A system that is told things: what it took, and what it answers; in a thread of its own."""

    def __init__(self, port: int = 0) -> None:
        self.took: list[tuple[str, dict[str, Any]]] = []
        self.asked = 0
        self.status = 204
        self.hold = threading.Event()
        self.hold.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                receiver.asked += 1
                receiver.hold.wait(60)
                if receiver.status < 300:
                    receiver.took.append((self.headers["idempotency-key"], body))
                with contextlib.suppress(OSError):
                    self.send_response(receiver.status)
                    self.send_header("content-length", "0")
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def runs(self) -> list[int]:
        return [body["run"] for _, body in self.took]

    def close(self) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    script(tasks, "fine.sh", "true")
    script(tasks, "bad.sh", "exit 3")
    return tasks


def serving(folder: Path, receiver: Receiver, **more: Any) -> Served:
    env = {"PUSHBUTTON_WEBHOOK": f"http://127.0.0.1:{receiver.port}/hook", "PUSHBUTTON_WEBHOOK_SECRET": "key"}
    return Served(folder, env={**env, **more.pop("env", {})}, webhook_allow="127.0.0.1", **more)


def kept(server: Served, receiver: Receiver) -> None:
    """Wait until the server has noted down that the newest message was taken."""
    newest = receiver.took[-1][0]
    with closing(apsw.Connection(str(server.data / "history.db"), flags=apsw.SQLITE_OPEN_READONLY)) as db:
        until(lambda: int(newest) in [row[0] for row in db.execute("SELECT event FROM bookmarks")], what="its place")


def test_the_end_of_a_run_is_told_with_how_it_ended_and_where_its_page_is(folder, receiver):
    with serving(folder, receiver, public_url="https://buttons.example/") as server:
        number = server.press("bad")
        run = server.finished(number)
        until(lambda: receiver.took, what="a message")
    ((key, body),) = receiver.took
    assert key == str(body.pop("id"))
    assert body.pop("at") == run["ended_at"]
    assert body == {
        "event": "run.ended",
        "run": number,
        "task": "bad",
        "title": "Bad",
        "state": "failed",
        "actor": "local",
        "attempt": 1,
        "reason": run["reason"],
        "next": None,
        "url": f"https://buttons.example/runs/{number}",
    }


def test_a_run_that_waits_for_others_is_told_with_how_many_and_until_when(folder, receiver):
    script(folder, "careful.sh", "true", head="approvals = 2\n")
    who = people(folder / ".pushbutton", {"ada": ["presser"], "bob": ["approver"], "cleo": ["approver"]})

    def ask(name: str, path: str, **body: str) -> dict[str, Any]:
        answer = server.http.post(path, json=body, headers=who[name].headers)
        assert answer.status_code in (200, 202), answer.text
        found: dict[str, Any] = answer.json()
        return found

    with serving(folder, receiver, public_url="https://buttons.example/") as server:
        run = ask("ada", "/api/tasks/careful/runs")
        until(lambda: receiver.took, what="a message that approvals are wanted")
        key, body = receiver.took[0]
        assert key == str(body.pop("id"))
        assert body.pop("at") == run["pressed_at"]
        assert body == {
            "event": "approval.wanted",
            "run": run["number"],
            "task": "careful",
            "title": "Careful",
            "state": "held",
            "actor": "token:ada/all",
            "attempt": 1,
            "reason": "",
            "needs": 2,
            "until": run["approval"]["until"],
            "url": f"https://buttons.example/runs/{run['number']}",
        }
        for name in ("bob", "cleo"):
            ask(name, f"/api/runs/{run['number']}/approve")
        until(lambda: len(receiver.took) == 2, what="a message of its end")
    assert [body["event"] for _, body in receiver.took] == ["approval.wanted", "run.ended"]


def test_nobody_is_asked_for_what_was_decided_meanwhile(folder, receiver):
    script(folder, "careful.sh", "true", head="approvals = 1\n")
    who = people(folder / ".pushbutton", {"ada": ["presser"], "bob": ["approver"]})
    receiver.hold.clear()
    with serving(folder, receiver) as server:
        ada, bob = who["ada"].headers, who["bob"].headers
        server.http.post("/api/tasks/fine/runs", json={}, headers=ada)
        until(lambda: receiver.asked, what="a message that the system is slow to take")
        held = server.http.post("/api/tasks/careful/runs", json={}, headers=ada).json()["number"]
        server.http.post(f"/api/runs/{held}/approve", json={}, headers=bob).raise_for_status()
        receiver.hold.set()
        until(lambda: len(receiver.took) == 2, what="both ends")
    assert [body["event"] for _, body in receiver.took] == ["run.ended", "run.ended"]


def test_a_restart_neither_loses_nor_doubles(folder, receiver):
    with serving(folder, receiver) as server:
        first = server.press("fine")
        until(lambda: receiver.runs == [first], what="the first message")
        kept(server, receiver)
        receiver.status = 503
        second = server.press("fine")
        server.finished(second)
        until(lambda: receiver.asked > 1, what="a try that is refused")
        server.kill9()
        receiver.status = 204
        server.restart()
        third = server.press("fine")
        until(lambda: len(receiver.runs) >= 3, what="the others")
        kept(server, receiver)
        server.term()
        server.restart()
        fourth = server.press("fine")
        until(lambda: fourth in receiver.runs, what="the last")
    assert receiver.runs == [first, second, third, fourth]
    assert len({key for key, _ in receiver.took}) == 4


def test_a_message_that_was_under_way_at_a_crash_comes_again_with_the_same_number(folder, receiver):
    with serving(folder, receiver) as server:
        receiver.hold.clear()
        number = server.press("fine")
        until(lambda: receiver.asked == 1, what="a message under way")
        server.kill9()
        receiver.hold.set()
        server.restart()
        until(lambda: len(receiver.took) == 2, what="the same once more")
    assert receiver.runs == [number, number]
    assert len({key for key, _ in receiver.took}) == 1


def test_nothing_waits_for_a_system_that_does_not_answer(folder, receiver):
    receiver.hold.clear()
    with serving(folder, receiver) as server:
        for _ in range(5):
            assert server.finished(server.press("fine"))["state"] == "succeeded"
        assert receiver.took == []
        assert server.term() == 0


def test_one_that_is_down_holds_up_no_other(folder, receiver):
    with socket.create_server(("127.0.0.1", 0)) as dead:
        both = f"http://127.0.0.1:{dead.getsockname()[1]}/a,http://127.0.0.1:{receiver.port}/b"
        with serving(folder, receiver, env={"PUSHBUTTON_WEBHOOK": both}) as server:
            numbers = [server.press("fine") for _ in range(3)]
            until(lambda: sorted(receiver.runs) == numbers, what="all messages to the one that works")


def test_what_is_refused_is_said_in_the_log_without_the_token(folder, receiver):
    env = {"PUSHBUTTON_WEBHOOK": f"https://localhost:{receiver.port}/TOKEN"}
    with Served(folder, env=env) as server:
        server.finished(server.press("fine"))
        until(lambda: "was not told" in server.err, what="a word in the log")
        assert "is not an address of the open internet" in server.err
        assert "TOKEN" not in server.err
    assert receiver.asked == 0


def test_the_past_is_not_told_to_an_endpoint_that_is_new(folder, receiver):
    with Served(folder) as server:
        old = server.press("fine")
        server.finished(old)
    with serving(folder, receiver) as server:
        new = server.press("fine")
        until(lambda: receiver.runs, what="a message")
    assert receiver.runs == [new]


def test_no_job_sees_the_secret_and_no_option_takes_it(folder, receiver):
    script(folder, "look.sh", "env")
    with serving(folder, receiver) as server:
        number = server.press("look")
        server.finished(number)
        assert b"PUSHBUTTON_WEBHOOK" not in server.output(number)
    from typer.main import get_command

    from pushbutton.cli.group import app

    serve: Any = get_command(app())
    options = {name for param in serve.commands["serve"].params for name in param.opts}
    assert "--webhook" in options
    assert "--webhook-secret" not in options
