"""What somebody may not see does not exist for them, whichever way they read, also in streams that are open.

Three people beside Ada, who administers: Eve may do everything with “seen” and nothing with “vault”; Lee may see both,
and nothing of what they wrote; Kim may do nothing at all.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import NamedTuple

import httpx
import pytest
from httpx_sse import connect_sse

from pushbutton.domain.person import User
from pushbutton.domain.policy import Grant
from pushbutton.runtime import directory, stream_permits
from pushbutton.web.routes import API, PAGES
from tests.acceptance.entries import COOKIE, a_session, ada, put
from tests.acceptance.serving import PATIENCE, Served, until
from tests.acceptance.worlds import script

SOON = 5.0  # seconds after which a right that is taken away is gone from streams that are open


class World(NamedTuple):
    server: Served
    cookies: dict[str, str]  # by name
    hidden: int  # a run of `hidden`, over
    seen: int  # a run of `seen`, over


TALK = """echo "whisper of {name}"
echo "status whispered status of {name}" >&$PUSHBUTTON_EVENTS
echo "file of {name}" > result.txt
pushbutton artifact result.txt
[ -z "$LONG" ] || sleep 60
"""
HEAD = """group = "{group}"
[[schedules]]
cron = "0 0 1 1 *"
name = "yearly"
[params.long]
type = "str"
required = false
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("unseen")
    tasks = folder / "tasks"
    tasks.mkdir()
    for name, group in (("vault", "Cellar"), ("seen", "Attic")):
        script(tasks, name, TALK.format(name=name), head=HEAD.format(group=group))
    names = ("ada", "eve", "lee", "kim")
    made = {name: a_session(name) for name in names}
    put(
        folder / "data",
        *ada(),
        *(User(name, name.title()) for name in names[1:]),
        *(session for session, _ in made.values()),
        Grant("user:eve", "presser", "task:seen"),
        Grant("user:lee", "see"),
    )
    cookies = {name: cookie for name, (_, cookie) in made.items()}
    with Served(tasks, data=folder / "data") as server:
        server.http.cookies[COOKIE] = cookies["ada"]
        token = page_token(server.http)
        server.http.headers["x-csrf-token"] = token
        runs = [server.finished(server.press(name))["number"] for name in ("vault", "seen")]
        yield World(server, cookies, *runs)


def page_token(http: httpx.Client) -> str:
    return http.get("/").text.partition('name="csrf" content="')[2].partition('"')[0]


def browser(world: World, name: str) -> httpx.Client:
    headers = {"accept": "text/html, text/event-stream, */*"}
    return httpx.Client(
        base_url=world.server.url, cookies={COOKIE: world.cookies[name]}, headers=headers, timeout=PATIENCE
    )


# --- every way to read one thing

ONE: dict[str, tuple[int, int, int]] = {
    # what Eve gets of “vault” and of “seen”, and Lee, who may see but not read, of “seen”
    "/tasks/{slug}": (404, 200, 200),
    "/tasks/{slug}/hand-over": (404, 200, 403),
    "/tasks/{slug}/hook": (404, 200, 403),
    "/tasks/{slug}/files": (404, 200, 200),
    "/tasks/{slug}/schedule": (404, 200, 403),
    "/schedules/{slug}/{name}": (404, 200, 200),
    "/runs/{number}": (404, 200, 200),
    "/runs/{number}/stop": (404, 303, 403),
    "/runs/{number}/move": (404, 303, 403),
    "/runs/{number}/updates": (404, 200, 200),
    "/api/tasks/{slug}": (404, 200, 200),
    "/api/tasks/{slug}/events": (404, 200, 200),
    "/api/tasks/{slug}/presets": (404, 200, 403),
    "/api/tasks/{slug}/files": (404, 200, 200),
    "/api/schedules/{slug}/{name}": (404, 200, 200),
    "/api/schedules/{slug}/{name}/firings": (404, 200, 200),
    "/api/runs/{number}": (404, 200, 200),
    "/api/runs/{number}/events": (404, 200, 200),
    "/api/runs/{number}/plan": (404, 404, 403),
    "/api/runs/{number}/artifacts/{name}": (404, 200, 403),
    "/api/runs/{number}/tables/{place}": (404, 404, 404),  # it has none
    "/api/runs/{number}/inputs/{name}": (404, 404, 403),
    "/api/runs/{number}/output": (404, 200, 403),
    "/api/runs/{number}/output/stream": (404, 200, 403),
    "/api/runs/{number}/output/lines": (404, 200, 403),
    "/api/runs/{number}/output/search": (404, 200, 403),
    "/api/runs/{number}/output/plain": (404, 200, 403),
}
WITH_EVERYTHING = {
    # lists and streams: each has what one may see; see the tests below
    "/", "/find", "/history", "/history.csv", "/inbox", "/api/tasks", "/api/runs", "/api/events", "/api/approvals",
    "/profile/links", "/profile/messages", "/api/links", "/api/aside", "/schedules", "/api/schedules",
    "/profile/hooks", "/api/hooks", "/api/told",
}  # fmt: skip
OF_NO_TASK = {
    "/signin", "/signin/code", "/signin/elsewhere", "/signin/return", "/invite/{secret}", "/profile",
    "/profile/address/{text}", "/profile/factor",
    "/profile/tokens", "/confirm", "/people", "/people/{name}", "/link/{text}", "/audit",
    "/audit.csv", "/audit.jsonl", "/api", "/api/openapi.json", "/api/health", "/api/tokens", "/api/audit",
    "/api/asks", "/aside", "/profile/hooks/{id}", "/api/hooks/{id}", "/api/hooks/{id}/deliveries",
    "/approvals", "/channels", "/channels/new", "/api/channels", "/calendar/{text}.ics",
    "/administration", "/administration/tasks", "/administration/secrets", "/administration/storage",
    "/administration/settings",
    "/workers", "/api/workers", "/livez", "/readyz", "/metrics",
}  # fmt: skip


