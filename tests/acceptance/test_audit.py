"""The audit trail of a real server: what it records of its configuration, and what the command line says of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import pushbutton
from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.domain.audit import Act
from pushbutton.domain.event import Json
from tests.acceptance.serving import Command, Served, until
from tests.acceptance.worlds import script

YAML = """
tasks:
  greet:
    command: [echo, hello]
    env: {TOKEN: %s}
"""


def audit(*words: str | Path) -> tuple[int, str, str]:
    with Command("audit", *words) as command:
        code = command.wait()
        return code, command.out.text, command.err.text


def exported(data: Path, *words: str) -> list[dict[str, Any]]:
    code, out, err = audit("export", "--data", data, *words)
    assert (code, err) == (0, "")
    return [json.loads(line) for line in out.splitlines()]


def told(data: Path) -> list[tuple[str, str]]:
    return [(record["verb"], record["about"]) for record in exported(data)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    script(tmp_path, "hello.sh", "echo hello\n")
    return tmp_path


def test_starts_stops_and_tasks_that_come_change_break_and_go_are_recorded(folder):
    yaml = folder / "pushbutton.yaml"
    with Served(folder, keep_days=30) as server:
        assert told(server.data) == [("server.started", "server"), ("task.added", "task hello")]
        yaml.write_text(YAML % "first")
        until(lambda: len(told(server.data)) == 3, what="the new task is recorded")
        yaml.write_text(YAML % "second")
        until(lambda: len(told(server.data)) == 4, what="its change is recorded")
        server.term()
        yaml.unlink()
        script(folder, "hello.sh", "echo something else\n")
        server.restart()  # what changed while nobody looked
        yaml.write_text("tasks: [")
        until(lambda: told(server.data)[-1][0] == "task.broken", what="the broken file is recorded")
        records = exported(server.data)
    assert [(record["verb"], record["about"]) for record in records] == [
        ("server.started", "server"),
        ("task.added", "task hello"),
        ("task.added", "task greet"),
        ("task.changed", "task greet"),
        ("server.stopped", "server"),
        ("server.started", "server"),
        ("task.changed", "task hello"),
        ("task.removed", "task greet"),
        ("task.broken", "task pushbutton"),
    ]
    started, changed, hello = records[0]["data"], records[3]["data"], records[6]["data"]
    assert (started["settings"]["keep_days"], started["version"]) == (30, pushbutton.__version__)
    shown = [line for line in changed["diff"].splitlines() if line.startswith(("-", "+"))]
    assert [line.partition("(hash")[0] for line in shown] == ['-env.TOKEN: "', '+env.TOKEN: "']
    assert "first" not in json.dumps(records)
    assert "second" not in json.dumps(records)
    assert "digest" in hello["diff"]
    assert {record["actor"] for record in records} == {"server"}


def test_a_start_tells_what_was_set_but_no_secret(folder):
    with Served(folder, env={"PUSHBUTTON_LDAP_BIND_PASSWORD": "hunter2"}) as server:
        server.term()
        server.command = Command("serve", folder, "--port", "0", "--keep-days", "7")  # the next start, otherwise set
        server.url = server.command.out.wait_for(r"(http://\S+?)/?$")[1]
        first, second = [record["data"] for record in exported(server.data, "--kind", "server")][::2]
        assert first["settings"]["ldap_bind_password"] == "(secret)"
        assert not any(b"hunter2" in file.read_bytes() for file in server.data.glob("history.db*"))
        shown = second["diff"].splitlines()
        assert "-ldap_bind_password: (secret)" in shown
        assert "+keep_days: 7.0" in shown


HOOK = "https://bot:Zq8pL0mmW4@127.0.0.1:9/in/c0ffee77c0ffee77?key=d1s-c10sed"
LEAKS = ("Zq8pL0mmW4", "c0ffee77", "d1s-c10sed", "s3kr-t0ken", "0ff1ce-pw")
DECLARED = """
tasks:
  fetch:
    command: [curl, -u, "ada:Zq8pL0mmW4", --token, s3kr-t0ken, "https://x:0ff1ce-pw@h/?key=d1s-c10sed", "{what}"]
    params: {what: {type: str}}
