"""One table from errors to exit codes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pushbutton import errors
from pushbutton.cli.exits import MEANING, Exit, code_of, for_job
from pushbutton.errors import Fenced, PushbuttonError, Undelivered


def _all(kind: type[PushbuttonError]) -> Iterator[type[PushbuttonError]]:
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield below
            yield from _all(below)


@pytest.mark.parametrize("kind", [kind for kind in _all(PushbuttonError) if kind not in (Fenced, Undelivered)])
def test_every_error_that_can_reach_a_person_has_a_code_of_its_own(kind: type[PushbuttonError]) -> None:
    code = code_of(kind.__new__(kind))
    assert code not in (Exit.OK, Exit.FAILED, Exit.FAULT, Exit.INTERRUPTED)


def test_every_code_has_a_meaning() -> None:
    assert set(MEANING) == set(Exit)


@pytest.mark.parametrize(
    ("succeeded", "code", "expected"),
    [(True, 0, 0), (False, 7, 7), (False, 255, 255), (False, -9, 137), (False, None, 1), (False, 0, 1)],
)
def test_a_job_passes_its_code_on_and_never_fails_with_0(succeeded: bool, code: int | None, expected: int) -> None:
    assert for_job(succeeded=succeeded, code=code) == expected
