"""A task folder on a drive that hangs, and a real server beside it: the kernel itself does not come back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .drives import Silent, takes_a_silent_drive
from .serving import Command, Served, until
from .worlds import script

pytestmark = takes_a_silent_drive

SILENT = "does not answer: the disk or network drive that it lies on hangs."


class World:
    def __init__(self, folder: Path) -> None:
        self.here, self.drive, self.data = folder / "here", folder / "drive", folder / "data"
        for place in (self.here, self.drive):
            place.mkdir()
        script(self.here, "near.sh", "echo near")
        script(self.drive, "far.sh", "echo far")

    def served(self) -> Served:
        return Served(self.drive, self.here, data=self.data)


@pytest.fixture
def world(tmp_path) -> World:
    return World(tmp_path)


def tasks(server: Served) -> set[str]:
    return {task["slug"] for task in server.http.get(f"{server.url}/api/tasks").json()}


def silent(server: Served) -> list[str]:
    found: list[str] = server.http.get(f"{server.url}/api/health").json()["silent"]
    return found


def test_a_server_that_starts_while_a_folder_hangs_serves_the_others_and_says_which_one_it_is(world):
    with Silent(world.drive) as drive, world.served() as server:
        assert tasks(server) == {"near"}
        assert server.finished(server.press("near"))["state"] == "succeeded"
        until(lambda: silent(server) == [str(world.drive)], what="the folder is named")
        page = server.http.get(f"{server.url}/").text
        assert str(world.drive) in page
        assert SILENT in page
        assert "http-equiv" not in page, "nobody's page is loaded again and again for what may take days"
        assert server.http.get(f"{server.url}/api/health").json()["ok"]
        refused = server.http.post(f"{server.url}/api/tasks/far/runs", json={})
        assert (refused.status_code, "does not answer" in refused.text) == (503, True), refused.text
        drive.answers()
        until(lambda: tasks(server) == {"near", "far"}, what="its tasks are taken up")
        assert silent(server) == []
        assert server.finished(server.press("far"))["state"] == "succeeded"


def test_a_folder_that_begins_to_hang_keeps_what_is_known_of_it_and_delays_no_change_elsewhere(world):
    with world.served() as server:
        until(lambda: tasks(server) == {"near", "far"}, what="both")
        with Silent(world.drive) as drive:
            until(lambda: silent(server) == [str(world.drive)], what="the folder is named")
            script(world.here, "new.sh", "echo new")
            until(lambda: "new" in tasks(server), what="a new task elsewhere")
            (world.here / "below").mkdir()
            script(world.here / "below", "deep.sh", "echo deep")
            until(lambda: "deep" in tasks(server), what="one in a new folder, which takes new notifications")
            script(world.here / "below", "later.sh", "echo later")
            until(lambda: "later" in tasks(server), what="one more")
            assert "far" in tasks(server), "what is known stays"
            drive.answers()
        script(world.drive, "back.sh", "echo back")
        until(lambda: "back" in tasks(server), what="what is new there")
        assert silent(server) == []
        assert tasks(server) == {"near", "far", "new", "deep", "later", "back"}


def test_check_names_the_folder_that_hangs_and_looks_at_the_others(world):
    (world.here / "wrong.sh").write_text("#!/bin/sh\n# pushbutton: {titel: Wrong}\n")
    (world.here / "wrong.sh").chmod(0o755)
    with Silent(world.drive), Command("check", world.drive, world.here, "--json") as check:
        assert check.wait() == 6
        found = json.loads(check.out.text)
        assert [one["sentence"] for one in found if one["file"] == str(world.drive)] == [f"It {SILENT}"]
    with Silent(world.drive), Command("check", world.drive, world.here) as check:
        assert check.wait() == 6
        assert "near" in check.out.text


def test_what_turns_out_not_to_be_there_when_the_drive_answers_is_said(world):
    with Silent(world.drive) as drive, Served(world.drive / "no", world.here, data=world.data) as server:
        until(lambda: silent(server), what="it hangs")
        drive.answers()
        until(
            lambda: "There is no such file or folder." in server.http.get(f"{server.url}/").text,
            what="the folder is named that is not there",
        )
        (world.drive / "no").mkdir()
        script(world.drive / "no", "late.sh", "echo late")
        until(lambda: "late" in tasks(server), what="it is there now")


def test_a_server_whose_data_folder_would_lie_on_the_drive_says_that_it_hangs(world):
    with Silent(world.drive), Command("serve", world.drive, "--port", "0") as command:
        assert command.wait() == 5
        assert f"“{world.drive}” {SILENT}" in command.err.text
