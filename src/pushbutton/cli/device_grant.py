"""Asking somebody in front of a browser for a token or a link: show a code, wait for the answer."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pushbutton.domain.visible import visible
from pushbutton.errors import Refused
from pushbutton.job.protocol import clean

from .remote import Server

__all__ = ["ask"]

EVERY = 1.5  # seconds between two questions whether somebody has answered


def ask(remote: Server, wish: Mapping[str, Any]) -> tuple[str, str]:
    """(what was made, who said yes). Raises `Refused` for a no, `NotFound` when nobody answers in time."""
    asked = remote.post("/api/asks", wish)
    until = datetime.fromisoformat(asked["until"]).strftime("%H:%M UTC")
    print(f"Open {clean(asked['url'])}", file=sys.stderr)
    print(f"and say yes if it shows this code: {clean(asked['code'])}", file=sys.stderr)
    print(f"Waiting until {until}; Ctrl+C gives up.", file=sys.stderr, flush=True)
    while True:
        answer = remote.post("/api/asks/answer", {"poll": asked["poll"]})
        match answer["state"]:
            case "granted":
                return str(answer["made"]), visible(clean(str(answer["by"])))
            case "refused":
                raise Refused("The answer was no; nothing was made.")
        time.sleep(EVERY)
