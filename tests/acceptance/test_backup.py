"""`pushbutton backup` while a server works, and `pushbutton restore` beside it."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw
import pytest

from tests.acceptance.serving import Command, Served
from tests.acceptance.worlds import script

JOB = """
echo "$PUSHBUTTON_RUN" >> "ran-in-$(basename "$(dirname "$(dirname "$PUSHBUTTON_SPOOL")")")"
[ -z "$SHEET" ] || cat "$SHEET"
echo begun
until [ -e go ]; do sleep 0.02; done
"""
HEAD = """
[params.pin]
type = "secret"
required = false
[params.sheet]
type = "file"
required = false
"""
PIN = "Plain-Pin-4711"


@dataclass
class World:
    server: Served
    folder: Path
    said: str  # by `pushbutton backup`

    @property
    def backup(self) -> Path:
        return self.folder / "backup"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def tasks(self) -> Path:
        return self.folder / "tasks"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Run 1 is over, 2 goes on with a file, 3 and 4 wait, 4 with a secret; 5 is younger than the backup."""
    folder = tmp_path_factory.mktemp("backup")
    tasks = folder / "tasks"
    tasks.mkdir()
    script(tasks, "job.sh", JOB, head=HEAD)
    script(tasks, "fresh.sh", "echo fresh\n")
    (tasks / "count.py").write_text("#!/usr/bin/env python3\nimport argparse\nargparse.ArgumentParser().parse_args()\n")
    (tasks / "count.py").chmod(0o755)
    with Served(tasks, data=folder / "data") as server:
        assert server.finished(server.press("fresh"))["number"] == 1
        sheet = server.http.post("/api/uploads?name=a sheet.csv", content=b"12 for Mona\n").json()["value"]
        assert [server.press("job", sheet=sheet), server.press("job"), server.press("job", pin=PIN)] == [2, 3, 4]
        server.output_has(2, b"begun")
        before = os.umask(0)
        try:
            with Command("backup", folder / "backup", "--data", server.data, "--keys", folder / "keys") as command:
                assert command.wait() == 0, command.err.text
        finally:
            os.umask(before)
        assert server.finished(server.press("fresh"))["number"] == 5
        yield World(server, folder, command.out.text)
        (tasks / "go").touch()
        assert [server.finished(run)["state"] for run in (2, 3, 4)] == ["succeeded"] * 3
        assert (tasks / "ran-in-data").read_text().split() == ["2", "3", "4"]


def restore(world: World, target: str, *more: str | Path, source: Path | None = None) -> tuple[int, str]:
    with Command("restore", source or world.backup, "--data", world.folder / target, *more) as command:
        return command.wait(), command.out.text + command.err.text


def test_a_backup_is_for_its_owner_alone_and_holds_no_secret_input_and_no_key(world):
    files = [world.backup, *world.backup.rglob("*"), world.keys, *world.keys.rglob("*")]
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file
        assert file.is_dir() or file.is_file(), file
        assert file.is_dir() or PIN.encode() not in file.read_bytes(), file
    assert sorted(path.name for path in (world.backup / "runs").iterdir()) == ["1", "2"]
    assert sorted(path.name for path in world.keys.iterdir()) == ["server.key"]
    assert not list(world.backup.rglob("*.key"))
    assert not (world.backup / "audit.end").exists()
    assert list(world.server.data.glob("readings/*/*"))
    assert not (world.backup / "readings").exists()
    assert (world.backup / "runs/2/in/sheet/a sheet.csv").read_bytes() == b"12 for Mona\n"
    with closing(apsw.Connection(str(world.backup / "history.db"))) as db:
        assert db.execute("SELECT sealed FROM runs").fetchall() == [("",)] * 4
    assert b"gAAAA" not in (world.backup / "history.db").read_bytes()  # what each sealed text begins with
    assert "holds 4 runs of" in world.said
    assert "these runs waited with some, and fail where they are released: 4" in world.said
    assert "Head of its audit trail, worth keeping elsewhere: " in world.said


