"""The token in each form: it shows that the form comes from a page that we gave to this very session.

Beside `Origin` and `Sec-Fetch-Site`, which every browser of today sends, this is the second lock on the same door.
"""

from __future__ import annotations

import hashlib
import hmac

from pushbutton.domain.actor import Actor
from pushbutton.errors import Refused
from pushbutton.runtime.core import Core

FIELD = "csrf"


def token(core: Core, basis: str) -> str:
    """`basis`: what the session is known by, or the cookie of somebody who has none yet."""
    return hmac.new(core.key, f"csrf:{basis}".encode(), hashlib.sha256).hexdigest()[:40]


def right(core: Core, actor: Actor, given: str) -> bool:
    return hmac.compare_digest(token(core, actor.credential).encode(), given.encode(errors="replace"))


def require(core: Core, actor: Actor, given: str) -> None:
    """Raises `Refused`."""
    if not right(core, actor, given):
        raise Refused("This form is too old, or not from here: open its page once more.")
