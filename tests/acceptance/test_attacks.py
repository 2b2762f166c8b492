"""Attacks on a real server with people: what somebody reaches beyond their rights, by which door, and what it tells."""

from __future__ import annotations

import getpass
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from pushbutton.domain.person import Session
from pushbutton.domain.policy import Grant
from pushbutton.domain.token import hashed, new_token
from pushbutton.runtime.refusals import SINGLE_EACH
from pushbutton.runtime.watch.frames import PING

from .people import people, written
from .serving import Command, Lines, Served, environment, until
from .worlds import script

YEAR = 365 * 86_400_000_000
SECRET = "hush-hush-hush"


class Office:
    """Ada looks after everything, Bob approves and reads, Eve presses one task and knows of no other."""

    def __init__(self, folder: Path, *others: str) -> None:
        script(
            folder, "payroll.sh", f"echo {SECRET}; echo x > $PUSHBUTTON_FILES/salaries.csv", head='title = "Payroll"\n'
        )
        script(folder, "coffee.sh", "echo coffee", head='title = "Coffee"\n')
        script(folder, "careful.sh", "true", head='title = "Careful"\napprovals = 1\n')
        self.folder, self.data = folder, folder / ".pushbutton"
        self.who = people(
            self.data, {"ada": ["admin"], "bob": ["approver"], "eve": [], **{name: [] for name in others}}
        )
        written(self.data, Grant("user:eve", "presser", "task:coffee"))
        self.server = Served(folder, ping=1)

    def ask(self, who: str, method: str, path: str, **more: Any) -> httpx.Response:
        return self.server.http.request(
            method, path, headers={**self.who[who].headers, **more.pop("headers", {})}, **more
        )

    def payroll(self) -> int:
        """A run of what Eve knows nothing of."""
        press = {"inputs": {}, "why": f"because of {SECRET}"}
        number: int = self.ask("ada", "POST", "/api/tasks/payroll/runs", json=press).json()["number"]
        until(lambda: self.ask("ada", "GET", f"/api/runs/{number}").json()["over"], what="its end")
        return number


@pytest.fixture
def office(tmp_path) -> Iterator[Office]:
    made = Office(tmp_path)
    with made.server:
        yield made


READ = [
    *("/tasks/payroll", "/tasks/payroll/hand-over", "/tasks/coffee?from-run={run}", "/runs/{run}"),
    *("/history?q=payroll", "/history?task=payroll", "/history?who=token:ada/all", "/history?q=hush", "/history.csv"),
    *("/?q=payroll", "/inbox", "/audit", "/people", "/people/ada"),
    *("/api/tasks", "/api/tasks/payroll", "/api/tasks/payrol", "/api/tasks/payroll/events", "/api/runs"),
    *("/api/runs?task=payroll", "/api/runs?text=hush", "/api/runs?actor=token:ada/all", "/api/runs/{run}"),
    *("/api/runs/{run}/plan", "/api/runs/{run}/events", "/api/runs/{run}/output", "/api/runs/{run}/output/stream"),
    *("/api/runs/{run}/output/lines", "/api/runs/{run}/output/search?q=h", "/api/runs/{run}/output/plain"),
    *("/api/runs/{run}/artifacts/salaries.csv", "/api/approvals", "/api/tokens?all=1", "/api/links?all=1"),
    *("/api/audit", "/profile/tokens?all=1", "/profile/links?all=1"),
]


@pytest.mark.parametrize("by", ["token", "session"])
def test_nothing_that_eve_reads_tells_of_what_she_may_not_see(office, by):
    number = office.payroll()
    assert told(office, "ada", number, by) > 20
    assert told(office, "eve", number, by) == 0


def test_what_the_server_counts_for_eve_is_what_she_may_see(office):
    seen = office.ask("eve", "GET", "/api/health").json()
    assert set(seen) == {"ok", "runs", "waiting"}
    assert "watchers" in office.ask("ada", "GET", "/api/health").json()


def told(office: Office, name: str, number: int, by: str) -> int:
    """At how many places somebody reads of it, besides the words that they asked with."""
    person, count = office.who[name], 0
    for kind in ("text/html", "application/json", "text/event-stream"):
        headers = {"accept": kind, **(person.headers if by == "token" else {"cookie": f"pushbutton={person.session}"})}
        for path, said in heads(office.server, [(path.format(run=number), headers) for path in READ]):
            text = re.sub(r"payroll?|hush", "", said) if "payrol" in path or "hush" in path else said
            count += bool(re.search(r"(?i)payroll|salaries|hush-hush", text))
    return count


