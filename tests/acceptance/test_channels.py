"""Channels that are added on their page, by the API and the shell: kept sealed, told, chosen by people, removed."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pushbutton.domain.messages import Wishes

from .entries import put
from .people import people
from .postbox import Postbox, waiting
from .serving import PATIENCE, Served, until
from .worlds import script

ADDRESS = "night-shift@example.org"


@pytest.fixture
def box() -> Iterator[Postbox]:
    with Postbox() as made:
        yield made


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    folder = tmp_path / "tasks"
    folder.mkdir()
    script(folder, "bad.sh", "exit 3", head='group = "Shop"')
    script(folder, "worse.sh", "exit 4")
    (folder / "pushbutton.yaml").write_text("channels: {declared: {mail: other@example.org}}\n")
    return folder


@pytest.fixture
def server(tasks: Path, box: Postbox) -> Iterator[Served]:
    with Served(tasks, smtp=f"smtp://127.0.0.1:{box.port}") as made:
        yield made


def add(server: Served, **more: object) -> httpx.Response:
    return server.http.post("/api/channels", json={"name": "night", "address": ADDRESS, **more})


def standing(server: Served, name: str = "night") -> dict[str, object]:
    found: dict[str, object] = next(one for one in server.get("/api/channels") if one["name"] == name)
    return found


def test_a_channel_that_was_added_is_told_what_it_asks_for_of_the_tasks_that_it_names(server, box):
    assert add(server, tell=["failed"], where="group:Shop").status_code == 201
    server.finished(server.press("worse"))
    number = server.press("bad")
    box.wait(1)
    server.finished(number)
    assert [str(mail["to"]) for mail in box.mails] == [ADDRESS]
    assert box.subjects == [f"Failed: Bad ({number})"]


def test_rules_of_files_can_name_it(server, box, tasks):
    add(server)
    with (tasks / "pushbutton.yaml").open("a") as file:
        file.write("tell: {failed: night}\n")
    until(lambda: standing(server)["rules"] == 1, what="the rule")
    server.press("worse")
    box.wait(1)


def test_its_address_is_in_no_file_of_the_data_folder_and_in_no_answer(server):
    answer = add(server)
    assert ADDRESS not in answer.text
    assert ADDRESS not in json.dumps(server.get("/api/audit")) + json.dumps(server.get("/api/channels"))
    assert server.term() == 0
    for path in server.data.rglob("*"):
        if path.is_file():
            assert ADDRESS.encode() not in path.read_bytes(), path


def test_one_of_a_file_is_neither_replaced_nor_removed(server):
    assert add(server, name="declared").json()["fields"].keys() == {"channel-name"}
    answer = server.http.delete("/api/channels/declared")
    assert answer.status_code == 403
    assert "stands in a file" in answer.json()["title"]
    assert standing(server, "declared")["maker"] == ""


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "mail"}, "name"),
        ({"name": "Night Shift"}, "name"),
        ({"address": "nobody"}, "address"),
        ({"address": "ntfys://host/a b"}, "address"),
        ({"tell": ["failed", "test"]}, "tell"),
        ({"where": "task:nothing"}, "where"),
        ({"language": "fr"}, "language"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(server, wrong, field):
    answer = add(server, **wrong)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [f"channel-{field}"])


def test_two_of_one_name_cannot_be(server):
    add(server)
    assert add(server).status_code == 422


def test_what_waits_for_one_that_is_removed_goes_with_it(server, box):
    add(server, tell=["failed"])
    box.stop()
    server.finished(server.press("bad"))
    until(lambda: standing(server)["broken"], what="that it takes nothing")
    assert waiting(server, "night") == 1
    assert server.http.delete("/api/channels/night").status_code == 204
    assert waiting(server, "night") == 0
    assert server.http.delete("/api/channels/night").status_code == 404
    box.start()
    add(server, tell=["failed"])
    number = server.press("bad")
    assert [str(mail["subject"]) for mail in box.wait(1)] == [f"Failed, 2 times in a row: Bad ({number})"]


def test_it_is_there_after_a_kill(server, box):
    add(server, tell=["failed"])
    server.kill9()
    server.restart()
    server.press("bad")
    box.wait(1)


def test_with_another_key_it_is_broken_and_says_why(server):
    add(server, tell=["failed"])
    assert server.term() == 0
    (server.data / "server.key").write_text(secrets.token_hex(32))
    server.restart()
    server.press("bad")
    until(lambda: "server.key" in str(standing(server)["why"]), what="why it takes nothing")


def test_both_acts_are_in_the_trail(server):
    add(server)
    server.http.delete("/api/channels/night")
    acts = [one["verb"] for one in server.get("/api/audit") if one["about"] == "channel night"]
    assert acts == ["channel.remove", "channel.add"]


def test_the_shell_adds_lists_tests_and_removes(server, box):
    def said(*words: str) -> str:
        command = [sys.executable, "-m", "pushbutton", "channel", *words, "--server", server.url]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE).stdout

    assert "night was added" in said("add", "night", ADDRESS, "--tell", "failed", "--of", "task:bad")
    listed = said("list")
    assert re.search(r"night +mail +local", listed)
    assert re.search(r"declared +mail +file", listed)
    assert "night took the test" in said("test", "night")
    box.wait(1)
    assert "night was removed" in said("remove", "night")
    assert "night" not in said("list")


def test_only_who_administers_adds_one(tasks, box):
    data = tasks.parent / "data"
    known = people(data, {"ada": ["admin"], "pia": ["presser"]})
    with Served(tasks, data=data) as server:
        sent = {"name": "night", "address": ADDRESS}
        answers = [
            server.http.post("/api/channels", json=sent, headers=known[name].headers).status_code
            for name in ("pia", "ada")
        ]
        assert answers == [403, 201]
        with httpx.Client(base_url=server.url, cookies=known["pia"].cookie, timeout=PATIENCE) as http:
            assert http.get("/channels/new", headers={"accept": "text/html"}).status_code == 404


class TestPeople:
    """Pia chose the channel, and presses; Bob may press nothing that she sees."""

    def test_who_chose_it_is_told_there_and_who_did_not_is_not(self, tasks, box):
        data = tasks.parent / "data"
        known = people(data, {"ada": ["admin"], "pia": ["presser"], "bob": ["presser"]})
        put(data, Wishes("bob", chat=("fail",)))
        with Served(tasks, data=data, smtp=f"smtp://127.0.0.1:{box.port}") as server:
            for name, people_may in (("night", True), ("closed", False)):
                sent = {"name": name, "address": ADDRESS, "people": people_may}
                server.http.post("/api/channels", json=sent, headers=known["ada"].headers).raise_for_status()
            with httpx.Client(
                base_url=server.url, cookies=known["pia"].cookie, headers={"accept": "text/html"}, timeout=PATIENCE
            ) as http:
                page = http.get("/profile/messages").text
                assert ('value="night"' in page, 'value="closed"' in page) == (True, False)
                csrf = re.search(r'name="csrf" content="([^"]+)"', page)
                assert csrf
                sent = {"csrf": csrf[1], "chat": "fail", "browser": ["over", "fail"], "channel": "night"}
                assert http.post("/profile/messages", data=sent).status_code == 303
                ticked = re.findall(
                    r'name="(browser|tell|chat)" value="(\w+)" checked', http.get("/profile/messages").text
                )
                assert ticked == [("browser", "fail"), ("chat", "fail"), ("browser", "over")]
                sent["channel"] = "closed"
                assert http.post("/profile/messages", data=sent).status_code == 422
            for name in ("bob", "pia"):
                headers = known[name].headers
                server.http.post("/api/tasks/bad/runs", json={}, headers=headers).raise_for_status()
            box.wait(1)
            until(lambda: not waiting(server, "night"), what="that nothing waits")
        assert [str(one["subject"]) for one in box.mails] == ["Failed, 2 times in a row: Bad (2)"]
