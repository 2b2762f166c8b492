"""What Pushbutton said of a run is read in every language, also later; what older versions kept is text."""

from __future__ import annotations

import json

import apsw
import httpx
import pytest

from pushbutton.sentence import BESIDE
from pushbutton.testing import opened, press_and_wait

TASKS = """
tasks:
  gone:
    command: [/bin/true]
    cwd: FOLDER
  says:
    command: [/bin/sh, -c, 'echo "It was stopped before it started." >&3; exit 3']
"""
ENGLISH = "cannot be entered: No such file or directory."
GERMAN = "lässt sich nicht betreten: No such file or directory."


async def page(app, path: str, language: str) -> str:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        return (await client.get(path, headers={"accept-language": language})).text


@pytest.fixture
async def app(tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "pushbutton.yaml").write_text(TASKS.replace("FOLDER", str(tmp_path / "work")))
    data = tmp_path / "data"
    async with opened(tmp_path / "pushbutton.yaml", host="127.0.0.1", data=str(data), store=None) as app:
        yield app


async def test_why_a_run_was_not_started_is_read_in_either_language(app, tmp_path):
    (tmp_path / "work").rmdir()
    done = await press_and_wait(app, "gone")
    assert done.run.reason.endswith(ENGLISH)
    assert ENGLISH in await page(app, f"/runs/{done.run.id}", "en")
    assert GERMAN in await page(app, f"/runs/{done.run.id}", "de")


async def test_a_run_of_a_version_that_knew_no_ids_shows_its_text(app, tmp_path):
    (tmp_path / "work").rmdir()
    done = await press_and_wait(app, "gone")
    database = apsw.Connection(str(tmp_path / "data" / "history.db"))
    for number, data in list(database.execute("SELECT id, data FROM events")):
        told = json.loads(data)
        told.pop(BESIDE, None)
        database.execute("UPDATE events SET data = ? WHERE id = ?", (json.dumps(told), number))
    database.close()
    for language in ("en", "de"):
        assert ENGLISH in await page(app, f"/runs/{done.run.id}", language)


async def test_what_a_job_says_is_shown_as_it_said_it(app):
    done = await press_and_wait(app, "says")
    said = "It was stopped before it started."
    assert [event.data["text"] for event in done.events if event.kind == "status"] == [said]
    assert said in await page(app, f"/runs/{done.run.id}", "de")


async def test_answers_of_the_api_hold_the_text_alone(app, tmp_path):
    (tmp_path / "work").rmdir()
    done = await press_and_wait(app, "gone")
    told = await page(app, f"/api/runs/{done.run.id}/events", "de")
    assert ENGLISH in told
    assert f'"{BESIDE}"' not in told
