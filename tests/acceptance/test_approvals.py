"""Approvals on a real server: over HTTP, from the shell, killed in every phase, and without a script in the browser."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import httpx
import pytest

from pushbutton.domain.policy import EVERYONE
from pushbutton.domain.run import RunState

from .people import Person, Signed, people
from .serving import Command, Served, until
from .worlds import script

DEPLOY = 'echo "deployed $WHERE" >> ran\n'
HEAD = """
title = "Deploy the shop"
button = "Deploy to {where}"
approvals = 1
[params.where]
choices = ["test", "live"]
[params.word]
type = "secret"
required = false
"""
DROP = """
import os, sys, time
from pathlib import Path
if os.environ["DRY_RUN"] == "true":
    print(Path("plan").read_text(), flush=True)
    while Path("slow").exists():
        time.sleep(0.02)
    sys.exit()
with open("dropped", "a") as file:
    file.write(os.environ["PUSHBUTTON_RUN"] + "\\n")
"""
DROP_HEAD = """
approvals = 1
[params.dry_run]
type = "bool"
"""


class Office:
    """A server with Ada, who presses; Bob and Cleo, who approve; and Eve, who may only look."""

    def __init__(self, folder: Path) -> None:
        script(folder, "deploy.sh", DEPLOY, head=HEAD)
        script(folder, "drop.py", DROP, head=DROP_HEAD)
        script(folder, "both.sh", "echo both >> ran\n", head="approvals = {approvers = 2, expires = 48}\n")
        script(folder, "brief.sh", "echo brief >> ran\n", head='approvals = {expires = "1 s"}\n')
        (folder / "plan").write_text("would drop 3 tables")
        self.folder = folder
        self.who = people(
            folder / ".pushbutton",
            {EVERYONE: ["see"], "ada": ["presser"], "bob": ["approver"], "cleo": ["approver"], "eve": ["output"]},
        )
        self.server = Served(folder)

    def ask(self, name: str, method: str, path: str, body: Any = None) -> httpx.Response:
        return self.server.http.request(method, path, json=body, headers=self.who[name].headers)

    def press(self, task: str, who: str = "ada", **inputs: Any) -> dict[str, Any]:
        answer = self.ask(who, "POST", f"/api/tasks/{task}/runs", {"inputs": inputs, "why": "it is time"})
        assert answer.status_code == 202, answer.text
        run: dict[str, Any] = answer.json()
        return run

    def run(self, number: int) -> dict[str, Any]:
        run: dict[str, Any] = self.ask("cleo", "GET", f"/api/runs/{number}").json()
        return run

    def over(self, number: int) -> dict[str, Any]:
        self.until(number, "over")
        return self.run(number)

    def until(self, number: int, *states: str) -> None:
        """Wait for the run to be in one of these states."""
        until(
            lambda: (run := self.run(number))["state"] in states or ("over" in states and run["over"]),
            what=f"run {number} is {' or '.join(states)}",
        )

    def plan(self, number: int) -> str:
        path = f"/api/runs/{number}/plan"
        return str(until(lambda: self.ask("bob", "GET", path).json()["sha256"], what="the plan"))

    def again(self, number: int) -> int:
        """The dry run that is made once more."""
        return int(until(lambda: self.run(number)["approval"]["again"], what="the plan is made once more"))

    def approve(self, number: int, who: str = "bob", **body: str) -> httpx.Response:
        return self.ask(who, "POST", f"/api/runs/{number}/approve", body)

    def wrote(self, name: str) -> list[str]:
        file = self.folder / name
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def office(tmp_path) -> Iterator[Office]:
    made = Office(tmp_path)
    with made.server:
        yield made


def test_a_run_waits_for_somebody_else_and_then_starts(office):
    run = office.press("deploy", where="live")
    assert (run["state"], run["approval"]["needs"], run["approval"]["given"]) == ("held", 1, [])
    own = office.approve(run["number"], "ada")
    assert (own.status_code, own.json()["title"]) == (403, "You may look at this, but not approve it.")
    answer = office.approve(run["number"], why="as agreed")
    assert answer.status_code == 200, answer.text
    done = office.over(run["number"])
    assert (done["state"], office.wrote("ran")) == ("succeeded", ["deployed live"])
    [given] = done["approval"]["given"]
    assert (given["actor"], given["why"]) == ("token:bob/all", "as agreed")


def test_two_approvals_are_two_people(office):
    number = office.press("both")["number"]
    assert office.approve(number).json()["state"] == "held"
    twice = office.approve(number)
    assert (twice.status_code, "approved this already" in twice.text) == (403, True)
    assert office.wrote("ran") == []
    assert office.approve(number, "cleo").status_code == 200
    assert office.over(number)["state"] == "succeeded"


def test_a_rejection_says_why_and_starts_nothing(office):
    number = office.press("deploy", where="live", word="xyzzy")["number"]
    silent = office.ask("bob", "POST", f"/api/runs/{number}/reject", {})
    assert (silent.status_code, silent.json()["fields"]["why"][:7]) == (422, "Say why")
    assert office.ask("bob", "POST", f"/api/runs/{number}/reject", {"why": "not on a Friday"}).status_code == 200
    done = office.over(number)
    assert (done["state"], done["reason"]) == ("cancelled", "Bob rejected it: not on a Friday")
    late = office.approve(number, "cleo")
    assert (late.status_code, late.json()["title"]) == (
        409,
        f"Run {number} does not wait for an approval any more: it is cancelled.",
    )
    assert office.wrote("ran") == []
    assert with_secrets(office.server.data) == []


def test_whoever_may_not_approve_finds_nothing_in_their_inbox(office):
    number = office.press("deploy", where="live")["number"]
    inboxes = {name: [run["number"] for run in office.ask(name, "GET", "/api/approvals").json()] for name in office.who}
    assert inboxes == {"ada": [], "bob": [number], "cleo": [number], "eve": []}
    refused = office.approve(number, "eve")
    assert (refused.status_code, office.run(number)["state"]) == (403, "held")


def test_what_nobody_approves_in_time_ends_by_itself_also_over_a_restart(office):
    number = office.press("brief")["number"]
    office.server.kill9()
    office.server.restart()
    done = office.over(number)
    assert (done["state"], done["reason"]) == ("cancelled", "It was not approved in time (1 second).")
    assert office.wrote("ran") == []


def test_a_held_run_keeps_nobody_out(office):
    office.press("drop")
    other = office.press("drop", dry_run=True)
    assert office.over(other["number"])["state"] == "succeeded"


def test_every_watcher_sees_an_approval_as_it_comes(office):
    number = office.press("both")["number"]
    office.server.http.headers.update(office.who["cleo"].headers)
    events = office.server.events(number)
    first = next(events)
    assert (first["data"]["state"], first["data"]["needs"]) == ("held", 2)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", first["data"]["until"])
    office.approve(number, why="fine")
    said = next(events)
    assert (said["kind"], said["data"]) == (
        "approval",
        {"verdict": "approved", "actor": "token:bob/all", "by": "Bob", "given": 1, "needs": 2, "why": "fine"},
    )
    office.approve(number, "cleo")
    states = [event["data"]["state"] for event in events if event["kind"] == "state"]
    assert states == ["waiting", "running", "succeeded"]


def test_a_plan_is_approved_by_its_hash_and_made_once_more_before_the_start(office):
    run = office.press("drop")
    number, seen = run["number"], office.plan(run["number"])
    assert office.approve(number).status_code == 409
    assert office.approve(number, plan="0" * 64).status_code == 409
    assert office.approve(number, plan=seen).status_code == 200
    done = office.over(number)
    assert (done["state"], office.wrote("dropped")) == ("succeeded", [str(number)])
    again = office.over(done["approval"]["again"])
    assert (again["state"], again["actor"], again["inputs"]) == ("succeeded", f"run:{number}", {"dry_run": True})
    assert again["cause"] == {"kind": "run", "parent": number, "attempt": 1}


def test_a_plan_that_says_something_else_by_then_starts_nothing(office):
    run = office.press("drop")
    seen = office.plan(run["number"])
    (office.folder / "plan").write_text("would drop 4 tables")
    assert office.approve(run["number"], plan=seen).status_code == 200
    done = office.over(run["number"])
    assert (done["state"], done["reason"], done["started_at"]) == (
        "failed",
        "The plan has changed since it was approved; nothing was started.",
        None,
    )
    assert office.wrote("dropped") == []


def test_a_task_that_changed_while_it_waited_is_not_approved(office):
    number = office.press("deploy", where="live")["number"]
    script(office.folder, "deploy.sh", DEPLOY + "echo more >> ran\n", head=HEAD)
    answer = office.approve(number)
    assert (answer.status_code, "changed after this was pressed" in answer.text) == (409, True)
    assert office.wrote("ran") == []


# -- kills


def test_a_server_killed_in_any_phase_of_an_approval_starts_each_run_at_most_once_and_only_if_it_was_approved(office):
    """16 rounds: killed while the plan is made, while it waits, right after the yes, while the plan is made again."""
    seed = random.SystemRandom().randrange(1 << 32)
    print("seed", seed)  # noqa: T201  to run a failure again
    chance = random.Random(seed)
    approved = []
    for round_number in range(16):
        phase = ("plan", "held", "approved", "again")[round_number % 4]
        slow = office.folder / "slow"
        if phase == "plan":
            slow.touch()
        run = office.press("drop")
        number = run["number"]
        if phase == "plan":
            office.until(run["approval"]["plan"], "running")
            office.server.kill9()
            slow.unlink()
            office.server.restart()
        seen = office.plan(number)
        if phase == "held":
            office.server.kill9()
            office.server.restart()
        assert office.run(number)["state"] == "held"
        if phase == "again":
            slow.touch()
        assert office.approve(number, plan=seen).status_code == 200
        approved.append(number)
        if phase == "again":
            office.until(office.again(number), "running")
            for _ in range(chance.randrange(1, 5)):
                office.server.kill9()
                office.server.restart()
                assert office.run(number)["state"] in ("waiting", "running")
            slow.unlink()
        elif phase == "approved":
            office.server.kill9()
            office.server.restart()
        done = office.over(number)
        assert done["state"] == "succeeded", (phase, done, office.server.err)
    assert office.wrote("dropped") == [str(number) for number in approved]


def with_secrets(data: Path) -> list[int]:
    """The runs whose secret inputs are kept."""
    with closing(apsw.Connection(str(data / "history.db"), flags=apsw.SQLITE_OPEN_READONLY)) as db:
        return [row[0] for row in db.execute("SELECT id FROM runs WHERE sealed != '' ORDER BY id")]


def test_secrets_of_a_held_run_survive_a_kill_and_go_with_its_end(office):
    number = office.press("deploy", where="live", word="xyzzy")["number"]
    office.server.kill9()
    assert with_secrets(office.server.data) == [number]
    office.server.restart()
    assert office.approve(number).status_code == 200
    assert office.over(number)["state"] == "succeeded"
    assert with_secrets(office.server.data) == []


# -- from the shell


def test_approving_from_the_shell(office):
    number = office.press("drop")["number"]
    seen = office.plan(number)
    with Signed(office.server.port, office.who["bob"]) as bob:
        with Command("approvals", "--server", bob.url) as listed:
            assert listed.wait() == 0
            assert re.search(rf"{number} +drop +held", listed.out.text)
        with Command("approve", number, "--server", bob.url) as looked:
            assert looked.wait() == 4
            assert "would drop 3 tables" in looked.out.text
            assert f"pushbutton approve {number} --plan {seen}" in looked.err.text
        with Command("approve", number, "--plan", seen, "--why", "fine", "--server", bob.url) as given:
            assert given.wait() == 0, given.err.text
            assert f"Run {number} is approved" in given.out.text
        assert office.over(number)["state"] == "succeeded"
        other = office.press("deploy", where="test")["number"]
        with Command("reject", other, "--why", "no", "--server", bob.url) as rejected:
            assert rejected.wait() == 0, rejected.err.text
    assert office.over(other)["state"] == "cancelled"


def test_following_a_press_says_what_it_waits_for_and_who_said_yes(office):
    with (
        Signed(office.server.port, office.who["ada"]) as ada,
        Command("press", "deploy", "--where", "test", "--follow", "--server", ada.url) as press,
    ):
        press.err.wait_for(r"It waits for an approval by somebody else, until \d{4}-")
        office.approve(1, why="go")
        assert press.wait() == 0
        assert "✔ Bob approved it: go" in press.err.text


def test_where_nobody_signs_in_a_press_is_refused_with_one_sentence(tmp_path):
    script(tmp_path, "deploy.sh", DEPLOY, head=HEAD)
    with Served(tmp_path) as server:
        answer = server.http.post("/api/tasks/deploy/runs", json={"inputs": {"where": "test"}})
        assert (answer.status_code, answer.json()["title"][:66]) == (
            403,
            "Somebody else has to approve this before it starts, and where nobo",
        )
        assert server.get("/api/runs") == []
        assert server.http.get("/inbox").status_code == 200


# -- the pages, without a script


def form(html: str) -> dict[str, str]:
    """The hidden fields that go with the verdict."""
    return dict(re.findall(r'<input type="hidden" name="(csrf|plan)" value="([^"]*)"', html))


def browser(office: Office, person: Person) -> httpx.Client:
    return httpx.Client(
        base_url=office.server.url, cookies=person.cookie, headers={"accept": "text/html"}, follow_redirects=True
    )


def test_without_a_script_an_approver_sees_exactly_what_will_run_and_decides(office):
    number = office.press("drop")["number"]
    seen = office.plan(number)
    with browser(office, office.who["bob"]) as bob:
        inbox = bob.get("/inbox").text
        assert f"/runs/{number}" in inbox
        page = bob.get(f"/runs/{number}").text
        assert "would drop 3 tables" in page
        assert form(page)["plan"] == seen
        assert "drop.py" in page
        refused = bob.post(f"/runs/{number}/reject", data={**form(page), "why": ""})
        assert (refused.status_code, "Say why: who pressed it will want to know." in refused.text) == (422, True)
        wrong = bob.post(f"/runs/{number}/approve", data={**form(page), "plan": "0" * 64, "why": "kept words"})
        assert wrong.status_code == 409
        assert "This is not the plan as it is now: look at it again." in wrong.text
        assert "kept words" in wrong.text
        assert bob.post(f"/runs/{number}/approve", data={**form(page), "csrf": "x"}).status_code == 403
        answer = bob.post(f"/runs/{number}/approve", data={**form(page), "why": "as agreed"})
        assert answer.status_code == 200
        assert office.over(number)["state"] == RunState.SUCCEEDED
        assert "as agreed" in bob.get(f"/runs/{number}").text


def test_the_presser_is_told_who_can_give_it_and_gets_no_form(office):
    number = office.press("deploy", where="live")["number"]
    with browser(office, office.who["ada"]) as ada:
        page = ada.get(f"/runs/{number}").text
        assert "It waits for one approval." in page
        assert "Bob or Cleo can give it." in re.sub("<[^>]*>", "", page)
        assert 'id="verdict"' not in page
        german = ada.get(f"/runs/{number}", headers={"accept-language": "de"}).text
        assert "Er wartet auf eine Freigabe." in german
        assert "Erteilen kann sie: Bob oder Cleo." in re.sub("<[^>]*>", "", german)


def test_a_rejected_run_says_by_whom_and_why(office):
    number = office.press("deploy", where="live")["number"]
    office.ask("bob", "POST", f"/api/runs/{number}/reject", {"why": "not on a Friday"})
    with browser(office, office.who["ada"]) as ada:
        assert "Bob rejected it: not on a Friday." in ada.get(f"/runs/{number}").text
        assert (
            "hat es abgelehnt: not on a Friday" in ada.get(f"/runs/{number}?x", headers={"accept-language": "de"}).text
        )
        found = json.loads(office.ask("ada", "GET", "/api/runs?state=cancelled").text)
        assert [run["number"] for run in found] == [number]
        office.press("deploy", where="live")
        assert "Needs approval" in ada.get("/history?state=held").text