def test_a_restored_copy_beside_the_original_starts_nothing_and_has_everything(world):
    code, said = restore(world, "restored", "--keys", world.keys)
    assert code == 0, said
    assert "What had not ended in it starts only when somebody releases it" in said
    with Served(world.tasks, data=world.folder / "restored") as copy:
        copy.command.err.wait_for(r"is a copy .* 3 runs that had not ended there wait")
        assert copy.finished(2)["state"] == "lost"
        assert copy.output(2) == b"12 for Mona\nbegun\n"
        assert copy.output(1) == b"fresh\n"
        assert copy.finished(copy.press("fresh"))["number"] == 5
        assert [copy.run(run)["state"] for run in (3, 4)] == ["waiting"] * 2
        copy.http.post("/api/runs/3/cancel")
        copy.http.post("/api/runs/4/release")
        assert copy.finished(4)["reason"] == "The secret input pin is not kept any more; press again."
        assert not (world.tasks / "ran-in-restored").exists()
        with Command("audit", "verify", "--data", copy.data) as verify:
            assert verify.wait() == 0, verify.out.text


def test_a_restore_overwrites_nothing(world):
    target = world.folder / "full"
    target.mkdir()
    (target / "mine").write_text("mine")
    code, said = restore(world, "full", "--keys", world.keys)
    assert code != 0
    assert "is there already and not empty: name another." in said
    assert [path.name for path in target.iterdir()] == ["mine"]


def test_a_backup_goes_into_a_new_folder_outside_of_the_data(world):
    for target, sentence in (
        (world.backup, "is there already and not empty"),
        (world.server.data / "inside", "lies in the data folder itself"),
    ):
        with Command("backup", target, "--data", world.server.data) as command:
            assert command.wait() != 0
            assert sentence in command.err.text
    assert not (world.server.data / "inside").exists()


def test_without_its_key_nothing_is_restored_unless_that_is_said(world):
    code, said = restore(world, "keyless")
    assert code != 0
    assert "name its folder with --keys, or say --without-keys if it is lost." in said
    assert not (world.folder / "keyless").exists()
    assert restore(world, "keyless", "--without-keys")[0] == 0
    with Served(world.tasks, data=world.folder / "keyless") as copy:
        assert copy.run(1)["state"] == "succeeded"


def half(backup: Path, _: Path) -> None:
    (backup / "backup.json").unlink()


def torn(backup: Path, _: Path) -> None:
    with (backup / "history.db").open("r+b") as file:
        file.seek(20_000)
        file.write(os.urandom(8_000))


def another_key(_: Path, keys: Path) -> None:
    (keys / "server.key").write_text("ab" * 32)


def another_head(backup: Path, _: Path) -> None:
    text = (backup / "backup.json").read_text()
    head = re.search(r'"head": "[0-9]+:([0-9a-f]{64})"', text)
    assert head
    (backup / "backup.json").write_text(text.replace(head[1], "0" * 64))


@pytest.mark.parametrize("harm", [half, torn, another_key, another_head])
def test_what_is_not_as_it_was_taken_is_not_restored(world, harm, tmp_path):
    shutil.copytree(world.backup, tmp_path / "backup")
    shutil.copytree(world.keys, tmp_path / "keys")
    harm(tmp_path / "backup", tmp_path / "keys")
    target = f"harmed-{harm.__name__}"
    code, said = restore(world, target, "--keys", tmp_path / "keys", source=tmp_path / "backup")
    assert code not in (0, 70), said
    assert not (world.folder / target).exists()


def test_a_backup_of_a_server_that_is_stopped_is_the_same(world, tmp_path):
    with Served(world.tasks, data=tmp_path / "data") as server:
        number = server.finished(server.press("fresh"))["number"]
    with Command("backup", tmp_path / "backup", "--data", tmp_path / "data", "--keys", tmp_path / "keys") as command:
        assert command.wait() == 0, command.err.text
    with Command("restore", tmp_path / "backup", "--data", tmp_path / "again", "--keys", tmp_path / "keys") as command:
        assert command.wait() == 0, command.err.text
    with Served(world.tasks, data=tmp_path / "again") as server:
        assert server.output(number) == b"fresh\n"
