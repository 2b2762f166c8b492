"""What the API says of an input."""

from __future__ import annotations

import pytest

from pushbutton.domain.param import Param, ParamType
from pushbutton.domain.targets import CommandTarget
from pushbutton.domain.task import Source, Task
from pushbutton.web.api.schemas import TaskShape


def shown(param: Param) -> dict[str, object]:
    task = Task("t", "T", CommandTarget(("true",)), Source("x"), params=(param,))
    return TaskShape.of(task, frozenset()).params[0].model_dump(exclude_unset=True)


@pytest.mark.parametrize("bound", [0, 0.0, -1, 3])
def test_a_bound_of_nought_is_one(bound: float) -> None:
    found = shown(Param("n", ParamType.FLOAT, min=bound, max=bound))
    assert (found["min"], found["max"]) == (bound, bound)


def test_what_is_not_said_is_left_out() -> None:
    said = shown(Param("n", ParamType.STR, max_length=0))
    assert said["max_length"] == 0
    assert {"min", "max", "min_length", "pattern", "multiline", "example"} & said.keys() == set()