def head(server: Served, path: str, headers: dict[str, str]) -> str:
    """What comes, of a stream what comes until it says that nothing has come for a second."""
    with server.http.stream("GET", path, headers=headers) as answer:
        found = b""
        for part in answer.iter_bytes():
            found += part
            if found.endswith(PING) and "event-stream" in answer.headers.get("content-type", ""):
                break
    return found.decode(errors="replace") + str(dict(answer.headers))


def heads(server: Served, asked: Sequence[tuple[str, dict[str, str]]]) -> Iterator[tuple[str, str]]:
    """Each path and what comes. Side by side, because each stream is looked at for a second."""
    with ThreadPoolExecutor(10) as threads:
        yield from zip([path for path, _ in asked], threads.map(lambda one: head(server, *one), asked), strict=True)


DONE: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/api/tasks/payroll/runs", {}),
    ("POST", "/api/runs/{run}/cancel", {}),
    ("POST", "/api/runs/{run}/approve", {}),
    ("POST", "/api/runs/{run}/reject", {"why": "no"}),
    ("POST", "/api/events", {"text": "x"}),
    ("POST", "/api/links", {"task": "payroll"}),
]


@pytest.mark.parametrize(("method", "path", "body"), DONE)
def test_what_eve_may_not_do_is_refused_and_says_no_more_than_for_what_is_not_there(office, method, path, body):
    number = office.payroll()
    real = office.ask("eve", method, path.format(run=number), json=body)
    gone = path.replace("payroll", "paytoll").format(run=number + 999)
    none = office.ask("eve", method, gone, json={**body, "task": "paytoll"} if "task" in body else body)
    assert real.status_code in (403, 404)
    assert real.status_code == none.status_code
    said = [re.sub(r"payroll|paytoll|\d+", "", answer.text) for answer in (real, none)]
    assert said[0] == said[1]


def test_what_was_refused_is_in_the_trail_without_what_was_brought(office):
    held = office.ask("ada", "POST", "/api/tasks/careful/runs", json={}).json()["number"]
    forged = "pbt_" + "f0rged" * 6
    assert office.ask("ada", "POST", f"/api/runs/{held}/approve", json={}).status_code == 403
    assert office.ask("bob", "POST", "/api/tasks/coffee/runs", json={}).status_code == 403
    brought = {"authorization": f"Bearer {forged}"}
    wrong = [office.server.http.post(f"/api/runs/{held}/events", headers=brought, content="x")]
    wrong.append(office.server.http.get("/api/tasks", headers=brought))
    assert all(answer.status_code in (401, 403) for answer in wrong)
    assert office.server.http.get("/api/tasks").status_code == 401, "who brought nothing is only not signed in"

    def told() -> list[tuple[str, str, str]]:
        found = office.ask("ada", "GET", "/api/audit?kind=request&limit=100").json()
        return [(record["actor"], record["about"], record["data"]["tried"]) for record in found[::-1]]

    until(lambda: len(told()) == 4, what="the records")
    assert sorted(told()) == [
        ("", f"run {held}", "POST runs/events"),
        ("", "the server", "GET /api/tasks"),
        ("token:ada/all", f"run {held}", "POST runs/approve"),
        ("token:bob/all", "task coffee", "POST tasks/runs"),
    ]
    cookie = f"pushbutton={office.who['ada'].session}"
    page = office.server.http.get("/audit", headers={"accept": "text/html", "cookie": cookie})
    assert "tried what was refused: POST runs/approve" in page.text
    assert "f0rged" not in page.text + office.ask("ada", "GET", "/api/audit?limit=1000").text


def test_a_session_that_counts_no_more_and_one_that_never_did_leave_a_record(office):
    at, secret = time.time_ns() // 1000, new_token("pbs")
    written(office.data, Session(hashed(secret), "eve", at - YEAR, at + YEAR, at - YEAR))  # not used for a year
    forged = "pbs_" + "f0rged" * 6
    html, http = {"accept": "text/html"}, office.server.http
    for cookie in (forged, secret):
        brought = {"cookie": f"pushbutton={cookie}"}
        assert http.get("/api/tasks", headers=brought).status_code == 401
        assert http.get("/history", headers={**brought, **html}).status_code == 303
        assert http.get("/signin", headers={**brought, **html}).status_code == 200
        assert http.get("/api/health", headers=brought).status_code == 200

    def told() -> list[tuple[Any, ...]]:
        found = office.ask("ada", "GET", "/api/audit?kind=request&limit=100").json()
        return sorted((one["actor"], one["data"]["tried"], one["data"]["brought"], one["about"]) for one in found)

    tried = ("GET /api/tasks", "GET /history")
    never = [("", one, "a session that is not known", "the server") for one in tried]
    once = [("", one, "a session of “eve” that counts no more", "the server") for one in tried]
    until(lambda: len(told()) == 4, what="the records")
    assert told() == sorted(never + once)
    everything = office.ask("ada", "GET", "/api/audit?limit=1000").text
    assert "f0rged" not in everything
    assert secret not in everything


