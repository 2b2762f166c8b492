"""Opening a page, as a link in a message does, approves, answers, confirms, starts and stops nothing."""

from __future__ import annotations

from typing import Any

import httpx

from tests.acceptance.entries import COOKIE
from tests.acceptance.office import PAGES, Office, office
from tests.acceptance.serving import PATIENCE, until

__all__ = ["office"]


def state(office: Office) -> dict[str, Any]:
    """All that a page could have changed: runs with their approvals, channels, and the last record of the trail."""
    headers = office.people["ada"].headers

    def get(path: str) -> Any:
        return office.server.http.get(path, headers=headers).raise_for_status().json()

    runs = {run["number"]: (run["state"], run["not_before"]) for run in get("/api/runs?limit=500")}
    return {"runs": runs, "held": get("/api/approvals"), "trail": get("/api/audit?limit=1")}


def by_themselves(office: Office) -> list[dict[str, Any]]:
    lasting = {office.made[name] for name in ("going", "held", "later")}
    runs = office.server.http.get("/api/runs?limit=500", headers=office.people["ada"].headers).raise_for_status().json()
    return [run for run in runs if run["number"] not in lasting]


def test_every_page_is_opened_by_everybody_and_all_is_as_it_was(office):
    until(lambda: all(run["over"] for run in by_themselves(office)), what="the end of every run that ends by itself")
    before, opened = state(office), 0
    assert {"held", "running", "waiting"} <= {found for found, _ in before["runs"].values()}
    for who, path in (look for looks in PAGES.values() for look in looks):
        cookies = {COOKIE: office.sessions[who]} if who else {}
        with httpx.Client(base_url=office.server.url, cookies=cookies, timeout=PATIENCE) as http:
            answer = http.get(office.path(path), headers={"accept": "text/html"})
        assert answer.status_code < 500, path
        opened += answer.status_code == 200
    assert opened > len(PAGES) / 2
    assert state(office) == before