"""


def test_nothing_that_lets_somebody_in_is_recorded_shown_or_logged(folder):
    (folder / "pushbutton.yaml").write_text(DECLARED)
    env = {"PUSHBUTTON_WEBHOOK": HOOK, "PUSHBUTTON_PUBLIC_URL": "https://ada:0ff1ce-pw@buttons.example.com"}
    with Served(folder, env=env) as server:
        server.finished(server.press("hello"))  # the hook is not told, and the log says so
        until(lambda: "was not told" in server.command.err.text, what="the log's word on the hook")
        (folder / "pushbutton.yaml").write_text(DECLARED.replace("s3kr-t0ken", "an0ther-t0ken"))
        until(lambda: told(server.data)[-1][0] == "task.changed", what="the change is recorded")
        paths = ("/api/audit?limit=1000", "/audit", "/audit.jsonl", "/tasks/fetch")
        said = [server.http.get(path).text for path in paths]
        said += [audit("export", "--data", server.data)[1], server.command.err.text, server.command.out.text]
        assert [leak for leak in (*LEAKS, "an0ther-t0ken") if any(leak in text for text in said)] == []
        records = exported(server.data)
    assert records[0]["data"]["settings"]["webhook"].startswith("https://127.0.0.1:9/(hash ")
    diff = records[-2]["data"]["diff"].splitlines()
    assert [line[0] for line in diff if "target.argv" in line] == ["-", "+"], "that a secret changed is seen"


def test_what_an_earlier_release_recorded_is_not_repeated_and_can_be_taken_out(folder):
    with Served(folder, env={"PUSHBUTTON_WEBHOOK": HOOK}) as server:
        server.term()
        key = bytes.fromhex((server.data / "server.key").read_text())
        recorded_as_by_0_2_0(server.data / "history.db", key)
        assert audit("verify", folder)[0] == 0
        noted = audit("verify", folder)[1].partition("Head: ")[2].strip()
        server.restart()
        changed = exported(server.data, "--kind", "server")[-1]["data"]["diff"]  # the port did, the hook did not
        assert not [line for line in changed.splitlines() if line[0] in "+-" and "webhook" in line]
        secret = folder / "hook.txt"
        secret.write_text(f"{HOOK}\n")
        with (
            secret.open("rb") as typed,
            Command("audit", "redact", folder, "--yes", "--why", "a hook", stdin=typed) as command,
        ):
            assert command.wait() == 0, command.err.text
            assert "It stands in 2 records: 4 (server.started), 5 (task.added)." in command.out.text
        assert audit("verify", folder, "--head", noted)[0] == 0
        assert not any(leak in audit("export", folder)[1] for leak in LEAKS)
        assert server.http.post("/api/audit/check").json()["well"] is True
        redaction = exported(server.data, "--kind", "audit")[0]
        assert (redaction["verb"], list(redaction["data"]["records"])) == ("audit.redact", ["4", "5"])
        assert "took something secret out of earlier records" in server.http.get("/audit").text


def recorded_as_by_0_2_0(database: Path, key: bytes) -> None:
    """What it wrote at a start with such a hook, and of a task with such an argument."""

    async def write() -> None:
        store = SqliteStore(database, key)
        await store.open()
        settings: dict[str, Json] = {
            "paths": [str(database.parents[1])],
            "webhook": HOOK,
            "port": 0,
            "data": str(database.parent),
        }
        done: dict[str, Json] = {"version": pushbutton.__version__, "settings": settings}
        await store.audit.record(Act("server", "server.started", "server", 1, done))
        text = f'slug: "old"\ntarget.argv: {json.dumps(["curl", HOOK])}\n'
        await store.audit.record(Act("server", "task.added", "task old", 1, {"text": text}))
        await store.close()

    asyncio.run(write())


def test_nothing_is_recorded_twice_for_a_server_that_comes_back(folder):
    with Served(folder) as server:
        before = told(server.data)
        server.kill9()
        server.restart()
        assert told(server.data) == [*before, ("server.started", "server")]


def test_verify_works_while_a_server_runs_and_without_it(folder):
    with Served(folder) as server:
        server.finished(server.press("hello"))
        code, out, err = audit("verify", folder)
        assert (code, err) == (0, "")
        assert out.splitlines()[0] == "All 3 records are as they were written."
        head = out.partition("Head: ")[2].strip()
        server.term()
        assert audit("verify", "--data", server.data, "--head", head)[0] == 0
        assert audit("verify", server.data)[1].startswith("All 4 records")
        assert audit("verify", server.data / "history.db")[0] == 0


def test_verify_names_the_first_record_that_was_changed(folder):
    with Served(folder) as server:
        server.finished(server.press("hello"))
        server.term()
        noted = audit("verify", folder)[1].partition("Head: ")[2].strip()
        earlier = server.data / "earlier.db"
        with contextlib.closing(sqlite3.connect(server.data / "history.db")) as db:
            db.execute("VACUUM INTO ?", (str(earlier),))
            db.execute("DROP TRIGGER audit_is_not_changed")
            db.execute("UPDATE audit SET actor = 'somebody else' WHERE verb = 'run.press'")
            db.commit()
        code, out, _ = audit("verify", folder)
        assert (code, out.splitlines()[0]) == (1, "Record 3 is not as it was written.")
        assert out.splitlines()[1].startswith("Up to there it is right. Head: 2:")
        number = int(noted.partition(":")[0])
        code, out, err = audit("verify", earlier, "--head", f"{number + 1}:{'0' * 64}")
        assert (code, err, out.partition("\n")[0]) == (
            1, "", f"The trail was cut: record {number + 1} and what came behind it are missing.",
        )  # fmt: skip


def test_a_server_that_runs_says_what_was_cut_from_under_it(folder):
    with Served(folder) as server:
        run = server.press("hello")
        server.finished(run)
        with contextlib.closing(sqlite3.connect(server.data / "history.db")) as db:
            kept = db.execute("SELECT * FROM audit_head").fetchone()
            server.finished(server.press("hello"))
            server.finished(server.press("hello"))
            db.execute("DROP TRIGGER audit_is_not_cut")
            db.execute("DELETE FROM audit WHERE id > ?", kept[1:2])
            db.execute("UPDATE audit_head SET id = ?, hash = ?, seal = ?", kept[1:])
            db.commit()
        code, out, _ = audit("verify", folder)
        assert code == 1
        assert out.splitlines()[0] == (
            "The trail was cut: record 4 and what came behind it are missing. "
            "Up to record 5 it is known from elsewhere that they were there. There is no press of these runs: 2, 3."
        )
        assert server.http.post("/api/audit/check").json()["fault"] == "cut"
        said = server.http.post("/api/audit/check").json()  # the record of the check before is the next one
        assert (said["fault"], said["number"], said["more"][1:]) == (
            "broken",
            4,
            ["There is no press of these runs: 2, 3."],
        )
        assert "Up to record 5 there had been others, and they are missing." in server.http.get("/audit").text


def test_verify_says_what_it_needs(folder, tmp_path):
    code, _, err = audit("verify", tmp_path / "nowhere")
    assert (code, "name the data folder with --data" in err) == (5, True)
    with Served(folder) as server:
        data = server.data
    (data / "server.key").rename(data / "away.key")
    code, _, err = audit("verify", data)
    assert (code, "without the key" in err) == (5, True)
    assert audit("verify", data, "--key", data / "away.key")[0] == 0
    (data / "other.key").write_text("00" * 32)
    code, out, _ = audit("verify", data, "--key", data / "other.key")
    assert (code, "server.key is not the key" in out) == (1, True)
    assert audit("verify", data, "--head", "12")[0] == 2
    (data / "no.db").write_text("this is no database, however long it may be" * 100)
    code, _, err = audit("verify", data / "no.db", "--key", data / "away.key")
    assert (code, "is damaged or is no Pushbutton store" in err) == (5, True)


def test_an_export_is_one_printable_line_a_record_whatever_they_hold(folder):
    script(folder, "say.sh", "echo $WHAT\n", head='[[params]]\nname = "what"\ntype = "str"\nmultiline = true\n')
    odd = 'x\n{"id":99}\r\u2028\u0085\x7f\x1b[2Jü'
    with Served(folder) as server:
        answer = server.http.post("/api/tasks/hello/runs", json={"why": odd})
        assert answer.status_code == 202
        server.finished(answer.json()["number"])
        code, out, _ = audit("export", "--data", server.data, "--kind", "run")
        raw = out
        records = exported(server.data)
        assert code == 0
        assert len(raw.splitlines()) == 1
        assert raw.isascii()
        assert raw.replace("\n", "").isprintable()
        assert json.loads(raw)["data"]["why"] == odd
        assert [record["id"] for record in records] == list(range(1, len(records) + 1))
        assert [record["id"] for record in exported(server.data, "--after", "2")] == list(range(3, len(records) + 1))
        assert audit("export", "--data", server.data, "--kind", "nonsense")[0] == 2
