"""What was brought for a run can be looked at by who decides, as it was pressed, and by nobody who may not."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.unit.web.test_audit import somebody
from tests.unit.web.test_pages import a_site, check

from pushbutton.runtime import input_files
from pushbutton.runtime.ports import Topics
from pushbutton.web.http import uploads

TASKS = """
from pathlib import Path
from pushbutton import task

@task(approvals=1)
def pay(sheet: Path, note: str = ""): ...

@task
def burn(sheet: Path):
    sheet.chmod(0o600)
    sheet.write_text("ashes")
"""
NAME = "Gehälter (März).csv"
TEXT = ("name;pay\nMona;12\n" + "<script>alert(1)</script> \u202e\n" * 100).encode()


async def pressed(client: httpx.AsyncClient, who: Any, task: str = "pay", content: bytes = TEXT) -> int:
    sent = {"csrf": who["x-csrf-token"]}
    answer = await client.post(f"/tasks/{task}", data=sent, files={"in-sheet": (NAME, content)}, headers=who)
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].rpartition("/")[2])


async def test_an_approver_reads_and_downloads_what_was_brought(tmp_path):
    async with a_site(tmp_path, TASKS) as (core, client):
        ada, bob = await somebody(core, "ada", "presser"), await somebody(core, "bob", "approve")
        number = await pressed(client, ada)
        page = check((await client.get(f"/runs/{number}", headers=bob)).text)
        assert NAME in page
        assert "name;pay</div><div>Mona;12</div>" in page
        assert "&lt;script&gt;" in page
        assert "\u202e" not in html.unescape(page)
        assert "This is its beginning. All of it is in the file." in page
        file = await client.get(f"/api/runs/{number}/inputs/sheet", headers=bob)
        assert file.content == TEXT
        assert file.headers["content-type"] == "application/octet-stream"
        assert file.headers["content-disposition"].startswith("attachment")
        assert file.headers["content-security-policy"].startswith("default-src 'none'; sandbox")
        await client.post(f"/runs/{number}/reject", data={"csrf": bob["x-csrf-token"], "why": "no"}, headers=bob)


async def test_nobody_who_may_not_read_a_run_reads_its_files(tmp_path):
    async with a_site(tmp_path, TASKS) as (core, client):
        ada, lee = await somebody(core, "ada", "presser"), await somebody(core, "lee", "see")
        eve, admin = await somebody(core, "eve"), await somebody(core, "root", "admin")
        number = await pressed(client, ada)
        statuses = [
            (await client.get(f"/api/runs/{number}/inputs/sheet", headers=who)).status_code
            for who in (ada, lee, eve, {})
        ]
        assert statuses == [200, 403, 404, 401]
        assert "Mona;12" not in (await client.get(f"/runs/{number}", headers=lee)).text
        await client.post(f"/api/runs/{number}/cancel", headers=admin)


@pytest.mark.parametrize("name", ["note", "nothing", "%2e%2e%2fsheet", "sheet%2f..", "sheet/x"])
async def test_only_an_input_that_is_a_file_is_one(tmp_path, name):
    async with a_site(tmp_path, TASKS) as (core, client):
        ada = await somebody(core, "ada", "admin")
        value = await uploads.save(core.files, "x", _parts(b"1"))
        sent = {"inputs": {"sheet": value, "note": f"{'0' * 24}-../../../../server.key"}}
        number = (await client.post("/api/tasks/pay/runs", json=sent, headers=ada)).json()["number"]
        assert (await client.get(f"/api/runs/{number}/inputs/{name}", headers=ada)).status_code == 404
        await client.post(f"/api/runs/{number}/cancel", headers=ada)


async def test_a_text_that_looks_like_a_file_elsewhere_leads_nowhere_when_its_input_becomes_a_file(tmp_path):
    async with a_site(tmp_path, TASKS) as (core, _):
        pay = core.catalog.tasks()["pay"]
        for name in ("../../../server.key", "..", "/etc/passwd", "."):
            assert input_files.named(pay, {"sheet": f"{'0' * 24}-{name}"}) == {}
            assert input_files.named(None, {"sheet": f"{'0' * 24}-{'0' * 64}-{name}"}) == {}


async def test_what_a_job_wrote_over_its_file_is_not_shown_as_what_was_brought(tmp_path):
    async with a_site(tmp_path, TASKS) as (core, client):
        await somebody(core, "root", "admin")
        ada = await somebody(core, "ada", "presser")
        number = await pressed(client, ada, "burn")
        async for event in core.hub.events(Topics(runs=frozenset({number})), 0):
            if event.data.get("state") == "succeeded":
                break
        assert (await client.get(f"/api/runs/{number}/inputs/sheet", headers=ada)).status_code == 404
        page = (await client.get(f"/runs/{number}", headers=ada)).text
        assert f"“{NAME}” is not there as it was when this was pressed." in page
        assert "ashes" not in page


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\0\0", b"a\xffb", b""])
async def test_what_is_no_text_is_not_shown_as_one(tmp_path, content):
    async with a_site(tmp_path, TASKS) as (core, client):
        ada = await somebody(core, "ada", "admin")
        number = await pressed(client, ada, content=content)
        page = check((await client.get(f"/runs/{number}", headers=ada)).text)
        assert f'/api/runs/{number}/inputs/sheet" download' in page
        assert 'class="plan-log"' not in page
        await client.post(f"/api/runs/{number}/cancel", headers=ada)


async def _parts(content: bytes) -> AsyncIterator[bytes]:
    yield content
