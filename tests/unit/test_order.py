"""The order in which files of tests are begun."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import LONGEST

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("name", LONGEST)
def test_a_file_that_is_begun_first_is_there(name):
    assert (TESTS / "acceptance" / f"{name}.py").is_file()
