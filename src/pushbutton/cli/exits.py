"""The one table from errors to exit codes, and what each code means."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from pushbutton.errors import (
    BadInput,
    ConfigError,
    Conflict,
    NoAnswer,
    NotFound,
    NotHeard,
    PushbuttonError,
    Refused,
    SecretUnavailable,
    SignInFailed,
    StillReading,
    StoreError,
    TaskBroken,
    TooOften,
)

__all__ = ["JOB", "MEANING", "OF", "Exit", "code_of", "for_job"]


class Exit(IntEnum):
    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    REFUSED = 4
    TROUBLE = 5
    CONFIG = 6
    FAULT = 70
    INTERRUPTED = 130


MEANING: Mapping[Exit, str] = {
    Exit.OK: "it worked; the run succeeded",
    Exit.FAILED: "the run ended badly and has no code (lost, stopped, skipped); the audit trail was changed",
    Exit.USAGE: "the command or an input is wrong; nothing was started",
    Exit.NOT_FOUND: "there is no such task, run, file, person, secret or link",
    Exit.REFUSED: "refused, or not possible as things are; also: not signed in (pushbutton login)",
    Exit.TROUBLE: "trouble with the server, its data or the network",
    Exit.CONFIG: "a setting or a task's file is wrong",
    Exit.FAULT: "a fault in Pushbutton itself",
    Exit.INTERRUPTED: "Ctrl+C (run ended its job; watch left it running)",
}
"""`run`, `watch` and `press --follow` pass on the job's own code where it has one (128 + N: ended by signal N)."""

JOB = ("run", "watch", "press")
"""The commands that may pass on a job's own code."""

_SERVER = (Exit.REFUSED, Exit.TROUBLE)
_NAMED = (Exit.NOT_FOUND, *_SERVER)
OF: Mapping[str, tuple[Exit, ...]] = {
    "serve": (Exit.REFUSED, Exit.TROUBLE, Exit.CONFIG),
    "worker": (*_NAMED, Exit.CONFIG),
    "press": (Exit.FAILED, *_NAMED, Exit.CONFIG),
    "watch": (Exit.FAILED, *_NAMED),
    "runs": _SERVER,
    "stop": _NAMED,
    "comment": _NAMED,
    "move": (*_NAMED, Exit.CONFIG),
    "schedule": _NAMED,
    "preset": _NAMED,
    "files": _NAMED,
    "channel": _NAMED,
    "pause": _NAMED,
    "resume": _NAMED,
    "approvals": _SERVER,
    "approve": _NAMED,
    "reject": _NAMED,
    "run": (Exit.FAILED, Exit.NOT_FOUND, Exit.TROUBLE, Exit.CONFIG),
    "check": (Exit.CONFIG,),
    "header": (Exit.NOT_FOUND, Exit.CONFIG),
    "import": (Exit.NOT_FOUND, Exit.CONFIG),
    "schema": (),
    "publish": (Exit.TROUBLE, Exit.CONFIG),
    "login": (Exit.NOT_FOUND, *_SERVER),
    "logout": (),
    "user": (*_NAMED, Exit.CONFIG),
    "link": _NAMED,
    "hook": _NAMED,
    "secret": (Exit.NOT_FOUND, Exit.TROUBLE, Exit.CONFIG),
    "audit": (Exit.FAILED, Exit.TROUBLE, Exit.CONFIG),
    "release": _NAMED,
    "backup": (Exit.TROUBLE, Exit.CONFIG),
    "restore": (Exit.TROUBLE, Exit.CONFIG),
    "status": (),
    "progress": (),
    "step": (),
    "artifact": (),
}
"""The exit codes of each command besides 0, 2, 70 and 130, which all have."""

_CODES: Mapping[type[PushbuttonError], Exit] = {
    TaskBroken: Exit.CONFIG,
    ConfigError: Exit.CONFIG,
    NotFound: Exit.NOT_FOUND,
    BadInput: Exit.USAGE,
    Refused: Exit.REFUSED,
    SignInFailed: Exit.REFUSED,
    TooOften: Exit.REFUSED,
    Conflict: Exit.REFUSED,
    NotHeard: Exit.TROUBLE,
    NoAnswer: Exit.TROUBLE,
    StillReading: Exit.TROUBLE,
    StoreError: Exit.TROUBLE,
    SecretUnavailable: Exit.TROUBLE,
}
"""The first entry that the error is an instance of counts."""


def code_of(error: PushbuttonError) -> Exit:
    return next((code for kind, code in _CODES.items() if isinstance(error, kind)), Exit.FAULT)


def for_job(*, succeeded: bool, code: int | None) -> int:
    """The exit code when a run is over; never 0 for one that did not succeed."""
    if succeeded:
        return Exit.OK
    if code is None:
        return Exit.FAILED
    return (128 - code if code < 0 else code) or Exit.FAILED
