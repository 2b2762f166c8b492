"""Secrets that are kept in the database of a fleet: set anywhere, there for every node, sealed with the key of all."""

from __future__ import annotations

from pathlib import Path

import pytest

from pushbutton.adapters.secrets import EncryptedStore

from .serving import Command, Served, until
from .test_fleet import Working, node
from .worlds import script

VALUE = "correct horse battery"


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    folder = tmp_path / "tasks"
    folder.mkdir()
    script(folder, "uses.sh", 'printf "%s" "$WORD" | rev', head='secrets = ["WORD"]\nwhere = ["far"]')
    return folder


def secret(address: str, *words: object, value: str = "", folder: Path) -> Command:
    """`pushbutton secret …`, ended."""
    given = folder / "given"
    given.write_text(value)
    with given.open("rb") as stdin:
        command = Command("secret", *map(str, words), env={"PUSHBUTTON_STORE": address}, stdin=stdin)
        command.wait()
    return command


def test_a_secret_that_is_set_at_one_node_is_had_by_a_worker_on_another_folder(
    tmp_path,
    tasks,
    address,
    postgres,
):
    with node(tmp_path, address, "one", at_once=0) as one, Working(tmp_path, address, "two", tags="far"):
        until(lambda: "no secret named" in str(one.tasks()["uses"]), what="it is missed")
        said = secret(address, "set", "WORD", tasks, "--data", one.data, value=VALUE, folder=tmp_path)
        assert "is kept in the database of all nodes" in said.out.text, said.err.text
        until(lambda: not one.tasks()["uses"].get("broken"), what="it is there")
        run = one.finished(one.press("uses"))
        assert (run["state"], run["worker"]) == ("succeeded", "two"), run
        assert one.output(run["number"]).decode().strip() == VALUE[::-1]
        sealed = str(postgres.sql("SELECT name, sealed FROM secrets", address))
        assert "WORD" in sealed
        assert VALUE not in sealed
        assert not (one.data / "secrets.json").exists()
        assert "secret.set" in [record["verb"] for record in one.get("/api/audit")]
        said = secret(address, "remove", "WORD", tasks, "--data", one.data, folder=tmp_path)
        assert "no longer kept in the database" in said.out.text, said.err.text
        assert postgres.sql("SELECT count(*) FROM secrets", address) == [(0,)]


def test_a_secret_under_another_key_is_refused_in_a_sentence_and_nothing_is_changed(
    tmp_path,
    tasks,
    address,
    postgres,
):
    with node(tmp_path, address, "one", at_once=0) as one:
        secret(address, "set", "WORD", tasks, "--data", one.data, value=VALUE, folder=tmp_path)
        before = postgres.sql("SELECT sealed FROM secrets", address)
        (tmp_path / "other.key").write_text("ab" * 32)
        for verb in ("set", "remove"):
            words = (verb, "WORD", tasks, "--data", tmp_path / "x", "--key-file", tmp_path / "other.key")
            said = secret(address, *words, value="another", folder=tmp_path)
            assert "was written with another key" in said.err.text
            assert "Traceback" not in said.err.text
        said = secret(address, "rotate", tasks, "--data", one.data, folder=tmp_path)
        assert "sealed with the server.key that all nodes share" in said.err.text
        assert postgres.sql("SELECT sealed FROM secrets", address) == before


def test_secrets_move_into_the_database_and_back_with_the_history(tmp_path, tasks, address, postgres):
    data = tmp_path / "one"
    with Served(tasks, data=data):
        pass
    kept = EncryptedStore(data)
    kept.put("WORD", VALUE.encode())
    kept.put("OLD", b"of before")
    store = {"PUSHBUTTON_STORE": address}
    with Command("move", "--from", data, "--to", "postgresql://", env=store) as command:
        assert command.wait() == 0, command.err.text
        assert "2 stored secrets came along" in command.out.text
    assert EncryptedStore(data).names() == []
    secret(address, "remove", "OLD", tasks, "--data", data, folder=tmp_path)
    secret(address, "set", "NEW", tasks, "--data", data, value="of now", folder=tmp_path)
    with Command("move", "--from", "postgresql://", "--to", data, env=store) as command:
        assert command.wait() == 0, command.err.text
    back = EncryptedStore(data)
    assert {name: back.get(name) for name in back.names()} == {"WORD": VALUE, "NEW": "of now"}