def test_every_route_that_reads_is_in_a_table(world):
    of_pages = {route.path for route in PAGES if "GET" in (route.methods or ())}
    document = world.server.get("/api/openapi.json")
    of_api = {path for path, item in document["paths"].items() if "get" in item}
    assert of_pages | of_api <= ONE.keys() | WITH_EVERYTHING | OF_NO_TASK
    assert ONE.keys() | WITH_EVERYTHING <= of_pages | of_api


@pytest.mark.parametrize("path", ONE)
@pytest.mark.parametrize("column", [0, 1, 2])
def test_no_route_tells_of_a_task_that_one_may_not_see_or_read(world, path, column):
    which = "vault" if column == 0 else "seen"
    number = world.hidden if column == 0 else world.seen
    where = path.replace("{slug}", which).replace("{number}", str(number))
    name = "yearly" if "schedules" in path else "result.txt"
    where = where.replace("{name}", name).replace("{place}", "1") + ("?q=whisper" if path.endswith("search") else "")
    who = "lee" if column == 2 else "eve"
    with browser(world, who) as http, http.stream("GET", where) as answer:
        assert answer.status_code == ONE[path][column], answer.read()[:300]
        if answer.status_code != 200:
            assert b"whisper" not in answer.read()


@pytest.mark.parametrize("path", ["/tasks/{}", "/runs/{}", "/api/tasks/{}", "/api/runs/{}", "/api/runs/{}/output"])
def test_what_one_may_not_see_answers_as_what_never_was(world, path):
    with browser(world, "eve") as http:
        there, never = (str(world.hidden), "99999") if "runs" in path else ("vault", "nowhere")
        texts = [
            (
                answer.status_code,
                answer.text.replace(f"runs/{name}", "?").replace(f"run {name}", "?").replace(f"“{name}”", "?"),
            )
            for name in (there, never)
            for answer in [http.get(path.format(name), headers={"accept": "text/html"})]
        ]
        assert texts[0][0] == texts[1][0] == 404
        bare = [_without_what_changes(text) for _, text in texts]
        assert bare[0] == bare[1]


BESIDES = {"/profile/sessions/{id}", "/history/views/{id}/remove"}  # to end what is over, or never was, is no fault
NUMBERED = [
    (method, route.path)
    for routes, hole, methods in ((PAGES, "{", ("GET", "POST")), (API, "{number}", ("GET",)))
    for route in routes
    for method in methods
    if hole in route.path and route.path not in BESIDES and method in (route.methods or ())
]
"""Every address of a page in which something stands that may be a number; and what the API tells of a run."""


@pytest.mark.parametrize("number", ["9" * 5000, "9" * 300, "9" * 18, "9" * 15, "0", "0{seen}", "-1", "1.5"], ids=len)
@pytest.mark.parametrize(("method", "path"), NUMBERED)
def test_whoever_is_signed_in_is_told_in_words_that_a_number_is_none_of_ours(world, method, path, number):
    where = re.sub("{[a-z]+}", number.format(seen=world.seen), path)
    with browser(world, "ada") as http:
        form = {"csrf": page_token(http)} if method == "POST" else None
        answer = http.request(method, where, data=form, headers={"origin": world.server.url})
    kinds = {"{number}": "There is no run ", "/schedules": "This schedule is not there", "{slug}": "There is no task “"}
    words = next((words for part, words in kinds.items() if part in path), "nothing here")
    assert answer.status_code == 404
    kind = "application/problem+json" if path.startswith("/api/") else "text/html"
    assert answer.headers["content-type"].startswith(kind)
    assert words in answer.text


