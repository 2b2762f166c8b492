"""What channels are told, by a real mail server: which message, what is in it, and that none is lost."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import pytest

from pushbutton.adapters.smtp import SmtpPost
from pushbutton.domain.mail_server import mail_server
from pushbutton.domain.messages import Channel
from pushbutton.errors import Undelivered
from pushbutton.runtime.ports.messages import Letter

from .certificate import certificate
from .postbox import Postbox, html_of, text_of, waiting, with_tls
from .serving import Served, until
from .worlds import script

YAML = """
channels:
  ops: {mail: ops@example.org}
  boss: {mail: [boss@example.org, deputy@example.org], language: de}
tell:
  failed: ops
tasks:
  shop:
    command: [sh, -c, 'echo "starting"; echo "the end of $SHOP"; exit $CODE']
    params:
      shop: {default: north}
      code: {type: int, default: 0}
      key: {type: secret, required: false}
    on_failure: The shop is shut.
    say_output: 1 line
    tell: {recovered: ops, failed 3 times: boss, over: boss}
  quiet:
    command: ['true']
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    (tasks / "pushbutton.yaml").write_text(YAML)
    return tasks


@pytest.fixture
def box() -> Iterator[Postbox]:
    with Postbox() as made:
        yield made


def served(folder: Path, box: Postbox, **more: Any) -> Served:
    return Served(
        folder, smtp=f"smtp://127.0.0.1:{box.port}", smtp_from="Buttons <push@example.org>",
        public_url="https://buttons.example", **more,
    )  # fmt: skip


def test_a_failure_is_told_with_what_was_pressed_how_it_ended_and_where_its_page_is(folder, box):
    with served(folder, box) as server:
        number = server.press("shop", shop="süd", code=4, key="s3cr3t-value")
        box.wait(2)
    (mail,) = box.to("ops")
    assert mail["subject"] == f"Failed: Shop ({number})"
    assert (mail["to"], mail["from"]) == ("ops@example.org", "Buttons <push@example.org>")
    text, html = text_of(mail), html_of(mail)
    for said in ("süd", "The shop is shut.", f"https://buttons.example/runs/{number}", "the end of süd"):
        assert said in text, said
        assert said in html, said
    assert "starting" not in text + html  # one line of the output was allowed
    assert "s3cr3t-value" not in box.mails[0].as_string() + box.mails[1].as_string()
    assert mail["auto-submitted"] == "auto-generated"


def test_each_channel_is_told_what_its_rules_say_and_in_its_language(folder, box):
    with served(folder, box) as server:
        for code in (1, 1, 1, 0):
            server.finished(server.press("shop", code=code))
        server.finished(server.press("quiet"))
        box.wait(8)
    by = {name: [str(one["subject"]) for one in box.to(name)] for name in ("ops", "deputy")}
    assert [one.rpartition(" ")[0] for one in by["ops"]] == [
        "Failed: Shop",
        "Failed, 2 times in a row: Shop",
        "Failed, 3 times in a row: Shop",
        "Works again: Shop",
    ]
    assert [one.rpartition(" ")[0] for one in by["deputy"]] == [
        "Gescheitert: Shop",
        "Gescheitert: Shop",
        "Gescheitert, 3-mal nacheinander: Shop",
        "Gelungen: Shop",
    ]


def test_of_a_run_that_is_tried_again_the_end_of_its_series_is_told(folder, box):
    (folder / "pushbutton.yaml").write_text(
        "channels: {ops: {mail: ops@example.org}}\n"
        "tell: {failed: ops, recovered: ops, failed 2 times: ops, over: ops}\n"
        "tasks:\n  shaky:\n    command: [sh, -c, 'exit $CODE']\n    params: {code: {type: int, default: 0}}\n"
        "    retry: {times: 3, wait: 0.1, jitter: 0}\n"
    )
    with served(folder, box) as server:
        server.press("shaky", code=1)
        box.wait(1)
        last = server.press("shaky")
        box.wait(2)
    assert box.subjects == ["Failed: Shaky (3)", f"Works again: Shaky ({last})"]
    assert box.mails[0]["references"] == "<pushbutton-run-1@example.org>"
    assert "3, of run 1" in text_of(box.mails[0])


def test_all_letters_about_a_run_are_one_thread(folder, box):
    with served(folder, box) as server:
        server.press("shop", code=1)
        first, second = box.wait(2)
    assert first["references"] == second["references"] == first["in-reply-to"]
    assert first["message-id"] != second["message-id"]
    assert re.fullmatch(r"<pushbutton-run-\d+@example\.org>", first["references"])


