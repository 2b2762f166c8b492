"""`pushbutton login` and what it keeps: asked for in the browser, kept for one server, sent to no other."""

from __future__ import annotations

import http.server
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from pushbutton.domain.actor import Right, Verb
from pushbutton.domain.token import personal
from tests.acceptance.entries import COOKIE, a_session, a_token, ada, put
from tests.acceptance.serving import PATIENCE, Command, Served, environment
from tests.acceptance.worlds import script


class World(NamedTuple):
    server: Served
    browser: httpx.Client  # Ada's
    home: Path  # of the configuration


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    script(tasks, "deploy", "echo there it is", head='[params.where]\nchoices = ["test", "live"]\ndefault = "test"')
    session, secret = a_session()
    put(tmp_path / "data", *ada(), session)
    with (
        Served(tasks, data=tmp_path / "data") as server,
        httpx.Client(base_url=server.url, cookies={COOKIE: secret}, timeout=PATIENCE) as browser,
    ):
        yield World(server, browser, tmp_path / "config")


def command(world: World, *words: str, **env: str) -> Command:
    return Command(*words, env={"PUSHBUTTON_SERVER": world.server.url, "XDG_CONFIG_HOME": str(world.home), **env})


def run(world: World, *words: str, **env: str) -> tuple[int, str, str]:
    with command(world, *words, **env) as ran:
        return ran.wait(), ran.out.text, ran.err.text


def credentials(world: World) -> Path:
    return world.home / "pushbutton" / "credentials"


def answer(world: World, asking: Command, said: str) -> str:
    """What the page with the code showed, before it was answered."""
    where = asking.err.wait_for(r"http://\S+/confirm\?code=([A-Z-]+)")
    page = world.browser.get(f"/confirm?code={where[1]}")
    csrf = page.text.partition('name="csrf" value="')[2][:40]
    done = world.browser.post("/confirm", data={"csrf": csrf, "code": where[1], "answer": said})
    assert done.status_code == 200
    return page.text


def log_in(world: World, *words: str) -> str:
    """The token that is kept then."""
    with command(world, "login", *words) as asking:
        answer(world, asking, "yes")
        assert asking.wait() == 0
    return str(json.loads(credentials(world).read_text())[world.server.url]["token"])


def test_login_asks_in_the_browser_and_lets_the_other_commands_in(world):
    code, _, err = run(world, "runs")
    assert (code, "run: pushbutton login http://" in err) == (4, True)
    with command(world, "login", "--name", "laptop") as asking:
        page = answer(world, asking, "yes")
        assert asking.wait() == 0
    assert "127.0.0.1" in page  # from where it asks
    assert "laptop" in page
    said = asking.out.text + asking.err.text
    token = json.loads(credentials(world).read_text())[world.server.url]["token"]
    assert "ada said yes." in said
    assert token not in said
    assert credentials(world).stat().st_mode & 0o777 == 0o600
    assert run(world, "press", "deploy", "--follow")[:2] == (0, "there it is")
    newest = world.browser.get("/api/runs").json()[0]
    assert (newest["actor"], newest["cause"]["kind"]) == ("token:ada/laptop", "token")
    code, out, _ = run(world, "logout")
    assert (code, "revoked and forgotten" in out) == (0, True)
    assert world.browser.get("/api/tokens").json() == []
    assert run(world, "runs")[0] == 4


def test_a_no_gives_nothing(world):
    with command(world, "login") as asking:
        answer(world, asking, "no")
        assert asking.wait() == 4
    assert "The answer was no" in asking.err.text
    assert not credentials(world).exists()
    assert world.browser.get("/api/tokens").json() == []


def test_login_asks_for_no_more_than_it_was_told(world):
    token = log_in(world, "--task", "deploy", "--verb", "press", "--days", "7")
    with httpx.Client(base_url=world.server.url, headers={"authorization": f"Bearer {token}"}) as client:
        assert client.get("/api/tasks/deploy").json()["may"] == ["press", "see"]
    shown = world.browser.get("/api/tokens").json()[0]
    assert shown["scope"] == [{"verb": "press", "where": "task:deploy"}, {"verb": "see", "where": "task:deploy"}]


def test_logging_in_again_takes_the_place_of_the_token_before(world):
    first, second = log_in(world), log_in(world)
    assert first != second
    assert len(world.browser.get("/api/tokens").json()) == 1


