"""A preset: inputs of a task under a name, to be filled in later. Secrets and files are never among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .event import Json
from .run import Micros

__all__ = ["Preset"]


@dataclass(frozen=True, slots=True)
class Preset:
    id: str
    task: str
    name: str  # one of its task and owner
    owner: str  # a user, who alone sees it; "": it is everybody's
    maker: str  # an actor's name
    inputs: Mapping[str, Json]  # None: left empty
    made_at: Micros
