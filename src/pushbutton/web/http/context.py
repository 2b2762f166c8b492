"""The context of every request: the core, and its actor."""

from __future__ import annotations

from starlette.requests import Request

from pushbutton.domain.actor import NOBODY, Actor
from pushbutton.runtime.core import Core

__all__ = ["actor_of", "core_of"]


def core_of(request: Request) -> Core:
    core: Core = request.app.state.site.core
    return core


def actor_of(request: Request) -> Actor:
    """As `auth` found out."""
    found: Actor = getattr(request.state, "actor", NOBODY)
    return found