def test_a_token_that_was_made_on_a_page_is_read_from_standard_input_and_checked(world):
    wrong, right = personal(), a_token(Right(Verb.SEE))
    put(world.server.data, right[0])
    env = environment(PUSHBUTTON_SERVER=world.server.url, XDG_CONFIG_HOME=str(world.home))
    for text, code in ((wrong, 4), (wrong[:-1], 2), ("", 2), (right[1], 0)):
        words = [sys.executable, "-m", "pushbutton", "login", "--with-token"]
        done = subprocess.run(words, check=False, input=text, env=env, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == code, done.stderr
        assert credentials(world).exists() == (code == 0)
        assert not text or text not in done.stdout + done.stderr


def test_the_environment_counts_before_what_is_kept(world):
    log_in(world)
    token, text = a_token(Right(Verb.SEE), name="from-ci")
    put(world.server.data, token)
    assert run(world, "runs", PUSHBUTTON_API_TOKEN=text)[0] == 0
    code, _, err = run(world, "press", "deploy", PUSHBUTTON_API_TOKEN=text)
    assert (code, "not press it" in err) == (4, True)
    code, _, err = run(world, "runs", PUSHBUTTON_API_TOKEN=personal())
    assert (code, "It is the one in PUSHBUTTON_API_TOKEN." in err) == (4, True)
    code, _, err = run(world, "runs", PUSHBUTTON_API_TOKEN="pbt_cut-off")
    assert (code, "Is it cut off?" in err, "pbt_cut-off" in err) == (2, True, False)


def test_a_file_that_others_can_read_is_not_used(world):
    log_in(world)
    credentials(world).chmod(0o640)
    code, _, err = run(world, "runs")
    assert (code, "chmod 600" in err) == (6, True)


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """Sends everybody on to `target`, and writes down what it was told."""

    target = ""
    heard: list[dict[str, str]] = []  # noqa: RUF012  of the class, which each test makes anew

    def do_GET(self) -> None:
        self.heard.append(dict(self.headers.items()))
        self.send_response(302 if self.target else 200)
        self.send_header("Location", self.target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, type[Elsewhere]]]:
    handler = type("Handler", (Elsewhere,), {"heard": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", handler
        server.shutdown()


def test_a_token_is_sent_to_no_other_server(world, elsewhere):
    url, handler = elsewhere
    log_in(world)
    run(world, "runs", "--server", url)
    assert handler.heard
    assert all("authorization" not in {name.lower() for name in headers} for headers in handler.heard)


def test_a_redirect_is_not_followed_and_gets_no_token(world, elsewhere):
    url, target = elsewhere

    class SendsOn(Elsewhere):
        heard: list[dict[str, str]] = []  # noqa: RUF012
        target = f"{url}/api/runs"

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), SendsOn) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for words in (("runs",), ("watch", "1")):
            code, _, err = run(
                world, *words, "--server", f"http://127.0.0.1:{server.server_port}", PUSHBUTTON_API_TOKEN=personal()
            )
            assert (code, "which is not followed" in err) == (5, True)
        server.shutdown()
    assert SendsOn.heard
    assert target.heard == []


def test_a_link_is_made_with_a_yes_in_the_browser_and_revoked_with_a_token(world):
    log_in(world)
    with command(world, "link", "make", "deploy", "--where", "live", "--uses", "2", "--note", "for Bob") as asking:
        page = answer(world, asking, "yes")
        assert asking.wait() == 0
    assert "live" in page
    assert "for Bob" in page
    link = asking.out.text.strip()
    shown = httpx.get(link).text
    assert "for Bob" in shown
    code, out, _ = run(world, "link", "list")
    name = re.search(r"^([a-z0-9]{10}) ", out, re.MULTILINE)
    assert (code, bool(name)) == (0, True)
    assert "pbl_" not in out + run(world, "link", "list", "--json")[1]  # for a token it has no text
    assert name
    assert run(world, "link", "revoke", name[1])[0] == 0
    assert httpx.get(link).status_code == 410
    assert run(world, "link", "revoke", "nothing")[0] == 3


def test_secrets_are_fixed_in_no_link_and_unknown_inputs_are_named(world):
    log_in(world)
    assert run(world, "link", "make", "deploy", "--where", "mars")[0] == 2
    assert "--wher" in run(world, "link", "make", "deploy", "--wher", "live")[2]


def test_who_tries_many_codes_has_to_wait(world):
    answers = [world.browser.get("/confirm?code=BBBB-BBBB").text for _ in range(6)]
    assert "no such code" in answers[0]
    assert "Too many wrong codes" in answers[-1]


def test_nobody_who_is_not_signed_in_says_yes(world):
    asked = httpx.post(f"{world.server.url}/api/asks", json={"token": {"name": "ci"}}).json()
    answer = httpx.post(f"{world.server.url}/confirm", data={"code": asked["code"], "answer": "yes"})
    assert answer.status_code == 401
    page = httpx.get(f"{world.server.url}/confirm?code={asked['code']}", headers={"accept": "text/html"})
    assert page.headers["location"].startswith("/signin?next=")
    state = httpx.post(f"{world.server.url}/api/asks/answer", json={"poll": asked["poll"]}).json()["state"]
    assert state == "waiting"


def test_while_nobody_signs_in_there_is_nothing_to_log_in_for(tmp_path):
    script(tmp_path, "deploy", "true")
    with Served(tmp_path) as server:
        env = {"PUSHBUTTON_SERVER": server.url, "XDG_CONFIG_HOME": str(tmp_path / "config")}
        with Command("login", env=env) as asking:
            assert asking.wait() == 4
        assert "nothing is needed" in asking.err.text
