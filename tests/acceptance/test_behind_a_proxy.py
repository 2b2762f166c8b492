"""Behind real proxies, with https, at the root and below a prefix: everything works, and nothing waits on its way."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from httpx_sse import ServerSentEvent, connect_sse
from playwright.sync_api import Browser, Request, expect

from .browser import chromium
from .pages import TASKS, Reader, over, press
from .proxy import NAME, blocks, caddy, nginx
from .serving import PATIENCE, Served
from .worlds import script

TALK = """
for word in one two three; do
  echo "status $word" >&$PUSHBUTTON_EVENTS
  echo "said $word"
  while [ ! -e {folder}/go-$word ]; do sleep 0.02; done
done
"""


class Way(NamedTuple):
    proxy: Any
    block: int
    prefix: str
    settings: dict[str, object]


WAYS = {
    "nginx": Way(nginx, 0, "", {}),
    "nginx below a prefix": Way(nginx, 1, "/buttons", {"root_path": "/buttons"}),
    "caddy": Way(caddy, 0, "", {}),
    "caddy below a prefix": Way(caddy, 1, "/buttons", {}),
}


@dataclass
class Site:
    """A server behind a proxy. `url` is where browsers reach it; `http` asks the proxy, under that name."""

    server: Served
    url: str
    origin: str
    prefix: str
    http: httpx.Client
    folder: Path

    @property
    def data(self) -> Path:
        return self.server.data


@contextlib.contextmanager
def behind(folder: Path, way: Way, **settings: object) -> Iterator[Site]:
    tasks, place = folder / "tasks", folder / "proxy"
    tasks.mkdir()
    place.mkdir()
    script(tasks, "talk.sh", TALK.replace("{folder}", str(tasks)))
    (tasks / "shop.py").write_text(TASKS)
    language = "nginx" if way.proxy is nginx else "caddyfile"
    given: dict[str, Any] = {"allow_host": NAME, "trust_proxy": "127.0.0.1", **way.settings, **settings}
    with Served(tasks, **given) as server, way.proxy(place, blocks(language)[way.block], server.port) as port:
        origin = f"https://{NAME}:{port}"
        with httpx.Client(
            base_url=f"https://127.0.0.1:{port}", verify=False, timeout=PATIENCE, trust_env=False
        ) as http:
            http.headers["host"] = f"{NAME}:{port}"
            http.event_hooks["request"] = [_name]
            yield Site(server, origin + way.prefix, origin, way.prefix, http, tasks)


def _name(request: httpx.Request) -> None:
    request.extensions["sni_hostname"] = NAME


@pytest.fixture(scope="module", params=list(WAYS.values()), ids=list(WAYS))
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with behind(tmp_path_factory.mktemp("behind"), request.param) as found:
        yield found


def test_the_page_has_the_configurations_that_are_tried():
    assert len(blocks("nginx")) == len(blocks("caddyfile")) == 2


@pytest.mark.parametrize("stream", ["run", "all", "task", "output"])
def test_an_event_is_at_the_client_before_the_next_is_made(site, stream):
    for word in ("one", "two", "three"):
        (site.folder / f"go-{word}").unlink(missing_ok=True)
    number = site.server.press("talk")
    path = {
        "run": f"/api/runs/{number}/events",
        "all": f"/api/events?topics=run:{number},output:{number}&since=0",
        "task": "/api/tasks/talk/events",
        "output": f"/api/runs/{number}/output/stream",
    }[stream]
    with contextlib.ExitStack() as stack:
        for word in ("one", "two", "three"):  # whatever happens, it is over before the next one
            stack.callback((site.folder / f"go-{word}").touch)
        source = stack.enter_context(connect_sse(site.http, "GET", f"{site.prefix}{path}"))
        assert source.response.status_code == 200
        frames = source.iter_sse()
        for word in ("one", "two", "three"):
            wanted = f"said {word}" if stream == "output" else word
            assert any(frame.data and _says(json.loads(frame.data), number, wanted) for frame in frames)
            (site.folder / f"go-{word}").touch()  # only now the job goes on
    assert site.server.finished(number)["state"] == "succeeded"


def _says(data: dict[str, Any], number: int, wanted: str) -> bool:
    return data.get("run") == number and wanted in str(data.get("text", data.get("data", "")))


def test_every_link_of_every_page_leads_below_the_prefix_and_somewhere(site):
    number = site.server.press("report")
    site.server.finished(number)
    for page in ("/", "/tasks/report", f"/runs/{number}", "/history", "/api"):
        answer = site.http.get(f"{site.prefix}{page}", headers={"accept": "text/html"})
        assert answer.status_code == 200
        links = set(re.findall(r'(?:href|src|action)="(/[^"#]*)', answer.text))
        assert links
        assert [link for link in links if not link.startswith(f"{site.prefix}/")] == []
        for link in {link.replace("&amp;", "&") for link in links}:
            found = site.http.get(link, headers={"accept": "text/html"})
            if found.status_code == 303:  # to the sign-in page, where nobody has to sign in
                assert found.headers["location"].startswith(f"{site.prefix}/"), link
                found = site.http.get(found.headers["location"], headers={"accept": "text/html"})
            assert found.status_code in (200, 404, 405), link
            assert (
                (found.status_code == 200)
                or "/stop" in link
                or link.endswith(("/theme", "/favourites", "/pause", "/presets", "/views", "/comments"))
            ), link


def test_a_form_presses_and_leads_to_the_run(site):
    headers = {"origin": site.origin, "sec-fetch-site": "same-origin"}
    answer = site.http.post(
        f"{site.prefix}/tasks/report", data={"month": "October", "name": "Bericht"}, headers=headers
    )
    assert answer.status_code == 303
    assert re.fullmatch(rf"{site.prefix}/runs/\d+", answer.headers["location"])
    assert site.http.get(answer.headers["location"]).status_code == 200
    answer = site.http.post(f"{site.prefix}/api/tasks/report/runs", json={"inputs": {}}, headers=headers)
    assert answer.status_code == 202
    assert answer.headers["location"].startswith(f"{site.prefix}/api/runs/")


@pytest.mark.parametrize("origin", ["http://{host}", "https://evil.example", "https://{name}", "null"])
def test_another_origin_is_refused_behind_https_as_well(site, origin):
    origin = origin.format(host=site.origin.removeprefix("https://"), name=NAME)
    answer = site.http.post(f"{site.prefix}/api/tasks/report/runs", json={"inputs": {}}, headers={"origin": origin})
    assert answer.status_code == 403


def test_over_https_browsers_are_told_to_stay_with_it_and_cookies_too(site):
    answer = site.http.get(f"{site.prefix}/")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    answer = site.http.post(f"{site.prefix}/theme", data={"theme": "dark"}, headers={"origin": site.origin})
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"].lower()
    assert "secure" in cookie.split("; ")
    assert f"path={site.prefix}/" in cookie.split("; ")
    assert cookie.startswith("__secure-theme=")


def test_over_http_they_are_not(site):
    answer = site.server.http.get("/")
    assert "strict-transport-security" not in answer.headers
    answer = site.server.http.post("/theme", data={"theme": "dark"})
    assert "secure" not in answer.headers["set-cookie"].lower().split("; ")


def test_what_a_client_writes_into_the_proxys_headers_counts_nothing(site):
    headers = {"x-forwarded-host": "evil.example", "x-forwarded-proto": "http", "x-forwarded-for": "203.0.113.7"}
    if not site.prefix:
        headers["x-forwarded-prefix"] = "/evil"
    answer = site.http.get(f"{site.prefix}/", headers=headers)
    assert answer.status_code == 200
    assert "evil" not in answer.text
    assert "strict-transport-security" in answer.headers


def test_a_file_is_brought_and_taken_away(site):
    size = 3 << 20
    answer = site.http.post(f"{site.prefix}/api/uploads?name=big.bin", content=b"x" * size)
    assert answer.status_code == 201
    number = site.server.press("report")
    site.server.finished(number)
    answer = site.http.get(f"{site.prefix}/api/runs/{number}/artifacts/report.txt")
    assert answer.text == "42"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(f"--host-resolver-rules=MAP {NAME} 127.0.0.1") as browser:
        yield browser


def test_a_browser_presses_and_watches_live(site, browser):
    """By HTTP/2 and https; the page's own stream, patches included, with links below the prefix."""
    (site.folder / "go-on").unlink(missing_ok=True)
    with Reader(browser, site, ignore_https_errors=True) as reader:
        foreign: list[str] = []

        def note(request: Request) -> None:
            if not request.url.startswith(f"{site.url}/"):
                foreign.append(request.url)

        reader.context.on("request", note)
        page = reader.open("/tasks/deploy")
        number = press(page)
        assert page.url == f"{site.url}/runs/{number}"
        expect(page.locator("#h-say")).to_have_text("One server is done", timeout=60_000)
        expect(page.locator("#now a")).to_have_attribute("href", f"{site.prefix}/history?state=running")
        (site.folder / "go-on").touch()
        over(page)
        assert page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol") == "h2"
        assert foreign == []


def test_readers_who_come_below_different_prefixes_get_their_own_links_live(tmp_path):
    """And one who comes directly gets those without: what is rendered for many is rendered for each prefix."""
    script(tmp_path, "stay.sh", f"while [ ! -e {tmp_path}/go ]; do sleep 0.02; done")
    with Served(tmp_path, trust_proxy="127.0.0.1") as server, contextlib.ExitStack() as stack:
        path = "/api/events?topics=patch:now"
        ways = {"/a": {"x-forwarded-prefix": "/a"}, "/b/c": {"x-forwarded-prefix": "/b/c"}, "": {}}
        opened = {}
        for prefix, headers in ways.items():
            source = stack.enter_context(connect_sse(server.http, "GET", path, headers=headers))
            opened[prefix] = source.iter_sse()
        server.press("stay")
        for prefix, frames in opened.items():
            link = f'href="{prefix}/history?state=running"'
            assert any(link in frame.data and "patch:now" in frame.data for frame in map(_told, frames))
        (tmp_path / "go").touch()


def _told(frame: ServerSentEvent) -> ServerSentEvent:
    """With the text as it is inside the JSON."""
    return ServerSentEvent(data=f"{json.loads(frame.data)}" if frame.data else "")
