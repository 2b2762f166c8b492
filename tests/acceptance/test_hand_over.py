"""Hand-over links over a real server: what whoever holds one can do, and what they cannot, whatever they try."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest

from pushbutton.domain.person import User
from pushbutton.domain.policy import Grant
from tests.acceptance.entries import COOKIE, a_session, ada, put
from tests.acceptance.serving import PATIENCE, Served, until
from tests.acceptance.worlds import script

TASK = """at_once = 60
[params.where]
choices = ["test", "live"]
default = "test"
[params.note]
default = ""
"""


class World(NamedTuple):
    server: Served
    browser: httpx.Client  # Ada's
    csrf: str


def made(folder: Path) -> Iterator[World]:
    tasks = folder / "tasks"
    tasks.mkdir()
    script(tasks, "deploy", 'echo "to $WHERE"; pushbutton status "There it is"', head=TASK)
    session, secret = a_session()
    put(folder / "data", *ada(), session)
    with (
        Served(tasks, data=folder / "data") as server,
        httpx.Client(base_url=server.url, cookies={COOKIE: secret}, timeout=PATIENCE) as browser,
    ):
        yield World(server, browser, token_of(browser.get("/profile/links").text))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    yield from made(tmp_path_factory.mktemp("world"))


@pytest.fixture
def own_world(tmp_path: Path) -> Iterator[World]:
    """For a test after which nothing is as it was."""
    yield from made(tmp_path)


def runs(world: World) -> list[int]:
    return [run["number"] for run in world.browser.get("/api/runs?limit=500").json()]


def token_of(page: str) -> str:
    return page.partition('name="csrf" value="')[2][:40]


def a_link(world: World, **more: str) -> str:
    """The path of a new link with “where” fixed to live."""
    form = {"csrf": world.csrf, "fix-where": "yes", "where": "live", "link-days": "7", "link-uses": "1", **more}
    made = world.browser.post("/tasks/deploy/hand-over", data=form)
    assert made.status_code == 200, made.text
    return urlsplit(made.text.partition('id="secret" value="')[2].partition('"')[0]).path


def press(client: httpx.Client, path: str, **more: str) -> httpx.Response:
    page = client.get(path)
    key = page.text.partition('name="press-key" value="')[2].partition('"')[0]
    return client.post(path, data={"csrf": token_of(page.text), "press-key": key, "note": "hello", **more})


def test_whoever_holds_a_link_presses_and_watches_without_signing_in(world):
    path = a_link(world, **{"link-note": "for the stand-in"})
    with httpx.Client(base_url=world.server.url, timeout=PATIENCE) as holder:
        page = holder.get(path)
        for text in ("Ada Lovelace", "for the stand-in", "1 of 1", "live"):
            assert text in page.text
        assert 'name="in-where"' not in page.text
        gone = press(holder, path, where="test")
        assert gone.status_code == 303
        run = gone.headers["location"]
        assert run.startswith(f"{path}/runs/")
        number = int(run.rpartition("/")[2])
        with holder.stream("GET", f"{path}/api/runs/{number}/events") as events:
            assert "There it is" in "".join(events.iter_text())
        assert "There it is" in holder.get(run).text
        assert "link “for the stand-in”" in holder.get(run).text
        assert holder.get(f"{path}/api/runs/{number}/output").text == "to live\n"
        shown = holder.get(f"{path}/api/runs/{number}").json()
        assert re.fullmatch(r"link:[a-z0-9]{10}/ada", shown["actor"])
        assert shown["cause"] == {"kind": "link", "parent": None, "attempt": 1}
        assert shown["inputs"] == {"where": "live", "note": "hello"}
        used = holder.get(path)
        assert used.status_code == 410
        assert "This link is used up." in used.text
        assert "Ask Ada Lovelace for a new one." in used.text
        assert f"{path}/runs/{number}" in used.text


def test_fifty_presses_at_once_of_a_link_with_three_uses_make_three_runs(world):
    path, before = a_link(world, **{"link-uses": "3"}), runs(world)
    with httpx.Client(base_url=world.server.url, timeout=60) as holder:
        csrf = token_of(holder.get(path).text)

        def one(number: int) -> int:
            return holder.post(path, data={"csrf": csrf, "press-key": f"key-{number}"}).status_code

        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(one, range(50)))
    assert sorted(answers) == [303] * 3 + [410] * 47
    assert len(runs(world)) == len(before) + 3
    assert world.browser.get("/api/links").json()[0]["uses"] == 0


def test_the_same_form_sent_often_is_one_run_and_one_use(world):
    path, before = a_link(world), runs(world)
    with httpx.Client(base_url=world.server.url, timeout=60) as holder:
        csrf = token_of(holder.get(path).text)

        def one(_: int) -> str:
            answer = holder.post(path, data={"csrf": csrf, "press-key": "the-same"})
            return f"{answer.status_code} {answer.headers.get('location')}"

        with ThreadPoolExecutor(20) as pool:
            answers = set(pool.map(one, range(20)))
    (number,) = set(runs(world)) - set(before)
    assert answers == {f"303 {path}/runs/{number}"}


def test_an_unknown_link_and_a_forged_one_are_answered_alike(world):
    path, before = a_link(world), runs(world)
    name, signature = path.removeprefix("/link/").split(".")
    other = a_link(world).removeprefix("/link/").split(".")
    forged = [
        f"/link/{name}.{other[1]}",  # another link's signature
        f"/link/{other[0]}.{signature}",
        f"/link/{name}.{signature[:-1]}{'A' if signature[-1] != 'A' else 'B'}",
        f"/link/{name}.",
        f"/link/{name}",
        f"/link/zzzzzzzzzz.{signature}",
        f"/link/.{signature}",
        f"/link/{name.upper()}.{signature}",
        f"/link/{name}.{signature}x",
        f"/link/{'a' * 3000}.{signature}",
    ]
    headers = {"accept": "text/html"}
    answers = {httpx.get(world.server.url + one, headers=headers).status_code for one in forged}
    pages = {
        re.sub(r'data-(now|since)="[^"]*"|csrf"[^>]*"|name="back"[^>]*', "", httpx.get(world.server.url + one).text)
        for one in forged
    }
    assert answers == {404}
    assert len(pages) == 1
    for one in forged:
        assert httpx.post(world.server.url + one, data={"press-key": "k"}).status_code in (403, 404)
        assert httpx.get(f"{world.server.url}{one}/api/runs/1").status_code == 404
    assert runs(world) == before


BEYOND = [
    ("GET", "/"),
    ("GET", "/tasks/deploy"),
    ("GET", "/tasks/deploy/hand-over"),
    ("GET", "/history"),
    ("GET", "/history.csv"),
    ("GET", "/profile"),
    ("GET", "/profile/tokens"),
    ("GET", "/people"),
    ("GET", "/api"),
    ("GET", "/api/tasks"),
    ("GET", "/api/tasks/deploy"),
    ("GET", "/api/tasks/deploy/events"),
    ("GET", "/api/runs"),
    ("GET", "/api/health"),
    ("GET", "/api/tokens"),
    ("GET", "/api/links"),
    ("GET", "/static/../../../etc/passwd"),
    ("GET", "/link/x"),
    ("POST", "/"),
    ("POST", "/tasks/deploy"),
    ("POST", "/runs/{mine}/stop"),
    ("POST", "/runs/{mine}"),
    ("POST", "/theme"),
    ("POST", "/api/tasks/deploy/runs"),
    ("POST", "/api/runs/{mine}/cancel"),
    ("POST", "/api/runs/{mine}/events"),
    ("POST", "/api/uploads"),
    ("POST", "/api/tokens"),
    ("POST", "/api/links"),
    ("DELETE", "/api/links/x"),
    # runs of others
    ("GET", "/runs/{other}"),
    ("GET", "/api/runs/{other}"),
    ("GET", "/api/runs/{other}/events"),
    ("GET", "/api/runs/{other}/output"),
    ("GET", "/api/runs/{other}/output/stream"),
    ("GET", "/api/runs/{other}/output/lines"),
    ("GET", "/api/runs/{other}/output/search?q=x"),
    ("GET", "/api/runs/{other}/output/plain"),
    ("GET", "/api/runs/{other}/artifacts/x"),
    ("GET", "/api/runs/{other}/inputs/x"),
    ("GET", "/api/events?topics=output:{other}"),
    *(("GET", below.replace("{other}", "9" * 5000)) for below in ("/runs/{other}", "/api/runs/{other}/output")),
]


def test_below_a_link_lies_nothing_but_what_was_pressed_with_it(world):
    form = {"csrf": world.csrf, "press-key": "x"}
    other = int(world.browser.post("/tasks/deploy", data=form).headers["location"].rpartition("/")[2])
    path = a_link(world, **{"link-uses": "2"})
    with httpx.Client(base_url=world.server.url, timeout=PATIENCE, cookies=world.browser.cookies) as holder:
        mine = int(press(holder, path).headers["location"].rpartition("/")[2])
        for method, below in BEYOND:  # also with Ada's session in the same browser
            answer = holder.request(method, path + below.format(mine=mine, other=other), json={})
            assert answer.status_code == 404, (method, below, answer.status_code)
        for topics in ("runs", "task:deploy", f"run:{other}", "patch:tasks", "patch:now", "patch:task:deploy"):
            with holder.stream("GET", f"{path}/api/events?since=0&topics={topics},run:{mine}") as stream:
                for line in stream.iter_lines():
                    if line.startswith("data: {"):
                        assert f'"run":{mine}' in line, (topics, line)
                    if '"succeeded"' in line:
                        break


def test_a_link_leaks_into_no_cache_index_or_referrer(world):
    path = a_link(world)
    with httpx.Client(base_url=world.server.url, timeout=PATIENCE) as holder:
        run = press(holder, path).headers["location"]
        for page in (path, run, f"{path}/api/runs/{run.rpartition('/')[2]}"):
            answer = holder.get(page)
            assert "no-store" in answer.headers["cache-control"]
            assert answer.headers["x-robots-tag"] == "noindex, nofollow"
            assert answer.headers["referrer-policy"] == "same-origin"
    kept = b"".join(file.read_bytes() for file in world.server.data.rglob("*") if file.is_file())
    assert path.rpartition(".")[2].encode() not in kept
    assert path.rpartition(".")[2] not in world.server.err


def test_streams_below_a_link_are_kept_by_nobody_either(world):
    path = a_link(world)
    with httpx.Client(base_url=world.server.url, timeout=PATIENCE) as holder:
        run = int(press(holder, path).headers["location"].rpartition("/")[2])
        for below in (f"/api/runs/{run}/events", f"/api/events?topics=run:{run}", f"/api/runs/{run}/output/stream"):
            with holder.stream("GET", path + below) as stream:
                assert stream.headers["cache-control"] == "no-store, no-transform"
                assert stream.headers["x-robots-tag"] == "noindex, nofollow"
                assert stream.headers.get_list("cache-control") == ["no-store, no-transform"]
    with world.browser.stream("GET", "/api/events") as stream:
        assert stream.headers["cache-control"] == "no-cache, no-transform"


def test_a_press_from_elsewhere_needs_the_forms_token(world):
    path, before = a_link(world), runs(world)
    for given in ("", "0" * 40, world.csrf):
        answer = httpx.post(world.server.url + path, data={"csrf": given, "press-key": "k"})
        assert answer.status_code == 403
    assert runs(world) == before


def test_what_is_taken_back_can_be_pressed_and_watched_no_more(world):
    path, before = a_link(world, **{"link-uses": "5"}), runs(world)
    with httpx.Client(base_url=world.server.url, timeout=PATIENCE) as holder:
        run = press(holder, path).headers["location"]
        name = path.removeprefix("/link/").partition(".")[0]
        revoked = world.browser.post("/profile/links/revoke", data={"csrf": world.csrf, "link": name})
        assert revoked.headers["location"] == "/profile/links"
        gone = holder.get(path)
        assert (gone.status_code, "taken back" in gone.text) == (410, True)
        assert press(holder, path).status_code in (403, 410)
        assert holder.get(run).headers["location"] == path
        assert holder.get(f"{path}/api/runs/{run.rpartition('/')[2]}").status_code == 404
    assert len(runs(world)) == len(before) + 1


def test_a_link_of_somebody_who_may_not_sign_in_any_more_starts_nothing(own_world):
    path = a_link(own_world)
    with httpx.Client(base_url=own_world.server.url, timeout=PATIENCE) as holder:
        put(own_world.server.data, User("ada", "Ada Lovelace", disabled=True))
        until(lambda: holder.get(path).status_code == 410, what="the link is closed")
        assert "may not press this any more" in holder.get(path).text
        assert press(holder, path).status_code in (403, 410)


def test_a_task_that_was_changed_or_removed_is_not_pressed_by_an_old_link(own_world):
    path = a_link(own_world)
    file = own_world.server.data.parent / "tasks" / "deploy"
    text = file.read_text()
    with httpx.Client(base_url=own_world.server.url, timeout=PATIENCE) as holder:
        file.write_text(text.replace('"live"', '"mars"'))
        until(lambda: "was changed since" in holder.get(path).text, what="the change is seen")
        file.write_text(text)
        until(lambda: holder.get(path).status_code == 200, what="it is as it was")
        file.unlink()
        until(lambda: "not here any more" in holder.get(path).text, what="it is gone")


def test_hand_over_is_for_people_and_for_those_who_may_press(world):
    assert "Hand over…" in world.browser.get("/tasks/deploy").text
    session, secret = a_session("eve")
    put(world.server.data, User("eve"), Grant("user:eve", "viewer"), session)
    with httpx.Client(base_url=world.server.url, cookies={COOKIE: secret}, timeout=PATIENCE) as eve:
        until(lambda: eve.get("/tasks/deploy").status_code == 200, what="Eve is known")
        assert "Hand over…" not in eve.get("/tasks/deploy").text
        assert eve.get("/tasks/deploy/hand-over").status_code == 403
        assert eve.get("/api/links").json() == []
