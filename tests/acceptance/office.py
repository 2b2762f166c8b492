"""An office whose people are signed in, with something of everything, and every page that there is of it."""

from __future__ import annotations

import dataclasses
import json
import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import httpx
import pytest
from playwright.sync_api import Page

from pushbutton.adapters import data_folder
from pushbutton.domain import address_link
from pushbutton.domain.address_link import Asked
from pushbutton.domain.person import Invite, User
from pushbutton.domain.policy import Grant
from pushbutton.domain.token import hashed, new_token
from tests.acceptance.entries import DAY, a_session, put
from tests.acceptance.pages import Reader
from tests.acceptance.people import Person, people
from tests.acceptance.serving import PATIENCE, Served, until
from tests.acceptance.test_looks import LONG

TITLES = {
    "ada": "Ada Lovelace",
    "pia": "Pia Sandström-Wolkenstein",
    "vic": "Victor Hugo",
    "abe": "Aiko Mori",
    "max": "M" * 60,
}
TASKS = f'''
import time
from pathlib import Path
from typing import Literal

from pushbutton import progress, status, step, task

HERE = Path(__file__).parent


@task(group="Deployments", title="Deploy the web shop", confirm="Deploy to {{where}}?")
def deploy(where: Literal["test", "live"] = "test", version: str = "2.14.3") -> None:
    """Puts a new version there."""
    with step("Copy the files"):
        progress(5, "5 of 8", of=8)
        status("5 of 8 servers are done")
        while not (HERE / "go-on").exists():
            time.sleep(0.02)


@task(group="Deployments", title="Switch the database over", approvals=1)
def switch(server: str = "db-2") -> None:
    """Makes another machine the main one."""


@task(group="Deployments", schedules=[
    {{"cron": "30 3 * * 1-5", "zone": "America/Argentina/ComodRivadavia", "name": "every-night-but-the-last"}},
    {{"every": "15 min", "name": "often"}},
], on_file="incoming/*.csv")
def fail() -> None:
    """Fails over a long word."""
    raise SystemExit("There is no {LONG}")


@task(group="Reports")
def report(month: Literal["September", "October"] = "October") -> str:
    """Adds up a month."""
    return "Sent"
'''

CHANNELS = """
secrets:
  SHOP_KEY_OF_THE_WHOLE_HOUSE: {file: /run/keys-of-the-whole-house-and-the-night-shift/shop}
  SHOP_PASSWORD: {env: NOT_THERE}
channels:
  operations-of-the-whole-house-and-the-night-shift: {mail: [night-shift@example.org, day@example.org]}
  chat: {url: "ntfys://ntfy.example.org/deployments"}
tell: {failed: operations-of-the-whole-house-and-the-night-shift, late: chat}
groups: {Deployments: {tell: {failed 3 times: [chat, presser], over: chat}}}
"""

