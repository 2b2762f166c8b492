"""What comes to a page from the inner rooms is said, with an id: a plain text would be English to everybody."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import pushbutton

ROOT = Path(pushbutton.__file__).parent
TO_PAGES = frozenset(
    {
        *(
            "NotFound",
            "BadInput",
            "InvalidInputs",
            "Refused",
            "Conflict",
            "CannotApprove",
            "LinkClosed",
            "SignInFailed",
        ),
        *("PushbuttonError", "NothingOffered", "StoreError", "_No", "Decision", "note", "never"),
    }
)
"""Makers of what a page shows."""
PLAIN = frozenset({"reason"})
"""Of `SignInFailed`: for the log. Of `Decision` it is what people read, and has to be said."""


def plain(file: Path) -> Iterator[str]:
    for call in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(call, ast.Call) and (made := ast.unparse(call.func).rpartition(".")[2]) in TO_PAGES:
            named = [word.value for word in call.keywords if made != "SignInFailed" or word.arg not in PLAIN]
            for one in [*call.args, *named]:
                for text in one.values if isinstance(one, ast.Dict) else [one]:
                    if isinstance(text, ast.JoinedStr) or (isinstance(text, ast.Constant) and " " in str(text.value)):
                        yield f"{file.relative_to(ROOT)}:{call.lineno}: {ast.unparse(text)}"


@pytest.mark.parametrize("room", ["domain", "runtime", "services"])
def test_whatever_people_read_has_an_id(room):
    assert [found for file in (ROOT / room).rglob("*.py") for found in plain(file)] == []