def test_sessions_that_are_guessed_fill_no_trail(office):
    for number in range(200):
        assert office.server.http.get("/api/tasks", headers={"cookie": f"pushbutton=pbs_{number}"}).status_code == 401

    def count() -> int:
        return len(office.ask("ada", "GET", "/api/audit?kind=request&limit=1000").json())

    until(lambda: count() >= SINGLE_EACH, what="the first ones")
    assert count() <= 2 * SINGLE_EACH + 1, "a minute may end in between"


TOPICS = [
    *("runs", "task:payroll", "run:{run}", "patch:run:{run}", "patch:de:run:{run}", "tail:{run}", "tail:0{run}"),
    *("patch:task:payroll", "patch:de:task:payroll", "patch:tasks", "patch:inbox", "patch:now", "patch:task:payroll@"),
    *("patch:run:{run}@/x", "patch:x:run:{run}", "patch:run:1:run:{run}", "patch:tasks@", "patch: ~:run:{run}"),
    *("patch:de:~:run:{run}", "output:{run}", "output:{run}@1"),
]


def test_no_topic_of_a_stream_lets_eve_watch_what_she_may_not_see(office):
    number = office.payroll()
    seen = {"ada": 0, "eve": 0}
    for name in seen:
        headers = {"accept": "text/event-stream", **office.who[name].headers}
        paths = [f"/api/events?topics={quote(topic.format(run=number))}&since=0" for topic in TOPICS]
        for _, said in heads(office.server, [(path, headers) for path in paths]):
            frames = re.sub(r'"topic": ?"[^"]*"', "", said)
            seen[name] += bool(re.search(r"(?i)payroll|salaries|hush", frames))
    assert seen["ada"] > 8
    assert seen["eve"] == 0


def test_a_task_that_moves_to_another_group_leaves_what_it_said_where_it_was(tmp_path):
    """Vic sees the new group, Ned the old one, Bob both."""
    made = Office(tmp_path, "vic", "ned")
    written(made.data, Grant("user:vic", "viewer", "group:Public"), Grant("user:ned", "viewer", "group:HR"))
    file = tmp_path / "payroll.sh"
    as_pressed = file.read_text().replace('title = "Payroll"', 'group = "HR"')
    file.write_text(as_pressed)
    topics = [
        "runs",
        "task:payroll",
        "run:{run}",
        "patch:run:{run}",
        "patch:task:payroll",
        "tail:{run}",
        "output:{run}",
    ]
    with made.server:
        until(lambda: made.ask("ned", "GET", "/api/tasks/payroll").status_code == 200, what="its group")
        number = made.payroll()
        assert made.ask("ned", "GET", f"/api/runs/{number}").status_code == 200
        file.write_text(as_pressed.replace("HR", "Public"))
        until(lambda: made.ask("vic", "GET", "/api/tasks/payroll").status_code == 200, what="the move")
        assert made.ask("ned", "GET", f"/api/runs/{number}").status_code == 404
        seen = {"bob": 0, "vic": 0}
        for name in seen:
            asked = []
            for path in [*READ, *(f"/api/events?topics={quote(topic)}&since=0" for topic in topics)]:
                kind = "text/event-stream" if "events" in path or path.endswith("/stream") else "*/*"
                asked.append((path.format(run=number), {"accept": kind, **made.who[name].headers}))
            for _, said in heads(made.server, asked):
                seen[name] += bool(re.search("salaries|hush-hush", said))
        assert seen["bob"] > 12
        assert seen["vic"] == 0


def test_what_somebody_pressed_does_not_wait_for_them_also_when_they_administer(office):
    office.ask("ada", "POST", "/api/tasks/careful/runs", json={}).raise_for_status()
    waits = {}
    for name in ("ada", "bob"):
        headers = {"accept": "text/event-stream", "cookie": f"pushbutton={office.who[name].session}"}
        said = head(office.server, "/api/events?topics=patch:inbox", headers)
        assert '"topic"' in said
        waits[name] = "Careful" in said
    assert waits == {"ada": False, "bob": True}


