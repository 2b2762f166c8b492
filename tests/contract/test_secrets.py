"""`runtime.ports.Secrets` over every source that a value may come from."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pushbutton.adapters.secrets import EncryptedStore, SecretSources
from pushbutton.domain.secret import FromCommand, FromEnvironment, FromFile, FromKeyring, Origin, Secret, Stored
from pushbutton.domain.task import Source
from pushbutton.errors import BadInput, NoSuchSecret, PushbuttonError, SecretUnavailable
from pushbutton.runtime.ports import Secrets
from tests.acceptance.worlds import until

VALUE = "corréct horse 'battery' $staple"
KEYRING = """
import json, os
from keyring.backend import KeyringBackend

class Plain(KeyringBackend):
    priority = 1
    def get_password(self, service, user):
        return json.load(open(os.environ["TEST_KEYRING"])).get(f"{service}/{user}")
    def set_password(self, service, user, value): ...
    def delete_password(self, service, user): ...
"""


@dataclass(frozen=True, slots=True)
class World:
    """One source. `give(None)` takes its value away."""

    origin: Origin
    give: Callable[[bytes | None], None]


def _environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    def give(value: bytes | None) -> None:
        if value is None:
            monkeypatch.delenv("OF_THE_SERVER", raising=False)
        else:
            monkeypatch.setenv("OF_THE_SERVER", os.fsdecode(value))

    return World(FromEnvironment("OF_THE_SERVER"), give)


def _file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(FromFile(str(folder / "value")), lambda value: _write(folder / "value", value))


def _command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    argv = ("sh", "-c", "cat value && echo complaint >&2")
    return World(FromCommand(argv, str(folder)), lambda value: _write(folder / "value", value))


def _keyring(folder: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    import json

    (folder / "plain_keyring.py").write_text(KEYRING)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "plain_keyring.Plain")
    monkeypatch.setenv("TEST_KEYRING", str(folder / "ring"))

    def give(value: bytes | None) -> None:
        known = {} if value is None else {"orders/me": value.decode(errors="surrogateescape")}
        (folder / "ring").write_text(json.dumps(known))

    return World(FromKeyring("orders", "me"), give)


def _stored(folder: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    def give(value: bytes | None) -> None:
        store = EncryptedStore(folder)
        if value is not None:
            store.put("NAME", value)
        elif "NAME" in store.names():
            store.remove("NAME")

    return World(Stored(), give)


def _write(path: Path, value: bytes | None) -> None:
    path.unlink(missing_ok=True)
    if value is not None:
        path.write_bytes(value)
        path.chmod(0o600)


SOURCES = {"environment": _environment, "file": _file, "command": _command, "keyring": _keyring, "stored": _stored}


@pytest.fixture(params=SOURCES)
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return SOURCES[request.param](tmp_path, monkeypatch)


def secrets(folder: Path, **origins: Origin) -> Secrets:
    declared = {name: Secret(name, origin, Source("pushbutton.yaml")) for name, origin in origins.items()}
    return SecretSources(lambda: declared, EncryptedStore(folder))


async def test_a_value_arrives_to_the_byte_without_the_line_break_behind_it(world, tmp_path):
    world.give(f"{VALUE}\n".encode())
    assert await secrets(tmp_path, NAME=world.origin).resolve(["NAME"]) == {"NAME": VALUE}


async def test_a_value_of_several_lines_keeps_them(world, tmp_path):
    world.give(b"one\ntwo\n\n")
    assert await secrets(tmp_path, NAME=world.origin).resolve(["NAME"]) == {"NAME": "one\ntwo\n"}


async def test_a_value_that_was_changed_is_another_for_the_next_run(world, tmp_path):
    sources = secrets(tmp_path, NAME=world.origin)
    world.give(b"first value")
    assert await sources.resolve(["NAME"]) == {"NAME": "first value"}
    world.give(b"second value")
    assert await sources.resolve(["NAME"]) == {"NAME": "second value"}


async def test_a_missing_value_is_a_sentence_that_names_the_secret(world, tmp_path):
    world.give(None)
    with pytest.raises(
        PushbuttonError, match=r"^The secret “NAME” cannot be had from .*: .*\.$|no secret named “NAME”"
    ):
        await secrets(tmp_path, NAME=world.origin).resolve(["NAME"])


@pytest.mark.parametrize(
    "bad", [b"", b"\n", b"hunter2\xff\xfe", b"hunter2" * 10_000], ids=["empty", "line", "binary", "long"]
)
async def test_an_impossible_value_is_refused_and_is_not_repeated(world, tmp_path, bad):
    with pytest.raises((SecretUnavailable, BadInput), match="NAME") as refused:
        await offered(world, tmp_path, bad)
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None


async def offered(world: World, folder: Path, value: bytes) -> None:
    """What happens to a value between its source and a job."""
    if isinstance(world.origin, Stored):
        await secrets(folder).put("NAME", value)
    world.give(value)
    await secrets(folder, NAME=world.origin).resolve(["NAME"])


async def test_nothing_of_a_value_is_in_what_the_parts_say_of_themselves_or_log(world, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    world.give(VALUE.encode())
    sources = secrets(tmp_path, NAME=world.origin)
    await sources.resolve(["NAME"])
    assert VALUE not in repr(world.origin) + str(world.origin) + repr(sources) + caplog.text


async def test_several_are_asked_for_at_once(tmp_path):
    script = "echo begun >> begun; until [ $(wc -l < begun) = 8 ]; do sleep 0.02; done; echo value"
    mutual = FromCommand(("sh", "-c", script), str(tmp_path), timeout=60)  # each answers when all have begun
    names = [f"S{number}" for number in range(8)]
    values = await secrets(tmp_path, **dict.fromkeys(names, mutual)).resolve(names)
    assert set(values.values()) == {"value"}
    assert list(values) == names


async def test_a_name_that_is_declared_nowhere_is_looked_for_among_the_stored(tmp_path):
    sources = secrets(tmp_path)
    await sources.put("KEPT", b"kept value\n")
    assert await sources.names() == ["KEPT"]
    assert await sources.resolve(["KEPT"]) == {"KEPT": "kept value"}
    await sources.remove("KEPT")
    with pytest.raises(NoSuchSecret, match="pushbutton secret set KEPT"):
        await sources.resolve(["KEPT"])
    with pytest.raises(NoSuchSecret):
        await sources.remove("KEPT")


# -- what only some can do


async def test_a_command_that_fails_says_its_code_and_nothing_that_it_wrote(tmp_path):
    origin = FromCommand(("sh", "-c", "echo hunter2; echo hunter2 >&2; exit 7"), str(tmp_path))
    with pytest.raises(SecretUnavailable, match="exit code 7") as refused:
        await secrets(tmp_path, NAME=origin).resolve(["NAME"])
    assert "hunter2" not in str(refused.value)


async def test_a_command_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(SecretUnavailable, match="the command “no-such-program”: it could not be started: No such file"):
        await secrets(tmp_path, NAME=FromCommand(("no-such-program",), str(tmp_path))).resolve(["NAME"])


@pytest.mark.parametrize("ending", ["", " & wait", " & exec >&-"], ids=["itself", "a child", "one left behind"])
async def test_a_command_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path, ending):
    script, pid = f"echo $$ > pid.new; mv pid.new pid; sleep 4711{ending}", tmp_path / "pid"
    for seconds in (0.5, 5, 50):  # a busy machine may take longer to start it
        origin = FromCommand(("sh", "-c", script), str(tmp_path), timeout=seconds)
        with pytest.raises(SecretUnavailable, match=rf"longer than {seconds} seconds|it is empty"):
            await secrets(tmp_path, NAME=origin).resolve(["NAME"])
        if pid.exists():
            break
    group = int(pid.read_text())
    await until(lambda: not _alive(group), "the end of all that it started")


async def test_a_command_whose_asking_is_given_up_is_ended(tmp_path):
    origin = FromCommand(("sh", "-c", "echo $$ > pid.new; mv pid.new pid; exec sleep 4711"), str(tmp_path))
    asking = asyncio.create_task(secrets(tmp_path, NAME=origin).resolve(["NAME"]))
    await until((tmp_path / "pid").exists, "its start")
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert not _alive(int((tmp_path / "pid").read_text()))


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_file_that_others_can_read_is_used_with_a_warning(tmp_path, caplog):
    (tmp_path / "open").write_text("value")
    (tmp_path / "open").chmod(0o644)
    sources = secrets(tmp_path, NAME=FromFile(str(tmp_path / "open")))
    for _ in range(2):
        assert await sources.resolve(["NAME"]) == {"NAME": "value"}
    assert [record.message for record in caplog.records] == [
        f"others than its owner can read {tmp_path}/open, and it holds a secret: chmod 600 {tmp_path}/open"
    ]


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
async def test_what_is_no_file_is_refused_and_holds_nobody(tmp_path, make):
    make(tmp_path / "odd")
    async with asyncio.timeout(60):
        with pytest.raises(SecretUnavailable, match="it is no ordinary file"):
            await secrets(tmp_path, NAME=FromFile(str(tmp_path / "odd"))).resolve(["NAME"])


async def test_a_keyring_library_that_is_missing_is_said_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SecretUnavailable, match=r"pip install 'pushbutton\[keyring\]'"):
        await secrets(tmp_path, NAME=FromKeyring("orders", "me")).resolve(["NAME"])


async def test_a_machine_without_a_keyring_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    with pytest.raises(SecretUnavailable, match="no keyring that the server's user can open"):
        await secrets(tmp_path, NAME=FromKeyring("orders", "me")).resolve(["NAME"])
