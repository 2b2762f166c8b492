"""Who approves, looks or presses is shown what cannot be seen in the words of others, on every page."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.acceptance.pages import Reader, browser
from tests.acceptance.people import Signed
from tests.acceptance.serving import Command, until
from tests.acceptance.test_approvals import Office
from tests.acceptance.worlds import script

__all__ = ["browser"]

WORDS = "tidy\u200b up\u00ad\U000e0061  now\u3164"
SHOWN = ("tidy\\u200b", "\\u00ad", "\\U000e0061", "␣␣now\\u3164")
WHY = "as\u202eagreed\u2066"
RAW = re.compile("[\u200b\u00ad\U000e0061\u3164\u202e\u2066]")
HEAD = "approvals = 1\nbutton = 'Say {words}'\n[params.words]\n[params.text]\nmultiline = true\nrequired = false\n"


@pytest.fixture
def office(tmp_path) -> Iterator[Office]:
    script(tmp_path, "say.sh", "echo said\n", head=HEAD)
    made = Office(tmp_path)
    with made.server:
        yield made


def test_no_page_that_people_decide_by_holds_a_character_that_cannot_be_seen(office):
    inputs = {"words": WORDS, "text": "one\n\u202etwo"}
    held = office.ask("ada", "POST", "/api/tasks/say/runs", {"inputs": inputs, "why": WHY}).json()
    for path in ("/inbox", f"/runs/{held['number']}", "/history"):
        page = office.ask("bob", "GET", path).text
        assert not RAW.search(page), path
        plain = re.sub("<[^>]*>", "", page)
        assert all(sign in plain for sign in SHOWN), path
        assert "as\\u202eagreed\\u2066" in plain
        assert "holds characters that cannot be seen" in plain, path


def test_what_turns_the_direction_of_a_line_is_refused(office):
    for odd in ("a\u202eb", "a\x1b[2Jb", "a\x85b", "a\u2066b"):
        answer = office.ask("ada", "POST", "/api/tasks/say/runs", {"inputs": {"words": odd}})
        assert answer.status_code == 422
        assert answer.json()["fields"]["words"].startswith("Take out the control characters")


def test_a_filled_in_link_hides_nothing_from_who_presses(browser, office):
    with Reader(browser, office.server) as reader:
        reader.context.add_cookies(
            [{"name": k, "value": v, "url": office.server.url} for k, v in office.who["ada"].cookie.items()]
        )
        page = reader.open("/tasks/say?words=x%E2%80%8By%20%20z%F0%9F%91%A9%E2%80%8D%E2%9A%95%EF%B8%8F")
        expect(page.locator(".gobar .push")).to_have_text("Say x\\u200by␣␣z👩‍⚕️")
        expect(page.locator("[data-field=words]")).to_contain_text(
            "It holds characters that cannot be seen: x\\u200by␣␣z"
        )


def test_nothing_that_the_command_line_shows_before_a_decision_holds_a_character_that_cannot_be_seen(office):
    """What it prints for programs stays as it is."""
    script(
        office.folder,
        "plan.sh",
        'echo "would $WORDS"\n',
        head="approvals = 1\n[params.words]\n[params.dry_run]\ntype = 'bool'\n",
    )
    script(office.folder, "odd\u202e.sh", "true\n", head="titel = 'a\u200bb'\n[params.a]\nhelp = 'x\u3164y'\n")
    (office.folder / "left\u2066.sh").write_text("#!/bin/sh\n")
    with Signed(office.server.port, office.who["bob"]) as bob, Signed(office.server.port, office.who["ada"]) as ada:
        until(
            lambda: "plan" in [task["slug"] for task in office.ask("ada", "GET", "/api/tasks").json()],
            what="plan.sh is a task",
        )
        runs = [
            office.ask("ada", "POST", f"/api/tasks/{task}/runs", {"inputs": {"words": WORDS}, "why": WHY}).json()[
                "number"
            ]
            for task in ("say", "plan")
        ]
        office.plan(runs[1])
        shown = [
            said(0, "approve", runs[0], "--server", bob.url),
            said(4, "approve", runs[1], "--server", bob.url),
            said(0, "approvals", "--server", bob.url),
        ]
        assert all(sign in text for text in shown[:2] for sign in SHOWN)
        assert "would tidy\\u200b up" in shown[1]
        assert all("as\\u202eagreed\\u2066" in text for text in shown[:2])
        shown += [
            said(0, "press", "say", "--help", "--server", ada.url),
            said(2, "press", "say", "--words", "x\u202ey", "--server", ada.url),
            said(3, "press", "s\u200bay", "--server", ada.url),
            said(6, "check", "--passed", office.folder),
            said(6, "run", office.folder / "odd\u202e.sh", "--help"),
        ]
        assert not [text for text in shown if RAW.search(text)]
        assert "left\\u2066.sh: passed over" in shown[6]
        assert WORDS in said(0, "runs", "--json", "--server", bob.url)


def said(code: int, *words: object) -> str:
    with Command(*map(str, words)) as command:
        assert command.wait() == code, command.err.text
        return f"{command.out.text}\n{command.err.text}"


def test_tables_for_people_show_what_cannot_be_seen_and_the_api_gives_what_is_there(office):
    (office.folder / "left\u2066.sh").write_text("#!/bin/sh\n")
    office.ask("ada", "POST", "/api/tasks/say/runs", {"inputs": {"words": WORDS}, "why": WHY})
    table = office.ask("cleo", "GET", "/history.csv").text
    assert not RAW.search(table)
    assert "tidy\\u200b up\\u00ad\\U000e0061  now\\u3164" in table
    assert "as\\u202eagreed\\u2066" in table
    run = office.ask("cleo", "GET", "/api/runs/1").json()
    assert (run["inputs"]["words"], run["why"]) == (WORDS, WHY)