def test_the_mark_of_an_audience_is_nobodys_to_write(office):
    for topic in ("patch:~", "patch:~0123456789abcdef:tasks", "tail:~:1", "patch:~0123456789abcdef:run:1"):
        answer = office.ask("eve", "GET", f"/api/events?topics={quote(topic)}", headers={"accept": "text/event-stream"})
        assert answer.status_code == 400, topic


def test_whoever_holds_a_run_token_of_nothing_learns_of_no_run(office):
    number = office.payroll()
    asked = {"content": b"status x", "headers": {"authorization": "Bearer pbr_nothing"}}
    answers = [office.server.http.post(f"/api/runs/{one}/events", **asked) for one in (number, number + 999)]
    assert [(answer.status_code, answer.text) for answer in answers] == [(403, answers[0].text)] * 2


# -- half a session, old sessions


def half(office: Office, name: str) -> dict[str, str]:
    """The cookie of somebody who gave the password, and not yet the code."""
    at, secret = time.time_ns() // 1000, new_token("pbs")
    session = Session(hashed(secret), name, at, at + YEAR, at, pending=True)
    written(office.data, session)
    return {"cookie": f"pushbutton={secret}"}


def test_half_a_session_opens_nothing(office):
    number = office.payroll()
    cookie = half(office, "ada")
    paths = [*READ, "/", "/history", "/profile", "/profile/factor", "/api/events", "/api/openapi.json"]

    def places(kind: str) -> list[tuple[int, str]]:
        found = []
        for path in paths:
            answer = office.server.http.get(path.format(run=number), headers={"accept": kind, **cookie})
            found.append((answer.status_code, answer.headers.get("location", "").partition("?")[0]))
        return found

    until(lambda: office.server.http.get("/signin", headers=cookie).status_code == 303, what="the session is known")
    assert set(places("text/html")) <= {(303, "/signin"), (401, "")}
    assert set(places("application/json")) == {(401, "")}
    assert set(places("text/event-stream")) == {(401, "")}
    for path in ("/profile/password", "/profile/factor", "/people", "/tasks/coffee", f"/runs/{number}/stop"):
        assert office.server.http.post(path, headers=cookie, data={"csrf": "x"}).status_code == 401


def test_a_session_that_a_visitor_chose_is_never_made_theirs(office):
    chosen = "pbs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    for cookie in (chosen, "pbs_", "x" * 5000, '"quoted"', "a; pushbutton=b"):
        answer = office.server.http.get("/signin", headers={"cookie": f"pushbutton={cookie}"})
        assert answer.status_code == 200
        assert "pushbutton=" not in answer.headers.get("set-cookie", "")


