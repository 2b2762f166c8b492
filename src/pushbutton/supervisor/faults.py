"""Why a job was not started: a word for it and what it is about, which the server says in its reader's language, and
the same in English, for servers of earlier versions.
"""

from __future__ import annotations

FAULTS = {
    "full": "The disk is full, so it was not started.",
    "changed": "The task was changed after it was approved; nothing was started. Press again.",
    "folder": "The folder {folder} in which it should start cannot be entered: {why}.",
    "confine": "It was not started, because it cannot be confined: {why}.",
    "closed": "It was not started, because it cannot be kept from {folder}: {why}.",
    "interpreter": "{program} could not be started: the program that its first line (#!) names does not exist.",
    "missing": "{program} could not be started: there is no such program.",
    "access": "{program} could not be started: it is not executable, or its folder is closed to us.",
    "format": "{program} could not be started: it has no first line (#!) that says which program runs it.",
    "program": "{program} could not be started: {why}.",
    "system": "It could not be started: {why}.",
    "late": "{program} did not start it within {seconds} s.",
    "silent": "{program} did not start it; if it said why, that stands above.",
    "other": "{why}",  # a fault of ours, in the words of Python
}
"""By the word. Places are filled with texts."""
LONGEST = 4000
"""Bytes that a pipe takes at once."""


class SpawnError(Exception):
    """The job could not be started. `values`: a text for each place of what is said of this fault."""

    def __init__(self, fault: str, **values: str | None) -> None:
        self.fault, self.values = fault, {name: str(value) for name, value in values.items()}
        super().__init__(FAULTS[fault].format_map(self.values))

    def to_bytes(self) -> bytes:
        """For the process that asked for the start."""
        parts = [self.fault, *(part for pair in self.values.items() for part in pair)]
        return "\0".join(parts).encode(errors="replace")[:LONGEST]

    @staticmethod
    def from_bytes(told: bytes) -> SpawnError:
        """An error that is not in this table, or is cut short, is shown as it came."""
        fault, *parts = told.decode(errors="replace").split("\0")
        values = dict(zip(parts[::2], parts[1::2], strict=False))
        try:
            return SpawnError(fault, **values)
        except KeyError:
            return SpawnError("other", why=" ".join([fault, *parts]))
