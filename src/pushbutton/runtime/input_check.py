"""Inputs are checked by pure code, and some patterns can only be compared in another process: the two, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from pushbutton.domain.event import Json
from pushbutton.domain.inputs import check
from pushbutton.domain.param import Inputs, ParamType
from pushbutton.domain.pattern import Fits, here
from pushbutton.domain.task import Task
from pushbutton.sentence import say

from .ports import Patterns

__all__ = ["fitted", "fixed_inputs"]

T = TypeVar("T")


async def fitted(patterns: Patterns, read: Callable[[Fits], T]) -> T:
    """The result of `read`, which can ask which texts match which patterns. It is called twice if a pattern is slow."""
    dear: dict[tuple[str, str], bool | None] = {}

    def note(pattern: str, text: str) -> bool:
        found = here(pattern, text)
        if found is None:
            dear[pattern, text] = None
        return found is not False

    result = read(note)
    if not dear:
        return result
    dear |= await patterns.fits(list(dear))
    return read(lambda pattern, text: dear[pattern, text] if (pattern, text) in dear else here(pattern, text))


def fixed_inputs(task: Task, given: Mapping[str, object], *, form: bool, fits: Fits) -> tuple[Inputs, dict[str, str]]:
    """The values as they are kept (None: fixed to nothing), and a sentence for each that cannot be fixed."""
    params = {param.name: param for param in task.params}
    inputs: dict[str, Json] = {}
    wrong: dict[str, str] = {}
    for name, value in given.items():
        param = params.get(name)
        if param is None:
            wrong[name] = say("The task has no such input.")
        elif param.type is ParamType.SECRET:
            wrong[name] = say("A secret cannot be fixed, because it would lie in the store: whoever presses types it.")
        elif param.type is ParamType.FILE:
            wrong[name] = say("A file cannot be fixed: whoever presses brings it.")
        else:
            found, unfit = check([replace(param, when={})], {name: value}, form=form, fits=fits)
            inputs[name] = found.get(name)
            wrong |= unfit
    return inputs, wrong
