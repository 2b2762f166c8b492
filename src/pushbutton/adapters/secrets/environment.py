"""A secret from the server's own environment, of which jobs inherit next to nothing."""

from __future__ import annotations

import os

from pushbutton.domain.secret import FromEnvironment

from .value import Missing, text

__all__ = ["from_environment"]


def from_environment(origin: FromEnvironment) -> str:
    """Raises `Missing`."""
    value = os.environb.get(os.fsencode(origin.variable))
    if value is None:
        raise Missing("it is not set")
    return text(value)