def test_the_addresses_with_numbers_are_all_asked_for():
    assert {("GET", "/runs/{number}"), ("POST", "/runs/{number}/stop"), ("GET", "/api/runs/{number}")} <= set(NUMBERED)
    assert len(NUMBERED) > 20


def _without_what_changes(text: str) -> str:
    text = re.sub(r'data-since="\d+"|data-now="[^"]*"|datetime="[^"]*"|(tasks|runs)%2F\w+|(tasks|runs)/\w+', "", text)
    return re.sub(r"(seconds|minutes?) ago|just now", "", text)


def test_a_name_that_is_nearly_that_of_a_hidden_task_does_not_suggest_it(world):
    with browser(world, "eve") as http:
        for near in ("vaul", "vaultt"):
            assert "vault" not in http.get(f"/api/tasks/{near}").text.replace(near, "")
            assert "vault" not in http.get("/", params={"q": near}).text.replace(near, "")


def test_the_way_to_a_run_or_to_people_is_shown_to_those_who_may_see_them(world):
    with browser(world, "eve") as eve, browser(world, "ada") as ada:
        for number, seen in ((world.hidden, False), (world.seen, True)):
            assert (f'href="/runs/{number}"' in eve.get(f"/find?q={number}").text) is seen
            assert f'href="/runs/{number}"' in ada.get(f"/find?q=%23{number}").text
        assert 'href="/people/eve"' in ada.get("/find?q=eve").text
        assert 'href="/people' not in eve.get("/find?q=e").text


# --- lists, search, counts


@pytest.mark.parametrize(
    "path",
    [
        "/", "/?q=whisper", "/?q=va", "/find", "/find?q=va",
        "/history", "/history?q=whisper", "/history?who=ada", "/history.csv", "/inbox", "/schedules",
        "/profile/links", "/api/tasks", "/api/runs", "/api/runs?state=succeeded", "/api/approvals", "/api/links",
        "/profile/hooks", "/api/hooks",
    ],
)  # fmt: skip
def test_no_list_holds_a_task_that_one_may_not_see(world, path):
    with browser(world, "eve") as http:
        answer = http.get(path)
        assert answer.status_code == 200
        assert "vault" not in answer.text
        assert "Cellar" not in answer.text
        assert f'/runs/{world.hidden}"' not in answer.text
    with browser(world, "kim") as http:
        assert "whispered" not in http.get(path).text


@pytest.mark.parametrize(
    "path",
    ["/?q={}", "/?group={}", "/history?task={}", "/history?q={}", "/history.csv?task={}", "/api/runs?task={}"],
)
def test_asking_for_it_by_name_is_as_asking_for_what_never_was(world, path):
    never = "zwfke"  # near to nothing
    with browser(world, "eve") as http:
        for name in ("vault", "Cellar"):
            texts = [(word, http.get(path.format(word)).raise_for_status().text) for word in (name, never)]
            one, other = (_without_what_changes(text.replace(word, "?")) for word, text in texts)
            assert one == other


def test_lists_hold_what_one_may_see(world):
    with browser(world, "eve") as http:
        assert [task["slug"] for task in http.get("/api/tasks").json()] == ["seen"]
        assert {run["task"] for run in http.get("/api/runs").json()} == {"seen"}
        assert f'/runs/{world.seen}"' in http.get("/history").text
        assert "seen" in http.get("/history.csv").text
    with browser(world, "kim") as http:
        assert (http.get("/api/tasks").json(), http.get("/api/runs").json()) == ([], [])
        assert http.get("/").status_code == 200


def test_what_runs_is_counted_for_each_alone(world):
    number = world.server.press("vault", long="yes")
    until(lambda: world.server.run(number)["state"] == "running", what="it runs")
    try:
        with browser(world, "ada") as http:
            assert "1 running" in http.get("/").text
        for name in ("eve", "kim"):
            with browser(world, name) as http:
                assert "1 running" not in http.get("/").text
                assert "1 running" not in board(http, "patch:en:now")
    finally:
        world.server.http.post(f"/api/runs/{number}/cancel")
        world.server.finished(number)


def board(http: httpx.Client, *topics: str) -> str:
    """What a stream with these topics says until its first board, or a note of ours, has come."""
    said = []
    with connect_sse(http, "GET", "/api/events", params={"topics": ",".join(topics), "since": "0"}) as source:
        if source.response.status_code != 200:
            return ""
        for frame in source.iter_sse():
            said.append(frame.data)
            if frame.event == "patch" or "marker" in frame.data:
                break
    return "\n".join(said)


# --- streams


