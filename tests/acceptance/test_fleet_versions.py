"""Nodes of two versions on one PostgreSQL: the older ones meet tables that a newer one has brought up to date."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from pushbutton import __version__
from tests.postgres import Postgres

from .serving import until
from .test_fleet import Working, node, refused, workers
from .worlds import script

NEWER = """
ALTER TABLE runs ADD COLUMN newer TEXT NOT NULL DEFAULT '';
ALTER TABLE nodes ADD COLUMN newer BIGINT NOT NULL DEFAULT 0;
CREATE TABLE newer (one BIGINT PRIMARY KEY);
UPDATE pushbutton SET step = step + 1
"""
"""What a step of the schema may do, as the next version would."""


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    folder = tmp_path / "tasks"
    folder.mkdir()
    script(folder, "hello.sh", "echo hello")
    return folder


def test_nodes_go_on_when_a_newer_one_has_upgraded_the_tables_and_are_told_at_their_next_start(tmp_path, tasks):
    with Postgres() as database:
        address = database.over_tcp(database.database())
        with node(tmp_path, address, "one", at_once=0) as one, Working(tmp_path, address, "two") as two:
            assert {found["version"] for found in workers(one).values()} == {__version__}
            before = one.finished(one.press("hello"))
            database.sql(NEWER, address)
            after = one.finished(one.press("hello"))
            assert (before["worker"], after["worker"]) == ("two", "two")
            database.stop(signal.SIGQUIT)
            database.start()
            one.command.err.wait_for("answers again")
            assert one.finished(one.press("hello"))["state"] == "succeeded", "also over new connections"
            two.kill9()
            with pytest.raises(AssertionError, match=r"was written by a newer Pushbutton .* Upgrade this one"):
                two.start()
            said = refused(tmp_path, address, "--data", tmp_path / "three", "--key-file", one.data / "server.key")
            assert "was written by a newer Pushbutton" in said
            waits = one.press("hello")
            database.sql("UPDATE pushbutton SET step = step - 1", address)
            two.start()
            until(lambda: one.run(waits)["over"], what="it goes on")
