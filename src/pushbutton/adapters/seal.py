"""Keeps what must be read again out of the database: sealed with a key that lies beside it, not in it."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pushbutton.errors import StoreDamaged
from pushbutton.sentence import say


class Seal:
    def __init__(self, key: bytes) -> None:
        derived = HKDF(hashes.SHA256(), 32, salt=None, info=b"pushbutton seal").derive(key)
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def close(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises `StoreDamaged` for what another key sealed."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise StoreDamaged(
                say(
                    "A second factor cannot be read: server.key is not the one with which it was kept. Bring the key "
                    "back from the backup, or take the second factor away with “pushbutton user change --no-factor”."
                )
            ) from None
