"""What authors put into their folder, and what their jobs do, on the way through the whole server."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from pushbutton import testing
from pushbutton.app import Pushbutton

from .serving import Served
from .worlds import script


def web(app: Pushbutton) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost", timeout=60)


# -- one file hurts no other


def _latin_1(folder: Path) -> None:
    script(folder, "caf\udce9.sh", "true")


def _latin_1_folder(folder: Path) -> None:
    group = folder / "caf\udce9"
    group.mkdir()
    (group / "pushbutton.yaml").write_text("tasks: {tea: {command: ['true']}}\n")
    (group / "shop.py").write_text("import pushbutton\ndef (\n")


def _python(folder: Path) -> None:
    (folder / "shop.py").write_text(
        "from typing import *\nfrom pushbutton import task, Field\n"
        "@task(title='a\\ud800')\ndef one(): ...\n"
        "@task\ndef two(x: Annotated[Literal['a'], Field(help='a\\ud800')]): ...\n"
        "@task(timeout=float('inf'))\ndef three(): ...\n"
    )


def _yaml(folder: Path) -> None:
    (folder / "pushbutton.yaml").write_text(
        'tasks:\n  one: {command: ["true"], title: "x\\ud800"}\n'
        '  two: {command: ["true"], params: {x: {choices: ["x\\ud800"], label: "x\\ud800"}}}\n'
        "  three: {command: ['true'], params: {x: {type: float, min: -.inf}, y: {type: float, max: .nan}}}\n"
        "  four: {command: ['true'], params: {x: {choices: [.inf]}}}\n"
        "  five: {command: ['true'], env: {? [a, b] : c}}\n"
        "  six: {command: ['true'], env: &a {A: *a}}\n"
    )


@pytest.mark.parametrize("spoil", [_latin_1, _latin_1_folder, _python, _yaml])
async def test_a_file_that_nobody_can_show_hurts_no_other(spoil, tmp_path):
    script(tmp_path, "good.sh", "true")
    spoil(tmp_path)
    async with testing.opened(tmp_path) as app, web(app) as client:
        listed = await client.get("/api/tasks")
        assert listed.status_code == 200
        assert [task["slug"] for task in listed.json() if not task["broken"]] == ["good"]
        for task in listed.json():
            assert (await client.get(f"/api/tasks/{task['slug']}")).status_code == 200
            assert (await client.get(f"/tasks/{task['slug']}")).status_code == 200
        assert (await client.get("/")).status_code == 200
        await (await app.press("good")).finished()


# -- everything that is wrong is said at once


PARAMS = """
[params.data]
type = "file"
max_length = 3
[params.more]
type = "file"
min_length = 3
required = false
[params.name]
pass = "argument"
[params.count]
type = "int"
"""


async def upload(client: httpx.AsyncClient, content: bytes) -> str:
    answer = await client.post("/api/uploads", params={"name": "x.csv"}, content=content)
    return str(answer.json()["value"])


async def test_files_are_checked_with_everything_else_at_once(tmp_path):
    script(tmp_path, "take.sh", "true", head=PARAMS)
    async with testing.opened(tmp_path) as app, web(app) as client:
        big, small = await upload(client, b"0123456789"), await upload(client, b"")
        inputs = {"data": "nope", "name": "-rf", "count": "x", "other": 1}
        answer = await client.post("/api/tasks/take/runs", json={"inputs": inputs})
        assert answer.status_code == 422
        assert answer.json()["fields"] == {
            "data": "Choose the file again: what was uploaded is not here.",
            "name": "Begin this with something other than “-”: the job would take it for an option.",
            "count": "Write a whole number, such as 3.",
            "other": "There is no input named “other”.",
        }
        inputs = {"data": big, "more": small, "name": "a", "count": 1}
        answer = await client.post("/api/tasks/take/runs", json={"inputs": inputs})
        assert answer.status_code == 422
        assert answer.json()["fields"] == {
            "data": "This file is too big: it has 10 bytes, and 3 fit.",
            "more": "This file is too small: it has 0 bytes, and 3 are needed.",
        }
        inputs = {"data": await upload(client, b"012"), "name": "a", "count": 1}
        assert (await client.post("/api/tasks/take/runs", json={"inputs": inputs})).status_code < 300


# -- what a job says


async def test_a_report_of_a_process_that_inherited_nothing_is_heard(tmp_path):
    body = "import subprocess\nsubprocess.run(['pushbutton', 'status', 'hello'], check=True)\n"
    script(tmp_path, "deeper.py", body)
    async with testing.opened(tmp_path) as app:
        done = await testing.press_and_wait(app, "deeper")
    assert (done.statuses, done.output) == (["hello"], "")


def test_a_job_can_report_to_the_address_and_with_the_token_that_it_finds(tmp_path):
    reports = """
        import os
        from urllib.request import Request, urlopen
        about = os.environ
        url = f"{about['PUSHBUTTON_URL']}/api/runs/{about['PUSHBUTTON_RUN']}/events"
        head = {"Authorization": f"Bearer {about['PUSHBUTTON_TOKEN']}"}
        print(urlopen(Request(url, b"status said over HTTP\\nprogress 33", head)).status)
    """
    script(tmp_path, "reports.py", reports)
    with Served(tmp_path) as server:
        number = server.press("reports")
        assert server.finished(number)["status"] == "said over HTTP", server.output(number)
        assert server.output(number) == b"204\n"
        server.restart()  # and of the server after it
        assert server.finished(server.press("reports"))["status"] == "said over HTTP"


# -- what authors may say of an input


async def test_a_dash_and_words_beside_a_choice_work_from_the_file_to_the_job(tmp_path):
    (tmp_path / "shop.py").write_text(
        "from typing import Annotated, Literal\nfrom pushbutton import Field, task\n"
        "@task\ndef go(\n"
        "    where: Annotated[Literal['a', 'b'], Field(labels={'a': ('Alpha', 'The first one.'), 'b': 'Beta'})],\n"
        "): print(where)\n"
    )
    (tmp_path / "pushbutton.yaml").write_text(
        "tasks:\n  say:\n    command: [echo, '{text}']\n    params: {text: {dash: true}}\n"
        "  ask:\n    command: [echo, '{text}']\n    params: {text: {choices: {a: [Alpha, The first one.], b: Beta}}}\n"
    )
    async with testing.opened(tmp_path) as app, web(app) as client:
        assert (await testing.press_and_wait(app, "say", text="-n x")).output == "-n x\n"
        assert (await testing.press_and_wait(app, "go", where="b")).output == "b\n"
        for name in ("go", "ask"):
            page = (await client.get(f"/tasks/{name}")).text
            assert "Alpha" in page
            assert "The first one." in page
            assert "Beta" in page