def test_while_the_mail_server_is_away_nothing_is_lost_and_much_becomes_one(folder, box):
    with served(folder, box) as server:
        server.finished(server.press("shop", code=1))
        box.wait(2)
        box.stop()
        numbers = [server.press("shop", code=1) for _ in range(3)]
        for number in numbers:
            server.finished(number)
        until(lambda: "was not told" in server.err, what="a try in vain")
        server.kill9()
        server.restart()
        box.start()
        until(lambda: len(box.to("ops")) >= 4, what="the letters of meanwhile")
    order = [int(str(one["subject"]).rpartition("(")[2].rstrip(")")) for one in box.to("ops")]
    assert list(dict.fromkeys(order)) == [numbers[0] - 1, *numbers]
    assert all(order.count(number) <= 2 for number in order)


def test_more_than_ten_in_ten_minutes_become_one_digest(folder, box):
    with served(folder, box) as server:
        server.finished(server.press("quiet"))
        box.stop()
        numbers = [server.press("shop", code=1) for _ in range(14)]
        for number in numbers:
            server.finished(number)
        until(lambda: waiting(server, "ops") == 14, what="all of them to wait")
        server.kill9()
        box.start()
        server.restart()
        until(lambda: box.to("ops"), what="the digest")
    (digest,) = box.to("ops")
    assert digest["subject"] == "14 messages, 14 of them about failures"
    links = re.findall(r"/runs/(\d+)", text_of(digest))
    assert [int(one) for one in links] == numbers


def test_a_channel_that_is_down_holds_up_no_other(tmp_path, folder, box):
    with Ear() as ear:
        (folder / "pushbutton.yaml").write_text(
            YAML.replace("channels:", f"channels:\n  chat: {{url: 'json://127.0.0.1:{ear.port}/'}}").replace(
                "failed: ops", "failed: [ops, chat]"
            )
        )
        box.stop()
        with served(folder, box, webhook_allow="127.0.0.0/8") as server:
            number = server.press("shop", code=1)
            until(lambda: ear.took, what="a message by Apprise")
            assert f"Failed: Shop ({number})" in json.dumps(ear.took[0])
            assert ear.took[0]["type"] == "failure"
            assert box.mails == []
            box.start()
            box.wait(1)


def test_what_waited_for_a_chat_that_was_down_is_told_in_its_order_each_once_or_twice(folder, box):
    with Ear() as ear:
        (folder / "pushbutton.yaml").write_text(
            "channels: {chat: {url: 'json://127.0.0.1:PORT/'}}\ntasks:\n  bad: {command: ['false'], "
            "tell: {failed: chat}}\n".replace("PORT", str(ear.port))
        )
        ear.status = 503
        with served(folder, box, webhook_allow="127.0.0.1") as server:
            numbers = [server.finished(server.press("bad"))["number"] for _ in range(3)]
            until(lambda: waiting(server, "chat") == 3 and ear.took, what="all three wait, and it was tried")
            server.kill9()
            server.restart()
            tried = len(ear.took)
            until(lambda: len(ear.took) > tried, what="it is tried again after the kill")
            ear.took.clear()
            ear.status = 200
            until(lambda: waiting(server, "chat") == 0, what="all are told")
        told = [int(number) for one in ear.took for number in re.findall(r"Bad \((\d+)\)", one["title"])]
        assert list(dict.fromkeys(told)) == numbers
        assert all(1 <= told.count(number) <= 2 for number in numbers)


def test_by_apprise_no_address_of_our_own_is_reached_that_nobody_allows(folder, box):
    with Ear() as ear:
        (folder / "pushbutton.yaml").write_text(
            "channels: {chat: {url: 'json://localhost:PORT/'}}\ntasks:\n  bad: {command: ['false'], "
            "tell: {failed: chat}}\n".replace("PORT", str(ear.port))
        )
        with served(folder, box) as server:
            server.press("bad")
            until(lambda: "is not an address of the open internet" in server.err, what="a refusal")
        assert ear.took == []
        assert ear.connections == 0


def test_the_secret_of_a_channel_is_a_named_secret_and_is_told_nowhere(folder, box):
    script(folder, "nothing.sh", "true")
    with Ear() as ear:
        (folder / "pushbutton.yaml").write_text(
            "secrets: {HOOK: {env: MY_HOOK}}\nchannels: {chat: {url: 'json://127.0.0.1:PORT/{HOOK}'}}\ntasks:\n"
            "  bad: {command: ['false'], tell: {failed: chat}}\n".replace("PORT", str(ear.port))
        )
        ear.status = 401
        with served(folder, box, webhook_allow="127.0.0.1", env={"MY_HOOK": "t0p-s3cret"}) as server:
            server.press("bad")
            until(lambda: ear.paths, what="a try")
            until(lambda: "was not told" in server.err, what="the reason")
            assert ear.paths[0] == "/t0p-s3cret"
            assert "t0p-s3cret" not in server.err
            ear.status = 200
            until(lambda: len(ear.took) >= 2, what="the message once it is taken")


