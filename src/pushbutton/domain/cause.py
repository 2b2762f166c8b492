"""The cause of a run: who or what pressed it, the run that it comes of, and which attempt it is. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from .actor import Actor


class CauseKind(StrEnum):
    PERSON = "person"  # somebody who signed in, on this machine, or named by the application around this one
    TOKEN = "token"  # a program in a person's name
    LINK = "link"  # the holder of a link
    SCHEDULE = "schedule"  # its time had come
    RETRY = "retry"  # `parent` had failed
    RUN = "run"  # `parent` pressed it
    HOOK = "hook"  # another system called
    FILE = "file"  # a file had come to rest in a folder that the task watches


@dataclass(frozen=True, slots=True)
class Cause:
    kind: CauseKind = CauseKind.PERSON
    parent: int = 0  # the number of the run that caused it; 0: none did
    attempt: int = 1  # 1 for a press, and one more for each retry


PERSON: Final = Cause()


def of(actor: Actor) -> Cause:
    """Of a press by this actor."""
    match actor.credential.partition(":")[0]:
        case "token":
            return Cause(CauseKind.TOKEN)
        case "link":
            return Cause(CauseKind.LINK)
        case "schedule":
            return Cause(CauseKind.SCHEDULE)
        case "hook":
            return Cause(CauseKind.HOOK)
        case "file":
            return Cause(CauseKind.FILE)
        case _:
            return PERSON


def of_run(parent: int) -> Cause:
    """Of what this run presses."""
    return Cause(CauseKind.RUN, parent)
