"""A secret from the keyring of the server's user, by the library of that name, in a process of its own: a keyring may
ask its owner something, and wait for ever.
"""

from __future__ import annotations

import importlib.util
import sys

from pushbutton.domain.secret import FromKeyring

from .command import output
from .value import Missing, text

__all__ = ["from_keyring"]

TIMEOUT = 30.0
_NOTHING, _NO_KEYRING, _REFUSED = 3, 4, 5
_ASK = f"""\
import sys, keyring, keyring.errors
try:
    value = keyring.get_password(sys.argv[1], sys.argv[2])
except keyring.errors.NoKeyringError:
    sys.exit({_NO_KEYRING})
except Exception:
    sys.exit({_REFUSED})
if value is None:
    sys.exit({_NOTHING})
sys.stdout.buffer.write(value.encode())
"""
_WHY = {
    _NOTHING: "there is nothing under these names",
    _NO_KEYRING: "this machine has no keyring that the server's user can open",
    _REFUSED: "it is locked or refuses",
}


async def from_keyring(origin: FromKeyring) -> str:
    """Raises `Missing`."""
    if importlib.util.find_spec("keyring") is None:
        raise Missing("the library for it is not installed; do that with: pip install 'pushbutton[keyring]'")
    code, data = await output([sys.executable, "-P", "-c", _ASK, origin.service, origin.user], timeout=TIMEOUT)
    if code:
        raise Missing(_WHY.get(code, f"asking it ended with exit code {code}"))
    return text(data)
