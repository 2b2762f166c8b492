"""Where answers lead, and what leaves the server as a file: nowhere else, and never as something that runs."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from pushbutton.web.http.viewer import way_back

from .pages import Reader, browser
from .rawhttp import request
from .serving import Served
from .worlds import script

__all__ = ["browser"]

FILES = '''
import os
from pathlib import Path

from pushbutton import artifact, task

PAGE = "<script>document.title = 'owned'; fetch('/api/events', {method: 'POST'})</script><h1>owned</h1>"


@task
def files() -> None:
    """Makes files that would like to be pages."""
    for name in ("page.html", "picture.svg", "x.xhtml", "script.js", "odd;name=\\"q\\".html", "ümlaut.html"):
        Path(name).write_text(PAGE)
        artifact(name)
    Path("notes.md").write_text("[a](javascript:alert(1)) <b onclick=alert(1)>x</b> <script>document.title=1</script>")
    artifact("notes.md")
    Path("table.csv").write_text("a,b\\n<script>document.title=1</script>,=cmd()\\n")
    artifact("table.csv")
    Path("lies.png").write_text(PAGE)
    artifact("lies.png")
    print(PAGE)
'''


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("downloads")
    (folder / "files.py").write_text(FILES)
    script(folder, "touch.sh", "true")
    with Served(folder) as served:
        yield served
        assert "Traceback" not in served.err


@pytest.fixture(scope="module")
def number(site: Served) -> int:
    number = site.press("files")
    run = site.finished(number)
    assert run["state"] == "succeeded", site.output(number)
    return number


ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\nLocation: https://evil.example",
    "\t//evil.example",
    " //evil.example",
    "https://evil.example",
    "https:evil.example",
    "HTTPS:/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    ".evil.example",
    "/..//evil.example",
    "/./evil",
    "/%2e%2e//evil.example",
    "/%2E%2e/x",
    "/a/..\\evil",
    "/\u2028/evil.example",
    "/\x00",
    "",
]


@pytest.mark.parametrize("back", ELSEWHERE)
@pytest.mark.parametrize("path", ["/theme", "/favourites"])
def test_no_form_leads_to_another_place(site, path, back):
    answer = site.http.post(path, data={"theme": "dark", "slug": "touch", "keep": "1", "back": back, "next": back})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    assert len(answer.headers.get_list("location")) == 1


@pytest.mark.parametrize(
    "back", ["/history?text=a%5Cb", "/runs/7", "/", "/history?x=//evil", "/tasks/a..b", "/history?a\\b"]
)
def test_a_form_leads_back_to_its_page(site, back):
    assert way_back(back) == back
    answer = site.http.post("/theme", data={"theme": "dark", "back": back})
    assert answer.headers["location"].replace("%5C", "\\") == back.replace("%5C", "\\")


@pytest.mark.parametrize("name", ["next", "back", "url", "redirect", "return_to", "continue"])
def test_no_query_leads_to_another_place(site, name):
    for path in ("/", "/tasks/touch", "/history", "/api", "/nothing"):
        answer = site.http.get(f"{path}?{name}=https://evil.example/", headers={"accept": "text/html"})
        assert answer.status_code in (200, 404)
        assert 'href="https://evil.example' not in answer.text


@pytest.mark.parametrize("path", ["//evil.example", "//evil.example/%2f..", "/\\evil.example/", "/tasks//evil.example/",
                                  "/tasks/", "/history/", "/static", "/%2f%2fevil.example"])  # fmt: skip
def test_no_path_is_redirected_to_another_place(site, path):
    answer = site.http.get(f"{site.url}{path}", headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert "location" not in answer.headers


HOLES = ["..", "../files", "%2e%2e", "..%2f..%2f..%2fhistory.db", "page.html/..", "%00", "page.html%00", "page.html%2f",
         "/page.html", "./page.html", "%2e/page.html", "..%5cpage.html", "PAGE.HTML", "page.html%20", "page%252ehtml",
         "output", "events", "..%c0%afpage.html", "a" * 5000, "%ff", "page.html;x", "*", ""]  # fmt: skip


@pytest.mark.parametrize("hole", HOLES)
def test_a_file_is_looked_up_by_the_whole_name_that_the_run_announced(site, number, hole):
    raw = request(f"/api/runs/{number}/artifacts/{hole}", headers={"connection": "close"})
    with socket.create_connection(("127.0.0.1", site.port), 5) as sock:
        sock.sendall(raw)
        with sock.makefile("rb") as file:
            answer = file.read()
    assert int(answer.split(b" ")[1]) in (400, 404, 405), answer[:300]
    assert b"owned" not in answer
    assert b"SQLite format" not in answer


@pytest.mark.parametrize("hole", ["..%2f__init__.py", "../server.py", "%2e%2e/server.py", "fonts/..%2f..%2fserver.py",
                                  "..%5cserver.py", "%00", "pushbutton.css%00.js", "fonts", "fonts/", ".", "..",
                                  "/etc/passwd", "%2fetc%2fpasswd", "a" * 5000])  # fmt: skip
def test_what_lies_beside_the_static_files_stays_there(site, hole):
    with socket.create_connection(("127.0.0.1", site.port), 5) as sock:
        sock.sendall(request(f"/static/{hole}", headers={"connection": "close"}))
        with sock.makefile("rb") as file:
            answer = file.read()
    assert int(answer.split(b" ")[1]) in (400, 404, 405), answer[:300]
    assert b"from __future__" not in answer


NAMES = ["page.html", "picture.svg", "x.xhtml", "script.js", 'odd;name="q".html', "ümlaut.html", "notes.md", "lies.png"]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_a_download_and_nothing_in_it_runs(site, number, name):
    answer = site.http.get(f"/api/runs/{number}/artifacts/{quote(name)}")
    assert answer.status_code == 200
    safe(answer)
    assert answer.headers["content-type"] == "application/octet-stream"
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment;")
    assert disposition.count("filename") == 1
    assert quote(name) in disposition


def safe(answer: httpx.Response) -> None:
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment")
    policy = answer.headers["content-security-policy"]
    assert "sandbox" in policy.split("; ")
    assert "default-src 'none'" in policy
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_output_and_tables_are_downloads_as_well(site, number):
    safe(site.http.get(f"/api/runs/{number}/output"))
    safe(site.http.get(f"/api/runs/{number}/output", headers={"range": "bytes=0-3"}))
    safe(site.http.get("/history.csv"))


def test_a_file_that_leads_elsewhere_is_none(site, number):
    """A job that unpacks what others packed may get a link for a file."""
    files = site.data / "runs" / str(number) / "results"
    kept = files / "page.html"
    text = kept.read_bytes()
    kept.unlink()
    kept.symlink_to(site.data / "history.db")
    try:
        answer = site.http.get(f"/api/runs/{number}/artifacts/page.html")
        assert answer.status_code == 404
        assert b"SQLite" not in answer.content
    finally:
        kept.unlink()
        kept.write_bytes(text)


def test_previews_show_what_is_in_a_file_and_run_none_of_it(site, number, browser):
    with Reader(browser, site) as reader:
        page = reader.open(f"/runs/{number}")
        shown = page.content()
        assert "&lt;script&gt;document.title=1&lt;/script&gt;" in shown
        assert page.locator("main [onclick]").count() == 0
        assert page.locator("main a[href^='javascript']").count() == 0
        assert "owned" not in page.title()
        assert page.evaluate(
            "[...document.images].filter(one => one.src.includes('lies')).every(one => !one.naturalWidth)"
        )
