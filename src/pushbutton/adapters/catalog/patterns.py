"""Facts about patterns from trying them, which takes too long for a press, a page or a start."""

from __future__ import annotations

from pushbutton.domain.inputs import parse
from pushbutton.domain.param import Param, ParamType
from pushbutton.domain.pattern import here, nested
from pushbutton.domain.problem import Problem
from pushbutton.domain.task import Task
from pushbutton.errors import InvalidInputs
from pushbutton.runtime.ports import Patterns

__all__ = ["doubts", "patterned"]


def patterned(task: Task) -> list[Param]:
    """The inputs with a pattern, of a task that is not broken."""
    if task.broken:
        return []
    return [param for param in task.params if param.pattern and param.type in (ParamType.STR, ParamType.SECRET)]


async def doubts(task: Task, patterns: Patterns) -> list[Problem]:
    found = []
    for param in patterned(task):
        for sentence, warning in [(await _default(param, patterns), False), (await _slow(param, patterns), True)]:
            if sentence:
                found.append(Problem(task.source.file, task.source.line, 1, sentence, warning=warning))
    return found


async def _default(param: Param, patterns: Patterns) -> str:
    """A default that is cheap to compare was compared when the file was read."""
    if not isinstance(param.default, str) or here(param.pattern, param.default) is not None:
        return ""
    asked = (param.pattern, param.default)
    fit = (await patterns.fits([asked]))[asked]
    try:
        parse([param], {param.name: param.default}, fits=lambda *_: fit)
    except InvalidInputs as error:
        return f"the default of “{param.name}” does not fit: {next(iter(error.fields.values()))}"
    return ""


async def _slow(param: Param, patterns: Patterns) -> str:
    text = nested(param.pattern)
    if not text or here(param.pattern, text) is not None:
        return ""
    answers = await patterns.fits([(param.pattern, text)])
    if answers[param.pattern, text] is not None:
        return ""
    return (
        f"The pattern of “{param.name}” repeats a repetition, and a text of {len(text)} characters took longer than a "
        "second to compare with it: such a text is refused. Write the pattern so that there is one way to read a text."
    )
