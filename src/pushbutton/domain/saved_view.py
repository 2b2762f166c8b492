"""A saved view: a filter of the history under a name."""

from __future__ import annotations

from dataclasses import dataclass

from .run import Micros

__all__ = ["SavedView"]


@dataclass(frozen=True, slots=True)
class SavedView:
    id: str
    name: str  # one of its owner
    owner: str  # a user, who alone sees it; "": everybody's, kept while nobody signs in
    query: str  # as it stands in the address of the history, such as "?state=failed&task=deploy"
    made_at: Micros
