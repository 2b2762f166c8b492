"""Schedules that people make, on a real server: by the API and from the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .serving import Command, Served, until
from .worlds import script


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("tasks")
    script(
        folder, "report.sh", 'echo "$WHERE"\n', head='[params.where]\n[params.word]\ntype = "secret"\nrequired = false'
    )
    script(folder, "often.sh", "echo often\n", head="schedules = [{every = 3600, name = 'declared'}]")
    with Served(folder) as server:
        yield server


def command(server: Served, *words: str, code: int = 0) -> str:
    with Command("schedule", *words, env={"PUSHBUTTON_SERVER": server.url, "TZ": "UTC"}) as run:
        assert run.wait() == code, run.err.text
    return (run.out.text + run.err.text).strip()


def pressed(server: Served, name: str) -> int:
    def found() -> int:
        kept: list[dict[str, Any]] = server.get(f"/api/schedules/{name}/firings")
        return next((one["run"] for one in kept if one["run"]), 0)

    return int(until(found, what=f"a moment of {name} was pressed"))


def test_one_that_is_made_over_the_api_presses_is_changed_and_is_removed_and_outlives_a_kill(server):
    asked = {"task": "report", "title": "Each second", "every": 1, "inputs": {"where": "here"}, "catch_up": "none"}
    made = server.http.post("/api/schedules", json=asked)
    assert made.status_code == 201, made.text
    assert (made.json()["id"], made.json()["maker"], made.json()["file"]) == ("report/each-second", "local", "")
    run = server.finished(pressed(server, "report/each-second"))
    assert (run["state"], run["cause"]["kind"], run["actor"]) == (
        "succeeded", "schedule", "schedule:report/each-second/local",
    )  # fmt: skip
    server.kill9()
    server.restart()
    newest = server.get("/api/schedules/report/each-second/firings")[0]["due"]
    until(lambda: server.get("/api/schedules/report/each-second/firings")[0]["due"] > newest, what="it goes on")
    changed = server.http.put("/api/schedules/report/each-second", json={"cron": "0 3 * * *", "zone": "Europe/Berlin",
                                                                        "inputs": {"where": "there"}})  # fmt: skip
    assert (changed.json()["cron"], changed.json()["every"], changed.json()["title"]) == ("0 3 * * *", None, "")
    assert server.http.delete("/api/schedules/report/each-second").status_code == 204
    assert server.http.get("/api/schedules/report/each-second").status_code == 404


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        ({"task": "nothing"}, 404, "nothing"),
        ({"inputs": {"where": "x", "word": "hunter2"}}, 422, "A schedule keeps no secrets"),
        ({"inputs": {}}, 422, "where"),
        ({"every": 0.5}, 422, "schedule-every"),
        ({"often": True}, 400, "A schedule has no “often”"),
        ({"inputs": []}, 400, "“inputs” is an object."),
    ],
)
def test_what_cannot_be_is_refused_in_words(server, more, status, said):
    answer = server.http.post("/api/schedules", json={"task": "report", "every": 60, "inputs": {"where": "x"}, **more})
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    assert "hunter2" not in answer.text


def test_one_of_a_file_cannot_be_changed_or_removed(server):
    for method in ("put", "delete"):
        answer = server.http.request(method, "/api/schedules/often/declared", json={"every": 60})
        assert (answer.status_code, "stands in a file" in answer.text) == (403, True)


def test_the_command_line_makes_lists_and_removes(server):
    said = command(server, "add", "report", "--cron", "0 6 * * 1-5", "--zone", "Europe/Berlin", "--title", "Early",
                   "--late", "15 min", "--", "--where", "here")  # fmt: skip
    assert said.startswith("report/early presses, next at "), said
    found = server.get("/api/schedules/report/early")
    assert (found["inputs"], found["late"], found["window"]) == ({"where": "here"}, 900, 86400)
    assert "report/early" in command(server, "list")
    assert len(command(server, "next", "report/early").splitlines()) == 5
    assert "write it as" in command(server, "add", "report", "--cron", "61 * * * *", "--", "--where", "x", code=2)
    assert "keeps no secrets" in command(
        server, "add", "report", "--every", "1 h", "--", "--where=x", "--word=y", code=2
    )
    assert command(server, "remove", "report/early") == "report/early is removed."