PAGES: Mapping[str, list[tuple[str, str]]] = {
    "/": [("ada", "/"), ("vic", "/"), ("max", "/?q=zzz")],
    "/administration": [("ada", "/administration")],
    "/administration/secrets": [("ada", "/administration/secrets")],
    "/administration/settings": [("ada", "/administration/settings")],
    "/administration/storage": [("ada", "/administration/storage")],
    "/administration/tasks": [("ada", "/administration/tasks"), ("ada", "/administration/tasks?q=zzz")],
    "/api": [("ada", "/api")],
    "/aside": [("ada", "/aside")],
    "/inbox": [("abe", "/inbox"), ("ada", "/inbox")],
    "/approvals": [("abe", "/approvals")],
    "/audit": [("ada", "/audit")],
    "/channels": [("ada", "/channels")],
    "/channels/new": [("ada", "/channels/new")],
    "/confirm": [("ada", "/confirm"), ("ada", "/confirm?code={code}")],
    "/find": [("ada", "/find?q=a"), ("vic", "/find"), ("max", "/find?q=zzz")],
    "/history": [("ada", "/history"), ("vic", "/history?q=zzz")],
    "/invite/{secret}": [("", "/invite/{invite}")],
    "/link/{text}": [("", "{link}"), ("", "{closed}")],
    "/people": [("ada", "/people")],
    "/people/{name}": [("ada", "/people/pia"), ("ada", "/people/max")],
    "/profile": [("pia", "/profile"), ("max", "/profile")],
    "/profile/factor": [("vic", "/profile/factor")],
    "/profile/hooks": [("ada", "/profile/hooks"), ("vic", "/profile/hooks"), ("ada", "/profile/hooks?all=1")],
    "/profile/hooks/{id}": [("ada", "/profile/hooks/{hook}"), ("ada", "/profile/hooks/{silent}")],
    "/profile/messages": [("pia", "/profile/messages"), ("max", "/profile/messages")],
    "/profile/address/{text}": [("pia", "/profile/address/{address}")],
    "/profile/links": [("ada", "/profile/links"), ("vic", "/profile/links"), ("ada", "/profile/links?all=1")],
    "/profile/tokens": [("pia", "/profile/tokens"), ("ada", "/profile/tokens?all=1")],
    "/runs/{number}": [
        ("pia", "/runs/{going}"),
        ("vic", "/runs/{failed}"),
        ("abe", "/runs/{held}"),
        ("pia", "/runs/{later}"),
    ],
    "/runs/{number}/move": [("pia", "/runs/{later}/move")],
    "/runs/{number}/stop": [("pia", "/runs/{going}/stop")],
    "/runs/{number}/updates": [("pia", "/runs/{going}/updates")],
    "/schedules": [("ada", "/schedules"), ("vic", "/schedules"), ("abe", "/schedules")],
    "/signin": [("", "/signin")],
    "/signin/code": [("half", "/signin/code")],
    "/tasks/{slug}/files": [("pia", "/tasks/fail/files"), ("vic", "/tasks/report/files")],
    "/tasks/{slug}": [
        ("pia", "/tasks/deploy"),
        ("vic", "/tasks/deploy"),
        ("pia", "/tasks/switch"),
        ("pia", "/tasks/report"),
    ],
    "/workers": [("ada", "/workers")],
    "/tasks/{slug}/hand-over": [("ada", "/tasks/deploy/hand-over")],
    "/tasks/{slug}/schedule": [("ada", "/tasks/report/schedule")],
    "/schedules/{slug}/{name}": [("ada", "/schedules/report/rehearse"), ("pia", "/schedules/report/rehearse")],
    "/tasks/{slug}/hook": [("ada", "/tasks/report/hook")],
}
"""Each route of a page, with who opens what of it. Who is "" is nobody."""

PROBLEMS = [("vic", "/tasks/deploy/hand-over"), ("vic", "/runs/99999"), ("pia", "/nothing/here")]
REFUSED = ["status of 403", "status of 404", "status of 410"]


