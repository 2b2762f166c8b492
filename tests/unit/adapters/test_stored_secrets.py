"""The encrypted store: what lies on the disk, who may read it, and what survives whom."""

from __future__ import annotations

import base64
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pushbutton.adapters.secrets import EncryptedStore
from pushbutton.errors import SecretsLocked

VALUE = b"correct horse battery staple"


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def sealed(folder: Path) -> dict[str, str]:
    secrets: dict[str, str] = json.loads((folder / "secrets.json").read_text())["secrets"]
    return secrets


def seal(folder: Path, secrets: object) -> None:
    (folder / "secrets.json").write_text(json.dumps({"version": 1, "secrets": secrets}))


def test_nothing_on_the_disk_holds_a_value(tmp_path):
    EncryptedStore(tmp_path).put("NAME", VALUE)
    for form in (VALUE, base64.b64encode(VALUE), VALUE.hex().encode()):
        assert form not in everything(tmp_path)
    assert EncryptedStore(tmp_path).get("NAME") == VALUE.decode()


def test_key_and_secrets_are_for_their_owner_alone(tmp_path):
    before = os.umask(0)
    try:
        EncryptedStore(tmp_path).put("NAME", VALUE)
        EncryptedStore(tmp_path).rotate()
    finally:
        os.umask(before)
    for name in ("secret.key", "secrets.json"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {"secret.key", "secrets.json"}


def test_the_key_lies_where_the_setting_says(tmp_path):
    (tmp_path / "data").mkdir()
    key = tmp_path / "elsewhere.key"
    EncryptedStore(tmp_path / "data", key).put("NAME", VALUE)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secrets.json"]
    assert EncryptedStore(tmp_path / "data", key).get("NAME") == VALUE.decode()
    with pytest.raises(SecretsLocked, match=r"data/secret\.key"):
        EncryptedStore(tmp_path / "data").get("NAME")


def test_two_values_that_are_the_same_look_different(tmp_path):
    store = EncryptedStore(tmp_path)
    for name in ("ONE", "TWO"):
        store.put(name, VALUE)
    assert len(set(sealed(tmp_path).values())) == 2


def test_a_value_that_was_moved_under_another_name_does_not_open(tmp_path):
    store = EncryptedStore(tmp_path)
    store.put("HARMLESS", b"harmless")
    store.put("NAME", VALUE)
    seal(tmp_path, {"HARMLESS": sealed(tmp_path)["NAME"]})
    with pytest.raises(SecretsLocked, match="“HARMLESS” does not open"):
        store.get("HARMLESS")


@pytest.mark.parametrize("bad", ["", "AAAA", "no base64 ü", "QUFB" * 20])
def test_a_value_that_was_changed_does_not_open(tmp_path, bad):
    store = EncryptedStore(tmp_path)
    store.put("NAME", VALUE)
    seal(tmp_path, {"NAME": bad})
    with pytest.raises(SecretsLocked, match="“NAME” does not open"):
        store.get("NAME")


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"version": 2, "secrets": {}}', '{"version": 1, "secrets": {"A": 1}}']
)
def test_a_damaged_file_is_said_and_left_as_it_is(tmp_path, content):
    (tmp_path / "secrets.json").write_text(content)
    store = EncryptedStore(tmp_path)
    for act in (store.names, lambda: store.get("A"), lambda: store.put("A", VALUE), store.rotate):
        with pytest.raises(SecretsLocked, match=r"secrets\.json is damaged or of a newer Pushbutton"):
            act()
    assert (tmp_path / "secrets.json").read_text() == content


def test_a_lost_key_is_said_and_never_made_anew_over_secrets(tmp_path):
    store = EncryptedStore(tmp_path)
    store.put("NAME", VALUE)
    (tmp_path / "secret.key").unlink()
    for act in (lambda: store.get("NAME"), lambda: store.put("OTHER", VALUE), store.rotate):
        with pytest.raises(SecretsLocked, match=r"secret\.key: restore it"):
            act()
    assert not (tmp_path / "secret.key").exists()
    assert store.names() == ["NAME"]


@pytest.mark.parametrize("content", ["", "short", "A" * 43 + "!"])
def test_a_key_file_without_a_key_is_said(tmp_path, content):
    store = EncryptedStore(tmp_path)
    store.put("NAME", VALUE)
    (tmp_path / "secret.key").write_text(content)
    with pytest.raises(SecretsLocked, match=r"secret\.key holds no key"):
        store.get("NAME")


def test_after_a_rotation_the_old_key_opens_nothing(tmp_path):
    store = EncryptedStore(tmp_path)
    for name in ("ONE", "TWO"):
        store.put(name, VALUE)
    old = (tmp_path / "secret.key").read_text()
    assert store.rotate() == 2
    assert store.get("ONE") == store.get("TWO") == VALUE.decode()
    new = (tmp_path / "secret.key").read_text()
    assert old.strip() not in new
    (tmp_path / "secret.key").write_text(old)
    with pytest.raises(SecretsLocked, match="does not open"):
        store.get("ONE")


def test_a_second_key_in_the_file_opens_what_it_sealed(tmp_path):
    store = EncryptedStore(tmp_path)
    store.put("NAME", VALUE)
    old = (tmp_path / "secret.key").read_text()
    (tmp_path / "secret.key").write_text(base64.b64encode(os.urandom(32)).decode() + "\n" + old)
    assert store.get("NAME") == VALUE.decode()
    store.rotate()
    assert store.get("NAME") == VALUE.decode()
    assert len((tmp_path / "secret.key").read_text().split()) == 1


CHANGER = """
import sys
from pathlib import Path
from pushbutton.adapters.secrets import EncryptedStore
store = EncryptedStore(Path(sys.argv[1]))
print("go", flush=True)
for number in range(1_000_000):
    {act}
"""


def changing(folder: Path, act: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", CHANGER.format(act=act), str(folder)], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    return process


@pytest.mark.parametrize("act", ["store.rotate()", "store.put('OTHER', b'x' * 9 + str(number).encode())"])
def test_whoever_is_killed_while_he_writes_leaves_all_of_it_readable(tmp_path, act):
    store = EncryptedStore(tmp_path)
    store.put("NAME", VALUE)
    for _ in range(8):
        process = changing(tmp_path, act)
        for _ in range(30):
            assert store.get("NAME") == VALUE.decode()  # beside a writer, too
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert store.get("NAME") == VALUE.decode()


def test_two_who_write_at_once_lose_nothing(tmp_path):
    store = EncryptedStore(tmp_path)
    store.put("NAME", VALUE)
    code = "store.put(f'{who}_{{number}}', b'value') if number < 20 else sys.exit()"
    writers = [changing(tmp_path, code.replace("{who}", who).replace("{{", "{").replace("}}", "}")) for who in "ABC"]
    for writer in writers:
        writer.communicate(timeout=60)
    assert len(store.names()) == 61


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(SecretsLocked, match="none cannot be opened: No such file"):
        EncryptedStore(tmp_path / "none").put("NAME", VALUE)