@pytest.mark.parametrize(
    "topics",
    ["runs", "task:vault", "run:{n}", "patch:en:run:{n}", "patch:en:task:vault", "patch:en:tasks", "tail:{n}"],
)
def test_no_stream_tells_of_a_task_that_one_may_not_see(world, topics):
    asked = topics.format(n=world.hidden)
    with browser(world, "eve") as http:
        said = board(http, asked, f"patch:en:run:{world.seen}")
    assert "vault" not in said
    assert "whisper of vault" not in said


def test_without_the_right_to_read_a_run_has_no_output_anywhere(world):
    with browser(world, "lee") as http:
        page = http.get(f"/runs/{world.seen}").text
        assert "whispered status of seen" in page  # what it said of itself is no output
        assert "whisper of seen" not in page
        assert 'class="log' not in page
        assert f"tail:{world.seen}" not in page
        assert "whisper of seen" not in board(http, f"tail:{world.seen}", f"patch:en:run:{world.seen}")
        assert http.get("/api/events", params={"topics": f"output:{world.seen}"}).status_code == 403


class Watching:
    """A stream in a thread, with what it says and when it ended."""

    def __init__(self, http: httpx.Client, path: str) -> None:
        self._http, self._path = http, path
        self.said: list[str] = []
        self.status = 0
        self.ended = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        until(lambda: self.status, what=f"{path} is open")

    def _read(self) -> None:
        with self._http.stream("GET", self._path, headers={"accept": "text/event-stream"}) as answer:
            self.status = answer.status_code
            for text in answer.iter_text():
                self.said.append(text)
        self.ended = True

    def ends(self) -> None:
        self._thread.join(PATIENCE)
        assert self.ended, f"{self._path} is still open"


OPEN = [
    "/api/runs/{n}/events", "/api/tasks/seen/events", "/api/events?topics=runs", "/api/events?topics=patch:en:run:{n}",
    "/api/events?topics=patch:en:tasks", "/api/runs/{n}/output/stream", "/api/events?topics=output:{n}",
]  # fmt: skip


def long_run(world: World) -> int:
    number = world.server.press("seen", long="yes")
    world.server.output_has(number, b"whisper of seen")
    return number


@pytest.mark.parametrize("end", ["disabled", "session ended", "removed"])
def test_streams_that_are_open_end_soon_after_their_user_may_not_sign_in_any_more(world, end):
    number = long_run(world)
    session, cookie = a_session("mia")
    mia, right = User("mia", "Mia"), Grant("user:mia", "viewer", "task:seen")
    put(world.server.data, mia, session, right)
    with httpx.Client(base_url=world.server.url, cookies={COOKIE: cookie}, timeout=PATIENCE) as http:
        until(lambda: http.get(f"/api/runs/{number}").status_code == 200, what="Mia is let in")
        open_ = [Watching(http, path.format(n=number)) for path in OPEN]
        assert {stream.status for stream in open_} == {200}
        if end == "disabled":
            put(world.server.data, User("mia", "Mia", disabled=True))
        else:
            put(world.server.data, drop=[session] if end == "session ended" else [mia, session, right])
        for stream in open_:
            stream.ends()
        for path in ("/api/tasks", f"/api/runs/{number}", *(path.format(n=number) for path in OPEN)):
            answer = http.get(path)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), path
        assert http.get("/", headers={"accept": "text/html"}).headers["location"] == "/signin?next=%2F"
    world.server.http.post(f"/api/runs/{number}/cancel")


def test_what_is_open_is_looked_at_often_enough():
    assert directory.LOOK + stream_permits.LOOK < SOON


@pytest.mark.parametrize("taken", ["everything", "the output"])
def test_a_right_that_is_taken_away_is_gone_from_streams_that_are_open(world, taken):
    number = long_run(world)
    session, cookie = a_session("nora")
    viewer = Grant("user:nora", "viewer", "task:seen")
    put(world.server.data, User("nora", "Nora"), session, viewer)
    with httpx.Client(base_url=world.server.url, cookies={COOKIE: cookie}, timeout=PATIENCE) as http:
        until(lambda: http.get(f"/api/runs/{number}").status_code == 200, what="Nora may see it")
        paths = OPEN if taken == "everything" else [path for path in OPEN if "output" in path]
        open_ = [Watching(http, path.format(n=number)) for path in paths]
        assert {stream.status for stream in open_} == {200}
        left = [] if taken == "everything" else [Grant("user:nora", "see", "task:seen")]
        put(world.server.data, *left, drop=[viewer])
        for stream in open_:
            stream.ends()
        assert http.get(f"/api/runs/{number}").status_code == (404 if taken == "everything" else 200)
        assert http.get(f"/api/runs/{number}/output").status_code == (404 if taken == "everything" else 403)
    world.server.http.post(f"/api/runs/{number}/cancel")
