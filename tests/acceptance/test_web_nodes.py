"""Two web nodes behind a real nginx on one PostgreSQL: one is killed, and nobody who watches misses anything; what is
kept for minutes holds over both.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from httpx_sse import connect_sse
from playwright.sync_api import expect

from pushbutton.domain.policy import EVERYONE
from tests.postgres import Postgres

from .browser import chromium
from .people import Person, people
from .provider import SECRET, Provider
from .proxy import NAME, blocks, nginx
from .serving import PATIENCE, Served, until
from .worlds import script

FLEET = Path(__file__).parents[2] / "docs" / "howto" / "fleet.md"
WATCHERS = 6
COUNTS = """
import itertools, os, time
for number in itertools.count():
    print("line", number, flush=True)
    if number % 10 == 0:
        os.write(3, b"status at %d\\n" % number)
    if os.path.exists(os.environ["ENOUGH"]):
        break
    time.sleep(0.05)
"""


@dataclass
class Fleet:
    folder: Path
    works: Served  # where runs go on, which nginx does not know
    nodes: tuple[Served, Served]  # that show pages, and run nothing
    port: int  # of nginx in front of them
    who: dict[str, Person]
    provider: Provider

    def at(self, number: int, person: str = "", **headers: str) -> httpx.Client:
        """A client of one node, as nginx would be; of that person."""
        token = self.who[person].headers if person else {}
        given = {"host": NAME, "accept": "text/html", **token, **headers}
        return httpx.Client(base_url=self.nodes[number].url, headers=given, timeout=PATIENCE)

    def through(self, person: str) -> httpx.Client:
        """A client of nginx."""

        def named(request: httpx.Request) -> None:
            request.extensions["sni_hostname"] = NAME

        headers = {"host": f"{NAME}:{self.port}", **self.who[person].headers}
        made = httpx.Client(
            base_url=f"https://127.0.0.1:{self.port}", headers=headers, verify=False, timeout=PATIENCE, trust_env=False
        )
        made.event_hooks["request"] = [named]
        return made


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("fleet")
    tasks, place = folder / "tasks", folder / "proxy"
    tasks.mkdir()
    place.mkdir()
    script(tasks, "count.py", COUNTS, head=f'env.ENOUGH = "{folder}/enough"\n')
    script(tasks, "deploy.sh", "echo deployed", head="at_once = 9\n")
    address = postgres.over_tcp(postgres.database())
    rights = {EVERYONE: ["see", "output"], "adam": ["admin"], "grace": ["presser"], "eve": ["presser"]}
    who = people(folder / "works", rights, address)
    (block,) = blocks("nginx", FLEET)

    def node(name: str, **more: Any) -> Served:
        env = {"PUSHBUTTON_STORE": address, "PUSHBUTTON_OIDC_CLIENT_SECRET": SECRET}
        return Served(tasks, data=folder / name, name=name, env=env, key_file=folder / "works" / "server.key", **more)

    with Provider(folder, f"http://{NAME}/signin/return") as provider:
        web = {
            "at_once": 0, "allow_host": NAME, "trust_proxy": "127.0.0.1", "oidc_issuer": provider.issuer,
            "oidc_client": "pushbutton",
        }  # fmt: skip
        with (
            node("works") as works,
            node("one", **web) as one,
            node("two", **web) as two,
            nginx(place, block, one.port, two.port) as port,
        ):
            yield Fleet(folder, works, (one, two), port, who, provider)


class Watcher:
    """A client of nginx that comes back with its last id whenever its stream breaks, until the run is over."""

    def __init__(self, fleet: Fleet, path: str) -> None:
        self._fleet, self._path = fleet, path
        self.ids: list[str] = []
        self.data: list[dict[str, Any]] = []
        self.broken = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def wait(self) -> None:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def _read(self) -> None:
        while True:
            headers = {"last-event-id": self.ids[-1]} if self.ids else {}
            try:
                with (
                    self._fleet.through("grace") as http,
                    connect_sse(http, "GET", self._path, headers=headers) as source,
                ):
                    source.response.raise_for_status()
                    for frame in source.iter_sse():
                        if frame.data:
                            self.data.append(frame.json())
                            self.ids.append(frame.id)
                    return
            except httpx.HTTPError:
                self.broken += 1
                time.sleep(0.05)  # as a browser does

    @property
    def text(self) -> str:
        return "".join(frame.get("text", "") for frame in self.data)


def test_a_web_node_that_is_killed_is_missed_by_nobody(fleet):
    """Clients and a real browser are moved to the other node by nginx, at whatever byte they are, and back."""
    with fleet.through("grace") as http:
        number = http.post("/api/tasks/count/runs", json={}).json()["number"]
    paths = [f"/api/runs/{number}/events", f"/api/runs/{number}/output/stream"] * (WATCHERS // 2)
    watchers = [Watcher(fleet, path) for path in paths]
    with chromium(f"--host-resolver-rules=MAP {NAME} 127.0.0.1") as browser:
        context = browser.new_context(ignore_https_errors=True)
        url = f"https://{NAME}:{fleet.port}"
        session = fleet.who["grace"].session
        context.add_cookies([{"name": "__Host-pushbutton", "value": session, "url": url, "secure": True}])
        page = context.new_page()
        page.goto(f"{url}/runs/{number}")
        page.locator("#out").evaluate("out => { out.open = true; }")
        for node in (*fleet.nodes, *fleet.nodes):
            until(more_for_each(watchers), what="something new for each of them")
            node.kill9()
            node.restart()
        (fleet.folder / "enough").touch()
        for watcher in watchers:
            watcher.wait()
        whole = (fleet.works.data / "runs" / str(number) / "output").read_text()
        lines = page.locator(".log li .tx")
        expect(lines.last).to_have_text(whole.splitlines()[-1], timeout=PATIENCE * 1000)
        last = [int(text.removeprefix("line ")) for text in lines.all_inner_texts()]
        assert last == list(range(last[0], len(whole.splitlines())))
    stored = [event["id"] for event in events(fleet, number)]
    assert sum(watcher.broken for watcher in watchers) >= WATCHERS, "each was cut off"
    for watcher, path in zip(watchers, paths, strict=True):
        if path.endswith("/events"):
            assert [frame["id"] for frame in watcher.data] == stored
        else:
            assert watcher.text == whole


def more_for_each(watchers: list[Watcher]) -> Callable[[], bool]:
    had = [len(watcher.ids) for watcher in watchers]
    return lambda: all(len(watcher.ids) > before for watcher, before in zip(watchers, had, strict=True))


def events(fleet: Fleet, number: int) -> list[dict[str, Any]]:
    with fleet.at(0, "adam") as http, connect_sse(http, "GET", f"/api/runs/{number}/events") as source:
        return [frame.json() for frame in source.iter_sse() if frame.data]


def test_a_form_that_is_sent_to_both_nodes_at_once_is_one_run(fleet):
    with fleet.at(0, "grace") as one, fleet.at(1, "grace") as two, ThreadPoolExecutor(8) as pool:
        page = one.get("/tasks/deploy").text
        form = dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', page))
        sent = [pool.submit(http.post, "/tasks/deploy", data=form) for http in (one, two) * 4]
        places = {answer.result().headers.get("location", answer.result().text) for answer in sent}
        assert len(places) == 1
        again = two.post("/tasks/deploy", data=form)
    assert re.fullmatch(r"\S*/runs/\d+", places.pop())
    assert again.status_code == 303


def test_who_signs_out_at_one_node_is_out_at_the_other_and_their_streams_end(fleet):
    cookie = {"pushbutton": fleet.who["eve"].session}
    with fleet.at(0) as one, fleet.at(1) as two:
        one.cookies.update(cookie)
        two.cookies.update(cookie)
        with connect_sse(two, "GET", "/api/events?topics=patch:now") as source:
            assert source.response.status_code == 200
            ended = threading.Thread(target=lambda: list(source.iter_sse()), daemon=True)
            ended.start()
            csrf = re.search(r'name="csrf" (?:value|content)="(\w+)"', one.get("/").text)
            assert csrf
            assert one.post("/signout", data={"csrf": csrf[1]}).status_code == 303
            ended.join(PATIENCE)
            assert not ended.is_alive()
        assert two.get("/").headers["location"].startswith("/signin")


def test_wrong_passwords_are_slowed_at_both_nodes_together(fleet):
    answers = []
    for number in range(8):
        with fleet.at(number % 2, **{"x-forwarded-for": "203.0.113.9"}) as http:
            csrf = re.search(r'name="csrf" (?:value|content)="(\w+)"', http.get("/signin").text)
            assert csrf
            form = {"name": "grace", "password": f"guess {number}", "csrf": csrf[1]}
            answers.append(http.post("/signin", data=form).status_code)
    assert answers[:3] == [401] * 3
    assert set(answers[3:]) <= {401, 429}
    assert answers.count(429) >= 4


def test_a_sign_in_elsewhere_that_was_begun_at_one_node_ends_at_the_other_once(fleet):
    with fleet.at(0) as one, fleet.at(1) as two:
        begun = one.get("/signin/elsewhere", params={"next": "/history"})
        assert begun.status_code == 303
        back = f"/signin/return?{urlencode(fleet.provider.sign_in(begun.headers['location'], 'Ada'))}"
        two.cookies.update(dict(one.cookies))
        answer = two.get(back)
        assert (answer.status_code, answer.headers["location"]) == (303, "/history")
        assert one.get(back).status_code == 401, "it is good for one return"


def test_a_code_that_one_node_gave_is_answered_at_the_other_and_fetched_once(fleet):
    with fleet.at(0) as program, fleet.at(1, accept="text/html") as browser:
        browser.cookies.update(fleet.who["adam"].cookie)
        asked = program.post("/api/asks", json={"token": {"name": "ci", "verbs": ["see"]}}).json()
        poll = {"poll": asked["poll"]}
        assert program.post("/api/asks/answer", json=poll).json()["state"] == "waiting"
        page = browser.get("/confirm", params={"code": asked["code"]}).text
        csrf = re.search(r'name="csrf" (?:value|content)="(\w+)"', page)
        assert csrf
        said = browser.post("/confirm", data={"csrf": csrf[1], "code": asked["code"], "answer": "yes"})
        assert said.status_code == 200
        with fleet.at(1) as other:
            answers = [http.post("/api/asks/answer", json=poll) for http in (program, other)]
        assert [answer.status_code for answer in answers] == [200, 404]
        assert answers[0].json()["made"].startswith("pbt_")
