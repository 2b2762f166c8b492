"""What the pages of a task and of a run that went wrong say, and what they do not claim. The jobs are real."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from tests.unit.web.test_audit import somebody
from tests.unit.web.test_pages import a_site, plain_text

from pushbutton.testing import opened, press_and_wait

CONTACT = "the till team <https://example.org/tills?team=2>"


def _script(folder: Path, name: str, body: str, head: str = "") -> None:
    block = "".join(f"# {line}\n" for line in ("/// pushbutton", *head.splitlines(), "///")) if head else ""
    (folder / name).write_text(f"#!/bin/sh\n{block}{body}\n")
    (folder / name).chmod(0o755)


async def _shown(app: object, path: str) -> str:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:  # type: ignore[arg-type]  # an ASGI application
        answer = await client.get(path)
    assert answer.status_code == 200
    return answer.text


async def test_a_failure_tells_the_authors_sentence_whom_to_ask_and_its_code(tmp_path: Path) -> None:
    head = f'on_failure = "The tills still show the old prices"\ncontact = "{CONTACT}"'
    _script(tmp_path, "prices.sh", "exit 7", head)
    async with opened(tmp_path, host="127.0.0.1") as app:
        done = await press_and_wait(app, "prices")
        page = await _shown(app, f"/runs/{done.run.id}")
    text = plain_text(page)
    assert "The tills still show the old prices." in text
    assert (
        'For help, ask <a href="https://example.org/tills?team=2" rel="noopener noreferrer">the till team</a>' in page
    )
    assert "Ended with code 7" in text
    assert "technical output usually says more" not in text  # it wrote nothing


async def test_the_page_of_a_failure_says_what_its_group_or_the_server_says_it_means(tmp_path: Path) -> None:
    (tmp_path / "pushbutton.yaml").write_text("groups:\n  Tills: {on_failure: The tills stand still}\n")
    (tmp_path / "Tills").mkdir()
    _script(tmp_path / "Tills", "prices.sh", "exit 7")
    _script(tmp_path, "report.sh", "exit 7")
    async with opened(tmp_path, host="127.0.0.1", on_failure="Orders still come in by phone") as app:
        runs = {task: (await press_and_wait(app, task)).run.id for task in ("prices", "report")}
        pages = {task: await _shown(app, f"/runs/{number}") for task, number in runs.items()}
    said = {
        task: re.findall(r"<b>(The tills stand still\.|Orders still come in by phone.)</b>", pages[task])
        for task in pages
    }
    assert said == {"prices": ["The tills stand still."], "report": ["Orders still come in by phone."]}


async def test_a_failure_shows_the_help_that_fits_what_it_wrote_and_the_form_of_the_task_that_mends_it(
    tmp_path: Path,
) -> None:
    head = 'failures = [{match = "disk*full", help = "**Tidy** first.", task = "tidy"}, {help = "No idea."}]'
    _script(tmp_path, "copy.sh", "echo the DISK is full; exit 1", head)
    _script(tmp_path, "move.sh", "echo no such file; exit 1", head)
    _script(tmp_path, "tidy.sh", "true")
    async with opened(tmp_path, host="127.0.0.1") as app:
        runs = {task: (await press_and_wait(app, task)).run.id for task in ("copy", "move")}
        pages = {task: await _shown(app, f"/runs/{number}") for task, number in runs.items()}
    assert "<strong>Tidy</strong> first." in pages["copy"]
    assert 'href="/tasks/tidy"' in pages["copy"]
    assert "No idea." in pages["move"]
    assert 'href="/tasks/tidy"' not in pages["move"]


async def test_what_could_not_be_started_claims_no_work_and_points_at_no_output(tmp_path: Path) -> None:
    (tmp_path / "pushbutton.yaml").write_text("tasks:\n  sweep:\n    command: [no-such-broom, now]\n")
    async with opened(tmp_path, host="127.0.0.1") as app:
        done = await press_and_wait(app, "sweep")
        text = plain_text(await _shown(app, f"/runs/{done.run.id}"))
    assert "no-such-broom" in text
    for claim in ("stays done", "taken back", "usually say more", "may have been done", "Show the output"):
        assert claim not in text


async def test_a_stop_says_who_asked_for_it(tmp_path: Path) -> None:
    _script(tmp_path, "long.sh", "echo going; exec sleep 600")
    async with opened(tmp_path, host="127.0.0.1") as app:
        run = await app.press("long")
        async for event in app.events(since=0):
            if event.run == run.id and event.data.get("state") == "running":
                await run.cancel()
            if event.run == run.id and event.data.get("state") == "cancelled":
                break
        text = plain_text(await _shown(app, f"/runs/{run.id}"))
    assert "asked it to stop." in text
    assert "Asked to stop." not in text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('rm -r "/srv/tills/$1"', "The script looks at its arguments; it is started without any."),
        ("uptime", "There is nothing to fill in."),
    ],
)
async def test_nothing_to_fill_in_is_said_where_the_script_looks_at_no_arguments(
    tmp_path: Path, body: str, said: str
) -> None:
    _script(tmp_path, "tidy.sh", body)
    async with opened(tmp_path, host="127.0.0.1") as app:
        text = plain_text(await _shown(app, "/tasks/tidy"))
    assert said in text
    assert ("nothing to fill in" in text) == (body == "uptime")


@pytest.mark.parametrize(("role", "first"), [("viewer", False), ("approver", False), ("presser", True)])
async def test_only_who_may_press_is_asked_to_be_the_first(tmp_path: Path, role: str, first: bool) -> None:
    async with a_site(tmp_path) as (core, client):
        await somebody(core, "ada", "admin")
        bob = await somebody(core, "bob", role)
        text = plain_text((await client.get("/tasks/hello", headers=bob)).raise_for_status().text)
    assert "Not run yet." in text
    assert ("Be the first to press the button." in text) == first


@pytest.mark.parametrize(
    ("pins", "said"),
    [
        (["831"], "A secret of this run is too short to be masked: what the job writes of it is shown as it is."),
        (
            ["831", "77"],
            "2 secrets of this run are too short to be masked: what the job writes of them is shown as it is.",
        ),
        (["hunter2hunter2"], ""),
    ],
)
async def test_a_runs_page_says_that_a_secret_is_too_short_to_be_masked(
    tmp_path: Path, pins: list[str], said: str
) -> None:
    given = {f"pin{place}": pin for place, pin in enumerate(pins)}
    params = "\n".join(f'[params.{name}]\ntype = "secret"\npass = "env"' for name in given)
    _script(tmp_path, "pin.sh", 'echo "it is $PIN0"', params)
    async with opened(tmp_path, host="127.0.0.1") as app:
        done = await press_and_wait(app, "pin", **given)
        text = plain_text(await _shown(app, f"/runs/{done.run.id}"))
    assert (said in text, "too short to be masked" in text) == (True, bool(said))
    assert (f"it is {pins[0]}" in text) == bool(said)
