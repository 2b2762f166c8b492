"""The key file: one key a line, in base64. The first seals, each of them opens.

It has a second line only while secrets are on their way to a new key, or because somebody wrote one there.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Sequence
from pathlib import Path

from pushbutton.errors import SecretsLocked

from .durable import replace
from .file import warn

__all__ = ["KeyFile"]

LENGTH = 32  # bytes: AES-256


class KeyFile:
    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[bytes]:
        """The keys; none if there is no such file. Raises `SecretsLocked`."""
        try:
            with self.path.open("rb") as file:
                warn(str(self.path), os.fstat(file.fileno()).st_mode)
                lines = file.read(1 << 16).split()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise SecretsLocked(
                f"The key of the stored secrets, {self.path}, cannot be read: {error.strerror}."
            ) from None
        try:
            keys = [base64.b64decode(line, validate=True) for line in lines]
        except binascii.Error:
            keys = []
        if not keys or any(len(key) != LENGTH for key in keys):
            raise SecretsLocked(f"{self.path} holds no key: restore it from where you keep a copy.")
        return keys

    def write(self, keys: Sequence[bytes]) -> None:
        """Raises `SecretsLocked`."""
        try:
            replace(self.path, b"".join(base64.b64encode(key) + b"\n" for key in keys))
        except OSError as error:
            raise SecretsLocked(f"The key file {self.path} cannot be written: {error.strerror}.") from None

    @staticmethod
    def new() -> bytes:
        return os.urandom(LENGTH)
