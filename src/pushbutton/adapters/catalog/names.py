"""Which files and folders are no tasks, going by their names alone."""

from __future__ import annotations

import re

from pushbutton.sentence import say

__all__ = ["CONFIGS", "aside", "leftover"]

CONFIGS = ("pushbutton.yaml", "pushbutton.yml")

_TOOLS = frozenset(
    {"__pycache__", "__pypackages__", "node_modules", "bower_components", "site-packages", "venv", "virtualenv"}
)
_LIBRARIES = frozenset({"lib", "libs"})
_TESTS = frozenset({"tests"})  # “test” may be the name of a place, beside “live”
_VENDORED = frozenset({"vendor", "vendored", "third_party", "third-party", "thirdparty"})

_LEFTOVER = re.compile(
    r"#.*|.*~"  # editors
    r"|.*\.(?:sw[a-p]|tmp|temp|bak|orig|rej|save|old|part|disabled|sample)(?:[.-]?\d+)?"
    r"|.*\.(?:rpmsave|rpmnew|rpmorig|pacnew|pacsave|pacorig|ucf-\w+|dpkg-\w+|cfsaved|BASE|LOCAL|REMOTE|BACKUP)"
    r"|.*,v"  # RCS
    r"|.*[.-]sync-conflict-\d.*|.* \(.*conflicted copy.*\).*|.*[.-]conflict(?:ed)?[-.]?\d.*"  # what syncs folders
    r"|.*\.py[co]"
)


def leftover(name: str) -> str:
    """Why a file is passed over; "" where its name tells nothing."""
    if _LEFTOVER.fullmatch(name):
        return say("it is a copy or a left-over, by its name")
    if name.startswith("test_") or name == "conftest.py":
        return say("it is a test, by its name")
    return ""


def aside(name: str) -> str:
    """Why a folder is passed over; "" where its name tells nothing."""
    if name in _TOOLS:
        return say("it belongs to a tool")
    if name in _LIBRARIES:
        return say("it holds what scripts share, by its name")
    if name in _TESTS:
        return say("it holds tests, by its name")
    return say("it holds what others wrote, by its name") if name in _VENDORED else ""
