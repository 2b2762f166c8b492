"""Tasks that were published in a real PostgreSQL: what runs is what was shown, whatever was published since."""

from __future__ import annotations

import hashlib
import os
import random
import time
from pathlib import Path

import pytest

from pushbutton.domain.policy import EVERYONE

from .people import people
from .serving import Command, Served, until
from .worlds import script

WAITS = 'echo begun; while [ ! -e "{go}" ]; do sleep 0.05; done; echo "{says}"'


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    folder = tmp_path / "tasks"
    folder.mkdir()
    return folder


def publish(folder: Path, data: Path, address: str, *, code: int = 0) -> str:
    with Command("publish", folder, "--data", data, env={"PUSHBUTTON_STORE": address}) as command:
        assert command.wait() == code, command.err.text
        return command.out.text + command.err.text


def served(address: str, *paths: Path, data: Path, **more: object) -> Served:
    return Served(*paths, data=data, env={"PUSHBUTTON_STORE": address}, **more)  # type: ignore[arg-type]


def buttons(server: Served) -> set[str]:
    return {task["slug"] for task in server.get("/api/tasks")}


def unpacked(data: Path) -> list[str]:
    return sorted(path.name for path in (data / "bundles").iterdir())


def test_a_server_without_a_folder_serves_what_is_published_and_soon_what_is_published_next(tmp_path, tasks, address):
    data = tmp_path / "data"
    with served(address, data=data) as server:
        assert buttons(server) == set(), "nothing is published yet"
        (tasks / "lib").mkdir()
        script(tasks, "hello.sh", '. lib/words.sh; echo "$WORD from $(pwd)"')
        (tasks / "lib" / "words.sh").write_text("WORD=hello\n")
        said = publish(tasks, data, address)
        assert f"Published {tasks} as " in said
        assert ": 1 tasks, 2 files, " in said
        until(lambda: buttons(server) == {"hello"}, what="it is served")
        number = server.press("hello")
        assert server.finished(number)["state"] == "succeeded", server.err
        [digest] = unpacked(data)
        assert server.output(number).decode() == f"hello from {data}/bundles/{digest}\n"
        script(tasks, "bye.sh", "echo bye")
        publish(tasks, data, address)
        until(lambda: buttons(server) == {"hello", "bye"}, what="what was published next is served")
        assert "published already" in publish(tasks, data, address)
        with Command("audit", "export", "--data", data, env={"PUSHBUTTON_STORE": address}) as command:
            command.wait()
            records = [line for line in command.out.text.splitlines() if '"bundle.publish"' in line]
        assert ['"added": ["hello"]' in records[0], '"added": ["bye"]' in records[1], len(records)] == [True, True, 2]
        assert '"changed"' not in records[1], "a place on this machine is no change of a task"
        changed = [line for line in command.out.text.splitlines() if '"task.changed"' in line]
        assert changed == []
        assert "Traceback" not in server.err


def test_a_run_that_waits_starts_as_it_was_pressed_and_a_press_after_it_as_it_is_published(tmp_path, tasks, address):
    data, go = tmp_path / "data", tmp_path / "go"
    script(tasks, "deploy.sh", WAITS.format(go=go, says="old"))
    with served(address, data=data) as server:
        publish(tasks, data, address)
        until(lambda: buttons(server) == {"deploy"}, what="it is served")
        running, waiting = server.press("deploy"), server.press("deploy")
        server.output_has(running, b"begun")
        script(tasks, "deploy.sh", WAITS.format(go=go, says="new"))
        script(tasks, "more.sh", "echo more")
        publish(tasks, data, address)
        until(lambda: buttons(server) == {"deploy", "more"}, what="the new one is shown")
        after = server.press("deploy")
        server.kill9()
        server.restart()
        go.touch()
        for number, says in ((running, b"old"), (waiting, b"old"), (after, b"new")):
            assert server.finished(number)["state"] == "succeeded", server.err
            assert server.output(number) == b"begun\n" + says + b"\n"
        assert "Traceback" not in server.err


def test_an_approved_run_starts_as_it_was_approved_though_other_tasks_were_published_since(tmp_path, tasks, address):
    data = tmp_path / "data"
    script(tasks, "drop.sh", "echo old", head="approvals = 1")
    who = people(data, {EVERYONE: ["see", "output"], "ada": ["presser"], "bob": ["approver"]}, address)
    with served(address, data=data) as server:
        server.http.headers.update(who["ada"].headers)
        publish(tasks, data, address)
        until(lambda: buttons(server) == {"drop"}, what="it is served")
        held = server.press("drop")
        script(tasks, "drop.sh", "echo new", head="approvals = 1")
        script(tasks, "more.sh", "echo more")
        publish(tasks, data, address)
        until(lambda: buttons(server) == {"drop", "more"}, what="the new one is shown")
        server.kill9()
        server.restart()
        server.http.headers.update(who["ada"].headers)

        def approved() -> bool:
            answer = server.http.post(f"/api/runs/{held}/approve", json={}, headers=who["bob"].headers)
            return answer.status_code == 200 or answer.json()["title"]

        until(lambda: approved() is True, what="the bundle that it was pressed with is here again")
        assert server.finished(held)["state"] == "succeeded", server.err
        assert server.output(held) == b"old\n"