class Office(NamedTuple):
    server: Served
    people: dict[str, Person]
    sessions: dict[str, str]
    made: dict[str, Any]  # what stands in the braces of `PAGES`

    def reader(self, browser: Any, who: str, **wishes: Any) -> Reader:
        reader = Reader(browser, self.server, **wishes)
        reader.expected = list(REFUSED)
        if who:
            reader.context.add_cookies([{"name": "pushbutton", "value": self.sessions[who], "url": self.server.url}])
        return reader

    def path(self, pattern: str) -> str:
        return re.sub(r"{(\w+)}", lambda match: str(self.made[match[1]]), pattern)

    def press(self, who: str, task: str, **more: str) -> int:
        answer = self.server.http.post(
            f"/api/tasks/{task}/runs", json={"inputs": {}, **more}, headers=self.people[who].headers
        ).raise_for_status()
        number: int = answer.json()["number"]
        return number

    def over(self, name: str) -> bool:
        run = self.server.http.get(f"/api/runs/{self.made[name]}", headers=self.people["ada"].headers)
        return bool(run.raise_for_status().json()["over"])

    def post(self, who: str, path: str, **sent: Any) -> str:
        """What a form of a person's page leads to."""
        cookies = {"pushbutton": self.sessions[who]}
        with httpx.Client(base_url=self.server.url, cookies=cookies, timeout=PATIENCE, follow_redirects=True) as client:
            csrf = re.search(r'name="csrf" content="([^"]+)"', client.get("/history").text)
            assert csrf
            return client.post(path, data={"csrf": csrf[1], **sent}).raise_for_status().text


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    tasks, data = folder / "tasks", folder / "data"
    tasks.mkdir()
    (tasks / "shop.py").write_text(TASKS)
    (tasks / "incoming").mkdir()
    (tasks / "incoming" / f"{'orders-' * 20}.csv").write_text("lay there before")
    (tasks / "pushbutton.yaml").write_text(CHANNELS)
    known = people(data, {"ada": ["admin"], "pia": ["presser"], "vic": [], "abe": ["approver"], "max": ["presser"]})
    half, secret = a_session("half")
    invite = new_token("pbi")
    put(
        data,
        *(User(name, title, groups=("release",) if name == "pia" else ()) for name, title in TITLES.items()),
        User("half", "Half Way", factor="sealed"),
        dataclasses.replace(half, pending=True),
        Invite(hashed(invite), "half", time.time_ns() // 1000 + DAY, "ada"),
        Grant("user:vic", "viewer", "group:Deployments"),
        Grant("group:release", "approver", "group:Reports"),
    )
    sessions = {name: person.session for name, person in known.items()} | {"half": secret}
    with Served(tasks, data=data, smtp="smtp://127.0.0.1:9") as server:  # where nobody listens
        office = Office(server, known, sessions, {"invite": invite})
        office.made.update(failed=office.press("ada", "fail"), held=office.press("pia", "switch"))
        until(lambda: office.over("failed"), what="the one that fails is over")
        office.made["going"] = office.press("max", "deploy")
        next_week = datetime.now(UTC) + timedelta(days=7)
        office.made["later"] = office.press("pia", "report", not_before=next_week.isoformat())
        terms = {"fix-month": "yes", "link-days": "7", "link-uses": "3", "link-approvers": "0", "link-note": "for Bob"}
        for name in ("link", "closed"):
            page = office.post("ada", "/tasks/report/hand-over", month="October", **terms)
            found = re.search(r'data-text="https?://[^/]+([^"]+)"', page)
            assert found
            office.made[name] = found[1]
        number = office.made["closed"].removeprefix("/link/").partition(".")[0]
        office.post("ada", "/profile/links/revoke", link=number)
        office.made.update(hook=_hook(office, "GitHub: a release"), silent=_hook(office, "Nobody calls it"))
        _calls(office, office.made["hook"])
        office.post(
            "ada", "/tasks/report/schedule", **{"schedule-title": "Rehearse", "schedule-kind": "month",
            "schedule-on": "* 0L", "schedule-at": "02:30", "schedule-zone": "Europe/Berlin", "in-month": "October"},
        )  # fmt: skip
        asked = server.http.post("/api/asks", json={"token": {"name": "laptop"}}).raise_for_status()
        office.made["code"] = asked.json()["code"]
        asks = Asked("pia", "pia@example.org", time.time_ns() // 1000 + DAY)
        office.made["address"] = address_link.text(data_folder.key(data), asks)
        yield office
        (tasks / "go-on").touch()


SECRET = "known to both sides"


def _hook(office: Office, name: str) -> str:
    only = "$.action = released"
    page = office.post(
        "ada", "/tasks/report/hook", **{"hook-name": name, "hook-scheme": "gitlab", "hook-secret": SECRET,
        "hook-only": only, "from-month": "$.month"},
    )  # fmt: skip
    found = re.search(r'id="address" value="https?://[^/]+/hooks/(\w+)"', page)
    assert found
    return found[1]


def _calls(office: Office, hook: str) -> None:
    """One of each kind."""
    signed = {"x-gitlab-token": SECRET}
    said = {"action": "released", "month": "October"}
    for headers, body in (
        (signed, json.dumps(said)),
        (signed, json.dumps(said)),
        (signed, json.dumps({**said, "action": "edited"})),
        ({}, "{}"),
        (signed, "{"),
        (signed, json.dumps({**said, "month": "<b>May</b>" + "y" * 90})),
    ):
        office.server.http.post(f"/hooks/{hook}", content=body, headers=headers)


def every_page(browser: Any, office: Office, script: str = "", **wishes: Any) -> Iterator[tuple[str, Page]]:
    """Every page as everybody who is named with it sees it; a browser for each of them. `script` is there on each."""
    looks = [look for looks in PAGES.values() for look in looks] + PROBLEMS
    for who in sorted({who for who, _ in looks}):
        with office.reader(browser, who, **wishes) as reader:
            if script:
                reader.context.add_init_script(script)
            page = reader.open("/signin" if who in ("", "half") else "/")
            for path in [path for other, path in looks if other == who]:
                page.goto(f"{office.server.url}{office.path(path)}")
                yield who, page
