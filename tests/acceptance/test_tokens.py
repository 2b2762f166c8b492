"""Tokens over a real server: no route and no stream gives one more than its scope and its owner have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from httpx_sse import connect_sse

from pushbutton.domain.actor import EVERYWHERE, Right, Verb
from pushbutton.domain.person import User
from pushbutton.domain.token import personal
from tests.acceptance.entries import COOKIE, a_session, a_token, ada, put
from tests.acceptance.serving import PATIENCE, Served, until
from tests.acceptance.worlds import script


class World(NamedTuple):
    server: Served
    session: str  # Ada's, who may do everything
    looks: str  # Ada's token, for looking at `seen` alone
    full: str  # Ada's token, for everything
    hidden: int  # a run of `hidden`, over
    seen: int  # a run of `seen`, over


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("tokens")
    tasks = folder / "tasks"
    tasks.mkdir()
    for name in ("hidden", "seen"):
        yearly = 'schedules = [{cron = "0 0 1 1 *", name = "x", inputs = {}}]'
        script(tasks, name, f"echo secret-of-{name}; pushbutton status done", head=yearly)
    session, cookie = a_session()
    looks, looks_text = a_token(Right(Verb.SEE, "task:seen"), name="looks")
    full, full_text = a_token(*(Right(verb) for verb in Verb), name="full")
    put(folder / "data", *ada(), session, looks, full)
    with Served(tasks, data=folder / "data") as server:
        server.http.headers["authorization"] = f"Bearer {full_text}"
        runs = [server.finished(server.press(name))["number"] for name in ("hidden", "seen")]
        yield World(server, cookie, looks_text, full_text, *runs)


def ask(world: World, token: str, method: str, path: str, **more: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}", **more.pop("headers", {})}
    return httpx.request(method, world.server.url + path, headers=headers, timeout=PATIENCE, **more)


BEYOND: dict[tuple[str, str], tuple[int, int]] = {
    # what a token that may look at “seen” gets of “hidden”, and of “seen”
    ("get", "/api/tasks/{slug}"): (404, 200),
    ("post", "/api/tasks/{slug}/runs"): (404, 403),
    ("get", "/api/tasks/{slug}/events"): (404, 200),
    ("get", "/api/runs/{number}"): (404, 200),
    ("get", "/api/runs/{number}/events"): (404, 200),
    ("post", "/api/runs/{number}/events"): (403, 403),  # for the run's own token
    ("post", "/api/runs/{number}/cancel"): (404, 403),
    ("post", "/api/runs/{number}/move"): (404, 403),
    ("post", "/api/runs/{number}/comments"): (404, 403),
    ("post", "/api/tasks/{slug}/pause"): (404, 403),
    ("post", "/api/tasks/{slug}/resume"): (404, 403),
    ("get", "/api/tasks/{slug}/presets"): (404, 403),
    ("post", "/api/tasks/{slug}/presets"): (404, 403),
    ("delete", "/api/tasks/{slug}/presets/{id}"): (404, 404),
    ("get", "/api/tasks/{slug}/files"): (404, 200),
    ("post", "/api/tasks/{slug}/files/{number}/again"): (404, 403),
    ("get", "/api/schedules/{slug}/{name}"): (404, 200),
    ("get", "/api/schedules/{slug}/{name}/firings"): (404, 200),
    ("post", "/api/schedules/{slug}/{name}/pause"): (404, 403),
    ("post", "/api/schedules/{slug}/{name}/resume"): (404, 403),
    ("get", "/api/runs/{number}/plan"): (404, 403),
    ("post", "/api/runs/{number}/approve"): (404, 403),
    ("post", "/api/runs/{number}/reject"): (404, 403),
    ("post", "/api/runs/{number}/release"): (404, 403),
    ("post", "/api/runs/{number}/lose"): (404, 403),
    ("get", "/api/runs/{number}/artifacts/{name}"): (404, 403),
    ("get", "/api/runs/{number}/tables/{place}"): (404, 404),  # it has none
    ("get", "/api/runs/{number}/inputs/{name}"): (404, 403),
    ("get", "/api/runs/{number}/output"): (404, 403),
    ("get", "/api/runs/{number}/output/stream"): (404, 403),
    ("get", "/api/runs/{number}/output/lines"): (404, 403),
    ("get", "/api/runs/{number}/output/search"): (404, 403),
    ("get", "/api/runs/{number}/output/plain"): (404, 403),
    # what belongs to no task
    ("post", "/api/events"): (403, 403),
    ("post", "/api/uploads"): (403, 403),
    ("get", "/api/channels"): (403, 403),
    ("post", "/api/channels"): (403, 403),
    ("delete", "/api/channels/{name}"): (403, 403),
    ("post", "/api/channels/{name}/test"): (403, 403),
    ("get", "/api/told"): (403, 403),
    ("post", "/api/pause"): (403, 403),
    ("post", "/api/resume"): (403, 403),
    ("post", "/api/schedules/pause"): (403, 403),
    ("post", "/api/schedules/resume"): (403, 403),
    ("post", "/api/schedules"): (403, 403),
    ("put", "/api/schedules/{slug}/{name}"): (404, 403),
    ("delete", "/api/schedules/{slug}/{name}"): (404, 403),
    ("get", "/api/workers"): (403, 403),
    ("post", "/api/workers/{name}/drain"): (403, 403),
    ("post", "/api/workers/{name}/resume"): (403, 403),
    ("get", "/metrics"): (404, 404),
    ("get", "/api/audit"): (403, 403),
    ("post", "/api/audit/check"): (403, 403),
    ("post", "/api/tokens"): (403, 403),
    ("delete", "/api/tokens/{name}"): (404, 404),
    ("post", "/api/links"): (403, 403),
    ("delete", "/api/links/{name}"): (404, 404),
    ("post", "/api/asks/answer"): (404, 404),
    ("post", "/hooks/{id}"): (404, 404),
    ("post", "/api/hooks"): (403, 403),
    ("get", "/api/hooks/{id}"): (404, 404),
    ("delete", "/api/hooks/{id}"): (404, 404),
    ("post", "/api/hooks/{id}/pause"): (404, 404),
    ("post", "/api/hooks/{id}/resume"): (404, 404),
    ("post", "/api/hooks/{id}/secret"): (403, 403),
    ("get", "/api/hooks/{id}/deliveries"): (404, 404),
    ("post", "/api/hooks/{id}/deliveries/{number}/again"): (404, 404),
}
"""(method, path) -> statuses."""
OPEN_TO_ALL = {("post", "/api/asks"), ("get", "/livez"), ("get", "/readyz")} | {
    ("get", f"/api/{name}")
    for name in ("tasks", "runs", "events", "health", "tokens", "links", "approvals", "aside", "schedules", "hooks")
}
"""What answers everybody, with what they may see; each has its own test below."""
BODIES: dict[str, Any] = {
    "/api/events": {"text": "x"},
    "/api/tokens": {"name": "more"},
    "/api/links": {"task": "seen"},
    "/api/hooks": {"task": "seen", "name": "x"},
    "/api/channels": {"name": "more", "address": "ops@example.org"},
    "/api/schedules": {"task": "seen", "every": 3600},
    "/api/asks/answer": {"poll": "x"},
    "/api/tasks/{slug}/presets": {"name": "x"},
    "/api/runs/{number}/reject": {"why": "because"},
    "/api/runs/{number}/move": {"not_before": None},
    "/api/runs/{number}/comments": {"text": "x"},
}


def test_every_route_of_the_api_is_in_the_table(world):
    document = ask(world, world.full, "GET", "/api/openapi.json").json()
    routes = {(method, path) for path, item in document["paths"].items() for method in item if method != "parameters"}
    assert routes == BEYOND.keys() | OPEN_TO_ALL


@pytest.mark.parametrize(("method", "path"), BEYOND)
@pytest.mark.parametrize("which", ["hidden", "seen"])
def test_no_route_gives_a_token_more_than_its_scope(world, method, path, which):
    number = world.hidden if which == "hidden" else world.seen
    where = path.format(slug=which, number=number, id="x", place=1, name="full" if "tokens" in path else "x")
    query = "?q=secret" if path.endswith("search") else ""
    body = {} if method == "get" else {"json": BODIES.get(path, {})}
    with httpx.stream(
        method.upper(),
        world.server.url + where + query,
        headers={"authorization": f"Bearer {world.looks}", "accept": "text/event-stream, */*"},
        timeout=PATIENCE,
        **body,
    ) as answer:
        assert answer.status_code == BEYOND[method, path][which == "seen"]
        if answer.status_code != 200:
            assert b"secret-of" not in answer.read()


def test_lists_hold_what_a_token_may_see(world):
    assert [task["slug"] for task in ask(world, world.looks, "GET", "/api/tasks").json()] == ["seen"]
    assert {run["task"] for run in ask(world, world.looks, "GET", "/api/runs").json()} == {"seen"}
    assert {run["task"] for run in ask(world, world.looks, "GET", "/api/runs?task=hidden").json()} == set()
    assert ask(world, world.looks, "GET", "/api/approvals").json() == []
    assert [one["task"] for one in ask(world, world.looks, "GET", "/api/schedules").json()] == ["seen"]
    assert ask(world, world.looks, "GET", "/api/tokens?all=1").status_code == 403
    assert ask(world, world.looks, "GET", "/api/links?all=1").status_code == 403


@pytest.mark.parametrize("topics", ["runs", "task:hidden", "run:{hidden}", "patch:run:{hidden}", "patch:task:hidden"])
def test_a_stream_holds_nothing_of_what_a_token_may_not_see(world, topics):
    path = f"/api/events?since=0&topics={topics.format(hidden=world.hidden)},run:{world.seen}"
    headers = {"authorization": f"Bearer {world.looks}"}
    with (
        httpx.Client(base_url=world.server.url, timeout=PATIENCE) as client,
        connect_sse(client, "GET", path, headers=headers) as source,
    ):
        for frame in source.iter_sse():
            assert "hidden" not in frame.data
            if '"succeeded"' in frame.data:
                break


def test_the_output_topic_is_refused_where_the_scope_has_none(world):
    for number, status in ((world.hidden, 404), (world.seen, 403)):
        assert ask(world, world.looks, "GET", f"/api/events?topics=output:{number}").status_code == status


@pytest.mark.parametrize("path", ["/profile/tokens", "/profile/factor", "/profile/password", "/people", "/confirm"])
def test_a_token_fills_in_no_form_of_a_page_that_is_for_people(world, path):
    assert ask(world, world.full, "POST", path, data={"name": "x"}).status_code == 403


def test_no_token_makes_another_and_no_link(world):
    for path in ("/api/tokens", "/api/links", "/api/hooks"):
        answer = ask(world, world.full, "POST", path, json=BODIES[path])
        assert (answer.status_code, "sign in yourself" in answer.json()["title"]) == (403, True)


UNKNOWN = {"nothing": "", "a beginning": "pbt_", "one of another place": personal(), "noughts": "pbt_" + "0" * 42}


@pytest.mark.parametrize("token", [*UNKNOWN.values(), "x" * 5000], ids=[*UNKNOWN, "far too long"])
def test_a_token_that_is_not_known_is_told_so(world, token):
    answer = ask(world, token or "x", "GET", "/api/tasks")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_the_text_of_a_token_is_shown_once_and_lies_nowhere(world):
    with httpx.Client(base_url=world.server.url, cookies={COOKIE: world.session}) as browser:
        page = browser.get("/profile/tokens").text
        csrf = page.partition('name="csrf" value="')[2][:40]
        form = {"csrf": csrf, "token-name": "nightly", "token-verb": "press", "token-where": "task:seen"}
        made = browser.post("/profile/tokens", data=form)
        assert (made.status_code, made.headers["cache-control"]) == (200, "no-store"), made.text
        text = made.text.partition('id="secret" value="')[2].partition('"')[0]
        assert text.startswith("pbt_")
        assert ask(world, text, "POST", "/api/tasks/seen/runs", json={}).status_code == 202
        assert text not in browser.get("/profile/tokens").text
        assert "nightly" in browser.get("/profile/tokens").text
        listed = {one["name"]: one for one in browser.get("/api/tokens").json()}
        assert text not in str(listed)
        assert listed["nightly"]["used_at"]
        refused = browser.post("/profile/tokens", data={**form, "csrf": "0" * 40, "token-name": "forged"})
        assert refused.status_code == 403
        assert "forged" not in browser.get("/profile/tokens").text
    kept = b"".join(file.read_bytes() for file in world.server.data.rglob("*") if file.is_file())
    assert text.encode() not in kept


def watched(url: str, token: str) -> httpx.Client:
    return httpx.Client(base_url=url, timeout=PATIENCE, headers={"authorization": f"Bearer {token}"})


@pytest.mark.parametrize("end", ["revoked", "owner disabled", "expired"])
def test_a_stream_ends_when_its_token_does(tmp_path: Path, end: str):
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    script(tasks, "slow", "sleep 60")
    session, _ = a_session()
    token, text = a_token(*(Right(verb, EVERYWHERE) for verb in Verb))
    put(tmp_path / "data", *ada(), session, token)
    with Served(tasks, data=tmp_path / "data") as server:
        server.http.headers["authorization"] = f"Bearer {text}"
        number = server.press("slow")
        with watched(server.url, text) as client, client.stream("GET", f"/api/runs/{number}/events") as stream:
            assert stream.status_code == 200
            if end == "revoked":
                put(server.data, drop=[token])
            elif end == "expired":
                put(server.data, replace(token, until=1))
            else:
                put(server.data, User("ada", disabled=True))
            for _ in stream.iter_bytes():
                pass  # it ends, or the client's patience does
        until(lambda: server.http.get("/api/tasks").status_code == 401, what="the token counts no more")