def test_what_is_changed_in_an_unpacked_bundle_starts_nothing_that_was_approved(tmp_path, tasks, address):
    data = tmp_path / "data"
    script(tasks, "drop.sh", "echo old", head="approvals = 1")
    who = people(data, {EVERYONE: ["see", "output"], "ada": ["presser"], "bob": ["approver"]}, address)
    with served(address, tasks, data=data) as server:
        server.http.headers.update(who["ada"].headers)
        held = server.press("drop")
        [digest] = unpacked(data)
        place = data / "bundles" / digest / "drop.sh"
        place.chmod(0o755)
        place.write_text(place.read_text().replace("old", "bad"))
        answer = server.http.post(f"/api/runs/{held}/approve", json={}, headers=who["bob"].headers)
        assert answer.status_code == 409
        assert "was changed after this was pressed" in answer.json()["title"]


def test_a_served_folder_is_published_and_so_is_what_is_saved_in_it(tmp_path, tasks, address):
    script(tasks, "hello.sh", "echo hello")
    with served(address, tasks, data=tmp_path / "data") as server:
        assert buttons(server) == {"hello"}
        script(tasks, "bye.sh", "echo bye")
        until(lambda: buttons(server) == {"hello", "bye"}, what="what was saved is published")
        (tasks / "bye.sh").unlink()
        until(lambda: buttons(server) == {"hello"}, what="what was saved before is published again")
        assert "Traceback" not in server.err


def test_the_restart_of_a_server_with_an_old_folder_is_no_way_back(tmp_path, tasks, address):
    old, data = tmp_path / "old", tmp_path / "data"
    old.mkdir()
    script(old, "hello.sh", "echo old")
    script(tasks, "hello.sh", "echo new")
    script(tasks, "more.sh", "echo more")
    with served(address, old, data=data) as server:
        publish(tasks, data, address)
        until(lambda: buttons(server) == {"hello", "more"}, what="the new one is served")
        server.kill9()
        server.restart()
        assert buttons(server) == {"hello", "more"}
        os.utime(old / "hello.sh")
        number = server.press("hello")
        server.finished(number)
        assert server.output(number) == b"new\n"
        server.command.err.wait_for("was published before, and other tasks since")
        publish(old, data, address)  # and this is the way
        until(lambda: buttons(server) == {"hello"}, what="the old one is served again")


def test_what_cannot_be_published_is_said_in_a_sentence_and_changes_nothing(tmp_path, tasks, address):
    script(tasks, "hello.sh", "echo hello")
    (tasks / "away").symlink_to("/etc/hostname")
    said = publish(tasks, tmp_path / "data", address, code=6)
    assert "away:1: this is a link to /etc/hostname, which is not in the folder" in said
    with Command("serve", tasks, "--data", tmp_path / "data", env={"PUSHBUTTON_STORE": address}) as command:
        assert command.wait() == 6
        assert "this is a link to" in command.err.text
    with Command("publish", tasks) as command:
        assert command.wait() == 6
        assert "there is nobody to publish for" in command.err.text


def test_a_server_killed_while_it_unpacks_begins_anew_and_serves_the_whole(tmp_path, tasks, address):
    seed = random.SystemRandom().randrange(1 << 32)
    print("seed", seed)  # noqa: T201  to run a failure again
    dice, data = random.Random(seed), tmp_path / "data"
    script(tasks, "sum.sh", "cat part-* | sha256sum")
    parts = [dice.randbytes(50_000) for _ in range(400)]
    for number, part in enumerate(parts):
        (tasks / f"part-{number:03}").write_bytes(part)
    whole = hashlib.sha256(b"".join(parts)).hexdigest()
    publish(tasks, data, address)
    for _ in range(6):
        with Command("serve", "--data", data, "--port", "0", env={"PUSHBUTTON_STORE": address}) as command:
            until(lambda: not command.alive or (data / "bundles").exists(), what="it begins")
            time.sleep(dice.random() * 0.5)  # the moment of the kill is what the test is about
            command.process.kill()
            command.wait()
        for path in (data / "bundles").iterdir():
            if not path.name.startswith(".half-") and dice.random() < 0.5:
                (path / "part-399").chmod(0o644)
                (path / "part-399").write_bytes(b"")  # as a machine leaves it that loses its power
    with served(address, data=data) as server:
        number = server.press("sum")
        assert server.finished(number)["state"] == "succeeded"
        assert server.output(number).decode().split()[0] == whole
        assert len(unpacked(data)) == 1, "nothing is left of the halves"
