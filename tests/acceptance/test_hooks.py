"""Hooks over a real server: what other systems send is checked, read and pressed once, and what looks after them."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from pushbutton.domain.policy import Grant
from tests.acceptance.entries import COOKIE, a_session, ada, put
from tests.acceptance.serving import PATIENCE, Served, until
from tests.acceptance.worlds import script

TASK = """at_once = 60
[params.version]
[params.where]
choices = ["test", "live"]
default = "test"
[params.count]
type = "int"
default = 1
"""
RELEASED = {"action": "released", "release": {"tag_name": "2.14.3", "assets": "3"}}
PATHS = {"version": "$.release.tag_name", "count": "$.release.assets"}


class World(NamedTuple):
    server: Served
    browser: httpx.Client  # Ada's
    data: Path


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    script(tasks, "deploy", 'echo "$VERSION $WHERE $COUNT"', head=TASK)
    session, secret = a_session()
    put(tmp_path / "data", *ada(), session)
    with (
        Served(tasks, data=tmp_path / "data") as server,
        httpx.Client(base_url=server.url, cookies={COOKIE: secret}, timeout=PATIENCE) as browser,
    ):
        page = browser.get("/").text
        browser.headers["x-csrf-token"] = page.partition('name="csrf" content="')[2].partition('"')[0]
        yield World(server, browser, tmp_path / "data")


def a_hook(world: World, **more: Any) -> dict[str, Any]:
    asked = {"task": "deploy", "name": "A release", "scheme": "github", "paths": PATHS, **more}
    made = world.browser.post("/api/hooks", json=asked)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


def signed(hook: Mapping[str, Any], body: bytes, delivery: str = "1", secret: str = "") -> dict[str, str]:
    digest = hmac.new((secret or hook["secret"]).encode(), body, hashlib.sha256).hexdigest()
    return {"x-hub-signature-256": f"sha256={digest}", "x-github-delivery": delivery}


def send(hook: Mapping[str, Any], said: object = RELEASED, delivery: str = "1", **more: str) -> httpx.Response:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    headers = {"content-type": "application/json", **signed(hook, body, delivery), **more}
    return httpx.post(hook["url"], content=body, headers=headers, timeout=PATIENCE)


def calls(world: World, hook: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.browser.get(f"/api/hooks/{hook['id']}/deliveries").json()
    return found


def verdicts(world: World, hook: Mapping[str, Any]) -> list[str]:
    return [one["verdict"] for one in calls(world, hook)]


def test_a_signed_call_presses_the_task_with_what_it_says(world):
    hook = a_hook(world, inputs={"where": "live"}, only={"$.action": "released"})
    answer = send(hook)
    assert (answer.status_code, answer.json()["verdict"]) == (202, "pressed")
    run = world.browser.get(f"/api/runs/{answer.json()['run']}").json()
    assert run["inputs"] == {"version": "2.14.3", "where": "live", "count": 3}
    assert run["actor"] == f"hook:{hook['id']}/ada"
    assert run["cause"]["kind"] == "hook"
    (kept,) = calls(world, hook)
    assert (kept["verdict"], kept["run"], kept["delivery"]) == ("pressed", run["number"], "1")
    assert json.loads(kept["body"]) == RELEASED


def test_beyond_the_rate_of_its_task_the_caller_is_told_when_to_try_again(world):
    script(world.data.parent / "tasks", "rare", "true", head='rate = "1 per hour"')
    until(lambda: "rare" in world.browser.get("/api/tasks").text, what="the task is known")
    hook = a_hook(world, task="rare", paths={})
    assert send(hook).status_code == 202
    answer = send(hook, delivery="2")
    assert answer.status_code == 429
    assert 3500 < int(answer.headers["retry-after"]) <= 3600
    assert len(world.browser.get("/api/runs").json()) == 1


def test_the_same_delivery_again_is_the_same_run(world):
    hook = a_hook(world)
    first, second = send(hook), send(hook)
    assert (second.status_code, second.json()) == (200, {**first.json(), "verdict": "seen before"})
    assert send(hook, delivery="2").json()["run"] != first.json()["run"]
    assert len(world.browser.get("/api/runs").json()) == 2


def test_the_same_delivery_is_the_same_run_over_a_kill_of_the_server(world):
    hook = a_hook(world)
    first = send(hook)
    world.server.kill9()
    world.server.start()
    assert send(hook).json()["run"] == first.json()["run"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"x-hub-signature-256": "sha256=" + "0" * 64}, 401, id="another signature"),
        pytest.param({"x-hub-signature-256": ""}, 401, id="no signature"),
        pytest.param({"content-encoding": "gzip"}, 415, id="compressed"),
    ],
)
def test_a_call_that_is_not_as_it_should_be_presses_nothing(world, change, status):
    hook = a_hook(world)
    answer = send(hook, **change)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert world.browser.get("/api/runs").json() == []
    if status == 401:
        assert [(one["verdict"], one["body"]) for one in calls(world, hook)] == [("not signed", "")]


def test_a_compressed_bomb_is_not_unpacked(world):
    hook = a_hook(world)
    bomb = gzip.compress(b" " * (64 << 20))
    answer = send(hook, bomb, **{"content-encoding": "gzip"})
    assert answer.status_code == 415
    assert send(hook).status_code == 202


def test_two_mebibytes_are_refused_before_they_are_read_as_anything(world):
    hook = a_hook(world)
    answer = send(hook, json.dumps({"padding": "x" * (2 << 20)}).encode())
    assert answer.status_code == 413
    assert calls(world, hook) == []


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"a": 1, "a": 2}', b"[" * 2000 + b"]" * 2000, b"NaN"])
def test_what_is_no_json_is_refused_and_kept_with_its_verdict(world, body):
    hook = a_hook(world)
    assert send(hook, body).status_code == 400
    assert verdicts(world, hook) == ["not readable"]


def test_a_call_that_concerns_something_else_presses_nothing_and_is_no_fault_of_its_sender(world):
    hook = a_hook(world, only={"$.action": "released"})
    answer = send(hook, {"action": "edited"})
    assert (answer.status_code, answer.json()["verdict"]) == (200, "no match")
    assert "“$.action” was “edited”" in answer.json()["why"]
    assert world.browser.get("/api/runs").json() == []


def test_what_fits_no_input_is_said_by_its_field(world):
    hook = a_hook(world, paths={**PATHS, "where": "$.environment"})
    answer = send(hook, {**RELEASED, "environment": "moon"})
    assert answer.status_code == 422
    assert set(answer.json()["fields"]) == {"where"}
    assert verdicts(world, hook) == ["did not fit"]


def test_a_call_that_came_is_read_once_more_by_what_holds_now(world):
    hook = a_hook(world, paths={**PATHS, "where": "$.environment"})
    send(hook, {**RELEASED, "environment": "moon"})
    script(world.data.parent / "tasks", "deploy", "true", head=TASK.replace('"live"]', '"live", "moon"]'))
    number = calls(world, hook)[0]["number"]

    def again() -> dict[str, Any]:
        found: dict[str, Any] = world.browser.post(f"/api/hooks/{hook['id']}/deliveries/{number}/again").json()
        return found

    deadline = time.monotonic() + PATIENCE
    while (first := again())["verdict"] != "pressed" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert first["verdict"] == "pressed"
    assert (again()["verdict"], again()["run"]) == ("seen before", first["run"])


def test_a_paused_hook_presses_nothing_and_tells_when_to_try_again(world):
    hook = a_hook(world)
    assert world.browser.post(f"/api/hooks/{hook['id']}/pause").json()["paused"] is True
    answer = send(hook)
    assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (503, True)
    assert world.browser.post(f"/api/hooks/{hook['id']}/resume").json()["paused"] is False
    assert send(hook).status_code == 202
    assert verdicts(world, hook) == ["pressed", "paused"]


def test_while_a_secret_is_changed_both_count(world):
    hook = a_hook(world)
    fresh = world.browser.post(f"/api/hooks/{hook['id']}/secret", json={}).json()["secret"]
    assert send(hook, delivery="old").status_code == 202
    assert send({**hook, "secret": fresh}, delivery="new").status_code == 202
    world.browser.post(f"/api/hooks/{hook['id']}/secret", json={})
    assert send(hook, delivery="older").status_code == 401


def test_a_hook_may_no_more_than_its_maker_may_at_that_moment(world):
    hook = a_hook(world)
    put(world.data, Grant("user:ada", "viewer"), drop=[Grant("user:ada", "admin")])
    deadline = time.monotonic() + PATIENCE
    number = 0
    while (answer := send(hook, delivery=str(number))).status_code == 202 and time.monotonic() < deadline:
        number += 1
        time.sleep(0.1)
    assert answer.status_code == 403
    assert answer.json()["title"]


def test_a_standard_webhook_is_believed_by_its_own_signature(world):
    hook = a_hook(world, scheme="standard")
    body, at = json.dumps(RELEASED).encode(), str(int(time.time()))
    key = base64.b64decode(hook["secret"].removeprefix("whsec_"))
    digest = hmac.new(key, b"msg_1." + at.encode() + b"." + body, hashlib.sha256).digest()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
    assert httpx.post(hook["url"], content=body, headers=headers, timeout=PATIENCE).status_code == 202
    old = {**headers, "webhook-timestamp": str(int(at) - 400)}
    assert httpx.post(hook["url"], content=body, headers=old, timeout=PATIENCE).status_code == 401


def test_no_secret_is_in_the_store_or_in_what_is_shown(world):
    hook = a_hook(world)
    send(hook)
    world.browser.post(f"/api/hooks/{hook['id']}/secret", json={})
    assert hook["secret"] not in world.browser.get("/api/hooks").text + world.browser.get("/api/audit").text
    for file in world.data.rglob("history.db*"):
        assert hook["secret"].encode() not in file.read_bytes()


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"name": ""}, "hook-name"),
        ({"scheme": "none"}, "hook-scheme"),
        ({"secret": "short"}, "hook-secret"),
        ({"scheme": "hmac"}, "hook-header"),
        ({"scheme": "hmac", "header": "X-Sign", "delivery": "no header"}, "hook-delivery"),
        ({"only": {"action": "x"}}, "hook-only"),
        ({"only": {"$.a": []}}, "hook-only"),
        ({"paths": {"version": "tag"}}, "version"),
        ({"paths": {"nothing": "$.a"}}, "nothing"),
        ({"inputs": {"where": "moon"}}, "where"),
    ],
)
def test_what_a_hook_cannot_be_is_said_by_its_field(world, more, field):
    asked = {"task": "deploy", "name": "A release", "scheme": "github", **more}
    answer = world.browser.post("/api/hooks", json=asked)
    assert answer.status_code == 422
    assert set(answer.json()["fields"]) == {field}
    assert world.browser.get("/api/hooks").json() == []


def test_a_hook_that_is_removed_is_called_by_nobody(world):
    hook = a_hook(world)
    assert world.browser.delete(f"/api/hooks/{hook['id']}").status_code == 204
    assert send(hook).status_code == 404
    assert world.browser.get(f"/api/hooks/{hook['id']}").status_code == 404


@pytest.mark.parametrize("body", [[], "", 0, False])
def test_a_body_that_is_no_object_changes_no_secret(world, body):
    hook = a_hook(world)
    assert world.browser.post(f"/api/hooks/{hook['id']}/secret", json=body).status_code == 400
    assert world.browser.get(f"/api/hooks/{hook['id']}").json()["old_secret_until"] is None