NEXT = [
    *("//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "javascript:alert(1)", ""),
    *("/%09/evil.example", "/%5cevil.example", "///evil.example", "/./evil", "/../evil", "/%2e%2e/evil"),
    *("/\t/evil.example", "/\r\nx: y", "http:evil", "@evil.example", ".evil.example", "/signout"),
    "/signin?next=/signin",
]


def test_signing_in_leads_to_no_other_place_and_never_back_to_itself(office):
    for place in NEXT:
        cookie = {"cookie": f"pushbutton={office.who['ada'].session}", "accept": "text/html"}
        to = office.server.http.get(f"/signin?next={quote(place, safe='')}", headers=cookie)
        assert to.status_code == 303
        where = to.headers["location"]
        assert re.fullmatch(r"/(?![/\\]).*|/", where), (place, where)
        assert not where.startswith("/sign")
        assert httpx.URL(f"http://here.example{where}").host == "here.example"


# -- addresses


def test_a_client_gets_no_new_tries_by_writing_itself_another_address(office):
    form = office.server.http.get("/signin")
    csrf = re.search(r'name="csrf" value="([^"]+)"', form.text)
    assert csrf
    codes = []
    for number in range(8):
        asked = {"csrf": csrf[1], "name": "ada", "password": f"guess number {number}"}
        headers = {
            "x-forwarded-for": f"203.0.113.{number}",
            "x-real-ip": f"203.0.113.{number}",
            "forwarded": "for=1.2.3.4",
        }
        codes.append(office.server.http.post("/signin", data=asked, headers=headers).status_code)
    assert codes[:3] == [401] * 3
    assert 429 in codes[3:]


@pytest.mark.parametrize("spelled", ["X_Remote_User", "X-Remote_User", "Remote-User", "X-Remote-User-"])
def test_a_proxys_header_counts_as_it_is_spelled_alone(tmp_path, spelled):
    script(tmp_path, "coffee.sh", "echo coffee")
    env = {"PUSHBUTTON_PROXY_USER_HEADER": "X-Remote-User", "PUSHBUTTON_PROXY_FROM": "127.0.0.1"}
    with Served(tmp_path, env=env) as server:
        assert server.http.get("/api/tasks", headers={"X-Remote-User": "ada"}).status_code == 200
        assert server.http.get("/api/tasks", headers={spelled: "ada"}).status_code == 401
        assert (
            server.http.get("/api/tasks", headers=[("x-remote-user", "ada"), ("X-Remote-User", "eve")]).status_code
            == 403
        )


def test_who_is_believed_is_the_peer_and_never_what_a_header_says_it_is(tmp_path):
    script(tmp_path, "coffee.sh", "echo coffee")
    env = {"PUSHBUTTON_PROXY_USER_HEADER": "X-Remote-User", "PUSHBUTTON_PROXY_FROM": "203.0.113.7"}
    said = {"x-remote-user": "ada", "x-forwarded-for": "203.0.113.7", "forwarded": "for=203.0.113.7"}
    with Served(tmp_path, env=env) as server:
        assert server.http.get("/api/tasks", headers=said).status_code == 401
    with Served(tmp_path, env=env, trust_proxy="127.0.0.1") as server:
        assert server.http.get("/api/tasks", headers=said).status_code == 401


APP = """
import sys
from starlette.applications import Starlette
from starlette.routing import Mount
from pushbutton import Pushbutton
buttons = Pushbutton(sys.argv[1], port=0)
app = Starlette(routes=[Mount("/buttons", buttons)], lifespan=buttons.lifespan)
import logging
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
buttons.serve(app)
"""


def test_inside_another_application_the_peer_is_the_one_who_is_connected_too(tmp_path):
    script(tmp_path, "coffee.sh", "echo coffee")
    (tmp_path / "app.txt").write_text(APP)
    env = environment(PUSHBUTTON_PROXY_USER_HEADER="X-Remote-User", PUSHBUTTON_PROXY_FROM="203.0.113.7")
    process = subprocess.Popen(
        [sys.executable, tmp_path / "app.txt", tmp_path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env
    )
    assert process.stdout
    try:
        said_first = Lines(process.stdout)
        url = said_first.wait_for(r"(http://\S+?)/?$")[1]
        said = {"x-remote-user": "ada", "x-forwarded-for": "203.0.113.7"}
        assert httpx.get(f"{url}/buttons/api/tasks", headers=said).status_code == 401
    finally:
        process.terminate()
        process.wait(60)
        said_first.close()


# -- what nobody who is not known can fill up


def test_programs_that_ask_fill_no_memory(office):
    many = {"token": {"name": "x", "where": [f"task:{number}" for number in range(101)]}}
    assert office.server.http.post("/api/asks", json=many).status_code == 400
    large = {"link": {"task": "coffee", "inputs": {"x": "y" * (64 << 10)}}}
    assert office.server.http.post("/api/asks", json=large).status_code == 400
    assert office.server.http.post("/api/asks", json={"token": {"name": "x"}}).status_code == 201


# -- the trail


def test_what_is_done_by_command_names_who_did_it(office):
    (office.folder / "value.txt").write_text("a value")
    set_ = ("secret", "set", "DB_PASSWORD", office.folder, "--data", office.data)
    with (office.folder / "value.txt").open("rb") as value, Command(*set_, stdin=value) as command:
        assert command.wait() == 0
    for words in (
        ("secret", "rotate", office.folder, "--data", office.data),
        ("secret", "remove", "DB_PASSWORD", office.folder, "--data", office.data),
        ("user", "give", "user:eve", "viewer", "--data", office.data),
    ):
        with Command(*words) as command:
            assert command.wait() == 0
    records = office.ask("ada", "GET", "/api/audit").json()
    me = f"local:{getpass.getuser()}"
    acts = {record["verb"]: (record["actor"], record["about"]) for record in records}
    assert acts["secret.set"] == (me, "secret DB_PASSWORD")
    assert acts["secret.rotate"] == (me, "the stored secrets")
    assert acts["secret.remove"] == (me, "secret DB_PASSWORD")
    assert acts["grant.give"] == (me, "user eve")
    assert "a value" not in str(records)


def test_everything_in_the_data_folder_is_for_its_owner_alone(office):
    office.payroll()
    folder = office.data.stat().st_mode & 0o777
    keys = {path.name: path.stat().st_mode & 0o777 for path in office.data.iterdir() if path.name.endswith(".key")}
    assert (folder, keys) == (0o700, {"server.key": 0o600})
