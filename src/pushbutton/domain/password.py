"""The rules for a password: long, and none of those that are tried first.

No rule says which characters it has to hold: that makes passwords that are written down, not better ones
(NIST SP 800-63B).
"""

from __future__ import annotations

from pushbutton.domain.encodable import is_encodable
from pushbutton.errors import BadInput
from pushbutton.sentence import say

__all__ = ["LONGEST", "SHORTEST", "require_good"]

SHORTEST = 12
LONGEST = 1_000
"""Characters, at most: a longer text only costs time."""

_COMMON = frozenset(
    {
        "123456789012",
        "1234567890123",
        "12345678901234",
        "123456123456",
        "123123123123",
        "1q2w3e4r5t6y",
        "1qaz2wsx3edc",
        "administrator",
        "changemechangeme",
        "correcthorsebatterystaple",
        "iloveyouiloveyou",
        "letmeinletmein",
        "passw0rdpassw0rd",
        "password1234",
        "password12345",
        "password123456",
        "passwordpassword",
        "pushbutton123",
        "pushbuttonpushbutton",
        "qwerty123456",
        "qwertyqwerty",
        "qwertyuiop12",
        "qwertyuiop123",
        "qwertyuiopasdfghjkl",
        "welcome12345",
        "welcomewelcome",
    }
)
"""Those of the well-known lists that are long enough to pass otherwise."""
_FEWEST = 4


def require_good(password: str, name: str) -> None:
    """Raises `BadInput` with the one sentence that says why not. `name`: the user's."""
    if len(password) < SHORTEST:
        raise BadInput(
            say("The password is too short; take at least {n} characters, for example four words.", n=SHORTEST)
        )
    if len(password) > LONGEST:
        raise BadInput(say("The password is longer than {n:,} characters; take a shorter one.", n=LONGEST))
    if not is_encodable(password):
        raise BadInput(say("The password holds half a character, which cannot be typed again; take another one."))
    plain = password.lower()
    if plain == name.lower():
        raise BadInput(say("The password is the user name; take another one."))
    if plain in _COMMON or len(set(plain)) < _FEWEST:
        raise BadInput(say("The password is one of the first that anybody would try; take another one."))
