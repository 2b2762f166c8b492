"""Secret inputs of a run: sealed in its row, written with the press, until the job is born or the run is over."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Final

from pushbutton.domain.run import Run
from pushbutton.errors import CannotApprove, PushbuttonError, StoreDamaged
from pushbutton.sentence import say

from .core import Core

SALT: Final = ""
"""Among the values that are kept: no input has this name."""


def salted(values: Mapping[str, str]) -> dict[str, str]:
    """Those of a run to be held, with what goes when they go: nothing can be guessed from `mark` then."""
    return {**values, SALT: secrets.token_hex(16)} if values else {}


def sealed(core: Core, values: Mapping[str, str]) -> str:
    """As the run's row has them; "" for none."""
    return core.seal.close(json.dumps(dict(values))) if values else ""


def mark(core: Core, values: Mapping[str, str]) -> str:
    """A digest that tells them apart; "" for none."""
    text = json.dumps(dict(values), sort_keys=True)
    return hmac.new(core.key, text.encode(), hashlib.sha256).hexdigest() if values else ""


async def kept(core: Core, run: Run) -> dict[str, str]:
    """The values by input, `SALT` among them; empty once they are gone. Raises `PushbuttonError` where they cannot be
    read.
    """
    try:
        found: dict[str, str] = json.loads(core.seal.open(text)) if (text := await core.store.sealed(run.id)) else {}
    except StoreDamaged:
        raise PushbuttonError(
            say("Its secret inputs cannot be read: server.key is not the one with which they were kept. Press again.")
        ) from None
    return found


async def unchanged(core: Core, run: Run) -> None:
    """Raises `CannotApprove` unless those of a held run are the ones that it was pressed with."""
    if not run.hold or not run.hold.secrets:
        return
    values = await kept(core, run)
    if not values:
        raise CannotApprove(say("Its secret inputs are not kept any more. Press again."))
    if mark(core, values) != run.hold.secrets:
        raise CannotApprove(
            say("A secret input is not what it was when this was pressed; nothing was started. Press again.")
        )
