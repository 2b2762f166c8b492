"""Stored secrets: `secrets.json` in the data folder, each value sealed with AES-256-GCM under a key in another file.

A value is bound to its name: moved under another one in the file, it does not open. A writer holds a lock and
replaces the file, so a server and commands may read and write beside each other. Names are not secret.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from pushbutton.errors import NoSuchSecret, SecretsLocked

from .durable import alone, replace
from .key import KeyFile
from .value import text

__all__ = ["EncryptedStore"]

_NONCE = 12  # bytes


class EncryptedStore:
    """Everything here blocks for the time of a small file's reading or writing."""

    def __init__(self, folder: Path, key_file: Path | None = None) -> None:
        self._folder = folder
        self.file = folder / "secrets.json"
        self._key = KeyFile(key_file or folder / "secret.key")

    def names(self) -> Collection[str]:
        """Raises `SecretsLocked`."""
        return sorted(self._read())

    def get(self, name: str) -> str:
        """Raises `NoSuchSecret`, `SecretsLocked`."""
        with self._alone(reading=True):  # file and key must be of one time
            sealed = self._read().get(name)
            if sealed is None:
                raise NoSuchSecret(name)
            return _open(self._keys(), name, sealed).decode()

    def put(self, name: str, value: bytes) -> None:
        """Keep it, in the place of what was there. Raises `SecretsLocked`, and `Missing` for what no job could get."""
        data = text(value).encode()
        with self._alone():
            known = self._read()
            keys = self._key.read() if not known else self._keys()
            if not keys:
                keys = [self._key.new()]
                self._key.write(keys)
            self._write({**known, name: _seal(keys[0], name, data)})

    def remove(self, name: str) -> None:
        """Raises `NoSuchSecret`, `SecretsLocked`."""
        with self._alone():
            known = dict(self._read())
            if known.pop(name, None) is None:
                raise NoSuchSecret(name)
            self._write(known)

    def rotate(self) -> int:
        """Seal everything under a new key and forget the old one; how many there are. Raises `SecretsLocked`.

        Killed in between, it leaves both keys in the key file, and everything opens; the next call goes on.
        """
        with self._alone():
            known, keys = self._read(), self._keys()
            values = {name: _open(keys, name, sealed) for name, sealed in known.items()}
            new = self._key.new()
            self._key.write([new, *keys])
            self._write({name: _seal(new, name, value) for name, value in values.items()})
            self._key.write([new])
        return len(known)

    def _keys(self) -> list[bytes]:
        keys = self._key.read()
        if not keys:
            raise SecretsLocked(
                f"The key of the stored secrets is not where it should be, {self._key.path}: restore it from where you "
                f"keep a copy. Without it nobody can read them: then remove {self.file} and set them anew."
            )
        return keys

    @contextlib.contextmanager
    def _alone(self, *, reading: bool = False) -> Iterator[None]:
        try:
            holding = contextlib.ExitStack()
            holding.enter_context(alone(self._folder, reading=reading))
        except OSError as error:
            raise SecretsLocked(f"The data folder {self._folder} cannot be opened: {error.strerror}.") from None
        with holding:
            yield

    def _read(self) -> Mapping[str, str]:
        try:
            content = json.loads(self.file.read_bytes())
            secrets: dict[str, str] = content["secrets"]
            if content["version"] != 1 or not all(isinstance(sealed, str) for sealed in secrets.values()):
                raise ValueError
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise SecretsLocked(f"The stored secrets, {self.file}, cannot be read: {error.strerror}.") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SecretsLocked(
                f"{self.file} is damaged or of a newer Pushbutton: restore it from a backup, or remove it and set the "
                "secrets anew."
            ) from None
        return secrets

    def _write(self, secrets: Mapping[str, str]) -> None:
        content = {"version": 1, "secrets": dict(sorted(secrets.items()))}
        try:
            replace(self.file, json.dumps(content, indent=1).encode() + b"\n")
        except OSError as error:
            raise SecretsLocked(f"The stored secrets, {self.file}, cannot be written: {error.strerror}.") from None


def _seal(key: bytes, name: str, value: bytes) -> str:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  loaded where there are stored secrets

    nonce = os.urandom(_NONCE)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, value, name.encode())).decode()


def _open(keys: Collection[bytes], name: str, sealed: str) -> bytes:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    try:
        data = base64.b64decode(sealed, validate=True)
    except ValueError:
        data = b""
    for key in keys if len(data) > _NONCE else ():
        try:
            return AESGCM(key).decrypt(data[:_NONCE], data[_NONCE:], name.encode())
        except InvalidTag:
            continue
    raise SecretsLocked(f"The stored secret “{name}” does not open with the key that is there: set it anew.")
