"""With what a Python job ends that could not do its work, where its task is tried again (`retry`)."""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    from typing import Any

__all__ = ["CODE", "Again", "Final"]

CODE = 75
"""The exit code that says the same in any language: EX_TEMPFAIL."""


class Again(Exception):
    """It did not work now: `raise Again("The service is busy", after=60)`.

    The next try begins `after` so many seconds, or as the task says. Where the task says nothing of retries, or this
    was the last try, the run has failed.
    """

    def __init__(self, text: object = "", *, after: float | None = None) -> None:
        super().__init__(str(text))
        self.after = after

    @property
    def said(self) -> dict[str, Any]:
        """The record for its run."""
        return {} if self.after is None else {"after": max(0.0, float(self.after))}


class Final(Exception):
    """It will not work, however often it is tried: `raise Final("There is no such order")`."""

    @property
    def said(self) -> dict[str, Any]:
        return {"never": True}