def test_a_broken_channel_is_shown_with_the_reason_and_works_again_after_a_test(folder, box):
    box.answer = "451 our disk is full"
    with served(folder, box) as server:
        server.press("shop", code=1)
        until(lambda: any(one["broken"] for one in server.get("/api/channels")), what="the fault to be known")
        until(lambda: "our disk is full" in server.http.get("/channels").text, what="the page")
        refused = server.http.post("/api/channels/ops/test")
        assert (refused.status_code, "our disk is full" in refused.text) == (400, True)
        box.answer = ""
        assert server.http.post("/api/channels/ops/test").status_code == 204
        assert "A test" in box.subjects
        box.wait(3)
        until(lambda: not any(one["broken"] for one in server.get("/api/channels")), what="both to work")
        trail = [one["verb"] for one in server.get("/api/audit")]
        assert trail.count("channel.test") == 2
        assert server.http.post("/api/channels/mail/test").status_code == 400


def test_a_schedule_that_cannot_press_is_told_once(folder, box):
    (folder / "pushbutton.yaml").write_text(
        "channels: {ops: {mail: ops@example.org}}\ntell: {late: ops}\n"
        "tasks:\n  report:\n    command: ['true']\n    secrets: [NOWHERE]\n    schedules: {every: 1}\n"
    )
    with served(folder, box) as server:
        mail = box.wait(1)[0]
        until(lambda: len(server.get("/api/schedules/report/1/firings")) >= 3, what="three moments")
        assert box.subjects == ["Late: Report"]
    assert "cannot be pressed" in text_of(mail)
    assert "https://buttons.example/tasks/report" in text_of(mail)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_mail_goes_by_tls_to_whoever_shows_that_they_are_it(tmp_path, monkeypatch, scheme):
    cert, key = certificate(tmp_path, "localhost")
    tls = with_tls(cert, key)
    options: dict[str, Any] = {"ssl_context": tls} if scheme == "smtps" else {"tls_context": tls}
    with Postbox(**options, require_starttls=scheme == "smtp") as box:
        server = mail_server(f"{scheme}://localhost:{box.port}", where="smtp")
        assert server is not None
        letter = Letter("Hello", "text", "<p>text</p>", "key")
        with pytest.raises(Undelivered, match="certificate"):
            await SmtpPost(server, ("P", "p@example.org"), "").send(Channel("mail"), ["a@example.org"], letter)
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
        await SmtpPost(server, ("P", "p@example.org"), "").send(Channel("mail"), ["a@example.org"], letter)
        assert box.subjects == ["Hello"]


async def test_a_wrong_password_is_told_as_the_mail_server_says_it():
    box = Postbox(auth_require_tls=False)
    box._options["authenticator"] = box.login
    with box:
        server = mail_server(f"smtp://ada@127.0.0.1:{box.port}", where="smtp")
        assert server is not None
        letter = Letter("Hello", "text", "<p>text</p>", "key")
        with pytest.raises(Undelivered, match="Authentication"):
            await SmtpPost(server, ("P", "p@example.org"), "wrong").send(Channel("mail"), ["a@example.org"], letter)
        await SmtpPost(server, ("P", "p@example.org"), "right").send(Channel("mail"), ["a@example.org"], letter)
    assert set(box.logins) == {("ada", "wrong"), ("ada", "right")}


@pytest.mark.parametrize(("answer", "final"), [("550 no such person", True), ("450 come back later", False)])
async def test_a_receiver_who_will_never_do_is_told_apart_from_one_of_later(box, answer, final):
    box.refused["gone@example.org"] = answer
    server = mail_server(f"smtp://127.0.0.1:{box.port}", where="smtp")
    assert server is not None
    with pytest.raises(Undelivered, match=r"gone@example\.org") as refused:
        await SmtpPost(server, ("P", "p@example.org"), "").send(
            Channel("mail"), ["gone@example.org"], Letter("Hello", "text", "<p>text</p>", "key")
        )
    assert refused.value.final is final


class Ear:
    """Takes JSON by HTTP."""

    def __init__(self) -> None:
        self.took: list[Any] = []
        self.paths: list[str] = []
        self.connections, self.status = 0, 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def setup(self) -> None:
                outer.connections += 1
                super().setup()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.took.append(json.loads(body))
                outer.paths.append(self.path)
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
