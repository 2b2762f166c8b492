"""What every request stands on: the core, and who asks."""

from __future__ import annotations

from starlette.requests import Request

from pushbutton.domain.actor import NOBODY, Actor
from pushbutton.runtime.asks import Asks
from pushbutton.runtime.core import Core

__all__ = ["actor_of", "asks", "core_of"]


def core_of(request: Request) -> Core:
    core: Core = request.app.state.core
    return core


def actor_of(request: Request) -> Actor:
    """As `auth` found out."""
    found: Actor = getattr(request.state, "actor", NOBODY)
    return found


def asks(request: Request) -> Asks:
    """Those of this server."""
    state = request.app.state
    if not hasattr(state, "asks"):
        state.asks = Asks()
    found: Asks = state.asks
    return found
